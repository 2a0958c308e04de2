const HIGH = 0x1_0000_0000;

/** A whole number below 2^53 as eight bytes, little-endian. Returns the offset behind it. */
export function writeU64(target: Buffer, value: number, at: number): number {
  target.writeUInt32LE(value % HIGH, at);
  return target.writeUInt32LE(Math.floor(value / HIGH), at + 4);
}

export const readU64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + HIGH * bytes.readUInt32LE(at + 4);
