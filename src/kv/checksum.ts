import { crc32Of, crc32OfLatin1 } from '../base/crc32.js';
import type { BinaryKey } from './key.js';

/** The crc32 of a key's bytes, followed by those of `bytes` from `start` to `end`. */
export const checksumOf = (key: BinaryKey, bytes: Buffer, start: number, end: number): number =>
  crc32Of(bytes, start, end, crc32OfLatin1(key));
