import { describe, expect, it } from 'vitest';
import { runSimulation } from '../../../src/verify/sim/index.js';

async function traceOf(seed: number, breathe = async (): Promise<void> => {}) {
  const lines: string[] = [];
  const verdict = await runSimulation({ seed, durationMs: 2_000 }, { breathe, trace: (line) => lines.push(line) });
  return { text: lines.join('\n'), lines: lines.length, verdict };
}

describe('a seed', { timeout: 120_000 }, () => {
  it('does the same again, to the byte, whatever ran before it in the process', async () => {
    const seeds = [2, 7, 10, 26, 45];
    const forwards = new Map<number, Awaited<ReturnType<typeof traceOf>>>();
    for (const seed of seeds) forwards.set(seed, await traceOf(seed));
    for (const seed of seeds.toReversed()) {
      const again = await traceOf(seed);
      expect(again.text).toBe(forwards.get(seed)!.text);
      expect(again.verdict).toEqual(forwards.get(seed)!.verdict);
      expect(again.lines).toBeGreaterThan(100);
    }
  });

  it('does the same whether or not anybody looks, and whatever the real event loop does meanwhile', async () => {
    // Seed 45 restarts nodes whose recovery takes hundreds of turns of the microtask queue.
    for (const seed of [7, 45]) {
      const watched = await traceOf(seed, () => new Promise((resolve) => setImmediate(resolve)));
      expect(await runSimulation({ seed, durationMs: 2_000 })).toEqual(watched.verdict);
    }
  });

  it('differs from its neighbours', async () => {
    const digests = new Set<string>();
    for (let seed = 1; seed <= 5; seed += 1) digests.add((await runSimulation({ seed, durationMs: 500 })).digest);
    expect(digests.size).toBe(5);
  });
});
