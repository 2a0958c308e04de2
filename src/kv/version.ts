import { crc32Before, crc32Of, crc32OfLatin1, crc32WithU32, crc32WithU64 } from '../base/crc32.js';
import { asRevision, type Revision } from '../base/index.js';
import type { Slice } from './backend.js';
import { checksumOf } from './checksum.js';
import type { BinaryKey } from './key.js';
import { readU64, writeU64 } from './u64.js';

/**
 * One version of one key: its numbers, and where its value lies. A deleted key is a version with `version` 0 (a
 * tombstone), as in etcd.
 *
 * In the database `keys` a version is, little-endian (tombstones are not stored):
 *
 *      0 u32 crc32 of the key and of all that follows     8 u64 createRevision    24 u64 version    40 value
 *      4 u32 sub-revision of the last write              16 u64 modRevision       32 u64 lease
 */
export interface Version extends Slice {
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  /** Which of the operations of one transaction made it; 0 for the first. */
  readonly subRevision: number;
  readonly version: number;
  /** The lease that the key hangs on; 0: none. */
  readonly lease: number;
  /** Of the key and of all the rest: `checksumOfVersion`. A tombstone needs none. */
  readonly checksum: number;
}

export type MutableVersion = { -readonly [Field in keyof Version]: Version[Field] };

export const VERSION_HEADER_BYTES = 40;

export const NO_BYTES: Buffer = Buffer.alloc(0);

export const isTombstone = (version: Version): boolean => version.version === 0;

export const newVersion = (): MutableVersion => ({
  bytes: NO_BYTES,
  start: 0,
  end: 0,
  createRevision: asRevision(0),
  modRevision: asRevision(0),
  subRevision: 0,
  version: 0,
  lease: 0,
  checksum: 0,
});

/** One whose bytes are its own. */
export function copyOf(version: Version): Version {
  const bytes = Buffer.from(version.bytes.subarray(version.start, version.end));
  return { ...version, bytes, start: 0, end: bytes.length };
}

/** Bytes of the version as it is stored. */
export const storedBytes = (version: Version): number => VERSION_HEADER_BYTES + version.end - version.start;

/** The crc32 that is stored with a version. */
export const checksumOfVersion = (key: BinaryKey, version: Version): number =>
  crc32Of(version.bytes, version.start, version.end, withNumbers(crc32OfLatin1(key), version));

/**
 * The same of a version whose value ends a record: bytes from `from` on of which `checksum` is the crc32, and where the
 * key from `keyAt` on stands before the value. The value is not read again; damage to it is found by the first read.
 */
export function checksumFromRecord(checksum: number, from: number, keyAt: number, version: Version): number {
  const { bytes, start, end } = version;
  const inRecord = crc32Of(bytes, from, start);
  const inVersion = withNumbers(crc32Of(bytes, keyAt, start), version);
  return (checksum ^ crc32Before(inRecord ^ inVersion, end - start)) >>> 0;
}

/** The crc32 of what `checksum` is that of, followed by what stands between key and value. */
function withNumbers(checksum: number, version: Version): number {
  let crc = crc32WithU32(checksum, version.subRevision);
  crc = crc32WithU64(crc, version.createRevision);
  crc = crc32WithU64(crc, version.modRevision);
  crc = crc32WithU64(crc, version.version);
  return crc32WithU64(crc, version.lease);
}

/** Writes a version with the checksum it has: what changed in memory since that was made is found by the first read. */
export function writeVersion(target: Buffer, at: number, version: Version): void {
  target.writeUInt32LE(version.checksum, at);
  writeNumbers(target, at, version);
  version.bytes.copy(target, at + VERSION_HEADER_BYTES, version.start, version.end);
}

function writeNumbers(target: Buffer, at: number, version: Version): void {
  target.writeUInt32LE(version.subRevision, at + 4);
  writeU64(target, version.createRevision, at + 8);
  writeU64(target, version.modRevision, at + 16);
  writeU64(target, version.version, at + 24);
  writeU64(target, version.lease, at + 32);
}

/** Reads what `writeVersion` wrote under the key; the value stays where it is. Undefined: it is not intact. */
export function readVersion(key: BinaryKey, { bytes, start, end }: Slice, into: MutableVersion): Version | undefined {
  if (end - start < VERSION_HEADER_BYTES) return undefined;
  const checksum = bytes.readUInt32LE(start);
  if (checksumOf(key, bytes, start + 4, end) !== checksum) return undefined;
  into.checksum = checksum;
  into.bytes = bytes;
  into.start = start + VERSION_HEADER_BYTES;
  into.end = end;
  into.subRevision = bytes.readUInt32LE(start + 4);
  into.createRevision = asRevision(readU64(bytes, start + 8));
  into.modRevision = asRevision(readU64(bytes, start + 16));
  into.version = readU64(bytes, start + 24);
  into.lease = readU64(bytes, start + 32);
  return into;
}
