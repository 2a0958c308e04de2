import { describe, expect, it } from 'vitest';
import { checkHistory, type Verdict } from '../../../src/verify/checker/index.js';
import { stillClock, story } from './story.js';

const check = (text: string): Verdict => checkHistory(story(text), { clock: stillClock });

describe('a history is linearizable when', () => {
  const good: Record<string, string> = {
    'one operation follows the other and each finds what the last left': `
      0-10   put a
      20-30  get -> a
      40-50  cas a b -> true
      60-70  get -> b
      80-90  del -> true
      100-110 get -> (nil)`,
    'a key begins without a value': `
      0-10   get -> (nil)
      20-30  del -> false
      40-50  cas a b -> false
      60-70  cas (nil) b -> true
      80-90  get -> b`,
    'a read overlaps the write that it sees': `
      0-100  put a
      20-30  get -> a`,
    'a read overlaps the write that it does not see': `
      0-100  put a
      20-30  get -> (nil)
      40-50  get -> a`,
    'two writes overlap and readers agree on their order': `
      0-50   put a
      10-40  put b
      60-70  get -> a
      80-90  get -> a`,
    'a return and a call fall on the same nanosecond: they are concurrent': `
      0-10   put a
      10-20  put b
      30-40  get -> a`,
    'an unknown write happened long after its call': `
      0-?    put a
      20-30  get -> (nil)
      40-50  get -> a`,
    'an unknown write never happened': `
      0-10   put a
      20-?   put b
      30-40  get -> a`,
    'an unknown write happened, was overwritten and nobody saw it': `
      0-?    put b
      20-30  put a
      40-50  get -> a`,
    'an unknown delete and an unknown put explain what was found': `
      0-10   put a
      20-?   del
      25-?   put b
      30-40  get -> (nil)
      50-60  get -> b`,
    'an unknown cas feeds another': `
      0-10   put a
      15-?   cas a b
      16-?   cas b c
      30-40  get -> c`,
    'a failed cas missed its chance: the value was another one for a moment': `
      0-10   put a
      20-80  put b
      30-40  cas a x -> false
      90-100 cas b a -> true`,
    'a cas of a value to itself changes nothing': `
      0-10   put a
      20-30  cas a a -> true
      20-30  cas a a -> true
      40-50  get -> a`,
    'a read of unknown outcome is no news': `
      0-10   put a
      20-?   get -> b`,
    'an unknown cas that could not have succeeded did nothing': `
      0-10   put a
      20-?   cas z b
      30-40  get -> a`,
    'keys have nothing to do with each other': `
      0-10   x: put a
      20-30  y: get -> (nil)
      40-50  x: get -> a`,
  };
  for (const [claim, text] of Object.entries(good)) {
    it(claim, () => {
      expect(check(text)).toMatchObject({ verdict: 'linearizable', violations: [] });
    });
  }
});

