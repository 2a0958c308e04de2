import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ChaosResult } from '../../src/verify/chaos/index.js';
import { eventually } from '../cluster/helpers.js';
import { commandsWithEnvironment } from '../helpers/processes.js';
import { Workplace } from '../helpers/product.js';

/** A cluster of four in the background, that ends with the test. */
async function cluster(): Promise<Workplace> {
  const place = await Workplace.create();
  onTestFinished(async () => {
    await place.run('down');
  });
  expect((await place.run('up', '-d', '--nodes', '4', '--port-offset', String(place.portOffset))).code).toBe(0);
  return place;
}

const states = async (place: Workplace): Promise<readonly string[]> => {
  const { stdout } = await place.run('status', '-o', 'json');
  return (JSON.parse(stdout) as { readonly nodes: readonly { readonly state: string }[] }).nodes.map(
    ({ state }) => state,
  );
};

const WHOLE = ['running', 'running', 'running', 'running'];

/** Runs of several seconds, on a busy machine. */
describe('chaos on real processes', { timeout: 240_000 }, () => {
  it('breaks a running cluster, finds nothing wrong, and leaves it whole and without a trace', async () => {
    const place = await cluster();
    expect((await place.run('put', 'mine', 'content')).code).toBe(0);
    const { code, stdout, stderr } = await place.run(
      'chaos',
      '--for',
      '6s',
      '--seed',
      '3',
      '--script',
      'again.raft',
      '--report',
      'out.html',
      '-o',
      'json',
    );
    const result = JSON.parse(stdout) as ChaosResult;
    expect([code, result.findings, stderr]).toEqual([0, [], '']);
    expect(result).toMatchObject({
      verdict: 'ok',
      seed: 3,
      nodes: 4,
      clients: 8,
      linearizable: 'linearizable',
      bundle: null,
    });
    expect(result.operations).toMatchObject({ lost: 0 });
    expect(result.operations.acknowledged).toBeGreaterThan(100);
    expect(result.faults.some(({ refused }) => refused === null)).toBe(true);
    expect(await states(place)).toEqual(WHOLE);
    expect((await place.run('scan')).stdout).toBe('mine\tcontent\n');
    expect((await place.run('count', 'events', 'kind=chaos-ended')).stdout).toBe('1\n');
    const written = (file: string) => readFileSync(join(place.directory, file), 'utf8');
    expect(written('again.raft')).toContain('up --nodes 4\n');
    expect(written('out.html')).toContain('nothing was lost');
    // The same once more, on a cluster of its own.
    await place.run('down');
    const again = await place.run('exec', 'again.raft');
    expect([again.code, again.stderr]).toEqual([0, expect.stringMatching(/1 passed, 0 failed\n$/)]);
  });

  it('has a cluster of its own where none runs, and leaves nothing of it', async () => {
    const place = await Workplace.create();
    const { code, stdout, stderr } = await place.run(
      'chaos',
      '--for',
      '3s',
      '--nodes',
      '3',
      '--faults',
      'kill,transfer',
    );
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok: 3 s of chaos on 3 nodes, 8 clients, seed \d+\n/)]);
    expect(stderr).toMatch(/\d\.\d s {2}(kill|transfer)/);
    expect(commandsWithEnvironment(place.directory)).toEqual([]);
    expect(readdirSync(place.directory).filter((name) => name !== 'state')).toEqual([]);
  });

  it('is one at a time; interrupted, it mends what is broken and says what it found', async () => {
    const place = await cluster();
    const first = place.start(['chaos', '--for', '60s', '--faults', 'pause']);
    await first.prints(/pause node-/);
    const second = await place.run('chaos', '--for', '2s', '--faults', 'transfer', '-o', 'json');
    expect([second.code, JSON.parse(second.stdout)]).toMatchObject([6, { error: { code: 'already-running' } }]);
    first.child.kill('SIGINT');
    const { code, stdout } = await first.finished;
    expect([code, stdout]).toEqual([130, expect.stringMatching(/interrupted, nothing wrong until then/)]);
    expect(await states(place)).toEqual(WHOLE);
  });

  it('whose console is killed leaves nothing broken: the supervisor mends it', async () => {
    const place = await cluster();
    const chaos = place.start(['chaos', '--for', '60s', '--faults', 'pause,kill']);
    await chaos.prints(/(pause|kill) node-/);
    chaos.child.kill('SIGKILL');
    await chaos.finished;
    const ended = place.start(['events', 'kind=chaos-ended', '-f']);
    await ended.prints(/chaos-ended/);
    ended.child.kill('SIGINT');
    await ended.finished;
    expect(await states(place)).toEqual(WHOLE);
    // It is nobody's now.
    expect((await place.run('chaos', '--for', '2s', '--faults', 'transfer')).code).toBe(0);
  });

  it.each(['down', 'SIGKILL'] as const)('ends with its cluster, by %s, and says so', async (by) => {
    const place = await Workplace.create();
    const up = await place.up();
    const chaos = place.start(['chaos', '--for', '60s', '--faults', 'kill']);
    await chaos.prints(/kill node-/);
    if (by === 'down') expect((await place.run('down')).code).toBe(0);
    else up.child.kill(by);
    const { code, stdout, stderr } = await chaos.finished;
    expect([code, stdout + stderr]).toEqual([3, expect.stringMatching(/the cluster went away after \d+\.\d s/)]);
    await up.finished;
    await eventually(() => commandsWithEnvironment(place.directory).length === 0);
  });
});
