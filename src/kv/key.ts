import type { Brand } from '../base/index.js';

/**
 * A key's bytes as a string, one character (0 to 255) a byte. Such strings compare as their bytes do, hash fast and
 * are what a Map wants; making one costs about a tenth of a microsecond. Never shown to anybody: it is not text.
 */
export type BinaryKey = Brand<string, 'BinaryKey'>;

/** Comes before every other key: the shortest one with the lowest byte. */
export const FIRST_KEY = '\0' as BinaryKey;

export const readKey = (bytes: Buffer, start: number, end: number): BinaryKey =>
  bytes.toString('latin1', start, end) as BinaryKey;

export const toBinaryKey = (bytes: Uint8Array): BinaryKey =>
  readKey(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);

export const toBytes = (key: BinaryKey): Buffer => Buffer.from(key, 'latin1');

/** The first key that comes after `key`: nothing fits between the two. */
export const successorOf = (key: BinaryKey): BinaryKey => `${key}\0` as BinaryKey;

/**
 * The first key behind all keys that begin with `prefix`: "ab" gives "ac", "a\xff" gives "b". Undefined when there is
 * none, as for "" and "\xff\xff".
 */
export function endOfPrefix(prefix: BinaryKey): BinaryKey | undefined {
  let length = prefix.length;
  while (length > 0 && prefix.charCodeAt(length - 1) === 0xff) length -= 1;
  if (length === 0) return undefined;
  return (prefix.slice(0, length - 1) + String.fromCharCode(prefix.charCodeAt(length - 1) + 1)) as BinaryKey;
}
