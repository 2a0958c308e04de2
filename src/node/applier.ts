import type { LogIndex, Scheduler } from '../base/index.js';
import type { KvStore, Outcome } from '../kv/index.js';
import type { Entry, RawNode } from '../raft/index.js';
import type { Wal } from '../storage/index.js';
import type { EntryCache } from './entry-cache.js';

interface ApplierOptions {
  readonly raft: Pick<RawNode, 'persistedIndex' | 'applied'>;
  readonly store: Pick<KvStore, 'appliedIndex' | 'unflushedBytes' | 'apply'>;
  readonly wal: Pick<Wal, 'read'>;
  readonly cache: EntryCache;
  readonly scheduler: Scheduler;
  /** Entries applied in one turn at most, so that a long backlog does not starve heartbeats. Suggested 4,096. */
  readonly entriesMax: number;
  readonly applied: (entries: readonly Entry[], results: readonly (Outcome | undefined)[]) => void;
  /** There is more to apply: take another turn. */
  readonly wake: () => void;
  readonly failed: (error: unknown) => void;
}

/** What is applied in one turn, and read from the WAL at once when the cache no longer holds it. */
const APPLY_BYTES_MAX = 1 << 20;
/**
 * The state machine's disk lags behind the log's: applying waits for it, or memory would grow without bound. It is two
 * memtables: one that is being written, and one that fills meanwhile. A larger one would take as much again in its
 * transaction, and twice in LMDB's pages.
 */
const UNFLUSHED_BYTES_MAX = 16 << 20;
const FLUSH_WAIT_MS = 10;

/** Runs committed entries through the state machine, in order, a bounded number a turn. */
export class Applier {
  readonly #options: ApplierOptions;
  #commitIndex: LogIndex;
  #reading = false;
  #waiting = false;
  #stopped = false;
  /** Counts installed snapshots: what was read before one is not applied after it. */
  #epoch = 0;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#commitIndex = options.store.appliedIndex;
  }

  committed(upTo: LogIndex): void {
    this.#commitIndex = upTo;
  }

  /** The store holds a state that came from elsewhere, as of `index`. */
  installed(index: LogIndex): void {
    this.#epoch += 1;
    this.#reading = false;
    this.#commitIndex = index;
  }

  /** The store is about to be closed. */
  stop(): void {
    this.#stopped = true;
  }

  /** Once a turn. */
  run(): void {
    const { store, cache, entriesMax, wake } = this.#options;
    const after = store.appliedIndex;
    // What is in the WAL can be read back from it, also when applying does not keep up.
    cache.trim(this.#options.raft.persistedIndex);
    if (this.#reading || after >= this.#commitIndex) return;
    if (store.unflushedBytes > UNFLUSHED_BYTES_MAX) {
      this.#waitForFlush();
      return;
    }
    const upTo = Math.min(this.#commitIndex, after + entriesMax);
    const entries = cache.range(after, upTo, APPLY_BYTES_MAX);
    if (entries === undefined) {
      this.#read((after + 1) as LogIndex);
      return;
    }
    this.#apply(entries);
    if (store.appliedIndex < this.#commitIndex) wake();
  }

  #apply(entries: readonly Entry[]): void {
    const { store, raft, applied } = this.#options;
    const results = store.apply(entries);
    raft.applied(store.appliedIndex);
    applied(entries, results);
  }

  #waitForFlush(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#options.scheduler.after(FLUSH_WAIT_MS, () => {
      this.#waiting = false;
      this.#options.wake();
    });
  }

  /** Old entries come from the disk: after a restart, or when the state machine fell far behind. */
  #read(first: LogIndex): void {
    const epoch = this.#epoch;
    this.#reading = true;
    this.#options.wal
      .read(first, this.#commitIndex, APPLY_BYTES_MAX)
      .then((entries) => {
        if (this.#stopped || epoch !== this.#epoch) return;
        this.#reading = false;
        this.#apply(entries);
        this.#options.wake();
      })
      // Reading failed, or applying did: a value that does not match its checksum is found here.
      .catch((error: unknown) => {
        if (!this.#stopped && epoch === this.#epoch) this.#options.failed(error);
      });
  }
}
