import { describe, expect, it } from 'vitest';
import { randomInt, seededRandom } from '../../../src/base/index.js';
import { checkHistory } from '../../../src/verify/checker/index.js';
import type { Operation } from '../../../src/verify/history/index.js';
import { FAULTS, plant } from './faults.js';
import { generate } from './generate.js';
import { stillClock, story } from './story.js';

const check = (text: string) => checkHistory(story(text), { clock: stillClock });
const checkAll = (operations: readonly Operation[], ignoreRevisions = false) =>
  checkHistory({ operations, originNs: 0n }, { clock: stillClock, ignoreRevisions });

const WORKLOAD = { operations: 2_000, keys: 5, clients: 8, unknown: 0.02, uniqueValues: true };

describe('revisions', () => {
  it('that fit answers and times are the proof: nothing is searched, whatever the concurrency', () => {
    const crowd = { operations: 3_000, keys: 1, clients: 300, unknown: 0, uniqueValues: false };
    const verdict = checkAll(generate(seededRandom(1), crowd));
    expect(verdict).toMatchObject({ verdict: 'linearizable', revisions: 'consistent', steps: 0 });
    expect(verdict.byKey[0]!.decidedBy).toBe('revisions');
  });

  it('of unknown writes, found out later, count as their places', () => {
    const known = { ...WORKLOAD, unknown: 0.2, revisionsOfUnknown: true };
    expect(checkAll(generate(seededRandom(2), known))).toMatchObject({
      verdict: 'linearizable',
      revisions: 'consistent',
    });
  });

  it('are not needed of an unknown write whose value was seen', () => {
    const verdict = check(`
      0-10   put a @1
      20-?   put b
      30-40  get -> a @1
      50-60  get -> b @2`);
    expect(verdict).toMatchObject({ verdict: 'linearizable', revisions: 'consistent', steps: 0 });
  });

  it('that some answers lack leave their keys to the search', () => {
    const verdict = check(`
      0-10   x: put a @1
      0-10   y: put a @2
      20-30  x: get -> a
      20-30  y: get -> a @2`);
    expect(verdict).toMatchObject({ verdict: 'linearizable', revisions: 'partial' });
    expect(verdict.byKey.map(({ decidedBy }) => decidedBy)).toEqual(['search', 'revisions']);
  });

  it('may have gaps: others write to the store too', () => {
    expect(check('0-10 put a @4\n20-30 put b @9\n40-50 get -> b @11')).toMatchObject({
      verdict: 'linearizable',
      steps: 0,
    });
  });
});

describe('revisions are a violation by themselves when', () => {
  const bad: Record<string, { readonly text: string; readonly says: string }> = {
    'two writes share one': {
      text: '0-10 x: put a @1\n20-30 y: put b @1',
      says: 'Lines 1 and 2 both changed the store, and both at revision 1.',
    },
    'they go back while time goes on, on different keys': {
      text: '0-10 x: put a @2\n20-30 y: put b @1',
      says: 'Line 1 had returned 10 ms before line 2 was called, but answered revision 2, and line 2 revision 1.',
    },
    'a read answers a revision at which the key held something else': {
      text: '0-100 put a @1\n10-90 put b @2\n20-80 get -> a @2',
      says: 'At revision 2 the key held "b" (line 2, revision 2): not what line 3 answered.',
    },
    'a read is ahead of a write that is called after it': {
      text: '0-10 x: get -> (nil) @1\n20-30 y: put a @1',
      says: 'Line 1 had returned 10 ms before line 2 was called',
    },
  };
  for (const [claim, { text, says }] of Object.entries(bad)) {
    it(claim, () => {
      const { verdict, revisions, violations, byKey } = check(text);
      expect(byKey.every((key) => key.verdict === 'linearizable')).toBe(true);
      expect({ verdict, revisions, kinds: violations.map(({ kind }) => kind) }).toEqual({
        verdict: 'violation',
        revisions: 'contradictory',
        kinds: ['revisions'],
      });
      expect(violations[0]!.explanation.join(' ')).toContain(says);
    });
  }

  it('and only then: a store that means something else by them can be checked without', () => {
    const history = story('0-10 x: put a @1\n20-30 y: put b @1');
    const verdict = checkHistory(history, { clock: stillClock, ignoreRevisions: true });
    expect(verdict).toMatchObject({ verdict: 'linearizable', revisions: 'absent' });
  });
});

describe('the certificate and the search', () => {
  it('agree on 200 good histories, of unknown writes too', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seededRandom(seed);
      const operations = generate(random, {
        operations: randomInt(random, 10, 300),
        keys: randomInt(random, 1, 4),
        clients: randomInt(random, 1, 8),
        unknown: random.next() < 0.5 ? 0 : 0.1,
        uniqueValues: random.next() < 0.5,
        revisionsOfUnknown: random.next() < 0.5,
      });
      const verdicts = [checkAll(operations), checkAll(operations, true)].map(({ verdict }) => verdict);
      if (verdicts.some((verdict) => verdict !== 'linearizable')) expect.fail(`seed ${seed}: ${verdicts.join(', ')}`);
    }
  });

  it('agree that a planted fault is one, and on the key that has it', () => {
    for (const fault of FAULTS) {
      const random = seededRandom(9);
      const planted = plant(fault, generate(random, { ...WORKLOAD, unknown: 0 }), random)!;
      const key = planted.operations.find(({ line }) => line === planted.line)!.key;
      for (const ignoreRevisions of [true, false]) {
        const { verdict, byKey } = checkAll(planted.operations, ignoreRevisions);
        expect(verdict).toBe('violation');
        expect(byKey.filter((each) => each.verdict === 'violation').map((each) => each.key)).toEqual([key]);
      }
    }
  });

  it('agree when an order of values exists that the revisions forbid: the values pass, the revisions do not', () => {
    const verdict = check('0-100 put a @2\n10-90 put b @1\n110-120 get -> b @2');
    expect(verdict.byKey[0]).toMatchObject({ verdict: 'linearizable', decidedBy: 'search' });
    expect(verdict.verdict).toBe('violation');
  });
});
