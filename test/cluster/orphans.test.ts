import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { asNodeId } from '../../src/base/index.js';
import { parseConfig, startCluster } from '../../src/cluster/index.js';
import { identityOf } from '../../src/os/index.js';
import { bundleFixture, eventually, freePorts, isRunning, realTime, untilGone } from './helpers.js';
import { temporaryDirectory } from './temporary-directory.js';

let programs: string;
let supervisorProgram: string;
let fakeNode: string;

beforeAll(async () => {
  programs = mkdtempSync(join(tmpdir(), 'raftctl-test-programs-'));
  [supervisorProgram, fakeNode] = (await Promise.all([
    bundleFixture('supervisor-program', programs),
    bundleFixture('fake-node', programs),
  ])) as [string, string];
});
afterAll(() => rmSync(programs, { recursive: true, force: true }));

/** A supervisor in a process of its own, with three nodes that are ready. */
async function startSupervisor(environment: Readonly<Record<string, string>> = {}) {
  const directory = temporaryDirectory();
  const ports = await freePorts(3);
  const config = `nodes: [${ports.map((port, nth) => `{ id: node-0${nth + 1}, port: ${port} }`).join(', ')}]`;
  const child = spawn(process.execPath, [supervisorProgram, config, directory, fakeNode], {
    env: { ...process.env, XDG_STATE_HOME: temporaryDirectory(), ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const read = async () => String((await lines.next()).value);
  const { pids } = JSON.parse(await read()) as { readonly pids: readonly number[] };
  onTestFinished(() => {
    for (const pid of [...pids, child.pid!]) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  });
  const pause = async (node: string) => {
    child.stdin.write(`pause ${node}\n`);
    expect(await read()).toBe('done');
  };
  return { directory, config, child, pids, pause };
}

const exited = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve));

describe('no process is left', { timeout: 30_000 }, () => {
  it('when the supervisor is killed', async () => {
    const { child, pids } = await startSupervisor();
    expect(pids.every(isRunning)).toBe(true);
    child.kill('SIGKILL');
    await Promise.all(pids.map(untilGone));
  });

  it('when the supervisor is killed while a node is paused, which cannot notice', async () => {
    const { child, pids, pause } = await startSupervisor();
    await pause('node-02');
    child.kill('SIGKILL');
    await Promise.all(pids.map(untilGone));
  });

  it('when the supervisor is stopped and then killed, with a paused node', async () => {
    const { child, pids, pause } = await startSupervisor();
    await pause('node-03');
    child.kill('SIGSTOP');
    expect(pids.every(isRunning)).toBe(true);
    child.kill('SIGKILL');
    await Promise.all(pids.map(untilGone));
  });

  it('when the supervisor is killed while a node spins and sees nothing', async () => {
    const { child, directory, pids } = await startSupervisor({ FAKE_NODE_SPIN: 'node-01' });
    await eventually(() => readFileSync(join(directory, 'logs', 'node-01.log'), 'utf8').includes('spinning'));
    child.kill('SIGKILL');
    await Promise.all(pids.map(untilGone));
  });
});

describe('the next supervisor', { timeout: 30_000 }, () => {
  it('ends what the one before and its guard could not, before it needs the ports', async () => {
    const { child, directory, config, pids, pause } = await startSupervisor({ FAKE_NODE_DEAF: '1' });
    await pause('node-02');
    // The guard goes first, so that nobody is left to clean up.
    for (const guard of childrenOf(child.pid!).filter((pid) => !pids.includes(pid))) process.kill(guard, 'SIGKILL');
    child.kill('SIGKILL');
    await exited(child);
    expect(pids.every(isRunning)).toBe(true);
    const swept: number[] = [];
    const supervisor = await startCluster({
      ...realTime,
      config: parseConfig(config, 'cluster.yaml'),
      directory,
      nodeCommand: [process.execPath, fakeNode],
      timeoutMs: 15_000,
      onProgress: (step) => void (step.type === 'swept' && swept.push(step.pid)),
    });
    onTestFinished(() => supervisor.abandon());
    expect(swept).toEqual(pids);
    expect(pids.some(isRunning)).toBe(false);
    expect(await supervisor.events.count({ event: 'orphan-swept' }, 0)).toBe(3);
    expect(supervisor.live().leader).toBe(asNodeId('node-01'));
  });
});

/** The living children of a process. */
function childrenOf(parent: number): readonly number[] {
  const listing = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return listing
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, ppid]) => (ppid === parent && identityOf(pid!) !== undefined ? [pid!] : []));
}
