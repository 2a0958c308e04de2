import type { BinaryKey } from './key.js';
import type { StoreMeta } from './meta.js';
import type { Version } from './version.js';

/**
 * Where flushed state lives. `KvStore` keeps what is newer in memory and hands it over in transactions; a backend
 * never sees a single command. After a crash a backend opens with its last flushed transaction: all of it or nothing,
 * data and meta record together.
 */
export interface Backend {
  /** Names the place in messages: a directory, or `memory`. */
  readonly place: string;
  /** The meta record of the last flushed transaction, as the backend was opened. */
  readonly meta: StoreMeta;
  /** The key's version. The object and its bytes are valid until the next call of any method: copy what is to stay. */
  find(key: BinaryKey): Version | undefined;
  /** Walks the keys from `from` (included) up to `before` (excluded; undefined: to the end) in bytewise order. */
  range(from: BinaryKey, before: BinaryKey | undefined): VersionCursor;
  /** Starts a transaction. One at a time: the next may begin when the last one's `done` has run. */
  begin(size: TransactionSize): Transaction;
  /** Releases everything. Not while a transaction is open. */
  close(): Promise<void>;
}

/** Stands on one key after the other. Use it within one turn of the event loop and close it. */
export interface VersionCursor {
  /** Undefined: behind the last one. */
  readonly key: BinaryKey | undefined;
  /** The version at `key`; its bytes do not change later. Tombstones are included where there are any. */
  readonly version: Version;
  advance(): void;
  close(): void;
}

/** What is to come, at most, so that space is made once. */
export interface TransactionSize {
  readonly keys: number;
  /** Bytes of all keys and values. */
  readonly bytes: number;
}

/**
 * Collects changes, over several turns of the event loop if the caller likes: nothing is visible before `commit`.
 * What is handed in may be reused once the method returns. At most one change a key.
 */
export interface Transaction {
  put(key: BinaryKey, version: Version): void;
  remove(key: BinaryKey): void;
  /**
   * All changes become visible at the *committed* point and survive a crash from the *flushed* point on; `done` runs
   * once, at the flushed point or with the error. After an error the backend is not to be used any more.
   */
  commit(meta: StoreMeta, done: (error: Error | undefined) => void): void;
}
