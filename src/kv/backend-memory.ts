import { crc32 } from 'node:zlib';
import { RaftctlError, type Scheduler } from '../base/index.js';
import {
  type Backend,
  type BytesCursor,
  DATABASES,
  type DatabaseName,
  type Slice,
  type Snapshot,
  type StateCopy,
  type Transaction,
} from './backend.js';
import type { BinaryKey } from './key.js';

type Databases = Readonly<Record<DatabaseName, Map<BinaryKey, Buffer>>>;

/** A committed transaction; a value of undefined is a removal. */
interface Commit {
  readonly changes: readonly {
    readonly database: DatabaseName;
    readonly key: BinaryKey;
    readonly value: Buffer | undefined;
  }[];
  readonly done: (error: Error | undefined) => void;
}

export interface MemoryBackendOptions {
  readonly scheduler: Scheduler;
  /** How long the way from the committed to the flushed point takes; left out: until the next turn. */
  readonly flushMs?: () => number;
}

/**
 * A backend for tests and the simulator that behaves as LMDB does: what is committed is visible at once, what is
 * flushed survives, and `crash` tells the two apart.
 */
export class MemoryBackend implements Backend {
  readonly place = 'memory';
  readonly #options: MemoryBackendOptions;
  readonly #flushed: Databases;
  /** What the last flush replaced, by database and key: until the next one, its mark may be lost with the power. */
  #unproven: Commit['changes'] = [];
  readonly #committed: Databases;
  /** Committed and not flushed, because flushes are held or on their way. */
  #outstanding: Commit[] = [];
  readonly #sorted = new Map<DatabaseName, BinaryKey[]>();
  #failure: Error | undefined;
  #held = false;
  #losesKey = false;
  #crashed = false;

  constructor(options: MemoryBackendOptions, flushed: Databases = copyOf()) {
    this.#options = options;
    this.#flushed = flushed;
    this.#committed = copyOf(flushed);
  }

  /** From now on nothing reaches the flushed point, until `releaseFlushes`. */
  holdFlushes(): void {
    this.#held = true;
  }

