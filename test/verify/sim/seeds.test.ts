import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FAULTS, runSimulation, type Verdict } from '../../../src/verify/sim/index.js';

/** `SIM_SEEDS=1..1000 npx vitest run test/verify/sim/seeds.test.ts` runs others. */
const [FIRST, LAST] = (process.env['SIM_SEEDS'] ?? '1..40').split('..').map(Number) as [number, number];
const TIME_LIMIT_MS = 600_000;

/** What a failure prints: enough to see it again. */
const said = ({ seed, verdict, detail, options }: Verdict): string =>
  verdict === 'ok' ? 'ok' : `raftctl sim --seed ${seed} --for ${options.durationMs / 1_000}s: ${detail}`;

describe('simulated clusters', () => {
  it(
    `keep every promise under seeds ${FIRST} to ${LAST}, and between them meet every fault`,
    async () => {
      const met = new Set<string>();
      let elections = 0;
      let checked = 0;
      let watched = 0;
      for (let seed = FIRST; seed <= LAST; seed += 1) {
        const verdict = await runSimulation({ seed, durationMs: 10_000 });
        expect(said(verdict)).toBe('ok');
        for (const fault of verdict.options.faults) met.add(fault);
        elections += verdict.elections;
        checked += verdict.operations.checked;
        watched += verdict.watched;
      }
      if (LAST - FIRST < 39) return;
      expect([...met].sort()).toEqual([...FAULTS].sort());
      expect(elections).toBeGreaterThan(100);
      expect(checked).toBeGreaterThan(10_000);
      expect(watched).toBeGreaterThan(1_000);
    },
    TIME_LIMIT_MS,
  );

  it(
    'keep every promise under seeds that nobody has run before',
    async () => {
      for (let run = 0; run < 8; run += 1) {
        expect(said(await runSimulation({ seed: randomInt(2 ** 32), durationMs: 10_000 }))).toBe('ok');
      }
    },
    TIME_LIMIT_MS,
  );

  it('make progress without faults, one leader for all the time, and who watches hears of everything', async () => {
    // Seed 3 draws no fault at all, and its healed quorum holds the leader.
    const verdict = await runSimulation({ seed: 3, durationMs: 5_000 });
    expect(verdict.options.faults).toEqual([]);
    expect(verdict).toMatchObject({ verdict: 'ok', elections: 1 });
    expect(verdict.operations.unknown).toBe(0);
    expect(verdict.watched).toBeGreaterThan(500);
  });
});
