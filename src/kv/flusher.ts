import {
  asIndex,
  type Clock,
  type Emit,
  type LogIndex,
  messageOf,
  RaftctlError,
  type Scheduler,
  type Timer,
} from '../base/index.js';
import type { Backend, Transaction } from './backend.js';
import type { BinaryKey } from './key.js';
import type { Memtable } from './memtable.js';
import type { Memtables } from './memtables.js';
import { encodeMeta, META_KEY, putMeta, type StoreMeta } from './meta.js';
import { putChange, type SessionChange, type Sessions, sizeOfChanges } from './sessions.js';
import { isTombstone, storedBytes, VERSION_HEADER_BYTES, type Version, writeVersion } from './version.js';

export interface FlusherOptions {
  readonly backend: Backend;
  readonly memtables: Memtables;
  readonly sessions: Pick<Sessions, 'seal'>;
  /** What the backend holds now. */
  readonly flushed: StoreMeta;
  /** Where the store stands now. */
  readonly position: () => StoreMeta;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly flushBytes: number;
  readonly flushMs: number;
  readonly flushEntries: number;
  readonly onFatal: (error: RaftctlError) => void;
}

/**
 * idle → waiting → writing → idle. *Waiting*: a memtable is sealed at `meta.appliedIndex` and the own log is not yet
 * durable up to there. That sealing point is what keeps the backend behind the log: nothing applied later can be part
 * of the flush, and it does not start before its last entry is on this node's disk.
 */
type FlushState =
  | { readonly type: 'idle' }
  | { readonly type: 'waiting'; readonly sealed: Sealed }
  | { readonly type: 'writing'; readonly write: SealedWrite }
  /** Another state has taken its place; what was being written ends. */
  | { readonly type: 'retiring'; readonly over: () => void }
  | { readonly type: 'failed'; readonly error: RaftctlError }
  | { readonly type: 'closed' };

/** All that was applied up to one point and is not in the backend. */
interface Sealed {
  readonly meta: StoreMeta;
  readonly memtable: Memtable;
  readonly sessions: readonly SessionChange[];
}

interface Waiter {
  readonly index: LogIndex;
  readonly resolve: () => void;
  readonly reject: (error: RaftctlError) => void;
}

/** Decides when the memtables go to the backend: after a time, at a size, when asked; one flush at a time. */
export class Flusher {
  readonly #options: FlusherOptions;
  #state: FlushState = { type: 'idle' };
  #timer: Timer | undefined;
  #flushed: StoreMeta;
  #provenIndex = asIndex(0);
  #persistedIndex = 0;
  #waiters: Waiter[] = [];

  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#flushed = options.flushed;
  }

  get flushedIndex(): LogIndex {
    return this.#flushed.appliedIndex;
  }

  /**
   * What the backend is sure to come back with: the point before the last. A flush may be reported as done although the
   * mark that it is did not reach the disk; the next one that is reported proves it. What a process finds at its start
   * is not proven either.
   */
  get provenIndex(): LogIndex {
    return this.#provenIndex;
  }

  /** The store has applied more. */
  applied(): void {
    if (this.#state.type !== 'idle') return;
    if (this.#isDue()) this.#seal();
    else this.#armTimer();
  }

  /** This node's own log is durable up to `index`, which falls when a conflicting tail is overwritten. */
  persistedUpTo(index: number): void {
    this.#persistedIndex = index;
    this.#writeIfPersisted();
  }

  /** Resolves when all that is applied now is flushed. */
  flush(): Promise<void> {
    const index = this.#options.position().appliedIndex;
    if (this.#state.type === 'failed') return Promise.reject(this.#state.error);
    if (index <= this.flushedIndex) return Promise.resolve();
    const reached = this.#reached(index);
    if (this.#state.type === 'idle') this.#seal();
    return reached;
  }

  /** Flushes what the own log holds. What it does not hold comes again from the log, so nobody waits for it. */
  async close(): Promise<void> {
    // A failure was reported to `onFatal`; it keeps nobody from closing.
    await this.#drain().catch(() => {});
    this.#end();
  }

  #end(): void {
    this.#timer?.cancel();
    this.#state = { type: 'closed' };
    for (const waiter of this.#waiters) waiter.reject(new RaftctlError('closed', 'the store is closed'));
    this.#waiters = [];
  }

  /** Another state takes the place of this one: nothing more is written. Resolves when nothing is being written. */
  async retire(): Promise<void> {
    if (this.#state.type === 'writing') {
      await new Promise<void>((over) => {
        this.#state = { type: 'retiring', over };
      });
    }
    this.#end();
  }

  async #drain(): Promise<void> {
    if (this.#state.type === 'writing') await this.#reached(this.#state.write.meta.appliedIndex);
    if (this.#options.position().appliedIndex <= this.#persistedIndex) await this.flush();
  }

  #reached(index: LogIndex): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ index, resolve, reject }));
  }

  #isDue(): boolean {
    const { memtables, position, flushBytes, flushEntries } = this.#options;
    if (memtables.active.bytes >= flushBytes) return true;
    return position().appliedIndex - this.flushedIndex >= flushEntries;
  }

  #armTimer(): void {
    if (this.#timer !== undefined || this.#options.position().appliedIndex <= this.flushedIndex) return;
    this.#timer = this.#options.scheduler.after(this.#options.flushMs, () => {
      this.#timer = undefined;
      if (this.#state.type === 'idle') this.#seal();
    });
  }

  #seal(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { memtables, sessions, position } = this.#options;
    const sealed = { meta: position(), memtable: memtables.seal(), sessions: sessions.seal() };
    this.#state = { type: 'waiting', sealed };
    this.#writeIfPersisted();
  }

  #writeIfPersisted(): void {
    if (this.#state.type !== 'waiting' || this.#state.sealed.meta.appliedIndex > this.#persistedIndex) return;
    const write = new SealedWrite(this.#options, this.#state.sealed, (error) => {
      if (error === undefined) this.#finish(write);
      else this.#fail(write, error);
    });
    this.#state = { type: 'writing', write };
    write.start();
  }

  #finish({ meta, memtable, startedAt }: SealedWrite): void {
    if (this.#isOver()) return;
    const { memtables, emit, clock } = this.#options;
    memtables.dropSealed();
    this.#provenIndex = this.#flushed.appliedIndex;
    this.#flushed = meta;
    this.#state = { type: 'idle' };
    if (emit.enabled('debug')) {
      const ms = Math.round(clock.now() - startedAt);
      const { appliedIndex: index, revision } = meta;
      emit.emit('debug', 'state-flushed', {
        index,
        revision,
        keys: memtable.keys,
        bytes: memtable.payloadBytes,
        ms,
      });
    }
    const reached = this.#waiters.filter((waiter) => waiter.index <= meta.appliedIndex);
    this.#waiters = this.#waiters.filter((waiter) => waiter.index > meta.appliedIndex);
    for (const waiter of reached) waiter.resolve();
    if (this.#waiters.length > 0 || this.#isDue()) this.#seal();
    else this.#armTimer();
  }

  #isOver(): boolean {
    if (this.#state.type !== 'retiring') return false;
    this.#state.over();
    return true;
  }

  #fail({ meta }: SealedWrite, cause: Error): void {
    if (this.#isOver()) return;
    const { backend, emit, onFatal } = this.#options;
    const message = `${backend.place}: writing the state up to index ${meta.appliedIndex} failed: ${messageOf(cause)}`;
    const error = new RaftctlError('disk-failed', message, {
      hint: 'check the disk and its free space, then start the node again',
      cause,
    });
    this.#state = { type: 'failed', error };
    emit.emit('error', 'state-flush-failed', { index: meta.appliedIndex, error: messageOf(cause) });
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
    onFatal(error);
  }
}

