import { asIndex, assert, type Emit, type LogIndex, RaftctlError, type Scheduler } from '../base/index.js';
import type { Entry } from '../raft/entry.js';
import type { HardState } from '../raft/ready.js';
import { AppendQueue, firstReplacedBy, type QueuedAppend, queuedAppend, type WalAppend } from './append-queue.js';
import { BatchBuffer } from './batch-buffer.js';
import { BATCH_OVERHEAD_BYTES, batchPlaceAfter } from './batch-format.js';
import { diskFailed } from './damage.js';
import type { EntryIndex } from './entry-index.js';
import type { File, FileSystem } from './file-system.js';
import { KeptSegments, SegmentRemover } from './kept-segments.js';
import { Progress } from './progress.js';
import { readEntries } from './read-entries.js';
import type { RecoveredSegments } from './recovery.js';
import { beginSegment, segmentPath } from './segment-files.js';
import { SEGMENT_HEADER_BYTES } from './segment-header.js';
import { SegmentPreparer } from './segment-preparer.js';
import type { WalOptions } from './wal-options.js';

export interface WalStats {
  readonly segments: number;
  /** Bytes of all batches in the log. */
  readonly bytes: number;
  /** Batches written, and writes made durable, since it was opened. */
  readonly batches: number;
  readonly syncs: number;
}

export interface WalContext {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly emit: Emit;
  readonly scheduler: Scheduler;
  readonly options: WalOptions;
}

type WalState = 'idle' | 'writing' | 'changing-segment' | 'failed' | 'closed';

/**
 * The log on disk: one writer, one outstanding write. What is appended while it is under way becomes the next batch.
 * An append costs no promise; its `done` runs when, and only when, its batch is on disk, in the order of the appends.
 */
export class Wal {
  readonly #context: WalContext;
  readonly #buffer: BatchBuffer;
  readonly #preparer: SegmentPreparer;
  readonly #index: EntryIndex;
  readonly #segments: KeptSegments;
  readonly #remover: SegmentRemover;
  #state: WalState = 'idle';
  #failure: RaftctlError | undefined;
  #closing = false;

  /** The segment that batches go to, and where its last one ends. */
  #active: { readonly number: number; readonly file: File; readonly preparedBytes: number };
  #end: number;
  #nextSequence: number;
  #previousCrc: number;
  #hardState: HardState;
  #generation: number;

  readonly #queue = new AppendQueue();
  /** The appends of the batch that is being written, and the lowest index among them. */
  #inFlight: QueuedAppend[] = [];
  #inFlightFirst = Number.POSITIVE_INFINITY;
  #inFlightBytes = 0;
  /** The appends whose `done`s are running. */
  #acknowledging: QueuedAppend[] | undefined;
  #lastIndex: number;
  readonly #progress = new Progress();
  /** A write has been handed to the disk and has not come back. */
  #outstanding = false;

  #batches = 0;
  #syncs = 0;

