import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asIndex, asTerm } from '../../src/base/index.js';
import { type Entry, termRuns } from '../../src/raft/index.js';
import { RaftLog } from '../../src/raft/log.js';
import { entry } from '../helpers/raft-cluster.js';

const entriesOf = (terms: readonly number[], first = 1): Entry[] => terms.map((term, at) => entry(first + at, term));

function logOf(terms: readonly number[], options: { before?: [number, number]; applied?: number } = {}): RaftLog {
  const [index, term] = options.before ?? [0, 0];
  const entries = entriesOf(terms, index + 1);
  return new RaftLog({
    hardState: { currentTerm: asTerm(99), votedFor: null },
    before: { index: asIndex(index), term: asTerm(term) },
    runs: termRuns(entries),
    lengths: Uint32Array.from(entries, ({ length }) => length),
    applied: asIndex(options.applied ?? index),
  });
}

const i = asIndex;
const t = asTerm;

describe('the log', () => {
  it('knows the term of every entry it holds, and of the one before', () => {
    const log = logOf([2, 2, 5], { before: [10, 1] });
    expect([9, 10, 11, 12, 13, 14].map((index) => log.termAt(i(index)))).toEqual([undefined, 1, 2, 2, 5, undefined]);
    expect([log.firstIndex, log.lastIndex, log.lastTerm]).toEqual([11, 13, 5]);
  });

  it('an empty log ends with what is before it', () => {
    const log = logOf([], { before: [10, 3] });
    expect([log.firstIndex, log.lastIndex, log.lastTerm, log.persistedIndex]).toEqual([11, 10, 3, 10]);
  });

  it('a restored log is durable, and committed as far as it is applied', () => {
    const log = logOf([1, 1, 2], { applied: 2 });
    expect([log.persistedIndex, log.commitIndex, log.appliedIndex]).toEqual([3, 2, 2]);
  });

  it('a restored log may be of any length', () => {
    const log = logOf(Array<number>(5_000).fill(1), { before: [700, 1] });
    const bytes = (first: number, last: number) =>
      entriesOf(Array<number>(last - first + 1).fill(1), first).reduce((sum, { length }) => sum + length, 0);
    expect(log.bytesBetween(i(700), i(5_700))).toBe(bytes(701, 5_700));
    expect(log.bytesBetween(i(700), i(702))).toBe(bytes(701, 702));
  });

  it('restored parts that do not fit are refused', () => {
    expect(() => logOf([1], { applied: 2 })).toThrow(/applied 2/);
    expect(() => logOf([1], { before: [5, 1], applied: 4 })).toThrow(/applied 4/);
    expect(() => logOf([2, 1])).toThrow(/must not fall/);
    const parts = {
      hardState: { currentTerm: t(1), votedFor: null },
      before: { index: i(0), term: t(0) },
      applied: i(0),
    };
    expect(() => new RaftLog({ ...parts, runs: [{ term: t(1), count: 2 }], lengths: Uint32Array.of(9) })).toThrow(
      /runs end at 2/,
    );
  });

  it('compares logs by last term, then by length (§5.4.1)', () => {
    const log = logOf([1, 2, 2]);
    const upToDate = (term: number, index: number) => log.isUpToDate(t(term), i(index));
    expect([upToDate(2, 3), upToDate(2, 4), upToDate(3, 1)]).toEqual([true, true, true]);
    expect([upToDate(2, 2), upToDate(1, 9)]).toEqual([false, false]);
  });

  it('never truncates what is committed, commits what it has not, or applies what is not committed', () => {
    const log = logOf([1, 1, 1]);
    log.commitTo(i(2));
    expect(() => log.truncateFrom(i(2))).toThrow(/truncating 2, committed up to 2/);
    expect(() => log.commitTo(i(4))).toThrow(/committing 4, the log ends at 3/);
    expect(() => log.appliedTo(i(3))).toThrow(/applied 3/);
    log.appliedTo(i(2));
    expect(() => log.appliedTo(i(1))).toThrow(/applied 1/);
  });

  it('grows as far as it has to, and forgets no length', () => {
    const log = logOf([1, 1], { before: [1_020, 1] });
    const more = entriesOf(Array<number>(3_000).fill(1), 1_023);
    log.append(more);
    expect(log.bytesBetween(i(1_022), log.lastIndex)).toBe(more.reduce((sum, { length }) => sum + length, 0));
    expect(log.bytesBetween(i(1_020), i(1_021))).toBe(entry(1_021, 1).length);
    const all = [...entriesOf([1, 1], 1_021), ...more].reduce((sum, { length }) => sum + length, 0);
    expect(log.bytesBetween(i(1_020), log.lastIndex)).toBe(all);
  });

  it('holds any number of entries, at the edges of its ring too', () => {
    for (const count of [1_022, 1_023, 1_024, 1_025, 2_047, 2_048]) {
      const entries = entriesOf(Array<number>(count).fill(1));
      const appended = logOf([]);
      appended.append(entries);
      const total = entries.reduce((sum, { length }) => sum + length, 0);
      for (const log of [appended, logOf(Array<number>(count).fill(1))]) {
        expect(log.bytesBetween(i(0), i(count))).toBe(total);
      }
    }
  });

  it('says whether the commit index moved, and stays as long as it is when nothing is there to cut', () => {
    const log = logOf([1, 1, 1]);
    expect([log.commitTo(i(2)), log.commitTo(i(2)), log.commitTo(i(1))]).toEqual([true, false, false]);
    expect(log.commitIndex).toBe(2);
    for (const index of [4, 5, 9]) log.truncateFrom(i(index));
    expect([log.lastIndex, log.persistedIndex]).toEqual([3, 3]);
  });

  it('appends only what follows, in terms that do not fall', () => {
    const log = logOf([2]);
    expect(() => log.append(entriesOf([2], 3))).toThrow(/appending 3 after 1/);
    expect(() => log.append(entriesOf([1], 2))).toThrow(/term 1 after term 2/);
  });

  it('cuts a range by bytes: as much as fits, at least one entry', () => {
    const log = logOf([1, 1, 1, 1]); // records of 12 bytes
    const size = entry(1, 1).length;
    expect(log.bytesBetween(i(1), i(3))).toBe(2 * size);
    expect(log.cutByBytes(i(0), 2 * size)).toBe(2);
    expect(log.cutByBytes(i(0), 3 * size - 1)).toBe(2);
    expect(log.cutByBytes(i(1), 1)).toBe(2);
    expect(log.cutByBytes(i(0), 1000)).toBe(4);
    expect(log.cutByBytes(i(4), 1000)).toBe(4);
    expect(log.cutByBytes(i(0), 4 * size)).toBe(4);
    expect(log.cutByBytes(i(0), 4 * size - 1)).toBe(3);
  });

  it('finds the highest index with at most a given term', () => {
    const log = logOf([2, 2, 5, 5, 7], { before: [10, 1] });
    const at = (index: number, term: number) => log.agreementAt(i(index), t(term));
    expect([at(15, 7), at(15, 6), at(13, 9), at(99, 9), at(15, 4), at(12, 1), at(5, 9)]).toEqual([
      15, 14, 13, 15, 12, 10, 5,
    ]);
  });

  it('compacted, keeps the term of the last entry that is gone, and nothing before it', () => {
    const log = logOf([2, 2, 5, 5, 7], { before: [10, 1], applied: 14 });
    const bytes = log.bytesBetween(i(13), i(15));
    log.compactTo(i(13));
    expect([12, 13, 14, 15].map((index) => log.termAt(i(index)))).toEqual([undefined, 5, 5, 7]);
    expect([log.firstIndex, log.lastIndex, log.before]).toEqual([14, 15, { index: 13, term: 5 }]);
    expect(log.runs()).toEqual([
      { term: 5, count: 1 },
      { term: 7, count: 1 },
    ]);
    expect(log.bytesBetween(i(13), i(15))).toBe(bytes);
    log.compactTo(i(11));
    expect(log.firstIndex).toBe(14);
  });

  it('compacted to its end, goes on behind it', () => {
    const log = logOf([2, 2], { applied: 2 });
    log.compactTo(i(2));
    expect([log.firstIndex, log.lastIndex, log.lastTerm, log.runs()]).toEqual([3, 2, 2, []]);
    log.append(entriesOf([2, 3], 3));
    expect([log.lastIndex, log.termAt(i(3)), log.lastTerm]).toEqual([4, 2, 3]);
  });

  it('is compacted no further than it was applied', () => {
    expect(() => logOf([2, 2], { applied: 1 }).compactTo(i(2))).toThrow(/applied up to 1/);
  });

  it('behaves like a plain list of entries, whatever is appended, cut and compacted', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('append' as const), terms: fc.array(fc.nat(2), { maxLength: 700 }) }),
      fc.record({ type: fc.constant('truncate' as const), back: fc.nat(900) }),
      fc.record({ type: fc.constant('compact' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.nat(50), fc.array(step, { maxLength: 20 }), (from, steps) => {
        let start = from;
        let termBefore = 1;
        const log = logOf([], { before: [start, 1] });
        const model: Entry[] = [];
        for (const taken of steps) {
          if (taken.type === 'append') {
            const first = model.length + 1;
            const fresh: Entry[] = [];
            for (const more of taken.terms) {
              const lastTerm = fresh.at(-1)?.term ?? model.at(-1)?.term ?? termBefore;
              fresh.push(entry(start + first + fresh.length, lastTerm + more, 'x'.repeat(more)));
            }
            log.append(fresh);
            model.push(...fresh);
          } else if (taken.type === 'truncate') {
            const committed = log.commitIndex - start;
            model.length = Math.max(0, committed, model.length - taken.back);
            log.truncateFrom(i(start + model.length + 1));
          } else {
            const gone = model.splice(0, Math.floor(model.length * taken.share));
            start += gone.length;
            termBefore = gone.at(-1)?.term ?? termBefore;
            log.commitTo(i(start));
            if (start > log.appliedIndex) log.appliedTo(i(start));
            log.compactTo(i(start));
            expect(log.before).toEqual({ index: start, term: termBefore });
          }
          expect(log.lastIndex).toBe(start + model.length);
          expect(log.runs()).toEqual(termRuns(model));
          for (let at = 0; at < model.length; at += 97) {
            expect(log.termAt(i(start + 1 + at))).toBe(model[at]!.term);
            const bytes = model.slice(at).reduce((sum, { length }) => sum + length, 0);
            expect(log.bytesBetween(i(start + at), log.lastIndex)).toBe(bytes);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
