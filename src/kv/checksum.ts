import { crc32 } from 'node:zlib';
import type { BinaryKey } from './key.js';

/** Below this many bytes a call into zlib costs more than the loop. */
const SHORT_BYTES = 64;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? 0xedb8_8320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** The crc32 of a key's bytes, followed by those of `bytes` from `start` to `end`. */
export function checksumOf(key: BinaryKey, bytes: Buffer, start: number, end: number): number {
  let crc = -1;
  for (let at = 0; at < key.length; at += 1) crc = TABLE[(crc ^ key.charCodeAt(at)) & 0xff]! ^ (crc >>> 8);
  return continueChecksum(~crc >>> 0, bytes, start, end);
}

/** The crc32 of what `checksum` is that of, followed by `bytes` from `start` to `end`. */
export function continueChecksum(checksum: number, bytes: Buffer, start: number, end: number): number {
  if (end - start >= SHORT_BYTES) return crc32(bytes.subarray(start, end), checksum);
  let crc = ~checksum;
  for (let at = start; at < end; at += 1) crc = TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