  constructor(context: WalContext, { image, chain, active, segments }: RecoveredSegments) {
    this.#context = context;
    this.#buffer = new BatchBuffer(context.options.batchBytesMax + BATCH_OVERHEAD_BYTES);
    const { fileSystem, directory, emit, scheduler, options } = context;
    const onFatal = (path: string, error: Error) => this.#fail(path, undefined, error);
    this.#preparer = new SegmentPreparer({
      fileSystem,
      directory,
      bytes: options.segmentBytes,
      emit,
      scheduler,
      onFatal,
    });
    this.#index = image.index;
    this.#segments = new KeptSegments(segments);
    this.#remover = new SegmentRemover(fileSystem, directory, onFatal);
    this.#active = active;
    this.#end = chain.end;
    this.#nextSequence = chain.nextSequence;
    this.#previousCrc = chain.previousCrc;
    this.#hardState = image.currentHardState;
    this.#generation = image.currentGeneration;
    this.#lastIndex = image.index.last;
  }

  /** Does the log hold every entry from the first one on, so that the state can be made from it alone? */
  get isWhole(): boolean {
    return this.#index.before.index === 0;
  }

  /** The last entry appended, whether it is on disk yet or not. */
  get lastIndex(): LogIndex {
    return asIndex(this.#lastIndex);
  }

  /**
   * Makes hard state, generation, snapshot and entries durable, in this order, then runs `done`. Entries may begin at or
   * below `lastIndex`: the log is truncated there first. A snapshot empties it: it begins anew behind its index. An append of nothing writes nothing: its `done` runs once all before
   * it are durable, which may be at once. After a failure `done` never runs (see `onFatal`).
   */
  append(append: WalAppend, done: () => void): void {
    assert(!this.#closing, 'append to a closed log');
    if (this.#state === 'failed') return;
    const queued = queuedAppend(append, done);
    if (queued.records === 0) {
      this.#appendNothing(queued);
      return;
    }
    if (queued.snapshot !== undefined) this.#lastIndex = queued.snapshot.index;
    if (queued.entries !== undefined) {
      const { first, last } = queued.entries;
      assert(first <= this.#lastIndex + 1, () => `entry ${first} would follow entry ${this.#lastIndex}`);
      assert(first > this.#index.before.index, () => `entry ${first} was trimmed`);
      this.#lastIndex = last;
    }
    this.#queue.push(queued);
    this.#flush();
  }

  /**
   * Entries from `first` on, up to `last` or as many as fit into `maxBytes`, but at least one; fewer also when later
   * ones are not on disk yet. As the log is now: a truncation that comes later does not change them. Rejects with
   * `log-trimmed` when `first` is no longer kept.
   */
  async read(first: LogIndex, last: LogIndex, maxBytes: number): Promise<Entry[]> {
    assert(first <= last, () => `entries ${first} to ${last}`);
    for (;;) {
      if (first <= this.#index.before.index) throw trimmed(first, this.#index.before.index);
      // What an append that waits is about to replace is no longer in the log.
      const end = Math.min(last, this.#index.last, this.#inFlightFirst - 1, this.#queue.firstEntry - 1);
      if (first <= end) {
        const { fileSystem, directory } = this.#context;
        const stretches = this.#index.stretches(first, end, maxBytes);
        try {
          return await readEntries(fileSystem, directory, stretches, { first, last: end, bytesMax: maxBytes });
        } catch (error) {
          // Its file may have gone before it was opened.
          throw first <= this.#index.before.index ? trimmed(first, this.#index.before.index) : error;
        }
      }
      if (first > this.#lastIndex) {
        throw new RaftctlError('bad-request', `entry ${first} is not in the log, which ends at ${this.#lastIndex}`);
      }
      if (this.#failure !== undefined) throw this.#failure;
      await this.#progress.next();
    }
  }

  /**
   * Lets go of the oldest segments that hold nothing behind `upTo`, as long as at least `keepBytes` of log stay. The
   * state as of `upTo` has to be durable for good. Answers the last entry that is no longer kept; the files go in the
   * background.
   */
  trim(upTo: LogIndex, keepBytes: number): LogIndex {
    const gone = this.#state === 'failed' || this.#closing ? [] : this.#segments.takeUpTo(upTo, keepBytes);
    const last = gone.at(-1);
    if (last !== undefined) {
      this.#index.dropBefore(last.number + 1);
      this.#remover.remove(gone);
      const { emit } = this.#context;
      const { index } = this.#index.before;
      emit.emit('debug', 'log-trimmed', { index, segments: gone.length, bytes: this.#segments.bytes });
    }
    return asIndex(this.#index.before.index);
  }

  /** Bytes of all batches in the log. */
  get bytes(): number {
    return this.#segments.bytes;
  }

  stats(): WalStats {
    return { segments: this.#segments.count, bytes: this.#segments.bytes, batches: this.#batches, syncs: this.#syncs };
  }

  /** Writes what is queued, then lets go of the files. Also after a failure, and twice. */
  async close(): Promise<void> {
    this.#closing = true;
    while (this.#outstanding || this.#state === 'writing' || this.#state === 'changing-segment') {
      await this.#progress.next();
    }
    await this.#remover.settled();
    if (this.#state === 'closed') return;
    this.#transition(['idle', 'failed'], 'closed');
    await this.#preparer.close();
    await this.#active.file.close();
  }

  /** Joins the last append that is not acknowledged yet. It is never the first of the queue. */
  #appendNothing(append: QueuedAppend): void {
    if (this.#queue.first !== undefined) this.#queue.push(append);
    else if (this.#state === 'writing') this.#inFlight.push(append);
    else if (this.#acknowledging !== undefined) this.#acknowledging.push(append);
    else append.done();
  }

  #transition(from: readonly WalState[], to: WalState): void {
    assert(from.includes(this.#state), () => `log: ${this.#state} -> ${to}`);
    this.#state = to;
  }

  /** Starts the next batch, if nothing is under way and something is queued. */
  #flush(): void {
    const { first } = this.#queue;
    if (this.#state !== 'idle' || first === undefined) return;
    const offset = batchPlaceAfter(this.#end);
    const room = this.#active.preparedBytes - offset - BATCH_OVERHEAD_BYTES;
    const isFresh = this.#end === SEGMENT_HEADER_BYTES;
    if (first.bytes > room && !isFresh) {
      this.#transition(['idle'], 'changing-segment');
      this.#changeSegment().catch((error: Error) => this.#fail(this.#nextPath(), undefined, error));
      return;
    }
    this.#transition(['idle'], 'writing');
    // An append larger than a segment goes into a fresh one alone, and lengthens it.
    this.#inFlight = this.#queue.take(Math.min(room, this.#context.options.batchBytesMax));
    this.#write(offset);
  }

  #write(offset: number): void {
    for (const append of this.#inFlight) {
      const { hardState, generation, snapshot } = append;
      this.#hardState = hardState ?? this.#hardState;
      this.#generation = snapshot?.generation ?? generation ?? this.#generation;
      this.#inFlightFirst = Math.min(this.#inFlightFirst, firstReplacedBy(append));
    }
    const place = {
      segment: this.#active.number,
      offset,
      sequence: this.#nextSequence,
      previousCrc: this.#previousCrc,
    };
    const { bytes, crc } = this.#buffer.build(this.#inFlight, place, this.#index);
    this.#previousCrc = crc;
    this.#nextSequence += 1;
    this.#end = offset + bytes.length;
    this.#inFlightBytes = bytes.length;
    this.#outstanding = true;
    this.#active.file.writeDurably([bytes], offset, this.#onWritten);
  }

  readonly #onWritten = (error: Error | undefined): void => {
    this.#outstanding = false;
    if (this.#state === 'failed') {
      this.#progress.notify();
      return;
    }
    if (error !== undefined) {
      this.#fail(segmentPath(this.#context.directory, this.#active.number), this.#end - this.#inFlightBytes, error);
      return;
    }
    const { emit } = this.#context;
    if (emit.enabled('trace')) {
      const [sequence, bytes, appends] = [this.#nextSequence - 1, this.#inFlightBytes, this.#inFlight.length];
      emit.emit('trace', 'wal-batch-written', { sequence, bytes, appends });
    }
    const written = this.#inFlight;
    this.#inFlight = [];
    this.#inFlightFirst = Number.POSITIVE_INFINITY;
    this.#segments.wrote(this.#inFlightBytes);
    this.#batches += 1;
    this.#syncs += 1;
    if (this.#end > this.#active.preparedBytes / 4) this.#preparer.start(this.#active.number + 1);
    this.#transition(['writing'], 'idle');
    // The disk first: it works on what is queued while the dones run.
    this.#flush();
    this.#acknowledging = written;
    for (const { done } of written) done();
    this.#acknowledging = undefined;
    this.#progress.notify();
  };

  /** The last batch of the current segment is durable here: that is what lets the next one begin. */
  async #changeSegment(): Promise<void> {
    const { fileSystem, directory, emit, options } = this.#context;
    const number = this.#active.number + 1;
    const file = await this.#preparer.take(number);
    const before = { index: asIndex(this.#index.last), term: this.#index.lastTerm };
    await beginSegment(fileSystem, directory, file, {
      number,
      preparedBytes: options.segmentBytes,
      firstSequence: this.#nextSequence,
      previousCrc: this.#previousCrc,
      before,
      hardState: this.#hardState,
      generation: this.#generation,
    });
    await this.#active.file.close();
    this.#active = { number, file, preparedBytes: options.segmentBytes };
    this.#end = SEGMENT_HEADER_BYTES;
    this.#segments.begin(number, before.index);
    this.#syncs += 1;
    emit.emit('debug', 'wal-segment-started', { file: segmentPath(directory, number), index: before.index });
    if (this.#state === 'failed') return;
    this.#transition(['changing-segment'], 'idle');
    this.#flush();
    this.#progress.notify();
  }

  #nextPath(): string {
    return segmentPath(this.#context.directory, this.#active.number + 1);
  }

  /** The first failure is the last thing that happens: nothing is retried, nothing acknowledged any more. */
  #fail(path: string, offset: number | undefined, cause: Error): void {
    if (this.#state === 'failed' || this.#state === 'closed') return;
    const { emit, options } = this.#context;
    const failure = diskFailed(path, offset, cause);
    this.#transition(['idle', 'writing', 'changing-segment'], 'failed');
    this.#failure = failure;
    this.#queue.clear();
    this.#inFlight = [];
    emit.emit('error', 'disk-failed', { file: path, offset, error: cause.message });
    this.#progress.notify();
    options.onFatal(failure);
  }
}

const trimmed = (first: LogIndex, before: number): RaftctlError =>
  new RaftctlError('log-trimmed', `entry ${first} is no longer in the log, which begins behind ${before}`);
