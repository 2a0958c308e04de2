import { describe, expect, it } from 'vitest';
import { randomInt, seededRandom } from '../../../src/base/index.js';
import { narrowed } from '../../../src/verify/checker/bounds.js';
import { certify } from '../../../src/verify/checker/certificate.js';
import { checkHistory } from '../../../src/verify/checker/index.js';
import { problemOf } from '../../../src/verify/checker/problem.js';
import { search } from '../../../src/verify/checker/search.js';
import type { Operation } from '../../../src/verify/history/index.js';
import { isLinearizable } from './brute-force.js';
import { smallHistory } from './small-history.js';
import { stillClock } from './story.js';

/** HISTORIES=2000000 makes it the long run. SEED chooses other histories. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 100_000);
const SEED = Number(process.env['SEED'] ?? 1);
const FEWER = Math.ceil(HISTORIES / 10);
const LONG = { timeout: 3_600_000 };

const UNLIMITED = {
  steps: Number.POSITIVE_INFINITY,
  memory: Number.POSITIVE_INFINITY,
  clock: stillClock,
  deadline: Number.POSITIVE_INFINITY,
};

const expectEqual = (name: string, verdict: string, truth: boolean, operations: readonly Operation[]) => {
  const expected = truth ? 'linearizable' : 'violation';
  if (verdict !== expected) expect.fail(`${name}: ${verdict}, expected ${expected}: ${JSON.stringify(operations)}`);
};

describe('the checker against a brute-force checker', () => {
  it(`the search agrees on ${HISTORIES} histories, with its bounds narrowed and without`, LONG, () => {
    const random = seededRandom(SEED);
    let linearizable = 0;
    for (let nth = 0; nth < HISTORIES; nth += 1) {
      const operations = smallHistory(random);
      const truth = isLinearizable(operations);
      if (truth) linearizable += 1;
      const problem = problemOf(operations);
      expectEqual('search', search(problem, UNLIMITED).verdict, truth, operations);
      expectEqual('search within bounds', search(narrowed(problem), UNLIMITED).verdict, truth, operations);
    }
    expect(linearizable).toBeGreaterThan(HISTORIES / 4);
    expect(linearizable).toBeLessThan((HISTORIES * 3) / 4);
  });

  it('a history of several keys is linearizable if and only if the brute force says so of the whole', LONG, () => {
    const random = seededRandom(SEED + 1);
    for (let nth = 0; nth < FEWER; nth += 1) {
      const operations = smallHistory(random, 3);
      const { verdict } = checkHistory({ operations, originNs: 0n }, { clock: stillClock, ignoreRevisions: true });
      expectEqual('check', verdict, isLinearizable(operations), operations);
    }
  });

  it('what a violation shows is a violation by itself', LONG, () => {
    const random = seededRandom(SEED + 2);
    let violations = 0;
    for (let nth = 0; nth < FEWER; nth += 1) {
      const operations = smallHistory(random);
      const { violations: found } = checkHistory(
        { operations, originNs: 0n },
        { clock: stillClock, ignoreRevisions: true },
      );
      if (found.length === 0) continue;
      violations += 1;
      const lines = new Set(found[0]!.operations.map(({ line }) => line));
      const part = operations.filter(({ line }) => lines.has(line));
      expect(found[0]!.isSmallest).toBe(true);
      if (isLinearizable(part)) expect.fail(`linearizable: ${JSON.stringify(part)} of ${JSON.stringify(operations)}`);
    }
    expect(violations).toBeGreaterThan(FEWER / 4);
  });

  it('the order of revisions proves nothing that is not so', LONG, () => {
    const random = seededRandom(SEED + 3);
    let proved = 0;
    for (let nth = 0; nth < FEWER; nth += 1) {
      const operations = smallHistory(random).map((operation) => withRevision(operation, random.next()));
      const keyOf = new Int32Array(operations.length);
      if (certify(operations, keyOf, 1).byKey[0] !== 'proved') continue;
      proved += 1;
      if (!isLinearizable(operations)) expect.fail(JSON.stringify(operations));
    }
    expect(proved).toBeGreaterThan(FEWER / 50);
  });

  /** Keeps most true revisions; where there is none, or for a few, draws one. */
  function withRevision(operation: Operation, drawn: number): Operation {
    if (operation.revision !== null && drawn < 0.9) return operation;
    return { ...operation, revision: randomInt({ next: () => (drawn * 97) % 1 }, 0, 6) };
  }
});
