import { RaftctlError } from '../base/index.js';

/**
 * Little-endian numbers in buffers. A u64 on the wire carries a JavaScript number: whole, at most 2^53 - 1. What is
 * larger is refused rather than rounded.
 */
const TWO_32 = 0x1_0000_0000;
/** The upper half of 2^53. */
const HIGH_END = 0x20_0000;

/** Writes the whole number `value` and answers the offset behind it. */
export function putU64(target: Buffer, value: number, at: number): number {
  const low = value >>> 0;
  target.writeUInt32LE(low, at);
  return target.writeUInt32LE((value - low) / TWO_32, at + 4);
}

export function getU64(source: Buffer, at: number, what: string): number {
  const high = source.readUInt32LE(at + 4);
  if (high >= HIGH_END) throw malformed(what, `a number over 2^53 at byte ${at}`);
  return high * TWO_32 + source.readUInt32LE(at);
}

/** Bytes from the wire that are not what they claim to be. */
export function malformed(what: string, detail: string): RaftctlError {
  return new RaftctlError('bad-request', `malformed ${what}: ${detail}`);
}

export function expectLength(payload: Buffer, length: number, what: string): void {
  if (payload.length !== length) throw malformed(what, `expected ${length} bytes, got ${payload.length}`);
}

export function expectAtLeast(payload: Buffer, length: number, what: string): void {
  if (payload.length < length) throw malformed(what, `expected at least ${length} bytes, got ${payload.length}`);
}

/** A byte of flags of which only those in `known` may be set. */
export function getFlags(source: Buffer, at: number, known: number, what: string): number {
  const flags = source[at]!;
  if ((flags & ~known) !== 0) throw malformed(what, `unknown flags 0x${flags.toString(16)} at byte ${at}`);
  return flags;
}

/** A byte that is 0 or 1. */
export const getBoolean = (source: Buffer, at: number, what: string): boolean => getFlags(source, at, 1, what) === 1;
