import { basename, dirname } from 'node:path';
import type { HardState } from '../../src/raft/ready.js';
import { BATCH_HEADER_BYTES, BATCH_TRAILER_BYTES } from '../../src/storage/batch-format.js';
import type { File, FileSystem } from '../../src/storage/file-system.js';
import { visitRecords } from '../../src/storage/wal-record.js';
import { type CrashPoints, die, dieInTheMiddle } from './crash-point-process.js';

/** What a batch of the log holds: its entries, its vote. */
export interface BatchFacts {
  readonly first: number | null;
  readonly last: number | null;
  readonly hardState: HardState | null;
  /** Of the state that a mark puts in the place of the one before. */
  readonly generation: number | null;
}

/** A disk on which the process dies before, while or after a batch of the log becomes durable. */
export const crashingDisk = (disk: FileSystem, points: CrashPoints): FileSystem => ({
  ...disk,
  async open(path, mode) {
    const file = await disk.open(path, mode);
    if (mode === 'read') return file;
    if (basename(dirname(path)) === 'wal') return new CrashingLogFile(file, points);
    return basename(dirname(dirname(path))) === 'kv' ? receivedFile(file, points) : file;
  },
});

const OF_ENTRIES = { before: 'before-wal-sync', mid: 'mid-wal-sync', after: 'after-wal-sync' } as const;
const OF_MARKS = { before: 'before-mark-sync', after: 'after-mark-sync' } as const;
const OF_VOTES = { before: 'before-vote-save', after: 'after-vote-save' } as const;

/** Of a state that comes from another node: the process dies when a part of it is written, and more is to come. */
const receivedFile = (file: File, points: CrashPoints): File => ({
  size: () => file.size(),
  read: (target, position) => file.read(target, position),
  async write(parts, position) {
    await file.write(parts, position);
    if (points.reached('mid-snapshot', { position })) die();
  },
  writeDurably: (parts, position, done) => file.writeDurably(parts, position, done),
  truncate: (size) => file.truncate(size),
  sync: () => file.sync(),
  close: () => file.close(),
});

class CrashingLogFile implements File {
  readonly #file: File;
  readonly #points: CrashPoints;

  constructor(file: File, points: CrashPoints) {
    this.#file = file;
    this.#points = points;
  }

  writeDurably(parts: readonly Buffer[], position: number, done: (error: Error | undefined) => void): void {
    const bytes = Buffer.concat(parts);
    const batch = batchIn(bytes);
    if (this.#dies('before', batch)) {
      dieInTheMiddle();
    } else if (this.#dies('mid', batch)) {
      const half = bytes.subarray(0, bytes.length / 2);
      void this.#file.write([half], position).then(dieInTheMiddle);
    } else {
      this.#file.writeDurably(parts, position, (error) => {
        if (error === undefined && this.#dies('after', batch)) die();
        done(error);
      });
    }
  }

  #dies(when: 'before' | 'mid' | 'after', batch: BatchFacts | undefined): boolean {
    if (batch === undefined) return false;
    if (batch.generation !== null && when !== 'mid' && this.#points.reached(OF_MARKS[when], batch)) return true;
    if (when === 'after' && this.#passesMemberships(batch)) return true;
    if (batch.first !== null && this.#points.reached(OF_ENTRIES[when], batch)) return true;
    return when !== 'mid' && batch.hardState?.votedFor != null && this.#points.reached(OF_VOTES[when], batch);
  }

  /** Once for each membership that is durable now: whoever lags gets several in one batch. */
  #passesMemberships(batch: BatchFacts): boolean {
    const { memberships } = this.#points;
    while (batch.last !== null && memberships.length > 0 && memberships[0]! <= batch.last) {
      memberships.shift();
      if (this.#points.reached('after-membership-sync', batch)) return true;
    }
    return false;
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  read(target: Buffer, position: number): Promise<number> {
    return this.#file.read(target, position);
  }

  write(parts: readonly Buffer[], position: number): Promise<void> {
    return this.#file.write(parts, position);
  }

  truncate(size: number): Promise<void> {
    return this.#file.truncate(size);
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

const MAGIC = Buffer.from('RWB1');
const RECORDS_AT = 24;

/** Undefined for what is no batch: a segment's header, or zeros. */
function batchIn(bytes: Buffer): BatchFacts | undefined {
  if (bytes.length < BATCH_HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  let facts: BatchFacts = { first: null, last: null, hardState: null, generation: null };
  const wrong = visitRecords(
    bytes,
    BATCH_HEADER_BYTES,
    bytes.length - BATCH_TRAILER_BYTES,
    bytes.readUInt32LE(RECORDS_AT),
    {
      hardState: (hardState) => {
        facts = { ...facts, hardState };
      },
      generation: () => {},
      snapshot: ({ generation }) => {
        facts = { ...facts, generation };
      },
      entries: ({ first, count }) => {
        facts = { ...facts, first: Math.min(first, facts.first ?? first), last: first + count - 1 };
        return undefined;
      },
    },
  );
  if (wrong !== undefined) throw new Error(`the node wrote a batch that is none: ${wrong.why}`);
  return facts;
}
