import { crc32 } from 'node:zlib';
import { asIndex, asTerm, type LogIndex, type Term } from '../base/index.js';
import { expectAtLeast, expectLength, getU64, malformed, putU64 } from './bytes.js';

/**
 * What travels on a connection of the role `snapshot`. The leader, who dials, says
 *
 *     snapshot-begin       u64 term | u64 bytes of the state's file
 *     snapshot-part        u64 offset | u32 crc32 of offset and data | data      in order, none left out
 *     snapshot-end         u32 crc32 of the whole file
 *
 * and hears, of whoever gets it,
 *
 *     snapshot-received    u64 bytes that are in its file now
 *     snapshot-installed   u64 its commit index, once the state has taken the place of its own, durably
 */
export interface SnapshotBegin {
  readonly term: Term;
  readonly bytes: number;
}

export interface SnapshotPart {
  readonly offset: number;
  readonly data: Buffer;
}

const PART_HEADER_BYTES = 12;
const NOTHING = Buffer.alloc(0);

/** Beyond its data. */
export const SNAPSHOT_PART_OVERHEAD_BYTES = PART_HEADER_BYTES;

export function encodeSnapshotBegin({ term, bytes }: SnapshotBegin): Buffer {
  const payload = Buffer.alloc(16);
  putU64(payload, bytes, putU64(payload, term, 0));
  return payload;
}

export function decodeSnapshotBegin(payload: Buffer): SnapshotBegin {
  expectLength(payload, 16, 'snapshot-begin');
  return { term: asTerm(getU64(payload, 0, 'snapshot-begin')), bytes: getU64(payload, 8, 'snapshot-begin') };
}

/** The parts of the frame's payload: the data is not copied. */
export function encodeSnapshotPart({ offset, data }: SnapshotPart): readonly Buffer[] {
  const header = Buffer.alloc(PART_HEADER_BYTES);
  putU64(header, offset, 0);
  header.writeUInt32LE(crc32(data, crc32(header.subarray(0, 8))), 8);
  return [header, data];
}

/** Throws for a part whose bytes are not those that were sent. */
export function decodeSnapshotPart(payload: Buffer): SnapshotPart {
  expectAtLeast(payload, PART_HEADER_BYTES + 1, 'snapshot-part');
  const [offset, data] = [getU64(payload, 0, 'snapshot-part'), payload.subarray(PART_HEADER_BYTES)];
  if (crc32(data, crc32(payload.subarray(0, 8))) !== payload.readUInt32LE(8)) {
    throw malformed('snapshot-part', `the checksum of ${data.length} bytes at ${offset} does not match`);
  }
  return { offset, data };
}

export function encodeSnapshotEnd(checksum: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(checksum);
  return payload;
}

export function decodeSnapshotEnd(payload: Buffer): number {
  expectLength(payload, 4, 'snapshot-end');
  return payload.readUInt32LE(0);
}

export function encodeSnapshotReceived(bytes: number): Buffer {
  const payload = Buffer.alloc(8);
  putU64(payload, bytes, 0);
  return payload;
}

export function decodeSnapshotReceived(payload: Buffer): number {
  expectLength(payload, 8, 'snapshot-received');
  return getU64(payload, 0, 'snapshot-received');
}

export const encodeSnapshotInstalled = (index: LogIndex): Buffer => encodeSnapshotReceived(index);

export function decodeSnapshotInstalled(payload: Buffer): LogIndex {
  expectLength(payload, 8, 'snapshot-installed');
  return asIndex(getU64(payload, 0, 'snapshot-installed'));
}

/** Of the file's bytes so far, and of more. */
export const snapshotChecksum = (data: Buffer = NOTHING, before = 0): number => crc32(data, before);
