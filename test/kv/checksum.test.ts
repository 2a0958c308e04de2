import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checksumOf } from '../../src/kv/checksum.js';
import { type BinaryKey, toBinaryKey, toBytes } from '../../src/kv/key.js';
import { VERSION_HEADER_BYTES } from '../../src/kv/version.js';
import { bytes, cas, put, StoreUnderTest } from './helpers.js';

const KEY = 'k\xe9y';

/** A store whose backend holds one key, and the bytes that lie under it. */
function flushed(value: string): { readonly kv: StoreUnderTest; readonly stored: Buffer } {
  const kv = new StoreUnderTest();
  kv.run(put(KEY, value));
  kv.flushByTime();
  kv.crash();
  const slice = kv.backend.find('keys', KEY as BinaryKey)!;
  return { kv, stored: slice.bytes };
}

describe('a checksum', () => {
  it.each([0, 1, 63, 64, 65, 5_000])('is the crc32 of key and content, of %d bytes as of others', (length) => {
    const content = Buffer.alloc(length, 'content ');
    const key = toBinaryKey(bytes(KEY));
    expect(checksumOf(key, content, 0, length)).toBe(crc32(Buffer.concat([toBytes(key), content])));
  });
});

describe('a version whose bytes were changed on the disk', () => {
  const damage = expect.objectContaining({
    code: 'data-damaged',
    message: expect.stringMatching(/^memory: what is stored under the key ".*" does not match its checksum$/),
    hint: expect.stringContaining('do not put an older copy back'),
  });

  it.each(['', 'short', 'x'.repeat(1_000)])('is told to nobody, whichever bit it is: a value of %#', (value) => {
    const { kv, stored } = flushed(value);
    expect(kv.get(KEY)?.value).toBe(value);
    for (let at = 0; at < Math.min(stored.length, VERSION_HEADER_BYTES + 10); at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        stored[at]! ^= 1 << bit;
        expect(() => kv.get(KEY), `byte ${at}`).toThrow(damage);
        stored[at]! ^= 1 << bit;
      }
    }
    expect(kv.get(KEY)?.value).toBe(value);
  });

  it('ends a scan, the digest of the state, and a command that looks at it', () => {
    const { kv, stored } = flushed('value');
    stored[stored.length - 1]! ^= 1;
    expect(() => kv.keys()).toThrow(damage);
    expect(() => kv.store.stateHash()).toThrow(damage);
    expect(() => kv.run(cas(KEY, 'value', 'next'))).toThrow(damage);
  });

  it('is found when the bytes are intact and belong to another key', async () => {
    const { kv, stored } = flushed('value');
    const transaction = kv.backend.begin();
    const at = transaction.put('keys', 'other' as BinaryKey, stored.length);
    stored.copy(transaction.bytes, at);
    transaction.commit(() => {});
    expect(() => kv.get('other')).toThrow(damage);
  });
});
