import { describe, expect, it } from 'vitest';
import { asIndex, asTerm, randomInt, seededRandom } from '../../src/base/index.js';
import { EntryIndex } from '../../src/storage/entry-index.js';

const START = { index: asIndex(0), term: asTerm(0) };
const run = (term: number, count: number) => ({ term: asTerm(term), count });

describe('EntryIndex', () => {
  it('says where entries lie, a stretch per batch and term', () => {
    const index = new EntryIndex(START);
    index.add([run(1, 3), run(2, 2)], 7, 1000, () => 10);
    index.add([run(2, 1)], 8, 512, () => 40);
    expect([index.last, index.lastTerm]).toEqual([6, 2]);
    expect(index.stretches(1, 6, 1 << 20)).toEqual([
      { first: 1, count: 3, term: 1, segment: 7, offset: 1000, bytes: 30 },
      { first: 4, count: 2, term: 2, segment: 7, offset: 1030, bytes: 20 },
      { first: 6, count: 1, term: 2, segment: 8, offset: 512, bytes: 40 },
    ]);
    expect(index.runs()).toEqual([run(1, 3), run(2, 3)]);
    expect(index.stretches(5, 6, 0).map(({ first }) => first)).toEqual([4, 6]);
  });

  it('splits long batches, so that their middle is near', () => {
    const index = new EntryIndex(START);
    index.add([run(1, 1000)], 1, 0, () => 1000);
    const [stretch] = index.stretches(700, 700, 0);
    expect(stretch!.count).toBeLessThan(70);
    expect(stretch!.offset).toBe((stretch!.first - 1) * 1000);
  });

  it('agrees with a plain list, whatever is appended and truncated', () => {
    const random = seededRandom(7);
    const index = new EntryIndex(START);
    let plain: { term: number; segment: number; offset: number; bytes: number }[] = [];
    let offset = 0;
    for (let step = 1; step <= 500; step += 1) {
      if (random.next() < 0.4 && plain.length > 0) {
        const first = randomInt(random, Math.max(1, plain.length - 20), plain.length + 1);
        index.truncate(first, asTerm(plain[first - 2]?.term ?? 0));
        plain = plain.slice(0, first - 1);
      }
      const lengths = Array.from({ length: randomInt(random, 1, 30) }, () => randomInt(random, 9, 9000));
      index.add([run(step, lengths.length)], step, offset, (i) => lengths[i]!);
      for (const bytes of lengths) {
        plain.push({ term: step, segment: step, offset, bytes });
        offset += bytes;
      }
      expect(index.last).toBe(plain.length);
      const probe = randomInt(random, 1, plain.length);
      const expected = plain[probe - 1]!;
      expect(index.termAt(probe)).toBe(expected.term);
      const [stretch] = index.stretches(probe, probe, 0);
      expect(stretch!.segment).toBe(expected.segment);
      expect(stretch!.first).toBeLessThanOrEqual(probe);
      expect(probe).toBeLessThan(stretch!.first + stretch!.count);
      const before = plain.slice(stretch!.first - 1, probe - 1).reduce((sum, { bytes }) => sum + bytes, 0);
      expect(stretch!.offset + before).toBe(expected.offset);
    }
    expect(index.runs().reduce((sum, { count }) => sum + count, 0)).toBe(plain.length);
  });

  it('moves its beginning when it is truncated below it: the segments before are gone', () => {
    const index = new EntryIndex({ index: asIndex(10), term: asTerm(3) });
    index.add([run(3, 2)], 4, 600, () => 20);
    index.truncate(9, asTerm(2));
    expect(index.before).toEqual({ index: 8, term: 2 });
    expect([index.last, index.lastTerm]).toEqual([8, 2]);
    index.add([run(5, 1)], 4, 700, () => 20);
    expect(index.stretches(9, 9, 0)).toMatchObject([{ first: 9, count: 1, term: 5, offset: 700 }]);
  });

  it('refuses what it does not hold', () => {
    const index = new EntryIndex(START);
    index.add([run(1, 3)], 1, 0, () => 10);
    expect(() => index.termAt(4)).toThrow('no entry 4 up to 3');
    expect(() => index.stretches(0, 2, 0)).toThrow('entries 0 to 2 of a log from 1 to 3');
    expect(() => index.stretches(2, 4, 0)).toThrow('of a log from 1 to 3');
  });
});
