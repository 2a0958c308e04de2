import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { getSystemErrorName } from 'node:util';
import * as lmdb from 'lmdb';
import { assert, diskRemedy, isDiskFault, messageOf, RaftctlError, REJOIN } from '../base/index.js';
import {
  type Backend,
  type BytesCursor,
  DATABASES,
  type DatabaseName,
  type Slice,
  type Snapshot,
  STATE_FILE,
  type StateCopy,
  type Transaction,
  type TransactionSize,
} from './backend.js';
import type { BinaryKey } from './key.js';
import { checkLmdbPackage, lmdbEngine } from './lmdb-engine.js';
import { checkEnvironment, checkRoom, noteExtent } from './lmdb-file.js';
import { type LmdbEngine, LmdbTransaction, TransactionBuffer } from './lmdb-transaction.js';

/**
 * State in an LMDB environment: `data.mdb` and `lock.mdb` in one directory, with a named database for each of
 * `DATABASES`, and `extent` beside them (`lmdb-file.ts`).
 *
 * lmdb-js runs with overlapping sync: a commit is visible before it is on disk. With `safeRestore` an environment opens
 * at its last *synced* commit even when the machine did not go down, which is what makes "flushed" one point for a
 * killed process and for a power cut.
 */
const MAP_BYTES = 1 << 30;
/** More than there are: an environment may come from a later version, which says in its meta whether this one may read it. */
const DATABASES_MAX = 32;

const LMDB_OPTIONS = {
  encoding: 'binary',
  keyEncoder: {
    writeKey: (key: BinaryKey, target: Buffer, start: number): number => start + target.write(key, start, 'latin1'),
    readKey: (source: Buffer, start: number, end: number): string => source.toString('latin1', start, end),
  },
  // The node reads its own state itself: an object cache would only cost memory.
  cache: false,
  compression: false,
} as const;

interface LmdbOptions {
  /** Address space at first; the map grows. */
  readonly mapBytes?: number;
  /** The package.json of the lmdb package, if it is not beside the code that is loaded. */
  readonly lmdbManifest?: string;
}

type Databases = Readonly<Record<DatabaseName, lmdb.Database<Buffer, string>>>;

export class LmdbBackend implements Backend {
  readonly place: string;
  readonly #root: lmdb.RootDatabase<Buffer, string>;
  readonly #databases: Databases;
  readonly #engine: LmdbEngine;
  readonly #memory = new TransactionBuffer();
  readonly #found: MutableSlice = { bytes: NO_BYTES, start: 0, end: 0 };

  /**
   * Opens the environment in `directory`, or makes a new one. Throws `data-damaged`, `data-unreadable` or `disk-failed`
   * when that is not possible, `internal` when the lmdb package is not the one that raftctl pins.
   */
  static open(directory: string, { mapBytes = MAP_BYTES, lmdbManifest }: LmdbOptions = {}): LmdbBackend {
    checkLmdbPackage(lmdbManifest);
    try {
      const made = mkdirSync(directory, { recursive: true, mode: 0o700 });
      // What LMDB cannot open, it does not refuse: it ends the process.
      checkEnvironment(directory);
      checkRoom(directory);
      const backend = new LmdbBackend(directory, mapBytes);
      syncDirectories(directory, made);
      return backend;
    } catch (error) {
      throw error instanceof RaftctlError ? error : openError(directory, error);
    }
  }

