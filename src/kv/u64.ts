const HIGH = 0x1_0000_0000;

/** A whole number below 2^53 as eight bytes, little-endian. Returns the offset behind it. */
export function writeU64(target: Buffer, value: number, at: number): number {
  const low = value >>> 0;
  target.writeUInt32LE(low, at);
  return target.writeUInt32LE((value - low) / HIGH, at + 4);
}

export const readU64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + HIGH * bytes.readUInt32LE(at + 4);
