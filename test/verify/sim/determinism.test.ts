import { describe, expect, it } from 'vitest';
import { runSimulation, type SimulationHooks } from '../../../src/verify/sim/index.js';

async function traceOf(seed: number, hooks: SimulationHooks = {}): Promise<{ lines: string[]; verdict: unknown }> {
  const lines: string[] = [];
  const verdict = await runSimulation({ seed, durationMs: 3_000 }, { ...hooks, trace: (line) => lines.push(line) });
  return { lines, verdict };
}

describe('a seed', () => {
  it('does the same again, to the byte', async () => {
    for (const seed of [2, 7, 10]) {
      const first = await traceOf(seed);
      const second = await traceOf(seed);
      expect(second.lines.join('\n')).toBe(first.lines.join('\n'));
      expect(second.verdict).toEqual(first.verdict);
      expect(first.lines.length).toBeGreaterThan(100);
    }
  });

  it('does the same whether or not anybody looks, and whatever the real event loop does meanwhile', async () => {
    const watched = await traceOf(7, { breathe: () => new Promise((resolve) => setImmediate(resolve)) });
    expect(await runSimulation({ seed: 7, durationMs: 3_000 })).toEqual(watched.verdict);
  });

  it('differs from its neighbours', async () => {
    const digests = new Set<string>();
    for (let seed = 1; seed <= 5; seed += 1) digests.add((await runSimulation({ seed, durationMs: 500 })).digest);
    expect(digests.size).toBe(5);
  });
});
