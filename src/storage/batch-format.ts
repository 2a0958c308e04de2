import { crc32 } from 'node:zlib';
import { isZero, readU64, writeU64 } from './bytes.js';

/**
 * A batch is what one write makes durable: header | records | trailer, little-endian.
 *
 *     header   0 u32 magic "RWB1"        16 u64 durable up to (sequence)   36 u32 crc of bytes 0..36, keyed by place
 *              4 u32 bytes of the batch  24 u32 number of records          40 u32 end magic (its last byte is not 0)
 *              8 u64 sequence            28 u32 number of all-zero sectors
 *                                        32 u32 crc of the batch before
 *     trailer  0 u32 crc of the batch: the header's, carried on over the records
 *              4 u64 sequence   12 u32 end magic (its last byte is not 0)
 *
 * The batch's crc leaves the header's own crc out: over a message followed by its crc, a crc is the same for all
 * messages, and the chain from batch to batch would say nothing.
 *
 * Batches begin at multiples of 8, and their header never straddles a 512-byte sector, the unit in which a disk writes
 * all or nothing. The header's crc is keyed by segment number and offset, so that a header is valid in its own place
 * only: a value that happens to contain a copy of a log is not mistaken for one.
 */
export const SECTOR_BYTES = 512;
export const BATCH_HEADER_BYTES = 44;
export const BATCH_TRAILER_BYTES = 16;
export const BATCH_OVERHEAD_BYTES = BATCH_HEADER_BYTES + BATCH_TRAILER_BYTES;

const BATCH_ALIGNMENT = 8;
const MAGIC = Buffer.from('RWB1');
const HEADER_CRC_AT = 36;
const HEADER_END_MAGIC = 0x9ce5_a3d7;
const TRAILER_END_MAGIC = 0xb7d3_69e5;

export interface BatchHeader {
  readonly length: number;
  readonly sequence: number;
  /** Every batch up to this sequence was durable when this one was written. */
  readonly durableUpTo: number;
  readonly records: number;
  /** Sectors wholly inside the batch that hold nothing but zeros. More of them on disk than this: some were lost. */
  readonly zeroSectors: number;
  readonly previousCrc: number;
}

/** Where a batch may begin, at or after `offset`. */
export function batchPlaceAfter(offset: number): number {
  const aligned = Math.ceil(offset / BATCH_ALIGNMENT) * BATCH_ALIGNMENT;
  const leftInSector = SECTOR_BYTES - (aligned % SECTOR_BYTES);
  return leftInSector < BATCH_HEADER_BYTES ? aligned + leftInSector : aligned;
}

/**
 * Finishes a batch whose records already lie in `target` from BATCH_HEADER_BYTES on: header in front, trailer behind.
 * `offset` is its place in the segment file. Returns the batch's crc.
 */
export function sealBatch(target: Buffer, segment: number, offset: number, header: Omit<BatchHeader, 'zeroSectors'>) {
  const { length, sequence, durableUpTo, records, previousCrc } = header;
  const trailerAt = length - BATCH_TRAILER_BYTES;
  writeU64(target, sequence, trailerAt + 4);
  target.writeUInt32LE(TRAILER_END_MAGIC, trailerAt + 12);
  target.set(MAGIC, 0);
  target.writeUInt32LE(length, 4);
  writeU64(target, sequence, 8);
  writeU64(target, durableUpTo, 16);
  target.writeUInt32LE(records, 24);
  // The sectors that count are those wholly inside the batch: neither header nor trailer end lies in one alone.
  target.writeUInt32LE(countZeroSectors(target, 0, length, offset), 28);
  target.writeUInt32LE(previousCrc, 32);
  target.writeUInt32LE(headerCrc(target, 0, segment, offset), HEADER_CRC_AT);
  target.writeUInt32LE(HEADER_END_MAGIC, HEADER_CRC_AT + 4);
  const crc = batchCrc(target, 0, trailerAt);
  target.writeUInt32LE(crc, trailerAt);
  return crc;
}

/** What lies where a header should: `torn` if its write did not reach its end, `damaged` if it did and is not intact. */
export type HeaderReading =
  | { readonly type: 'valid'; readonly header: BatchHeader }
  | { readonly type: 'torn' }
  | { readonly type: 'damaged' };

