import type { RaftctlError } from '../base/index.js';

export interface WalOptions {
  /** Bytes of a segment file, and of the first one, which a new node waits for. */
  readonly segmentBytes: number;
  readonly firstSegmentBytes: number;
  /** What is queued goes into one batch up to this many bytes. A larger append is a batch by itself. */
  readonly batchBytesMax: number;
  /** Bytes of the last entries that recovery hands out, for a cache. */
  readonly tailBytes: number;
  /** Called once, on the first failed write or sync: the process must end. */
  readonly onFatal: (error: RaftctlError) => void;
}

const MIB = 1024 * 1024;

/** Segments go whole: small enough that a log that is to be kept short is about as short as that. */
export function segmentSizesFor(keepLogBytes: number): Pick<WalOptions, 'segmentBytes' | 'firstSegmentBytes'> {
  const segmentBytes = Math.min(walDefaults.segmentBytes, Math.max(MIB, Math.floor(keepLogBytes / 4)));
  return { segmentBytes, firstSegmentBytes: Math.min(walDefaults.firstSegmentBytes, segmentBytes) };
}

export const walDefaults = {
  segmentBytes: 16 * MIB,
  firstSegmentBytes: 4 * MIB,
  batchBytesMax: MIB,
  tailBytes: 8 * MIB,
};
