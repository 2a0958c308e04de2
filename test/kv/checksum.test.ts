import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checksumOf } from '../../src/kv/checksum.js';
import { encodeOpenSession } from '../../src/kv/command.js';
import { type BinaryKey, toBinaryKey, toBytes } from '../../src/kv/key.js';
import { VERSION_HEADER_BYTES } from '../../src/kv/version.js';
import { bytes, cas, put, StoreUnderTest, underSession } from './helpers.js';

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
  it.each([0, 1, 2, 3, 4, 5, 191, 192, 193, 5_000])(
    'is the crc32 of key and content, of %d bytes as of others',
    (length) => {
      const content = Buffer.alloc(length, 'content ');
      const key = toBinaryKey(bytes(KEY));
      expect(checksumOf(key, content, 0, length)).toBe(crc32(Buffer.concat([toBytes(key), content])));
    },
  );

  it.each(['', 'v', 'x'.repeat(300)])('of a version is its own, whatever command wrote it: a value of %#', (value) => {
    const kv = new StoreUnderTest();
    kv.run(put('put', value), cas('new', null, value), put('old', value), cas('old', value, `next ${value}`));
    kv.enter(encodeOpenSession());
    expect(kv.enter(underSession(put('in a session', value), 5, 1))).toMatchObject({ succeeded: true });
    kv.flushByTime();
    for (const key of ['put', 'new', 'old', 'in a session']) {
      const { bytes: stored, start, end } = kv.backend.find('keys', key as BinaryKey)!;
      expect(stored.readUInt32LE(start), key).toBe(crc32(stored.subarray(start + 4, end), crc32(key)));
    }
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
