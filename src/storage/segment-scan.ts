import {
  BATCH_HEADER_BYTES,
  BATCH_TRAILER_BYTES,
  type BatchHeader,
  batchPlaceAfter,
  findBatchHeader,
  readBatchBody,
  readBatchHeader,
  SECTOR_BYTES,
} from './batch-format.js';
import { isZero } from './bytes.js';
import { damaged, newer } from './damage.js';
import type { LogImage } from './log-image.js';
import type { ReadWindow } from './read-window.js';
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.js';
import { visitRecords } from './wal-record.js';

export interface OpenSegment {
  readonly number: number;
  readonly path: string;
  readonly size: number;
  readonly header: SegmentHeader;
}

/** How far a scan has come: what the next batch must follow. */
export interface Chain {
  nextSequence: number;
  previousCrc: number;
  /** Where the last batch of the segment ends (its header, when it holds none). */
  end: number;
  /** The last thing written to the segment: its last batch, or its header. */
  lastWrite: { readonly offset: number; readonly length: number };
  batches: number;
  bytes: number;
}

/** A batch that is not whole: where it begins, and why it is taken for one that was never finished. */
export interface Unfinished {
  readonly offset: number;
  readonly why: string;
}

/**
 * Reads the batches of one segment into `image`. With `until`, the segment is known to end before that sequence, and
 * everything up to there must be whole. Without, it is the last one: its log ends where a batch is unfinished, which
 * is what this answers. Anything else that is wrong throws `data-damaged`.
 */
export async function scanSegment(
  window: ReadWindow,
  segment: OpenSegment,
  chain: Chain,
  image: LogImage,
  until: number | undefined,
): Promise<Unfinished | undefined> {
  chain.end = SEGMENT_HEADER_BYTES;
  chain.lastWrite = { offset: 0, length: SEGMENT_HEADER_BYTES };
  while (chain.nextSequence !== until) {
    const offset = batchPlaceAfter(chain.end);
    const unfinished =
      offset + BATCH_HEADER_BYTES > segment.size
        ? { offset, why: 'the file ends' }
        : await scanBatch(window, segment, chain, image, offset);
    if (unfinished === undefined) continue;
    if (until === undefined) return offset + BATCH_HEADER_BYTES > segment.size ? undefined : unfinished;
    const what = `batch ${chain.nextSequence} is missing (${unfinished.why}), yet the next segment follows batch ${until - 1}`;
    throw damaged(segment.path, offset, what);
  }
  return undefined;
}

async function scanBatch(
  window: ReadWindow,
  segment: OpenSegment,
  chain: Chain,
  image: LogImage,
  offset: number,
): Promise<Unfinished | undefined> {
  if (!window.has(offset, BATCH_HEADER_BYTES)) await window.load(offset, BATCH_HEADER_BYTES);
  const reading = readBatchHeader(window.bytes, window.indexOf(offset), segment.number, offset);
  if (reading.type === 'torn') return { offset, why: 'its header was never written' };
  if (reading.type === 'damaged')
    throw damaged(segment.path, offset, `the header of batch ${chain.nextSequence} is not intact`);
  const { header } = reading;
  checkOrder(segment, chain, offset, header);
  if (offset + header.length > segment.size) return { offset, why: 'its end was never written' };
  if (!window.has(offset, header.length)) await window.load(offset, header.length);
  const at = window.indexOf(offset);
  const body = readBatchBody(window.bytes, at, offset, header);
  if (body.type === 'torn') return { offset, why: body.why };
  if (body.type === 'damaged') throw damaged(segment.path, offset, `batch ${header.sequence}: ${body.why}`);
  image.beginBatch(segment.number, offset - at);
  const to = at + header.length - BATCH_TRAILER_BYTES;
  const problem = visitRecords(window.bytes, at + BATCH_HEADER_BYTES, to, header.records, image);
  if (problem?.type === 'newer') throw newer(segment.path, `batch ${header.sequence} holds ${problem.why}`);
  if (problem !== undefined) throw damaged(segment.path, offset, `batch ${header.sequence}: ${problem.why}`);
  chain.nextSequence += 1;
  chain.previousCrc = body.crc;
  chain.end = offset + header.length;
  chain.lastWrite = { offset, length: header.length };
  chain.batches += 1;
  chain.bytes += header.length;
  return undefined;
}

function checkOrder(segment: OpenSegment, chain: Chain, offset: number, header: BatchHeader): void {
  if (header.sequence !== chain.nextSequence) {
    throw damaged(segment.path, offset, `expected batch ${chain.nextSequence}, got batch ${header.sequence}`);
  }
  if (header.previousCrc !== chain.previousCrc || header.durableUpTo >= header.sequence) {
    throw damaged(segment.path, offset, `batch ${header.sequence} does not continue the batch before it`);
  }
}

export interface Rest {
  /** Where a valid batch header lies, if there is one: proof that everything before it was durable. */
  readonly batchAt: number | undefined;
  /** The end of the last sector that holds anything but zeros; the start of the search when there is none. */
  readonly end: number;
}

/** Looks through the segment from `offset`, where no whole batch lies, to the end of its file. */
export async function examineRest(
  window: ReadWindow,
  segment: { readonly number: number; readonly size: number },
  offset: number,
): Promise<Rest> {
  let end = offset;
  let from = offset;
  while (from < segment.size) {
    const length = Math.min(window.bytes.length, segment.size - from);
    await window.load(from, length);
    const bytes = window.bytes.subarray(0, length);
    // Most of the space that is prepared holds nothing; a look at it all at once costs next to nothing.
    const isEmpty = isZero(bytes, 0, length);
    // The header at `offset` itself may be valid: that of a batch whose end is missing.
    const found = isEmpty ? -1 : findBatchHeader(bytes, from === offset ? 1 : 0, segment.number, from);
    if (found !== -1) return { batchAt: from + found, end };
    const content = isEmpty ? 0 : endOfContent(bytes);
    if (content > 0) end = from + content;
    if (from + length >= segment.size) break;
    // A header that straddles two looks is found by the second.
    from += length - BATCH_HEADER_BYTES;
  }
  return { batchAt: undefined, end };
}

/** The end of the last piece of `bytes` that is not all zeros. */
function endOfContent(bytes: Buffer): number {
  let to = bytes.length;
  while (to > 0) {
    const from = Math.max(0, to - SECTOR_BYTES);
    if (!isZero(bytes, from, to)) return to;
    to = from;
  }
  return 0;
}