/** Reads the header at `at` of `bytes`, which lies at `offset` of segment `segment`. */
export function readBatchHeader(bytes: Buffer, at: number, segment: number, offset: number): HeaderReading {
  if (isValidHeader(bytes, at, segment, offset)) return { type: 'valid', header: headerFields(bytes, at) };
  return { type: bytes[at + BATCH_HEADER_BYTES - 1] === 0 ? 'torn' : 'damaged' };
}

/** What became of a whole batch whose header is valid. `bytes` holds all of it, from `at` on. */
export type BodyReading =
  | { readonly type: 'valid'; readonly crc: number }
  | { readonly type: 'torn'; readonly why: string }
  | { readonly type: 'damaged'; readonly why: string };

export function readBatchBody(bytes: Buffer, at: number, offset: number, header: BatchHeader): BodyReading {
  const trailerAt = at + header.length - BATCH_TRAILER_BYTES;
  if (bytes[at + header.length - 1] === 0) return { type: 'torn', why: 'its end was never written' };
  const zeroSectors = countZeroSectors(bytes, at, header.length, offset);
  if (zeroSectors > header.zeroSectors) {
    return { type: 'torn', why: `${zeroSectors - header.zeroSectors} sectors inside it were never written` };
  }
  const crc = batchCrc(bytes, at, trailerAt);
  const stored = bytes.readUInt32LE(trailerAt);
  if (crc !== stored) return { type: 'damaged', why: `checksum: expected ${hex(stored)}, got ${hex(crc)}` };
  const sequence = readU64(bytes, trailerAt + 4);
  if (sequence !== header.sequence || bytes.readUInt32LE(trailerAt + 12) !== TRAILER_END_MAGIC) {
    return { type: 'damaged', why: 'its trailer does not belong to its header' };
  }
  return { type: 'valid', crc };
}

/**
 * The first valid header in `bytes` from `from` on, as an index into `bytes`; -1 if there is none. `bytes` begins at
 * `offset` of the segment. Headers cut off by the end of `bytes` are not found.
 */
export function findBatchHeader(bytes: Buffer, from: number, segment: number, offset: number): number {
  for (let at = bytes.indexOf(MAGIC, from); at !== -1; at = bytes.indexOf(MAGIC, at + 1)) {
    if (at + BATCH_HEADER_BYTES > bytes.length) return -1;
    if ((offset + at) % BATCH_ALIGNMENT === 0 && isValidHeader(bytes, at, segment, offset + at)) return at;
  }
  return -1;
}

function isValidHeader(bytes: Buffer, at: number, segment: number, offset: number): boolean {
  return (
    bytes.readUInt32LE(at + HEADER_CRC_AT + 4) === HEADER_END_MAGIC &&
    bytes.readUInt32LE(at + HEADER_CRC_AT) === headerCrc(bytes, at, segment, offset) &&
    bytes.compare(MAGIC, 0, MAGIC.length, at, at + MAGIC.length) === 0
  );
}

function headerFields(bytes: Buffer, at: number): BatchHeader {
  return {
    length: bytes.readUInt32LE(at + 4),
    sequence: readU64(bytes, at + 8),
    durableUpTo: readU64(bytes, at + 16),
    records: bytes.readUInt32LE(at + 24),
    zeroSectors: bytes.readUInt32LE(at + 28),
    previousCrc: bytes.readUInt32LE(at + 32),
  };
}

function headerCrc(bytes: Buffer, at: number, segment: number, offset: number): number {
  const key = (Math.imul(segment, 0x9e37_79b1) ^ offset) >>> 0;
  return crc32(bytes.subarray(at, at + HEADER_CRC_AT), key);
}

function batchCrc(bytes: Buffer, at: number, trailerAt: number): number {
  return crc32(bytes.subarray(at + BATCH_HEADER_BYTES, trailerAt), bytes.readUInt32LE(at + HEADER_CRC_AT));
}

function countZeroSectors(bytes: Buffer, at: number, length: number, offset: number): number {
  let count = 0;
  const firstWhole = (SECTOR_BYTES - (offset % SECTOR_BYTES)) % SECTOR_BYTES;
  for (let from = at + firstWhole; from + SECTOR_BYTES <= at + length; from += SECTOR_BYTES) {
    // Nearly every sector begins with a byte that decides.
    if (bytes[from] === 0 && isZero(bytes, from, from + SECTOR_BYTES)) count += 1;
  }
  return count;
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');