  releaseFlushes(): void {
    this.#held = false;
    for (const commit of this.#outstanding) this.#options.scheduler.defer(() => this.#flush(commit));
  }

  /** Commits change nothing and report `error` from now on: a disk that fails stays failed. */
  failCommits(error: Error): void {
    this.#failure = error;
  }

  /**
   * The process is gone: what was not flushed is lost, no callback runs any more. Answers what opens next. With
   * `losesLast`, the last flush is lost too, although it was reported: its mark had not reached the disk.
   */
  crash({ losesLast = false }: { readonly losesLast?: boolean } = {}): MemoryBackend {
    this.#crashed = true;
    const left = copyOf(this.#flushed);
    if (losesLast) enter(left, { changes: this.#unproven });
    return new MemoryBackend(this.#options, left);
  }

  /** Opens what another backend's `copy` was. Throws `data-damaged` for anything else. */
  static ofCopy(options: MemoryBackendOptions, bytes: Buffer): MemoryBackend {
    return new MemoryBackend(options, decodeCopy(bytes));
  }

  /** The next copy lacks one of the keys: what the disk gave once was not what it holds. */
  loseKeyInNextCopy(): void {
    this.#losesKey = true;
  }

  /** Each step of it takes a turn of the event loop, as it does on a disk. */
  async copyTo(): Promise<StateCopy> {
    const turn = () => new Promise<void>((resolve) => this.#options.scheduler.after(0, resolve));
    const bytes = encodeCopy(this.#losesKey ? withoutLastKey(this.#committed) : this.#committed);
    this.#losesKey = false;
    await turn();
    return {
      bytes: bytes.length,
      read: async (target, at) => {
        await turn();
        bytes.copy(target, 0, at, at + target.length);
      },
      close: async () => {},
    };
  }

  /** What a copy of its directory would hold. */
  copy(): MemoryBackend {
    return new MemoryBackend(this.#options, copyOf(this.#flushed));
  }

  find(database: DatabaseName, key: BinaryKey): Slice | undefined {
    const value = this.#committed[database].get(key);
    return value === undefined ? undefined : sliceOf(value);
  }

  range(database: DatabaseName, from: BinaryKey, before: BinaryKey | undefined): BytesCursor {
    const values = this.#committed[database];
    const sorted = this.#sorted.get(database) ?? [...values.keys()].sort();
    this.#sorted.set(database, sorted);
    const keys = sorted.filter((key) => key >= from && (before === undefined || key < before));
    return new MemoryCursor(keys, values);
  }

  snapshot(): Snapshot {
    const frozen = new MemoryBackend(this.#options, this.#committed);
    return { range: (database, from, before) => frozen.range(database, from, before), close: () => {} };
  }

  begin(): Transaction {
    return new MemoryTransaction((commit) => this.#commit(commit));
  }

  async close(): Promise<void> {}

  #commit(commit: Commit): void {
    const { scheduler, flushMs } = this.#options;
    if (this.#crashed) return;
    const failure = this.#failure;
    if (failure !== undefined) {
      scheduler.defer(() => {
        if (!this.#crashed) commit.done(failure);
      });
      return;
    }
    enter(this.#committed, commit);
    this.#sorted.clear();
    this.#outstanding.push(commit);
    if (this.#held) return;
    if (flushMs === undefined) scheduler.defer(() => this.#flush(commit));
    else scheduler.after(flushMs(), () => this.#flush(commit));
  }

  #flush(commit: Commit): void {
    if (this.#crashed || this.#held || !this.#outstanding.includes(commit)) return;
    this.#outstanding = this.#outstanding.filter((other) => other !== commit);
    this.#unproven = commit.changes.map(({ database, key }) => ({
      database,
      key,
      value: this.#flushed[database].get(key),
    }));
    enter(this.#flushed, commit);
    commit.done(undefined);
  }
}

/** The maps are copied, the bytes are not: nobody writes to them. */
const copyOf = (databases?: Databases): Databases =>
  Object.fromEntries(DATABASES.map((name) => [name, new Map(databases?.[name])])) as Databases;

function withoutLastKey(databases: Databases): Databases {
  const left = copyOf(databases);
  const last = [...left.keys.keys()].at(-1);
  if (last !== undefined) left.keys.delete(last);
  return left;
}

function enter(databases: Databases, { changes }: Pick<Commit, 'changes'>): void {
  for (const { database, key, value } of changes) {
    if (value === undefined) databases[database].delete(key);
    else databases[database].set(key, value);
  }
}

/** u32 crc of what follows | u32 bytes of it | of each database: u32 keys, of each u16 and u32 of lengths, key, value. */
function encodeCopy(databases: Databases): Buffer {
  const parts: Buffer[] = [Buffer.alloc(8)];
  for (const name of DATABASES) {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(databases[name].size);
    parts.push(head);
    for (const [key, value] of databases[name]) {
      const lengths = Buffer.alloc(6);
      lengths.writeUInt16LE(key.length);
      lengths.writeUInt32LE(value.length, 2);
      parts.push(lengths, Buffer.from(key, 'latin1'), value);
    }
  }
  const bytes = Buffer.concat(parts);
  bytes.writeUInt32LE(bytes.length, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

function decodeCopy(bytes: Buffer): Databases {
  const isWhole = bytes.length >= 8 && bytes.readUInt32LE(4) === bytes.length;
  if (!isWhole || crc32(bytes.subarray(4)) !== bytes.readUInt32LE(0)) {
    throw new RaftctlError('data-damaged', `memory: ${bytes.length} bytes are no copy of a state`);
  }
  const databases = copyOf();
  let at = 8;
  for (const name of DATABASES) {
    let left = bytes.readUInt32LE(at);
    for (at += 4; left > 0; left -= 1) {
      const keyEnd = at + 6 + bytes.readUInt16LE(at);
      const end = keyEnd + bytes.readUInt32LE(at + 2);
      databases[name].set(bytes.toString('latin1', at + 6, keyEnd) as BinaryKey, bytes.subarray(keyEnd, end));
      at = end;
    }
  }
  return databases;
}

const sliceOf = (bytes: Buffer): Slice => ({ bytes, start: 0, end: bytes.length });

class MemoryTransaction implements Transaction {
  bytes: Buffer = Buffer.alloc(0);
  readonly #changes: Commit['changes'][number][] = [];
  readonly #commit: (commit: Commit) => void;

  constructor(commit: (commit: Commit) => void) {
    this.#commit = commit;
  }

  put(database: DatabaseName, key: BinaryKey, length: number): number {
    this.bytes = Buffer.alloc(length);
    this.#changes.push({ database, key, value: this.bytes });
    return 0;
  }

  remove(database: DatabaseName, key: BinaryKey): void {
    this.#changes.push({ database, key, value: undefined });
  }

  commit(done: (error: Error | undefined) => void): void {
    this.#commit({ changes: this.#changes, done });
  }
}

class MemoryCursor implements BytesCursor {
  readonly #keys: readonly BinaryKey[];
  readonly #values: ReadonlyMap<BinaryKey, Buffer>;
  #next = 0;

  constructor(keys: readonly BinaryKey[], values: ReadonlyMap<BinaryKey, Buffer>) {
    this.#keys = keys;
    this.#values = values;
  }

  get key(): BinaryKey | undefined {
    return this.#keys[this.#next];
  }

  get value(): Slice {
    return sliceOf(this.#values.get(this.#keys[this.#next]!)!);
  }

  advance(): void {
    this.#next += 1;
  }

  close(): void {}
}
