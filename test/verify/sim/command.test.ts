import { describe, expect, it } from 'vitest';
import { parseSeeds, runSim, type SimRequest } from '../../../src/verify/sim/index.js';

async function run(request: SimRequest, isInterrupted = (_breaths: number) => false) {
  const lines: string[] = [];
  const notes: string[] = [];
  const progress: string[] = [];
  let breaths = 0;
  let now = 0;
  const tick = (): number => {
    now += 1_000;
    return now;
  };
  const exitCode = await runSim(request, {
    line: (text) => lines.push(text),
    note: (text) => notes.push(text),
    progress: (text) => progress.push(text),
    breathe: async () => {
      breaths += 1;
    },
    get isInterrupted() {
      return isInterrupted(breaths);
    },
    clock: { now: tick, wall: tick },
  });
  return { exitCode, lines, notes, progress };
}

describe('raftctl sim', () => {
  it('says what the seed drew, what happened, the verdict, and how to see it again', async () => {
    const { exitCode, lines, notes } = await run({ seeds: { from: 42, to: 42 }, nodes: 5, durationMs: 1_000 });
    expect(exitCode).toBe(0);
    expect(lines[0]).toBe('seed        42: 5 nodes, faults for 1.0s');
    expect(lines).toContain('verdict     ok');
    expect(lines.at(-1)).toBe('replay      raftctl sim --seed 42 --nodes 5 --for 1s');
    expect(notes).toEqual([
      expect.stringMatching(/^\d+\.\ds simulated in 1\.0s: \d+\.\d times real time, \d+ checked operations a minute$/),
    ]);
  });

  it('says what it had done when it is interrupted, and ends as programs do that were', async () => {
    const seeds = { from: 1, to: 1_000 };
    const { exitCode, lines, notes } = await run({ seeds, durationMs: 300 }, (breaths) => breaths > 20);
    expect(exitCode).toBe(130);
    expect(notes[0]).toMatch(/^interrupted: seed \d+ of 1\.\.1000 · \d+\.\ds simulated$/);
    expect(lines).toEqual([expect.stringMatching(/^\d+ seeds, .* no violation$/)]);
    const json = await run({ seeds, durationMs: 300, json: true }, (breaths) => breaths > 20);
    expect(JSON.parse(json.lines[0]!)).toMatchObject({ interrupted: true, verdict: 'ok' });
    const one = await run({ seeds: { from: 3, to: 3 } }, () => true);
    expect(one.exitCode).toBe(130);
    expect(one.lines.some((line) => line.startsWith('verdict'))).toBe(false);
  });

  it('with --trace prints one line an event, in columns that never move', async () => {
    const { lines } = await run({ seeds: { from: 7, to: 7 }, durationMs: 500, trace: true });
    expect(lines[0]).toMatch(/^seed {8}7: \d nodes, faults for 0\.5s$/);
    const header = lines.indexOf('        TIME  WHO       R TERM   LAST COMMIT  APPLY  WHAT');
    expect(lines.slice(0, header).map((line) => line.split(' ')[0])).toContain('faults');
    const events = lines.slice(header + 1).filter((line) => /^ *\d+\.\d{3} {2}/.test(line));
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
