import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32Before, crc32Of, crc32OfLatin1, crc32WithU32, crc32WithU64 } from '../../src/base/crc32.js';

describe('a crc32', () => {
  it.each([0, 1, 2, 3, 4, 5, 191, 192, 193, 5_000])('is that of zlib, of %d bytes as of others', (length) => {
    const content = Buffer.from(Array.from({ length: length + 2 }, (_, at) => (at * 7_919) & 0xff));
    const part = content.subarray(1, length + 1);
    expect(crc32Of(content, 1, length + 1)).toBe(crc32(part));
    expect(crc32Of(content, 1, length + 1, ~~crc32('before'))).toBe(crc32(part, crc32('before')));
    expect(crc32OfLatin1(part.toString('latin1'))).toBe(crc32(part));
  });

  it.each([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff])('goes on with %d as a u32', (value) => {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(value);
    expect(crc32WithU32(crc32('before'), value) >>> 0).toBe(crc32(Buffer.concat([Buffer.from('before'), number])));
  });

  it.each([0, 1, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER])('goes on with %d as a u64', (value) => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(BigInt(value));
    expect(crc32WithU64(crc32('before'), value) >>> 0).toBe(crc32(Buffer.concat([Buffer.from('before'), number])));
  });

  it.each([0, 1, 2, 3, 255, 256, 1_000, 1 << 20, (1 << 24) - 1])(
    'of two parts follows from theirs: %d bytes',
    (length) => {
      const [before, behind] = [Buffer.from('what stands before'), Buffer.alloc(length, 'content ')];
      const ofBoth = (crc32Before(crc32(before), length) ^ crc32(behind)) >>> 0;
      expect(ofBoth).toBe(crc32(behind, crc32(before)));
    },
  );
});
