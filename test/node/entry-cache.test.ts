import { describe, expect, it } from 'vitest';
import { asIndex, asTerm } from '../../src/base/index.js';
import { EntryCache } from '../../src/node/entry-cache.js';
import { ENTRY_TYPES, type Entry, makeRecord } from '../../src/raft/index.js';

/** Entries first..last of one term, 100 bytes each, header included. */
function entries(first: number, last: number, term = 1): Entry[] {
  const record = makeRecord(ENTRY_TYPES.command, Buffer.alloc(91));
  const list: Entry[] = [];
  for (let index = first; index <= last; index++) list.push({ ...record, index: asIndex(index), term: asTerm(term) });
  return list;
}

const indexes = (range: readonly Entry[] | undefined): string | undefined =>
  range?.map((entry) => `${entry.index}/${entry.term}`).join(' ');

describe('the entry cache', () => {
  it('gives any range of what it was handed', () => {
    const cache = new EntryCache(1_000_000);
    cache.append(entries(1, 3));
    cache.append(entries(4, 5, 2));
    expect(indexes(cache.range(2, 4))).toBe('3/1 4/2');
    expect(indexes(cache.range(0, 5))).toBe('1/1 2/1 3/1 4/2 5/2');
    expect(cache.range(5, 5)).toEqual([]);
  });

  it('cuts a range short by bytes, but not before its first entry', () => {
    const cache = new EntryCache(1_000_000);
    cache.append(entries(1, 5));
    expect(indexes(cache.range(1, 5, 300))).toBe('2/1 3/1 4/1');
    expect(indexes(cache.range(1, 5, 299))).toBe('2/1 3/1');
    expect(indexes(cache.range(1, 5, 1))).toBe('2/1');
    expect(indexes(cache.range(1, 5, 1_000))).toBe('2/1 3/1 4/1 5/1');
  });

  it('has nothing beyond its end and nothing before its beginning', () => {
    const cache = new EntryCache(1_000_000);
    cache.append(entries(10, 12));
    expect(cache.range(8, 10)).toBeUndefined();
    expect(cache.range(11, 13)).toBeUndefined();
  });

  it('has an empty range anywhere, also where it holds nothing: a probe names no entries', () => {
    const cache = new EntryCache(1_000_000);
    expect(cache.range(7, 7)).toEqual([]);
    cache.append(entries(10, 12));
    expect(cache.range(3, 3)).toEqual([]);
  });

  it('replaces what a new leader overwrites, and forgets what followed it', () => {
    const cache = new EntryCache(1_000_000);
    cache.append(entries(1, 5));
    cache.append(entries(3, 3, 2));
    expect(indexes(cache.range(0, 3))).toBe('1/1 2/1 3/2');
    expect(cache.range(2, 4)).toBeUndefined();
    expect(cache.bytes).toBe(300);
  });

  it('starts anew when everything it holds is overwritten', () => {
    const cache = new EntryCache(1_000_000);
    cache.append(entries(10, 12));
    cache.append(entries(7, 8, 2));
    expect(indexes(cache.range(6, 8))).toBe('7/2 8/2');
    expect(cache.bytes).toBe(200);
  });

  it('drops the oldest entries over its bound, but never one that was not applied', () => {
    const cache = new EntryCache(500);
    cache.append(entries(1, 20));
    cache.trim(asIndex(3));
    expect(cache.range(0, 20)).toBeUndefined();
    expect(indexes(cache.range(3, 4))).toBe('4/1');
    expect(cache.bytes).toBe(1_700);
    cache.trim(asIndex(20));
    expect(cache.bytes).toBe(500);
    expect(indexes(cache.range(15, 17))).toBe('16/1 17/1');
  });

  it('stays right over many appends and trims', () => {
    const cache = new EntryCache(10_000);
    for (let first = 1; first < 50_000; first += 10) {
      const last = first + 9;
      cache.append(entries(first, last));
      cache.trim(asIndex(last));
      if (last < 100) continue;
      expect(cache.range(last - 100, last)).toHaveLength(100);
      expect(cache.range(last - 101, last - 99)).toBeUndefined();
    }
    expect(cache.bytes).toBe(10_000);
    expect(indexes(cache.range(49_998, 50_000))).toBe('49999/1 50000/1');
  });

  it('starts anew also when it has dropped entries before those that are overwritten', () => {
    const cache = new EntryCache(200);
    cache.append(entries(1, 12));
    cache.trim(asIndex(12));
    expect(indexes(cache.range(10, 12))).toBe('11/1 12/1');
    cache.append(entries(7, 8, 2));
    expect(indexes(cache.range(6, 8))).toBe('7/2 8/2');
    expect(cache.range(5, 7)).toBeUndefined();
    cache.append(entries(9, 9, 2));
    cache.trim(asIndex(9));
    expect([cache.bytes, indexes(cache.range(7, 9))]).toEqual([200, '8/2 9/2']);
  });

  it('takes nothing for nothing: a log may be empty', () => {
    const cache = new EntryCache(200);
    cache.append([]);
    cache.append(entries(1, 1));
    cache.append([]);
    expect([cache.bytes, indexes(cache.range(0, 1))]).toEqual([100, '1/1']);
  });

  it('refuses a gap', () => {
    const cache = new EntryCache(10_000);
    cache.append(entries(1, 3));
    expect(() => cache.append(entries(5, 6))).toThrow('cache gap: 3 then 5');
  });
});