/** One turn of the event loop puts at most this much into the transaction: about a millisecond. */
const SLICE_KEYS = 1_000;
const SLICE_BYTES = 512 << 10;

/** Puts what was sealed into one transaction, a slice a turn. */
class SealedWrite {
  readonly memtable: Memtable;
  readonly meta: StoreMeta;
  readonly startedAt: number;
  readonly #scheduler: Scheduler;
  readonly #transaction: Transaction;
  readonly #metaBytes: Buffer;
  readonly #sessions: readonly SessionChange[];
  readonly #rest: Iterator<[BinaryKey, Version]>;
  readonly #done: (error: Error | undefined) => void;

  constructor(
    { backend, clock, scheduler }: FlusherOptions,
    { memtable, meta, sessions }: Sealed,
    done: (error: Error | undefined) => void,
  ) {
    this.memtable = memtable;
    this.meta = meta;
    this.startedAt = clock.now();
    this.#scheduler = scheduler;
    this.#metaBytes = encodeMeta(meta);
    this.#sessions = sessions;
    const keyBytes = memtable.payloadBytes + memtable.keys * VERSION_HEADER_BYTES;
    const metaBytes = META_KEY.length + this.#metaBytes.length;
    this.#transaction = backend.begin({
      changes: memtable.keys + sessions.length + 1,
      bytes: keyBytes + sizeOfChanges(sessions) + metaBytes,
    });
    this.#rest = memtable.entries();
    this.#done = done;
  }

  start(): void {
    this.#scheduler.defer(() => this.#writeSlice());
  }

  #writeSlice(): void {
    let bytes = 0;
    for (let keys = 0; keys < SLICE_KEYS && bytes < SLICE_BYTES; keys += 1) {
      const next = this.#rest.next();
      if (next.done) {
        for (const change of this.#sessions) putChange(this.#transaction, change);
        putMeta(this.#transaction, this.#metaBytes);
        this.#transaction.commit(this.#done);
        return;
      }
      const [key, version] = next.value;
      this.#change(key, version);
      bytes += key.length + version.end - version.start;
    }
    this.#scheduler.defer(() => this.#writeSlice());
  }

  #change(key: BinaryKey, version: Version): void {
    const transaction = this.#transaction;
    if (isTombstone(version)) {
      transaction.remove('keys', key);
      return;
    }
    const at = transaction.put('keys', key, storedBytes(version));
    writeVersion(transaction.bytes, at, version);
  }
}
