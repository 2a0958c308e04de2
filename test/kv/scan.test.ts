import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, del, put, StoreUnderTest } from './helpers.js';

/** a1 b1 c1 flushed, b1 deleted and a2 c1 written in a sealed memtable, c2 written and a1 deleted in the active one. */
function threeLayers(): StoreUnderTest {
  const kv = new StoreUnderTest();
  kv.run(put('a1', 'flushed'), put('b1', 'flushed'), put('c1', 'flushed'));
  kv.flushByTime();
  kv.backend.holdFlushes();
  kv.run(del('b1'), put('a2', 'sealed'), put('c1', 'sealed'));
  kv.flushByTime();
  kv.run(put('c2', 'active'), del('a1'), put('a2', 'active'));
  return kv;
}

const scanned = (kv: StoreUnderTest, prefix: string, limit: number, after?: string) => {
  const options = { prefix: bytes(prefix), limit, ...(after !== undefined && { after: bytes(after) }) };
  const { entries, more } = kv.store.scan(options);
  return { keys: entries.map(({ key }) => key.toString('latin1')), more };
};

describe('scan', () => {
  it('merges memtables and backend: the newest version of each key, nothing that was deleted', () => {
    const { entries, more, revision } = threeLayers().store.scan({ prefix: bytes(''), limit: 10 });
    expect(entries.map(({ key, value }) => `${key}=${value}`)).toEqual(['a2=active', 'c1=sealed', 'c2=active']);
    expect(more).toBe(false);
    expect(revision).toBe(10);
  });

  it('answers the same before, during and after the flush', () => {
    const kv = threeLayers();
    const during = kv.store.scan({ prefix: bytes(''), limit: 10 });
    kv.backend.releaseFlushes();
    kv.time.turn();
    expect(kv.store.scan({ prefix: bytes(''), limit: 10 })).toEqual(during);
    kv.flushByTime();
    expect(kv.store.flushedIndex).toBe(9);
    expect(kv.store.scan({ prefix: bytes(''), limit: 10 })).toEqual(during);
  });

  it('carries the numbers of each key', () => {
    expect(threeLayers().store.scan({ prefix: bytes('a2'), limit: 1 }).entries).toMatchObject([
      { createRevision: 6, modRevision: 10, version: 2 },
    ]);
  });

  it('keeps to the prefix and the limit, and says whether there is more', () => {
    const kv = threeLayers();
    expect(scanned(kv, 'c', 10)).toEqual({ keys: ['c1', 'c2'], more: false });
    expect(scanned(kv, 'c', 2)).toEqual({ keys: ['c1', 'c2'], more: false });
    expect(scanned(kv, 'c', 1)).toEqual({ keys: ['c1'], more: true });
    expect(scanned(kv, 'c1', 1)).toEqual({ keys: ['c1'], more: false });
    expect(scanned(kv, 'b', 10)).toEqual({ keys: [], more: false });
    expect(scanned(kv, 'zz', 10)).toEqual({ keys: [], more: false });
  });

  it('does not count deleted keys as more', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', ''), put('b', ''), del('b'));
    expect(scanned(kv, '', 1)).toEqual({ keys: ['a'], more: false });
  });

  it('goes on behind a key, whether it exists or not', () => {
    const kv = threeLayers();
    expect(scanned(kv, '', 10, 'a2')).toEqual({ keys: ['c1', 'c2'], more: false });
    expect(scanned(kv, '', 10, 'b')).toEqual({ keys: ['c1', 'c2'], more: false });
    expect(scanned(kv, 'c', 10, 'a')).toEqual({ keys: ['c1', 'c2'], more: false });
    expect(scanned(kv, 'c', 10, 'c2')).toEqual({ keys: [], more: false });
    expect(scanned(kv, 'a', 10, 'b')).toEqual({ keys: [], more: false });
  });

  it('knows where a prefix of high bytes ends', () => {
    const kv = new StoreUnderTest();
    kv.run(
      put('\xfe', ''),
      put('\xff', ''),
      put('\xff\xff', ''),
      put('\xff\xff\x01', ''),
      put('a\xff', ''),
      put('b', ''),
    );
    for (const flushed of [false, true]) {
      if (flushed) kv.flushByTime();
      expect(kv.keys('\xff')).toEqual(['\xff', '\xff\xff', '\xff\xff\x01']);
      expect(kv.keys('\xff\xff')).toEqual(['\xff\xff', '\xff\xff\x01']);
      expect(kv.keys('\xfe')).toEqual(['\xfe']);
      expect(kv.keys('a\xff')).toEqual(['a\xff']);
    }
  });

  it('orders keys by their bytes, unsigned', () => {
    const kv = new StoreUnderTest();
    kv.run(put('b', ''), put('\xe9', ''), put('B', ''), put('\0', ''), put('b\0', ''), put('a'.repeat(9), ''));
    const ordered = ['\0', 'B', 'aaaaaaaaa', 'b', 'b\0', '\xe9'];
    expect(kv.keys()).toEqual(ordered);
    kv.flushByTime();
    expect(kv.keys()).toEqual(ordered);
  });

  it('stops before its answer grows too large, and never without one entry', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', 'x'.repeat(500)), put('b', 'x'.repeat(500)), put('c', 'x'));
    const bounded = (bytesMax: number) => {
      const { entries, more } = kv.store.scan({ prefix: bytes(''), limit: 10, bytesMax });
      return { count: entries.length, more };
    };
    expect(bounded(100)).toEqual({ count: 1, more: true });
    expect(bounded(1_100)).toEqual({ count: 2, more: true });
    expect(bounded(5_000)).toEqual({ count: 3, more: false });
  });

  it('sees keys that came after an earlier scan', () => {
    const kv = new StoreUnderTest();
    kv.run(put('b', ''), put('d', ''));
    expect(kv.keys()).toEqual(['b', 'd']);
    kv.run(put('c', ''), put('a', ''), put('e', ''));
    expect(kv.keys()).toEqual(['a', 'b', 'c', 'd', 'e']);
    kv.run(put('cc', ''));
    expect(kv.keys('c')).toEqual(['c', 'cc']);
  });

  it('reads all keys in pages of any size', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', '\0', '\xff') }), {
          maxLength: 30,
        }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(30),
        (keys, page, flushAfter) => {
          const kv = new StoreUnderTest();
          keys.forEach((key, nth) => {
            kv.run(put(key, key));
            if (nth === flushAfter) kv.flushByTime();
          });
          const read: string[] = [];
          for (;;) {
            const { keys: next, more } = scanned(kv, '', page, read.at(-1));
            read.push(...next);
            if (!more) break;
            expect(next).toHaveLength(page);
          }
          expect(read).toEqual([...keys].sort());
        },
      ),
      { numRuns: 60 },
    );
  });
});
