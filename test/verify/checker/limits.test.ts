import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/index.js';
import { checkHistory, verdictText } from '../../../src/verify/checker/index.js';
import { historyOf } from '../../../src/verify/history/index.js';
import { generate } from './generate.js';
import { stillClock } from './story.js';

/** Sixty clients at once on one key, without their revisions: too much for a search of a few steps. */
const crowded = generate(seededRandom(1), {
  operations: 2_000,
  keys: 1,
  clients: 60,
  unknown: 0.05,
  uniqueValues: true,
});
const calm = generate(seededRandom(2), { operations: 200, keys: 1, clients: 2, unknown: 0, uniqueValues: true });
const history = historyOf([...crowded, ...calm.map((operation) => ({ ...operation, key: 'calm' }))]);
const withoutRevisions = { ignoreRevisions: true };

describe('a key that cannot be decided within the limits', () => {
  it('is undecided, which is no pass, and says how far the search came; the others are decided', () => {
    const verdict = checkHistory(history, { ...withoutRevisions, clock: stillClock, stepsPerKey: 50_000 });
    expect(verdict.verdict).toBe('undecided');
    expect(verdict.byKey.map(({ key, verdict: each }) => [key, each])).toEqual(
      expect.arrayContaining([
        ['key-1', 'undecided'],
        ['calm', 'linearizable'],
      ]),
    );
    const hot = verdict.byKey.find(({ key }) => key === 'key-1')!;
    expect(hot).toMatchObject({ decidedBy: null, gaveUp: { limit: 'steps' } });
    expect(hot.steps).toBeGreaterThanOrEqual(50_000);
    expect(hot.gaveUp!.concurrent).toBeGreaterThan(50);
    expect(verdictText(verdict)).toContain('UNDECIDED: 1 of 2 keys. This is not a pass.');
    expect(verdictText(verdict)).toMatch(/key key-1: gave up after [\d,]+ steps: [\d,]+ operations, up to \d+ at once/);
  });

  it('ends at the deadline of the injected clock', () => {
    let now = 0;
    const clock = { now: () => (now += 10), wall: () => 0 };
    const verdict = checkHistory(history, { ...withoutRevisions, clock, timeoutMs: 200 });
    expect(verdict.byKey.find(({ key }) => key === 'key-1')).toMatchObject({ gaveUp: { limit: 'time' } });
    expect(verdictText(verdict)).toContain('gave up out of time');
  });

  it('ends when the memo is full', () => {
    const verdict = checkHistory(history, { ...withoutRevisions, clock: stillClock, memoryPerKey: 1 << 20 });
    expect(verdict.byKey.find(({ key }) => key === 'key-1')).toMatchObject({ gaveUp: { limit: 'memory' } });
  });

  it('does not hide a violation of another key', () => {
    const wrong = historyOf([
      ...history.operations,
      { ...calm[0]!, type: 'get', outcome: 'ok', return: calm[0]!.call + 1, key: 'bad', output: 'ghost', line: 9_999 },
    ]);
    const verdict = checkHistory(wrong, { ...withoutRevisions, clock: stillClock, stepsPerKey: 50_000 });
    expect(verdict.verdict).toBe('violation');
    expect(verdictText(verdict)).toContain('VIOLATION: 1 of 3 keys is not linearizable');
    expect(verdictText(verdict)).toContain('UNDECIDED: 1 of 3 keys');
  });

  it('is decided by its revisions, where they are recorded', () => {
    expect(checkHistory(history, { clock: stillClock, stepsPerKey: 1 }).byKey).toContainEqual(
      expect.objectContaining({ key: 'key-1', verdict: 'linearizable', decidedBy: 'revisions' }),
    );
  });
});

describe('a violation that there is no time to shrink', () => {
  it('is a violation all the same, and the text says that no small part was found', () => {
    let now = 0;
    // The clock jumps when the explanation begins: 1 ms for a decision, an hour for each look afterwards.
    const clock = { now: () => (now += now < 5 ? 1 : 3_600_000), wall: () => 0 };
    const operations = generate(seededRandom(3), {
      operations: 2_000,
      keys: 1,
      clients: 4,
      unknown: 0,
      uniqueValues: true,
    });
    const last = operations.findLastIndex(({ type }) => type === 'get');
    const wrong = operations.with(last, { ...operations[last]!, type: 'get', output: 'ghost' });
    const verdict = checkHistory(historyOf(wrong), { ...withoutRevisions, clock });
    expect(verdict.verdict).toBe('violation');
    expect(verdictText(verdict)).toContain('no small part of them was found in time');
  });
});
