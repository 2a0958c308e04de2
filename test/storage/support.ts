import { asIndex, asNodeId, asTerm, type Emit, type Fields, type RaftctlError } from '../../src/base/index.js';
import { type Entry, makeRecord, payloadOf } from '../../src/raft/entry.js';
import type { File, FileSystem } from '../../src/storage/file-system.js';
import { openWal, type Recovered } from '../../src/storage/open-wal.js';
import type { Wal } from '../../src/storage/wal.js';
import type { WalOptions } from '../../src/storage/wal-options.js';
import { ManualTime } from '../helpers/manual-time.js';

export const WAL_DIRECTORY = '/data/wal';

/** Entry `index` with a payload that tells it from every other. */
export function entry(index: number, term = 1, payload: string | Uint8Array = `entry ${index} of term ${term}`): Entry {
  const record = makeRecord(1, typeof payload === 'string' ? Buffer.from(payload) : payload);
  return { ...record, index: asIndex(index), term: asTerm(term) };
}

export const entries = (first: number, count: number, term = 1, payload?: string): Entry[] =>
  Array.from({ length: count }, (_, i) => entry(first + i, term, payload));

/** Index, term and payload, for comparing. */
export const shown = (list: readonly Entry[]): string[] =>
  list.map((each) => `${each.index}/${each.term} ${payloadOf(each).toString('latin1')}`);

export const vote = (term: number, node: string | null = null) => ({
  currentTerm: asTerm(term),
  votedFor: node === null ? null : asNodeId(node),
});

export class EventLog implements Emit {
  readonly events: { readonly level: string; readonly event: string; readonly fields: Fields }[] = [];

  enabled(): boolean {
    return true;
  }

  emit(level: string, event: string, fields: Fields = {}): void {
    this.events.push({ level, event, fields });
  }

  named(event: string) {
    return this.events.filter((each) => each.event === event);
  }
}

export interface Opened {
  readonly wal: Wal;
  readonly recovered: Recovered;
  readonly failures: RaftctlError[];
  readonly events: EventLog;
  readonly time: ManualTime;
}

/** Opens the log with segments of 2 KiB, unless told otherwise. */
export async function open(fileSystem: FileSystem, options: Partial<WalOptions> = {}): Promise<Opened> {
  const failures: RaftctlError[] = [];
  const events = new EventLog();
  const time = new ManualTime();
  const sizes = { segmentBytes: 2048, firstSegmentBytes: 2048 };
  const { wal, recovered } = await openWal({
    fileSystem,
    directory: WAL_DIRECTORY,
    emit: events,
    scheduler: time,
    options: { ...sizes, ...options, onFatal: (error) => failures.push(error) },
  });
  return { wal, recovered, failures, events, time };
}

export const append = (wal: Wal, what: Parameters<Wal['append']>[0]): Promise<void> =>
  new Promise((resolve) => wal.append(what, resolve));

/** Everything in the log, by reading it. */
export async function readAll(wal: Wal, first = 1): Promise<Entry[]> {
  const all: Entry[] = [];
  for (let next = first; next <= wal.lastIndex; next = all.at(-1)!.index + 1) {
    all.push(...(await wal.read(asIndex(next), wal.lastIndex, 1_000_000)));
  }
  return all;
}

export const segmentFile = (number: number): string => `${WAL_DIRECTORY}/${String(number).padStart(10, '0')}.wal`;

/** A file system of which one can tell who leaves files open. */
export class CountingFileSystem implements FileSystem {
  readonly openFiles = new Map<File, string>();
  readonly reads: string[] = [];
  /** May throw: the read fails. */
  beforeRead: (length: number) => void = () => {};
  readonly makeDirectory: FileSystem['makeDirectory'];
  readonly list: FileSystem['list'];
  readonly remove: FileSystem['remove'];
  readonly removeTree: FileSystem['removeTree'];
  readonly rename: FileSystem['rename'];
  readonly syncDirectory: FileSystem['syncDirectory'];
  readonly #inner: FileSystem;

  constructor(inner: FileSystem) {
    this.#inner = inner;
    this.makeDirectory = (path) => inner.makeDirectory(path);
    this.list = (path) => inner.list(path);
    this.remove = (path) => inner.remove(path);
    this.removeTree = (path) => inner.removeTree(path);
    this.rename = (from, to) => inner.rename(from, to);
    this.syncDirectory = (path) => inner.syncDirectory(path);
  }

  async open(path: string, mode: Parameters<FileSystem['open']>[1]): Promise<File> {
    const file = await this.#inner.open(path, mode);
    const counted: File = {
      size: () => file.size(),
      read: (target, position) => {
        this.reads.push(`${path} ${position} ${target.length}`);
        return Promise.resolve(target.length)
          .then(this.beforeRead)
          .then(() => file.read(target, position));
      },
      write: (parts, position) => file.write(parts, position),
      writeDurably: (parts, position, done) => file.writeDurably(parts, position, done),
      truncate: (size) => file.truncate(size),
      sync: () => file.sync(),
      close: () => {
        this.openFiles.delete(counted);
        return file.close();
      },
    };
    this.openFiles.set(counted, path);
    return counted;
  }
}

export const preparedFile = (number: number): string => `${WAL_DIRECTORY}/${String(number).padStart(10, '0')}.prepared`;

/** What `run` rejects with; fails when it does not. */
export async function rejection(run: Promise<unknown>): Promise<RaftctlError> {
  try {
    await run;
  } catch (error) {
    return error as RaftctlError;
  }
  throw new Error('expected a rejection');
}
