import type { BinaryKey } from './key.js';

/** The databases of a state directory. One for later data needs a name here, and a section in the meta. */
export const DATABASES = ['keys', 'sessions', 'meta'] as const;
export type DatabaseName = (typeof DATABASES)[number];

/**
 * Where flushed state lives: named databases of bytes, ordered by key. `KvStore` keeps what is newer in memory and hands
 * it over in transactions; a backend never sees a single command and knows no version. After a crash it opens with
 * its last flushed transaction: all of it or nothing, in all databases.
 */
export interface Backend {
  /** Names the place in messages: a directory, or `memory`. */
  readonly place: string;
  /** The object and its bytes are valid until the next call of any method: copy what is to stay. */
  find(database: DatabaseName, key: BinaryKey): Slice | undefined;
  /** Walks the keys from `from` (included) up to `before` (excluded; undefined: to the end) in bytewise order. */
  range(database: DatabaseName, from: BinaryKey, before: BinaryKey | undefined): BytesCursor;
  /** All databases as they are now, whatever is committed later. */
  snapshot(): Snapshot;
  /**
   * A copy of what is committed, compact, without holding up anybody; what is committed later is not in it. Made in
   * `scratch`, a directory of its own, of which nothing is left when the copy is closed.
   */
  copyTo(scratch: string): Promise<StateCopy>;
  /** Starts a transaction. One at a time: the next may begin when the last one's `done` has run. */
  begin(size: TransactionSize): Transaction;
  /** Releases everything. Not while a transaction is open. */
  close(): Promise<void>;
}

/**
 * A state as one file: what another node has to store under `STATE_FILE` of an empty directory, synced, before it opens
 * a backend there.
 */
export interface StateCopy {
  readonly bytes: number;
  /** Fills `target` with what lies at `at`; it must not reach beyond the end. */
  read(target: Buffer, at: number): Promise<void>;
  close(): Promise<void>;
}

export const STATE_FILE = 'data.mdb';

/** What lies in `bytes` from `start` to `end`. */
export interface Slice {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** To be closed soon: what it sees is kept on the disk until then, beside what replaces it. */
export interface Snapshot {
  /** As of `Backend`, but its cursors may be used over several turns of the event loop. */
  range(database: DatabaseName, from: BinaryKey, before: BinaryKey | undefined): BytesCursor;
  close(): void;
}

/** Stands on one key after the other. Use it within one turn of the event loop and close it. */
export interface BytesCursor {
  /** Undefined: behind the last one. */
  readonly key: BinaryKey | undefined;
  /** What lies at `key`. The object is valid until `advance`, its bytes do not change later. */
  readonly value: Slice;
  advance(): void;
  close(): void;
}

/** What is to come, at most, so that space is made once. */
export interface TransactionSize {
  /** Puts and removals. */
  readonly changes: number;
  /** Bytes of all their keys and values. */
  readonly bytes: number;
}

/**
 * Collects changes, over several turns of the event loop if the caller likes: nothing is visible before `commit`. At
 * most one change a key.
 */
export interface Transaction {
  /** Values are encoded in place: `put` says where, and only then it is known in which buffer. */
  readonly bytes: Buffer;
  /** Answers the offset in `bytes` at which the `length` bytes of the value are to be written, before any other call. */
  put(database: DatabaseName, key: BinaryKey, length: number): number;
  remove(database: DatabaseName, key: BinaryKey): void;
  /**
   * All changes become visible at the *committed* point and survive a crash from the *flushed* point on; `done` runs
   * once, at the flushed point or with the error. After an error the backend is not to be used any more.
   */
  commit(done: (error: Error | undefined) => void): void;
}
