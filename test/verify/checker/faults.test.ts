import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/index.js';
import { checkHistory } from '../../../src/verify/checker/index.js';
import type { Operation } from '../../../src/verify/history/index.js';
import { FAULTS, plant } from './faults.js';
import { generate, type Workload } from './generate.js';
import { stillClock } from './story.js';

const check = (operations: readonly Operation[], ignoreRevisions = true) =>
  checkHistory({ operations, originNs: 0n }, { clock: stillClock, ignoreRevisions });

const WORKLOADS: Record<string, Workload> = {
  '10 keys, 10 clients, 1 % unknown': { operations: 10_000, keys: 10, clients: 10, unknown: 0.01, uniqueValues: true },
  'one key, 10 clients, 2 % unknown': { operations: 10_000, keys: 1, clients: 10, unknown: 0.02, uniqueValues: true },
  'one key, 40 clients': { operations: 10_000, keys: 1, clients: 40, unknown: 0, uniqueValues: true },
};

describe('a fault planted in 10,000 operations', () => {
  for (const [name, workload] of Object.entries(WORKLOADS)) {
    const clean = generate(seededRandom(3), workload);

    it(`${name}: without one, all is well`, () => {
      expect(check(clean).verdict).toBe('linearizable');
      expect(check(clean, false).verdict).toBe('linearizable');
    });

    for (const fault of FAULTS) {
      it(`${name}: a ${fault} is found and shown in a few lines, the wrong one among them`, () => {
        const planted = plant(fault, clean, seededRandom(5))!;
        const { verdict, violations } = check(planted.operations);
        expect(verdict).toBe('violation');
        expect(violations).toHaveLength(1);
        const lines = violations[0]!.operations.map(({ line }) => line);
        expect(lines.length).toBeLessThanOrEqual(8);
        if (workload.keys > 1) expect(lines).toContain(planted.line);
      });
    }
  }

  it('a history with few different values is decided as well', () => {
    const few = { operations: 10_000, keys: 10, clients: 10, unknown: 0.01, uniqueValues: false };
    const operations = generate(seededRandom(5), few);
    expect(check(operations).verdict).toBe('linearizable');
    const last = operations.findLastIndex(({ type, outcome }) => type === 'get' && outcome === 'ok');
    const wrong = operations.with(last, { ...operations[last]!, type: 'get', output: 'nobody wrote this' });
    expect(check(wrong).verdict).toBe('violation');
  });
});
