import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RaftctlError } from '../../../src/base/index.js';
import type { ChaosNews, ChaosOrder, ChaosResult } from '../../../src/console/chaos/order.js';
import { literalArg, TABLE } from '../../../src/console/commands/index.js';
import { execute } from '../../../src/console/execute.js';
import { outputOf, printOutcome } from '../../../src/console/results.js';
import type { Origin } from '../../../src/console/surface.js';
import { FAULT_KINDS } from '../../../src/verify/faults/index.js';
import { capturedPrinter, fakeWorld } from '../fakes.js';

const RESULT: ChaosResult = {
  verdict: 'ok',
  findings: [],
  seed: 7,
  seconds: 60,
  nodes: 5,
  clients: 8,
  kinds: FAULT_KINDS,
  faults: [],
  operations: { acknowledged: 900, writes: 400, failed: 1, unknown: 2, lost: 0, checked: 902 },
  longestGapMs: 812,
  recovery: { limitMs: 1_600, measured: 9, slow: 0, p50Ms: 40, maxMs: 300 },
  hashes: [],
  watches: { watches: 2, events: 400, begunAnew: 0, excused: 0 },
  linearizable: 'linearizable',
  bundle: null,
};

const scratch = mkdtempSync(join(tmpdir(), 'raftctl-chaos-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

class Stage {
  readonly world = fakeWorld();
  readonly printer = capturedPrinter();
  readonly orders: ChaosOrder[] = [];
  result: ChaosResult = RESULT;
  news: readonly ChaosNews[] = [];

  async chaos(words: string, origin: Origin = 'one-shot') {
    const { workspace } = this.world;
    const surface = {
      ...workspace.surface,
      origin,
      runChaos: async (order: ChaosOrder, _signal: AbortSignal, onNews: (news: ChaosNews) => void) => {
        this.orders.push(order);
        for (const news of this.news) onNews(news);
        return { result: this.result, text: 'in words' };
      },
    };
    const call = TABLE.bind(['chaos', ...words.split(' ').filter((word) => word !== '')].map(literalArg), origin);
    const output = outputOf(this.printer, 'text');
    return execute({ ...workspace, surface }, output, call, { signal: new AbortController().signal });
  }

  async refused(words: string, origin?: Origin): Promise<RaftctlError> {
    const thrown = await this.chaos(words, origin).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(RaftctlError);
    expect(this.orders).toEqual([]);
    return thrown as RaftctlError;
  }
}

describe('chaos', () => {
  it('is a minute of everything there is, by eight clients, unless told otherwise', async () => {
    const stage = new Stage();
    await stage.chaos('');
    expect(stage.orders[0]).toMatchObject({ durationMs: 60_000, clients: 8, faults: FAULT_KINDS, script: null });
    expect(stage.orders[0]!.seed).toBeGreaterThan(0);
    await stage.chaos('--for 10s --seed 42 --faults pause,kill --clients 3');
    expect(stage.orders[1]).toMatchObject({ durationMs: 10_000, seed: 42, faults: ['kill', 'pause'], clients: 3 });
    // Keys of one run are not those of another.
    expect(stage.orders[0]!.prefix).not.toBe(stage.orders[1]!.prefix);
  });

  it.each([
    ['--for 0s', /--for: expected 1s to 24h, got 0 ms/],
    ['--clients 0', /--clients: expected 1 to 256, got 0/],
    ['--clients 999', /--clients: expected 1 to 256, got 999/],
    ['--faults kil', /there is no fault 'kil'.*kill/],
    ['--nodes 1', /--nodes: expected 3 to 7, got 1/],
    ['--nodes 9', /--nodes: expected 3 to 7, got 9/],
    ['--script /no/such/place/again.raft', /--script .*again.raft: it cannot be written/],
  ])('refuses %s before anything is broken', async (words, message) => {
    const error = await new Stage().refused(words);
    expect(error.message).toMatch(message);
    expect(error.exitCode).toBe(2);
  });

  it('has a cluster of its own from a shell only', async () => {
    expect((await new Stage().refused('--nodes 5', 'prompt')).hint).toBe('from a shell: raftctl chaos --nodes 5');
  });

  it('answers ok, or the first finding; exit codes tell a violation from an undecided and from a thin one', async () => {
    const cases: readonly (readonly [Partial<ChaosResult>, string, number])[] = [
      [{}, 'ok', 0],
      [{ verdict: 'violation', findings: ['lost: all', 'more'], bundle: './chaos-seed-7' }, 'lost: all', 7],
      [{ verdict: 'inconclusive', findings: ['too few'] }, 'too few', 1],
      [{ verdict: 'inconclusive', findings: ['no time'], linearizable: 'undecided' }, 'no time', 5],
      [{ verdict: 'interrupted', findings: ['interrupted after 3 s'] }, 'interrupted after 3 s', 130],
      [{ verdict: 'aborted', findings: ['the cluster went away'] }, 'the cluster went away', 3],
    ];
    for (const [result, principal, exit] of cases) {
      const stage = new Stage();
      stage.result = { ...RESULT, ...result };
      const outcome = await stage.chaos('');
      expect(outcome.principal).toBe(principal);
      expect(printOutcome(outcome, stage.printer, 'text')).toBe(exit);
      expect(stage.printer.stdout()).toContain('in words');
      expect(stage.printer.stdout().includes('evidence    ./chaos-seed-7')).toBe(exit === 7);
    }
  });

  it('says each fault as it begins where nobody sees the line of progress', async () => {
    const stage = new Stage();
    stage.news = [{ type: 'fault', atMs: 1_234, text: 'kill node-01' }];
    await stage.chaos('');
    expect(stage.printer.stderr()).toContain('1.2 s  kill node-01');
  });

  it('looks whether a file can be written, and leaves what it holds', async () => {
    const stage = new Stage();
    const file = join(scratch, 'again.raft');
    await stage.chaos(`--script ${file}`);
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(stage.orders[0]!.script).toBe(file);
  });
});
