import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as lmdb from 'lmdb';
import { messageOf, RaftctlError } from '../base/index.js';
import type { Backend, Transaction, TransactionSize, VersionCursor } from './backend.js';
import type { BinaryKey } from './key.js';
import { checkEnvironment, noteExtent } from './lmdb-file.js';
import { type LmdbEngine, LmdbTransaction, TransactionBuffer } from './lmdb-transaction.js';
import { decodeMeta, EMPTY_META, type StoreMeta } from './meta.js';
import { newVersion, readVersion, type Version } from './version.js';

/**
 * State in an LMDB environment: `data.mdb` and `lock.mdb` in one directory, with two databases, and `extent` beside them
 * (`lmdb-file.ts`).
 *
 *     keys    key → u64 createRevision | u64 modRevision | u64 version | value
 *     meta    "meta" → the meta record
 *
 * lmdb-js runs with overlapping sync: a commit is visible before it is on disk. With `safeRestore` an environment opens
 * at its last *synced* commit even when the machine did not go down, which is what makes "flushed" one point for a
 * killed process and for a power cut.
 */
const MAP_BYTES = 1 << 30;

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

export class LmdbBackend implements Backend {
  readonly place: string;
  readonly meta: StoreMeta;
  readonly #root: lmdb.RootDatabase<Buffer, string>;
  readonly #keys: lmdb.Database<Buffer, string>;
  readonly #engine: LmdbEngine;
  readonly #memory = new TransactionBuffer();
  readonly #found = newVersion();

  /** Opens the environment in `directory`, or makes a new one. `mapBytes`: address space at first; the map grows. */
  static open(directory: string, { mapBytes = MAP_BYTES }: { readonly mapBytes?: number } = {}): LmdbBackend {
    try {
      const made = mkdirSync(directory, { recursive: true, mode: 0o700 });
      // What LMDB cannot open, it does not refuse: it ends the process.
      checkEnvironment(directory);
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
      maxDbs: 2,
      // This process reads with one; the others are for a backup and for people who look with mdb_stat.
      maxReaders: 16,
      permissionsMode: 0o600,
    };
    this.#root = lmdb.open<Buffer, string>(directory, options);
    this.#keys = this.#root.openDB<Buffer, string>('keys', { ...LMDB_OPTIONS });
    const meta = this.#root.openDB<Buffer, string>('meta', { ...LMDB_OPTIONS });
    this.meta = this.#readMeta(meta.getBinary('meta'));
    let extent = noteExtent(directory, 0);
    this.#engine = engineOf(this.#root, this.#keys, meta, () => {
      extent = noteExtent(directory, extent);
    });
  }

  find(key: BinaryKey): Version | undefined {
    return orDamaged(this.place, () => {
      const bytes = this.#keys.getBinaryFast(key);
      return bytes === undefined ? undefined : readVersion(bytes, bytes.length, this.#found);
    });
  }

  range(from: BinaryKey, before: BinaryKey | undefined): VersionCursor {
    const options = { start: from, ...(before !== undefined && { end: before }) };
    return new LmdbCursor(this.place, this.#keys.getRange(options));
  }

  begin(size: TransactionSize): Transaction {
    return new LmdbTransaction(this.#engine, this.#memory.reserve(size));
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  #readMeta(record: Buffer | undefined): StoreMeta {
    try {
      return record === undefined ? EMPTY_META : decodeMeta(record, this.place);
    } catch (error) {
      // Nothing was written: there is nothing to wait for.
      void this.#root.close();
      throw error;
    }
  }
}

class LmdbCursor implements VersionCursor {
  readonly #place: string;
  readonly #entries: Iterator<{ key: string; value: Buffer }>;
  readonly #version = newVersion();
  #key: BinaryKey | undefined;

  constructor(place: string, entries: Iterable<{ key: string; value: Buffer }>) {
    this.#place = place;
    this.#entries = orDamaged(place, () => entries[Symbol.iterator]());
    this.advance();
  }

  get key(): BinaryKey | undefined {
    return this.#key;
  }

  get version(): Version {
    return this.#version;
  }

  advance(): void {
    this.#key = orDamaged(this.#place, () => {
      const { done, value: entry } = this.#entries.next();
      if (done) return undefined;
      readVersion(entry.value, entry.value.length, this.#version);
      return entry.key as BinaryKey;
    });
  }

  close(): void {
    this.#entries.return?.();
  }
}

/** What `LmdbTransaction` needs of lmdb-js and its types do not declare. */
interface Internals {
  readonly nativeAddon?: { getAddress?(buffer: ArrayBufferLike): number; lmdbError?(code: number): never };
  readonly env?: { startWriting?(address: number, report: (status: number) => void): void };
  readonly db?: { readonly dbi?: number };
}

/** The writer thread reports this when the transaction is visible, then its result when it is on disk. */
const COMMITTED_STATUS = 1;

/** `flushed` is called after each transaction that is on disk. */
function engineOf(root: lmdb.RootDatabase, keys: lmdb.Database, meta: lmdb.Database, flushed: () => void): LmdbEngine {
  const { nativeAddon } = lmdb as Internals;
  const { env } = root as Internals;
  const keysDatabase = (keys as Internals).db?.dbi;
  const metaDatabase = (meta as Internals).db?.dbi;
  const offered = nativeAddon?.getAddress && env?.startWriting && keysDatabase && metaDatabase;
  if (!offered) throw new RaftctlError('internal', 'this lmdb package is not the version that raftctl pins: 3.5.6');
  return {
    keysDatabase,
    metaDatabase,
    addressOf: (buffer) => nativeAddon.getAddress!(buffer),
    execute(address, done) {
      env.startWriting!(address, (status) => {
        // The reader must not stay on a snapshot of before the commit.
        root.resetReadTxn();
        if (status === COMMITTED_STATUS) return;
        if (status === 0) flushed();
        done(status);
      });
    },
    errorOf(code) {
      try {
        nativeAddon.lmdbError?.(code);
      } catch (error) {
        if (error instanceof Error) return error;
      }
      return new Error(`LMDB error ${code}`);
    },
  };
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

function openError(directory: string, error: unknown): RaftctlError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!UNREADABLE.has(code)) return damaged(`${directory}: cannot open the LMDB environment`, error);
  const message = `${directory}: cannot open the LMDB environment: ${messageOf(error)}`;
  return new RaftctlError('data-unreadable', message, { hint: 'check the path and its permissions', cause: error });
}

/** A read fails when the file is damaged behind what can be checked before it is opened. */
function orDamaged<T>(directory: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw damaged(`${directory}: cannot read the LMDB environment`, error);
  }
}

const damaged = (what: string, error: unknown): RaftctlError =>
  new RaftctlError('data-damaged', `${what}: ${messageOf(error)}`, {
    hint: 'restore the directory of the node from a copy, or leave it: while a quorum of the others is up, the cluster goes on without this node',
    cause: error,
  });
