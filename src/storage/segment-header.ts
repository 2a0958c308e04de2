import { crc32 } from 'node:zlib';
import { asIndex, asNodeId, assert, asTerm, type LogIndex, type Term } from '../base/index.js';
import type { HardState } from '../raft/ready.js';
import { SECTOR_BYTES } from './batch-format.js';
import { readU64, writeU64 } from './bytes.js';

/**
 * A segment file: one sector of header, then batches. The header says all that recovery needs to begin here, so that
 * any number of older segments may be gone. Written once, after the last batch of the segment before is durable, into a
 * file of zeros that gets its name as a segment only then. So a segment without an intact header is damaged.
 *
 *      0 u32 magic "RWAL"       32 u64 first batch's sequence         60 u64 current term        508 u32 end magic
 *      4 u32 format version     40 u32 crc of the batch before it     68 u64 generation
 *      8 u64 segment number     44 u64 index of the entry before      76 u16 length of the vote
 *     16 u64 bytes prepared     52 u64 term of the entry before       78 the vote, UTF-8
 *     24 u64 reserved, 0                                             504 u32 crc of bytes 0..504
 */
export const SEGMENT_HEADER_BYTES = SECTOR_BYTES;
/**
 * Of the directory as a whole: its identity and each segment say it. 1: the file of a segment to come had its name from
 * the start. 2: the key-value state had no checksums and knew no members.
 */
export const FORMAT_VERSION = 3;

const MAGIC = Buffer.from('RWAL');
const VOTE_AT = 78;
const CRC_AT = 504;
const VOTE_BYTES_MAX = CRC_AT - VOTE_AT;
const END_MAGIC = 0xd5a6_3be9;

export interface SegmentHeader {
  readonly number: number;
  /** The file had this many bytes, all zero, before this header was written. */
  readonly preparedBytes: number;
  readonly firstSequence: number;
  readonly previousCrc: number;
  /** The last entry of the log when the segment began. */
  readonly before: { readonly index: LogIndex; readonly term: Term };
  readonly hardState: HardState;
  readonly generation: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 4);
  writeU64(bytes, header.number, 8);
  writeU64(bytes, header.preparedBytes, 16);
  writeU64(bytes, header.firstSequence, 32);
  bytes.writeUInt32LE(header.previousCrc, 40);
  writeU64(bytes, header.before.index, 44);
  writeU64(bytes, header.before.term, 52);
  writeU64(bytes, header.hardState.currentTerm, 60);
  writeU64(bytes, header.generation, 68);
  const vote = Buffer.from(header.hardState.votedFor ?? '');
  assert(vote.length <= VOTE_BYTES_MAX, () => `a node name of ${vote.length} bytes, at most ${VOTE_BYTES_MAX}`);
  bytes.writeUInt16LE(vote.length, 76);
  vote.copy(bytes, VOTE_AT);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
  bytes.writeUInt32LE(END_MAGIC, CRC_AT + 4);
  return bytes;
}

export type SegmentHeaderReading =
  | { readonly type: 'valid'; readonly header: SegmentHeader; readonly version: number }
  | { readonly type: 'newer'; readonly version: number }
  | { readonly type: 'damaged' };

export function readSegmentHeader(bytes: Buffer): SegmentHeaderReading {
  const intact =
    bytes.readUInt32LE(CRC_AT + 4) === END_MAGIC &&
    bytes.readUInt32LE(CRC_AT) === crc32(bytes.subarray(0, CRC_AT)) &&
    bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) === 0;
  if (!intact) return { type: 'damaged' };
  const version = bytes.readUInt32LE(4);
  if (version > FORMAT_VERSION) return { type: 'newer', version };
  const voteLength = bytes.readUInt16LE(76);
  const header: SegmentHeader = {
    number: readU64(bytes, 8),
    preparedBytes: readU64(bytes, 16),
    firstSequence: readU64(bytes, 32),
    previousCrc: bytes.readUInt32LE(40),
    before: { index: asIndex(readU64(bytes, 44)), term: asTerm(readU64(bytes, 52)) },
    hardState: {
      currentTerm: asTerm(readU64(bytes, 60)),
      votedFor: voteLength === 0 ? null : asNodeId(bytes.toString('utf8', VOTE_AT, VOTE_AT + voteLength)),
    },
    generation: readU64(bytes, 68),
  };
  return { type: 'valid', header, version };
}

const NAME_DIGITS = 10;

export const segmentFileName = (number: number): string => `${String(number).padStart(NAME_DIGITS, '0')}.wal`;

/** Of a file of zeros that is to become the segment. */
export const preparedFileName = (number: number): string => `${String(number).padStart(NAME_DIGITS, '0')}.prepared`;

/** The number in a segment's file name; undefined when the name is not one. */
export function segmentNumberOf(fileName: string): number | undefined {
  return /^\d{10}\.wal$/.test(fileName) ? Number(fileName.slice(0, NAME_DIGITS)) : undefined;
}

export const isPreparedFileName = (fileName: string): boolean => /^\d{10}\.prepared$/.test(fileName);
