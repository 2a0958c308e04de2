/** Little-endian u64 fields that hold safe integers: two u32 halves, without a BigInt on the way. */
export function writeU64(target: Buffer, value: number, at: number): void {
  const low = value >>> 0;
  target.writeUInt32LE(low, at);
  target.writeUInt32LE((value - low) / 0x1_0000_0000, at + 4);
}

export function readU64(source: Buffer, at: number): number {
  return source.readUInt32LE(at) + source.readUInt32LE(at + 4) * 0x1_0000_0000;
}

const ZEROS = Buffer.alloc(64 * 1024);

/** Is every byte of [from, to) zero? Compares at memory speed. */
export function isZero(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += ZEROS.length) {
    const end = Math.min(to, at + ZEROS.length);
    if (bytes.compare(ZEROS, 0, end - at, at, end) !== 0) return false;
  }
  return true;
}
