import { asRevision, type Revision } from '../base/index.js';
import { readU64, writeU64 } from './u64.js';

/**
 * One version of one key: its numbers, and where its value lies. A deleted key is a version with `version` 0 (a
 * tombstone), as in etcd.
 *
 * On disk a version is `u64 createRevision | u64 modRevision | u64 version | value`, little-endian; tombstones are not
 * stored.
 */
export interface Version {
  /** The value is `bytes` from `start` to `end`. */
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  readonly version: number;
}

export type MutableVersion = { -readonly [Field in keyof Version]: Version[Field] };

export const VERSION_HEADER_BYTES = 24;

export const NO_BYTES: Buffer = Buffer.alloc(0);

export const isTombstone = (version: Version): boolean => version.version === 0;

export const newVersion = (): MutableVersion => ({
  bytes: NO_BYTES,
  start: 0,
  end: 0,
  createRevision: asRevision(0),
  modRevision: asRevision(0),
  version: 0,
});

/** Bytes of the version as it is stored. */
export const storedBytes = (version: Version): number => VERSION_HEADER_BYTES + version.end - version.start;

/** Returns the offset behind it. */
export function writeVersion(target: Buffer, at: number, version: Version): number {
  writeU64(target, version.createRevision, at);
  writeU64(target, version.modRevision, at + 8);
  writeU64(target, version.version, at + 16);
  version.bytes.copy(target, at + VERSION_HEADER_BYTES, version.start, version.end);
  return at + storedBytes(version);
}

/** Reads what `writeVersion` wrote into the first `length` of `bytes`; the value stays where it is. */
export function readVersion(bytes: Buffer, length: number, into: MutableVersion): Version {
  into.bytes = bytes;
  into.start = VERSION_HEADER_BYTES;
  into.end = length;
  into.createRevision = asRevision(readU64(bytes, 0));
  into.modRevision = asRevision(readU64(bytes, 8));
  into.version = readU64(bytes, 16);
  return into;
}
