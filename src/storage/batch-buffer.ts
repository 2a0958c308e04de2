import { assert } from '../base/index.js';
import type { QueuedAppend } from './append-queue.js';
import { BATCH_HEADER_BYTES, BATCH_OVERHEAD_BYTES, BATCH_TRAILER_BYTES, sealBatch } from './batch-format.js';
import { type EntryIndex, lengthsOf } from './entry-index.js';
import { entriesHeadBytes, writeEntries, writeGeneration, writeHardState, writeSnapshot } from './wal-record.js';

/** Where a batch goes and what it follows. */
export interface BatchPlace {
  readonly segment: number;
  readonly offset: number;
  readonly sequence: number;
  readonly previousCrc: number;
}

/**
 * Puts a batch together in one buffer, which is free again once the batch is on disk: with one write outstanding there
 * is never a second. Copying the entries into it is cheaper than handing their slices to the kernel one by one (256
 * scattered entries of 300 bytes: 118 µs of processor time against 199; one slice of all of them: no difference).
 */
export class BatchBuffer {
  #buffer = Buffer.allocUnsafeSlow(64 * 1024);
  readonly #keptBytesMax: number;

  /** A larger batch gets a buffer of its own, which is dropped after it. */
  constructor(keptBytesMax: number) {
    this.#keptBytesMax = keptBytesMax;
  }

  /** The finished batch; its entries are added to `index`. Valid until the next call. */
  build(appends: readonly QueuedAppend[], place: BatchPlace, index: EntryIndex): { bytes: Buffer; crc: number } {
    let length = BATCH_OVERHEAD_BYTES;
    let records = 0;
    for (const append of appends) {
      length += append.bytes;
      records += append.records;
    }
    const target = this.#bufferOf(length);
    let at = BATCH_HEADER_BYTES;
    for (const append of appends) at = writeAppend(target, at, append, place, index);
    assert(
      at + BATCH_TRAILER_BYTES === length,
      () => `a batch of ${at + BATCH_TRAILER_BYTES} bytes, expected ${length}`,
    );
    const { segment, offset, sequence, previousCrc } = place;
    const header = { length, sequence, durableUpTo: sequence - 1, records, previousCrc };
    const crc = sealBatch(target, segment, offset, header);
    return { bytes: target.subarray(0, length), crc };
  }

  #bufferOf(length: number): Buffer {
    if (length <= this.#buffer.length) return this.#buffer;
    if (length > this.#keptBytesMax) return Buffer.allocUnsafeSlow(length);
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(this.#keptBytesMax, Math.max(length, this.#buffer.length * 2)));
    return this.#buffer;
  }
}

/** Term and vote come before the entries that need them. */
function writeAppend(target: Buffer, at: number, append: QueuedAppend, place: BatchPlace, index: EntryIndex): number {
  let next = at;
  if (append.hardState !== undefined) next = writeHardState(target, next, append.hardState);
  if (append.generation !== undefined) next = writeGeneration(target, next, append.generation);
  if (append.snapshot !== undefined) {
    index.restart(append.snapshot);
    next = writeSnapshot(target, next, append.snapshot);
  }
  if (append.entries === undefined) return next;
  const { entries, first, runs } = append.entries;
  const termBefore = index.termAt(first - 1);
  index.truncate(first, termBefore);
  index.add(runs, place.segment, place.offset + next + entriesHeadBytes(runs.length), lengthsOf(entries));
  return writeEntries(target, next, append.entries, termBefore);
}
