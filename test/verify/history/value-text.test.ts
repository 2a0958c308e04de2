import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueText } from '../../../src/verify/history/index.js';

describe('the text of a value in a history', () => {
  it('is the value itself when it is short text', () => {
    expect(valueText(Buffer.from('content 01'))).toBe('content 01');
    expect(valueText(Buffer.from(''))).toBe('');
  });

  it('is base64 for bytes that are no text, and for text that looks like it', () => {
    expect(valueText(Buffer.from([0xff, 0x00]))).toBe('base64:/wA=');
    expect(valueText(Buffer.from('base64:/wA='))).not.toBe('base64:/wA=');
  });

  it('names a long value by its beginning, length and checksum', () => {
    expect(valueText(Buffer.alloc(1_000, 'x'))).toMatch(/^x{32}… \(1000 bytes, crc32 [0-9a-f]{8}\)$/);
  });

  it('is the same for the same bytes only', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => new Uint8Array(Buffer.from(text))),
    );
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const isSame = Buffer.from(one).equals(Buffer.from(other));
        expect(valueText(Buffer.from(one)) === valueText(Buffer.from(other))).toBe(isSame);
      }),
    );
  });
});