describe('a history is a violation when', () => {
  interface Bad {
    readonly text: string;
    readonly kind: string;
    /** What the verdict has to show. */
    readonly lines: readonly number[];
    readonly says: string;
  }
  const bad: Record<string, Bad> = {
    'a read finds a value that was overwritten before it began': {
      text: `
        0-10   put a
        20-30  put b
        32-34  get -> b
        40-50  get -> a
        60-70  get -> b`,
      kind: 'stale read',
      lines: [1, 2, 4],
      says: 'Line 2 (put "b") had returned 10 ms before line 4 was called. Line 4 still found "a".',
    },
    'a deleted value is found again': {
      text: `
        0-10   put a
        20-30  del -> true
        40-50  get -> a`,
      kind: 'resurrected value',
      lines: [1, 2, 3],
      says: 'Line 2 (del) had returned 10 ms before line 3 was called. Line 3 still found "a".',
    },
    'an acknowledged write is gone': {
      text: `
        0-10   put a
        20-30  get -> (nil)`,
      kind: 'lost write',
      lines: [1, 2],
      says: 'nothing can have deleted the key in between. Line 2 found it missing.',
    },
    'two cas took the same value': {
      text: `
        0-10   put a
        20-60  cas a b -> true
        30-50  cas a c -> true`,
      kind: 'lost update',
      lines: [1, 2, 3],
      says: 'Lines 2 and 3 both replaced "a", but it was written only once (line 1)',
    },
    'two clients both created the key': {
      text: `
        0-30   cas (nil) a -> true
        10-40  cas (nil) b -> true`,
      kind: 'lost update',
      lines: [1, 2],
      says: 'Lines 1 and 2 both created the key, but nothing ever deleted it',
    },
    'a value was read that nobody wrote': {
      text: `
        0-10   put a
        20-30  get -> ghost`,
      kind: 'unwritten value',
      lines: [2],
      says: 'Line 2 found "ghost", which no operation of this history writes to the key.',
    },
    'a value was read before its write began': {
      text: `
        0-10   get -> a
        20-30  put a`,
      kind: 'early read',
      lines: [1, 2],
      says: 'but line 2, the first to write it, was called 10 ms after line 1 had returned.',
    },
    'readers see two concurrent writes in both orders': {
      text: `
        0-50   put a
        0-50   put b
        60-70  get -> a
        80-90  get -> b
        100-110 get -> a`,
      kind: 'no order',
      lines: [1, 2, 3, 4],
      says: 'Line 1 overlaps line 2: either may come first.',
    },
    'cas answers are in an order that their times forbid': {
      text: `
        0-10   put a
        20-30  cas b c -> true
        40-50  cas a b -> true`,
      kind: 'early read',
      lines: [2, 3],
      says: 'but line 3, the first to write it, was called 10 ms after line 2 had returned.',
    },
    'a cas failed though the value was what it expected': {
      text: `
        0-10   put a
        20-30  cas a b -> false`,
      kind: 'stale read',
      lines: [1, 2],
      says: 'did not find "a". By these operations alone, line 2 could only have answered true.',
    },
    'a cas succeeded on an absent key that it expected a value of': {
      text: `
        0-10   put a
        20-30  del -> true
        40-50  cas a b -> true`,
      kind: 'resurrected value',
      lines: [1, 2, 3],
      says: 'line 3 could only have answered false.',
    },
    'a cas that expects no key succeeds on a present one': {
      text: `
        0-10   put a
        20-30  cas (nil) b -> true`,
      kind: 'lost write',
      lines: [1, 2],
      says: 'Line 2 found it missing.',
    },
    'a delete found a key that was deleted before': {
      text: `
        0-10   put a
        20-30  del -> true
        40-50  del -> true`,
      kind: 'resurrected value',
      lines: [1, 2, 3],
      says: 'nothing can have written the key in between. Line 3 found a value.',
    },
    'a delete missed a key that was there': {
      text: `
        0-10   put a
        20-30  del -> false`,
      kind: 'lost write',
      lines: [1, 2],
      says: 'line 2 could only have answered true.',
    },
    'an unknown write was seen and then not': {
      text: `
        0-10   put a
        15-?   put b
        30-40  get -> b
        50-60  get -> a`,
      kind: 'no order',
      lines: [1, 2, 3, 4],
      says: 'line 4 could only have answered',
    },
    'an unknown write was seen before its call': {
      text: `
        0-10   get -> a
        20-?   put a`,
      kind: 'early read',
      lines: [1, 2],
      says: 'was called 10 ms after line 1 had returned',
    },
    'one unknown write would have to happen twice': {
      text: `
        0-?    put a
        10-20  cas a b -> true
        30-40  cas a c -> true`,
      kind: 'lost update',
      lines: [1, 2, 3],
      says: 'it was written only once (line 1)',
    },
  };
  for (const [claim, { text, kind, lines, says }] of Object.entries(bad)) {
    it(claim, () => {
      const { verdict, violations } = check(text);
      expect(verdict).toBe('violation');
      expect(violations).toHaveLength(1);
      const [violation] = violations;
      const shown = violation!.operations.map(({ line }) => line);
      expect({ kind: violation!.kind, shown, isSmallest: violation!.isSmallest }).toEqual({
        kind,
        shown: lines,
        isSmallest: true,
      });
      expect(violation!.explanation.join(' ')).toContain(says);
    });
  }
});

describe('a verdict', () => {
  const oneBadKey = `
    0-10   good: put a
    0-10   bad: put a
    20-30  good: get -> a
    20-30  bad: get -> b`;

  it('is given for every key: one bad key does not hide the others', () => {
    const { verdict, byKey, violations } = check(oneBadKey);
    expect(verdict).toBe('violation');
    expect(byKey.map(({ key, verdict: each }) => [key, each])).toEqual([
      ['good', 'linearizable'],
      ['bad', 'violation'],
    ]);
    expect(violations.map(({ key }) => key)).toEqual(['bad']);
  });

  it('counts what was not checked: failed operations say nothing of the store', () => {
    const history = story(`
      0-10   put a
      20-30  put b
      40-?   get
      50-60  get -> a`);
    const operations = history.operations.map((operation) =>
      operation.line === 2 ? ({ ...operation, outcome: 'failed' } as const) : operation,
    );
    const verdict = checkHistory({ ...history, operations }, { clock: stillClock });
    expect(verdict).toMatchObject({ verdict: 'linearizable', operations: 4, unknown: 1, failed: 1, keys: 1 });
    expect(verdict.byKey[0]).toMatchObject({ operations: 2, unknown: 0 });
  });

  it('a key whose operations all failed or stayed unread is linearizable', () => {
    expect(check('0-? get').verdict).toBe('linearizable');
  });
});
