import { describe, expect, it } from 'vitest';
import { parseSeeds, runSim, type SimRequest } from '../../../src/verify/sim/index.js';

async function run(request: SimRequest) {
  const lines: string[] = [];
  const progress: string[] = [];
  const exitCode = await runSim(request, {
    line: (text) => lines.push(text),
    progress: (text) => progress.push(text),
    breathe: async () => {},
  });
  return { exitCode, lines, progress };
}

describe('raftctl sim', () => {
  it('says what the seed drew, what happened, the verdict, and how to see it again', async () => {
    const { exitCode, lines } = await run({ seeds: { from: 42, to: 42 }, nodes: 5, durationMs: 1_000 });
    expect(exitCode).toBe(0);
    expect(lines[0]).toBe('seed        42: 5 nodes, faults for 1.0s');
    expect(lines).toContain('verdict     ok');
    expect(lines.at(-1)).toBe('replay      raftctl sim --seed 42 --nodes 5 --for 1000ms');
  });

  it('with --trace prints one line an event, in columns that never move', async () => {
    const { lines } = await run({ seeds: { from: 7, to: 7 }, durationMs: 500, trace: true });
    expect(lines[0]).toBe('        TIME  WHO       R TERM   LAST COMMIT  APPLY  WHAT');
    const events = lines.slice(1).filter((line) => /^ *\d+\.\d{3} {2}/.test(line));
    expect(events.length).toBeGreaterThan(20);
    for (const line of events) {
      expect(line.slice(0, 26)).toMatch(/^ *\d+\.\d{3} {2}\S+ +[-LCPF] $/);
      expect(line.slice(26, 53)).toMatch(/^( {27}| *\d+ +\d+ +\d+ +\d+)/);
    }
  });

  it('with several seeds says the sum, and names only those that failed', async () => {
    const { exitCode, lines, progress } = await run({ seeds: { from: 1, to: 3 }, durationMs: 1_000 });
    expect(exitCode).toBe(0);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^3 seeds, \d+\.\ds simulated, .* no violation$/);
    expect(progress.some((text) => /^seed \d of 1\.\.3 · \d/.test(text))).toBe(true);
  });

  it('with -o json prints one document, with the replay in it', async () => {
    const one = await run({ seeds: { from: 9, to: 9 }, durationMs: 500, json: true });
    expect(one.lines).toHaveLength(1);
    expect(JSON.parse(one.lines[0]!)).toMatchObject({
      seed: 9,
      verdict: 'ok',
      replay: 'raftctl sim --seed 9 --for 500ms',
      options: { durationMs: 500 },
    });
    const several = await run({ seeds: { from: 1, to: 2 }, durationMs: 500, json: true });
    expect(JSON.parse(several.lines[0]!)).toMatchObject({ verdict: 'ok', seeds: 2, violations: [] });
  });

  it('refuses seeds, sizes and durations that it cannot run, before it runs anything', async () => {
    for (const text of ['', 'x', '5..1', '1..2..3', '-1', '4294967296']) {
      expect(() => parseSeeds(text)).toThrow(/expected a number like 42 or a range like 1\.\.1000/);
    }
    expect(parseSeeds('1..1000')).toEqual({ from: 1, to: 1000 });
    const seeds = { from: 1, to: 1 };
    await expect(run({ seeds, nodes: 0 })).rejects.toThrow('expected 1 to 9, got 0');
    await expect(run({ seeds, durationMs: Number.NaN })).rejects.toThrow('expected a duration');
  });
});
