import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/product.js';

describe('raftctl sim, as a program', () => {
  it('prints the same trace in every process that runs the seed, to the byte', async () => {
    const place = await Workplace.create();
    const args = ['sim', '--seed', '45', '--for', '2s', '--trace'];
    const first = await place.run(...args);
    const second = await place.run(...args);
    expect(first.code).toBe(0);
    expect(second.stdout).toBe(first.stdout);
    expect(first.stdout.split('\n').length).toBeGreaterThan(500);
    expect(first.stderr).toMatch(/times real time, \d+ checked operations a minute\n$/);
  });

  it('ends at Ctrl-C, says what it had done by then, and exits with 130', async () => {
    const place = await Workplace.create();
    const sim = place.start(['sim', '--seeds', '1..100000', '--for', '1s', '--trace']);
    await sim.prints(/^seed {8}2:/m);
    sim.child.kill('SIGINT');
    const { code, stdout, stderr } = await sim.finished;
    expect(code).toBe(130);
    expect(stderr).toMatch(/^interrupted: seed \d+ of 1\.\.100000 · \d+\.\ds simulated$/m);
    expect(stdout).toMatch(/^\d+ seeds, \d+\.\ds simulated, .*: no violation\n$/m);
  });

  it('refuses what it cannot run, and runs nothing', async () => {
    const place = await Workplace.create();
    for (const [args, message] of [
      [['--seeds', '5..1'], /seeds: expected a number like 42 or a range like 1\.\.1000, got "5\.\.1"/],
      [['--seed', '1..5'], /seed: expected a whole number up to 4294967295, got "1\.\.5"/],
      [['--seed', '1', '--seeds', '1..2'], /--seed.*--seeds|--seeds.*--seed/],
      [['--nodes', '10'], /nodes: expected 1 to 9, got 10/],
      [['--for', '0s'], /for: expected a duration longer than nothing/],
    ] as const) {
      const { code, stdout, stderr } = await place.run('sim', ...args);
      expect(stderr).toMatch(message);
      expect([code, stdout]).toEqual([2, '']);
    }
  });
});
