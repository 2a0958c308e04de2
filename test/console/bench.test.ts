import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { type BenchOptions, runBench } from '../../src/console/bench/index.js';
import { literalArg, TABLE } from '../../src/console/commands/index.js';
import { execute } from '../../src/console/execute.js';
import { outputOf } from '../../src/console/results.js';
import { capturedPrinter, FakeClient, fakeWorld } from './fakes.js';

const OPTIONS: BenchOptions = {
  op: 'put',
  endpoints: [],
  nodes: 3,
  clients: 4,
  connections: 2,
  valueBytes: 16,
  keys: 10,
  durationMs: 30,
  sessions: true,
};

describe('a benchmark', () => {
  it('answers with throughput and percentiles in the documented shape', async () => {
    const client = new FakeClient();
    const result = await runBench(OPTIONS, { client, clock: realClock, scheduler: realScheduler });
    expect(Object.keys(result).join()).toBe(
      'op,nodes,clients,connections,valueBytes,keys,seconds,throughput,p50Ms,p95Ms,p99Ms,maxMs,errors',
    );
    expect(result).toMatchObject({
      op: 'put',
      nodes: 3,
      clients: 4,
      connections: 2,
      valueBytes: 16,
      keys: 10,
      seconds: 0.03,
      errors: 0,
    });
    expect(result.throughput).toBeGreaterThan(0);
    expect(result.maxMs).toBeGreaterThanOrEqual(result.p50Ms);
    expect(client.store.size).toBe(10);
  });

  it('fills the keys before it reads, mixes half and half, and counts errors', async () => {
    const reads = new FakeClient();
    await runBench({ ...OPTIONS, op: 'get' }, { client: reads, clock: realClock, scheduler: realScheduler });
    expect(reads.store.size).toBe(10);
    const mixed = new FakeClient();
    mixed.failure = new RaftctlError('timeout', 'late');
    await expect(
      runBench({ ...OPTIONS, op: 'mixed' }, { client: mixed, clock: realClock, scheduler: realScheduler }),
    ).rejects.toThrow('late');
    const failing = new FakeClient();
    failing.failure = new RaftctlError('timeout', 'late');
    expect((await runBench(OPTIONS, { client: failing, clock: realClock, scheduler: realScheduler })).errors).toBe(1);
  });

  it('that did nothing has failed, with the first reason there was', async () => {
    const refusing = new FakeClient();
    refusing.put = () => Promise.reject(new RaftctlError('quorum-lost', '1 of 4 is left'));
    await expect(
      runBench(OPTIONS, { client: refusing, clock: realClock, scheduler: realScheduler }),
    ).rejects.toMatchObject({
      code: 'quorum-lost',
      message: expect.stringMatching(/^no put was answered within 0\.03 s, \d+ failed: 1 of 4 is left$/),
    });
    const slow = new FakeClient();
    slow.put = (...call) =>
      new Promise((done) => realScheduler.after(60, () => done(FakeClient.prototype.put.apply(slow, call))));
    await expect(
      runBench({ ...OPTIONS, durationMs: 4 }, { client: slow, clock: realClock, scheduler: realScheduler }),
    ).rejects.toMatchObject({ code: 'timeout', message: 'no put was answered within 0.004 s' });
  });

  it('is asked of the nodes of the running cluster, with no more connections than clients', async () => {
    let asked: BenchOptions | undefined;
    const { workspace } = fakeWorld('prompt', {
      runBench: async (options) => {
        asked = options;
        return { ...options, seconds: 1, throughput: 2, p50Ms: 3, p95Ms: 4, p99Ms: 5, maxMs: 6, errors: 0 };
      },
    });
    const call = TABLE.bind(['bench', 'get', '--clients', '8', '--for', '1s'].map(literalArg), 'prompt');
    const outcome = await execute(workspace, outputOf(capturedPrinter(), 'text'), call, {
      signal: new AbortController().signal,
    });
    expect(asked).toMatchObject({
      op: 'get',
      clients: 8,
      connections: 8,
      valueBytes: 256,
      keys: 10_000,
      durationMs: 1_000,
      sessions: true,
      nodes: 4,
    });
    expect(outcome.principal).toBe(2);
  });

  it.each([
    ['--for 0s', '--for: expected some time to measure in, such as 5s, got 0'],
    ['--clients 0', '--clients: expected at least 1, got 0'],
    ['--clients 100001', '--clients: expected at most 100000, got 100001'],
    ['--keys 0', '--keys: expected at least 1, got 0'],
    ['--keys 10000001', '--keys: expected at most 10000000, got 10000001'],
    ['--connections 0', '--connections: expected at least 1, got 0'],
    ['--connections 4097', '--connections: expected at most 4096, got 4097'],
    ['--value 2000000', '--value: expected at most 1048576, got 2000000'],
  ])('%s is a mistake of the caller', async (option, message) => {
    const { workspace } = fakeWorld('prompt', { runBench: () => Promise.reject(new Error('it was started')) });
    const call = TABLE.bind(['bench', 'put', ...option.split(' ')].map(literalArg), 'prompt');
    const output = outputOf(capturedPrinter(), 'text');
    await expect(execute(workspace, output, call, { signal: new AbortController().signal })).rejects.toMatchObject({
      code: 'usage',
      message,
    });
  });
});
