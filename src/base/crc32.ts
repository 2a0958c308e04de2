import { crc32 } from 'node:zlib';

/*
 * The crc32 of zlib, in the pieces that hot paths need. A crc32 is unsigned where it is compared or stored; on the way
 * there it may be signed, as `^` makes it.
 */

/** Below this many bytes a call into zlib, which costs a fifth of a microsecond, costs more than the loop. */
const SHORT_BYTES = 192;

/** What a byte becomes that 0, 1, 2 and 3 bytes follow. */
const [AFTER_0, AFTER_1, AFTER_2, AFTER_3] = tables();

/** The crc32 of what `crc` is that of, followed by `bytes` from `start` to `end`. Of nothing it is 0. Unsigned. */
export function crc32Of(bytes: Buffer, start: number, end: number, crc = 0): number {
  if (end - start >= SHORT_BYTES) return crc32(bytes.subarray(start, end), crc >>> 0);
  let bits = ~crc;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    bits = afterWord(bits, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  for (; at < end; at += 1) bits = AFTER_0[(bits ^ bytes[at]!) & 0xff]! ^ (bits >>> 8);
  return ~bits >>> 0;
}

/** Of a string's characters, one byte each. */
export function crc32OfLatin1(text: string): number {
  let bits = -1;
  for (let at = 0; at < text.length; at += 1) bits = AFTER_0[(bits ^ text.charCodeAt(at)) & 0xff]! ^ (bits >>> 8);
  return ~bits >>> 0;
}

/** The crc32 of what `crc` is that of, followed by a u32, little-endian. */
export const crc32WithU32 = (crc: number, value: number): number => ~afterWord(~crc, value | 0);

/** The same with a whole number below 2^53 as a u64. */
export function crc32WithU64(crc: number, value: number): number {
  const low = value >>> 0;
  return ~afterWord(afterWord(~crc, low | 0), (value - low) / 0x1_0000_0000);
}

function afterWord(crc: number, word: number): number {
  const bits = crc ^ word;
  return AFTER_3[bits & 0xff]! ^ AFTER_2[(bits >>> 8) & 0xff]! ^ AFTER_1[(bits >>> 16) & 0xff]! ^ AFTER_0[bits >>> 24]!;
}

/**
 * What the crc32 of bytes adds to that of themselves followed by `length` bytes. A crc32 is linear:
 *
 *     crc32(A, B) = crc32Before(crc32(A), bytes of B) ^ crc32(B)
 *
 * so that of these three one follows from the others, and whose bytes they are need not be read again.
 */
export function crc32Before(crc: number, length: number): number {
  let bits = crc;
  for (let power = 0, left = length; left !== 0; power += 1, left >>>= 1) {
    if ((left & 1) === 1) bits = moved(bits, zerosTable(power));
  }
  return bits;
}

/** What each byte of a crc32 becomes when 2^power zeros follow: the 256 of its first byte, then of its second, and so on. */
function zerosTable(power: number): Int32Array {
  while (ZEROS.length <= power) ZEROS.push(doubled(ZEROS.at(-1)));
  return ZEROS[power]!;
}

const ZEROS: Int32Array[] = [];

/** For twice as many zeros; of nothing, for one. */
const doubled = (before: Int32Array | undefined): Int32Array =>
  Int32Array.from({ length: 4 * 256 }, (_, place) => {
    const crc = (place & 0xff) << (8 * (place >>> 8));
    return before === undefined ? AFTER_0[crc & 0xff]! ^ (crc >>> 8) : moved(moved(crc, before), before);
  });

const moved = (crc: number, table: Int32Array): number =>
  table[crc & 0xff]! ^
  table[256 + ((crc >>> 8) & 0xff)]! ^
  table[512 + ((crc >>> 16) & 0xff)]! ^
  table[768 + (crc >>> 24)]!;

function tables(): [Int32Array, Int32Array, Int32Array, Int32Array] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? 0xedb8_8320 ^ (crc >>> 1) : crc >>> 1;
    return crc;
  });
  const next = (table: Int32Array) => table.map((crc) => first[crc & 0xff]! ^ (crc >>> 8));
  const second = next(first);
  const third = next(second);
  return [first, second, third, next(third)];
}