  private constructor(directory: string, mapBytes: number) {
    this.place = directory;
    const options = {
      ...LMDB_OPTIONS,
      noSubdir: false,
      safeRestore: true,
      mapSize: mapBytes,
      maxDbs: DATABASES_MAX,
      // This process reads with one; the others are for a backup and for people who look with mdb_stat.
      maxReaders: 16,
      permissionsMode: 0o600,
    };
    const root = lmdb.open<Buffer, string>(directory, options);
    this.#root = root;
    this.#databases = Object.fromEntries(
      DATABASES.map((name) => [name, root.openDB<Buffer, string>(name, { ...LMDB_OPTIONS })]),
    ) as Databases;
    let extent = noteExtent(directory, 0);
    this.#engine = lmdbEngine(root, this.#databases, () => {
      extent = noteExtent(directory, extent);
    });
  }

  find(database: DatabaseName, key: BinaryKey): Slice | undefined {
    const found = this.#found;
    try {
      const bytes = this.#databases[database].getBinaryFast(key);
      if (bytes === undefined) return undefined;
      found.bytes = bytes;
      found.end = bytes.length;
      return found;
    } catch (error) {
      throw unreadablePage(this.place, error);
    }
  }

  range(database: DatabaseName, from: BinaryKey, before: BinaryKey | undefined): BytesCursor {
    return this.#cursor(database, { start: from, ...(before !== undefined && { end: before }) });
  }

  snapshot(): Snapshot {
    const transaction = this.#root.useReadTransaction();
    return {
      range: (database, from, before) =>
        this.#cursor(database, { transaction, start: from, ...(before !== undefined && { end: before }) }),
      close: () => transaction.done(),
    };
  }

  #cursor(database: DatabaseName, options: lmdb.RangeOptions): BytesCursor {
    return new LmdbCursor(this.place, this.#databases[database].getRange(options));
  }

  async copyTo(scratch: string): Promise<StateCopy> {
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { mode: 0o700 });
    try {
      // In a thread of its own, in one read transaction, which lasts as long as the pages take to be written.
      await this.#root.backup(scratch, true);
      const file = await open(join(scratch, STATE_FILE), 'r');
      return new FileCopy(file, (await file.stat()).size);
    } finally {
      // What is open can still be read, and goes with the process, however that ends.
      await rm(scratch, { recursive: true, force: true });
    }
  }

  begin(size: TransactionSize): Transaction {
    return new LmdbTransaction(this.#engine, this.#memory.reserve(size));
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

type MutableSlice = { -readonly [Field in keyof Slice]: Slice[Field] };

const NO_BYTES = Buffer.alloc(0);

class FileCopy implements StateCopy {
  readonly bytes: number;
  readonly #file: FileHandle;

  constructor(file: FileHandle, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
  }

  async read(target: Buffer, at: number): Promise<void> {
    for (let got = 0; got < target.length; ) {
      const { bytesRead } = await this.#file.read(target, got, target.length - got, at + got);
      assert(bytesRead > 0, () => `a copy of ${this.bytes} bytes ends at ${at + got}`);
      got += bytesRead;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

class LmdbCursor implements BytesCursor {
  readonly #place: string;
  readonly #entries: Iterator<{ key: string; value: Buffer }>;
  readonly value: MutableSlice = { bytes: NO_BYTES, start: 0, end: 0 };
  #key: BinaryKey | undefined;

  constructor(place: string, entries: Iterable<{ key: string; value: Buffer }>) {
    this.#place = place;
    this.#entries = this.#read(() => entries[Symbol.iterator]());
    this.advance();
  }

  get key(): BinaryKey | undefined {
    return this.#key;
  }

  advance(): void {
    this.#key = this.#read(() => {
      const { done, value: entry } = this.#entries.next();
      if (done) return undefined;
      this.value.bytes = entry.value;
      this.value.end = entry.value.length;
      return entry.key as BinaryKey;
    });
  }

  close(): void {
    this.#entries.return?.();
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw unreadablePage(this.#place, error);
    }
  }
}

/** A new environment exists after a power cut only when the directories on the way to it do. */
function syncDirectories(directory: string, firstMade: string | undefined): void {
  const last = resolve(firstMade === undefined ? directory : dirname(firstMade));
  for (let path = resolve(directory); ; path = dirname(path)) {
    const handle = openSync(path, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (path === last) return;
  }
}

const UNREADABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'EISDIR']);

function openError(directory: string, thrown: unknown): RaftctlError {
  const error = named(thrown);
  const message = `${directory}: cannot open the LMDB environment: ${messageOf(error)}`;
  if (isDiskFault(error)) return new RaftctlError('disk-failed', message, { hint: diskRemedy(error), cause: error });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!UNREADABLE.has(code)) return damaged(`${directory}: cannot open the LMDB environment`, error);
  return new RaftctlError('data-unreadable', message, { hint: 'check the path and its permissions', cause: error });
}

/** LMDB gives the system's errors by their numbers. */
function named(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number' || error.code <= 0)
    return error;
  return Object.assign(error, { code: getSystemErrorName(-error.code) });
}

/** A read fails when the file is damaged behind what can be checked before it is opened. */
const unreadablePage = (directory: string, error: unknown): RaftctlError =>
  damaged(`${directory}: cannot read the LMDB environment`, error);

const damaged = (what: string, error: unknown): RaftctlError =>
  new RaftctlError('data-damaged', `${what}: ${messageOf(error)}`, {
    hint: REJOIN,
    cause: error,
  });
