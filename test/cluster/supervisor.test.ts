import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { asNodeId, RaftctlError } from '../../src/base/index.js';
import { dialControl } from '../../src/cluster/connect.js';
import {
  type ClusterControl,
  connectControl,
  listClusters,
  parseConfig,
  type StartOptions,
  type StartProgress,
  type Supervisor,
  startCluster,
} from '../../src/cluster/index.js';
import type { NodeFaults } from '../../src/wire/index.js';
import { bundleFixture, eventually, fixture, freePorts, isRunning, realTime, takenPort, untilGone } from './helpers.js';
import { temporaryDirectory } from './temporary-directory.js';

const [one, two, three] = ['node-01', 'node-02', 'node-03'].map(asNodeId);
let programs: string;
let fakeNode: readonly string[];

beforeAll(async () => {
  programs = mkdtempSync(join(tmpdir(), 'raftctl-test-programs-'));
  fakeNode = [process.execPath, await bundleFixture('fake-node', programs)];
});
afterAll(() => rmSync(programs, { recursive: true, force: true }));

beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', temporaryDirectory());
  onTestFinished(() => void vi.unstubAllEnvs());
});

async function newConfig(extra = '', ports?: readonly number[]) {
  const chosen = ports ?? (await freePorts(3));
  const nodes = chosen.map((port, nth) => `{ id: node-0${nth + 1}, port: ${port} }`).join(', ');
  return parseConfig(`nodes: [${nodes}]\n${extra}`, 'cluster.yaml');
}

async function start(options: Partial<StartOptions> = {}): Promise<Supervisor> {
  const supervisor = await startCluster({
    ...realTime,
    config: options.config ?? (await newConfig()),
    directory: temporaryDirectory(),
    nodeCommand: fakeNode,
    timeoutMs: 15_000,
    ...options,
  });
  onTestFinished(() => supervisor.abandon());
  return supervisor;
}

/** Every file below a directory with what is in it, by name. */
const contentsOf = (directory: string): readonly (readonly [name: string, content: string])[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'latin1')] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));

/** The event's names and the nodes they are about, in the order of the stream. */
async function story(control: ClusterControl, names: readonly string[]): Promise<readonly string[]> {
  const { events } = await control.events.read({ after: 0 });
  return events.filter(({ event }) => names.includes(event)).map(({ event, fields }) => `${event} ${fields['node']}`);
}

describe('a cluster, started,', { timeout: 20_000 }, () => {
  it('is ready: every node runs and knows the leader, and its event can be counted', async () => {
    const progress: StartProgress[] = [];
    const supervisor = await start({ onProgress: (step) => void progress.push(step) });
    expect(supervisor.live()).toMatchObject({ leader: one, term: 1, up: 3, total: 3 });
    expect(await supervisor.events.count({ event: 'role-changed', fields: { to: 'leader' } }, 0)).toBe(1);
    const steps = (node: string) =>
      progress.filter((step) => 'node' in step && step.node === node).map(({ type }) => type);
    expect(steps('node-02')).toEqual(['spawned', 'listening', 'ready']);
    expect(progress[0]).toMatchObject({ type: 'directory', created: true });
    expect(progress.at(-1)).toMatchObject({ type: 'leader', node: one, term: 1 });
  });

  it('shows every node with figures that were asked for just now', async () => {
    const supervisor = await start();
    const { nodes, ...view } = await supervisor.view();
    expect(view).toEqual({
      name: 'demo',
      clusterId: supervisor.clusterId,
      leader: one,
      term: 1,
      up: 3,
      total: 3,
      quorum: 'ok',
      faults: [],
    });
    expect(
      nodes.map(({ id, state, restarts, statusAgeMs, status }) => [id, state, restarts, statusAgeMs, status?.role]),
    ).toEqual([
      [one, 'running', 0, 0, 'leader'],
      [two, 'running', 0, 0, 'follower'],
      [three, 'running', 0, 0, 'follower'],
    ]);
  });

  it('is listed, and writes the output of its nodes to their logs', async () => {
    const supervisor = await start();
    expect(listClusters()).toMatchObject([
      { name: 'demo', directory: supervisor.directory, socket: supervisor.socketPath },
    ]);
    const log = readFileSync(join(supervisor.directory, 'logs', 'node-02.log'), 'utf8');
    expect(log).toContain('node-02 listens on');
    await supervisor.down();
    expect(listClusters()).toEqual([]);
  });

  it('comes back in the same directory as the same cluster', async () => {
    const config = await newConfig();
    const directory = temporaryDirectory();
    const first = await start({ config, directory });
    await first.down();
    const second = await start({ config, directory });
    expect(second.clusterId).toBe(first.clusterId);
    expect(second.clusterId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('leaves nothing behind when it is ephemeral', async () => {
    const supervisor = await start({ ephemeral: true });
    expect(existsSync(supervisor.directory)).toBe(true);
    await supervisor.down();
    expect(existsSync(supervisor.directory)).toBe(false);
  });
});

describe('a fault', { timeout: 20_000 }, () => {
  /** What its process has said that it suffers, links as `cut out node-02`. */
  const suffered = (supervisor: Supervisor, node: string): readonly (readonly string[])[] =>
    supervisor.nodes
      .find(({ id }) => id === node)!
      .log.tail(100)
      .filter((line) => line.startsWith('suffers '))
      .map((line) => JSON.parse(line.slice('suffers '.length)) as NodeFaults)
      .map(({ links }) => links.map(({ type, direction, peer }) => `${type} ${direction} ${peer}`));

  it('is told to the nodes, shown, and ended: by any console', async () => {
    const supervisor = await start();
    const console = await connectControl(supervisor.socketPath);
    onTestFinished(() => console.close());
    const fault = { type: 'cut', from: one!, to: two! } as const;
    const { begun, ...changed } = await console.fault(fault);
    expect(changed).toMatchObject({ confirmed: [one, two], pending: [], healed: [] });
    expect(suffered(supervisor, 'node-01')).toEqual([[], ['cut out node-02']]);
    expect(suffered(supervisor, 'node-02')).toEqual([[], ['cut in node-01']]);
    expect(supervisor.live().faults).toEqual([begun]);
    expect((await console.view()).faults).toEqual([begun]);
    await eventually(() => console.live().faults.length === 1);
    expect((await supervisor.heal([two!])).healed).toEqual([begun]);
    expect(suffered(supervisor, 'node-02').at(-1)).toEqual([]);
    expect(await story(console, ['fault-begun', 'fault-healed'])).toHaveLength(2);
  });

  it('is there from the first moment of a process that is started anew', async () => {
    const supervisor = await start();
    await supervisor.fault({ type: 'isolate', node: three! });
    await supervisor.lifecycle('restart', three!);
    const isolated = ['cut out node-01', 'cut in node-01', 'cut out node-02', 'cut in node-02'];
    expect(suffered(supervisor, 'node-03')).toEqual([isolated]);
  });

  it('of a paused node is told when it goes on', async () => {
    const supervisor = await start();
    await supervisor.lifecycle('pause', two!);
    const { pending } = await supervisor.fault({ type: 'flaky', node: two!, lossRate: 0.1 });
    expect(pending).toEqual([{ node: two, state: 'paused' }]);
    await supervisor.lifecycle('resume', two!);
    await eventually(() => suffered(supervisor, 'node-02').at(-1)?.[0] === 'flaky out node-01');
  });

  it('does not outlive the cluster', async () => {
    const [config, directory] = [await newConfig(), temporaryDirectory()];
    const first = await start({ config, directory });
    await first.fault({ type: 'isolate', node: two! });
    await first.down();
    const second = await start({ config, directory });
    expect(second.live().faults).toEqual([]);
    expect(suffered(second, 'node-02').at(-1)).toEqual([]);
  });

  it('is not begun while the cluster goes down', async () => {
    const supervisor = await start();
    const down = supervisor.down();
    await expect(supervisor.fault({ type: 'isolate', node: two! })).rejects.toMatchObject({ code: 'shutting-down' });
    await expect(supervisor.heal()).rejects.toMatchObject({ code: 'shutting-down' });
    await down;
  });
});

describe('a node of a running cluster', { timeout: 20_000 }, () => {
  it('is killed, stays down, and comes back by restart', async () => {
    const supervisor = await start();
    const pid = (await supervisor.view()).nodes[0]!.pid!;
    const killed = await supervisor.lifecycle('kill', one!);
    expect(killed).toMatchObject({ node: one, action: 'kill', state: 'stopped', pid: null });
    expect(killed.before).toEqual({ role: 'leader', term: 1, pid, state: 'running' });
    expect(isRunning(pid)).toBe(false);
    expect(supervisor.live()).toMatchObject({ leader: null, up: 2 });
    const restarted = await supervisor.lifecycle('restart', one!);
    expect(restarted).toMatchObject({ state: 'running', before: { state: 'stopped', pid: null, role: null } });
    expect(restarted.pid).not.toBe(pid);
    expect((await supervisor.view()).nodes[0]).toMatchObject({ restarts: 1, lastExit: 'killed by SIGKILL' });
  });

  it('tells of a kill before it happens, in time that compares with what follows', async () => {
    const supervisor = await start();
    const mark = await supervisor.events.last();
    const { at } = await supervisor.lifecycle('kill', one!);
    const { events } = await supervisor.events.read({ after: mark, filter: { level: 'info' } });
    expect(events.map(({ event }) => event)).toEqual(['process-killed', 'process-exited']);
    expect(events[0]!.fields).toMatchObject({ node: one, signal: 'SIGKILL', role: 'leader', term: 1 });
    expect(events[0]!.time).toBeGreaterThanOrEqual(at);
    expect(events[1]!.time).toBeGreaterThan(events[0]!.time);
  });

  it('is paused, which shows its last figures with their age, and resumed', async () => {
    const supervisor = await start();
    await supervisor.view();
    await supervisor.lifecycle('pause', two!);
    const { nodes, quorum } = await supervisor.view();
    expect(nodes[1]).toMatchObject({ state: 'paused', status: { node: two } });
    expect(nodes[1]!.statusAgeMs).toBeGreaterThan(0);
    expect(quorum).toBe('ok');
    await supervisor.lifecycle('resume', two!);
    expect((await supervisor.view()).nodes[1]).toMatchObject({ state: 'running', statusAgeMs: 0 });
  });

  it('follows a signal by name: SIGSTOP pauses, SIGTERM ends it for good', async () => {
    const supervisor = await start();
    expect(await supervisor.lifecycle('kill', two!, { signal: 'SIGSTOP' })).toMatchObject({ state: 'paused' });
    await supervisor.lifecycle('kill', two!, { signal: 'SIGCONT' });
    await supervisor.lifecycle('kill', two!, { signal: 'SIGTERM' });
    await eventually(() => supervisor.live().states.get(two!) === 'stopped');
    expect((await supervisor.view()).nodes[1]).toMatchObject({ lastExit: 'exit code 0', pid: null });
  });

  it('is started again by itself when it crashes', async () => {
    const supervisor = await start({ restarts: { firstMs: 1, maxMs: 1, attemptsMax: 3, stableMs: 60_000 } });
    const mark = await supervisor.events.last();
    process.kill((await supervisor.view()).nodes[2]!.pid!, 'SIGUSR2');
    await supervisor.events.waitFor({ event: 'process-ready', nodes: [three!] }, mark, { timeoutMs: 10_000 });
    expect(await supervisor.view()).toMatchObject({ up: 3, nodes: [{}, {}, { restarts: 1, lastExit: 'exit code 1' }] });
  });

  it('is refused what does not fit its state, and says so', async () => {
    const supervisor = await start();
    await supervisor.lifecycle('stop', three!);
    await expect(supervisor.lifecycle('kill', three!)).rejects.toMatchObject({
      code: 'not-running',
      message: 'node-03 is stopped',
      hint: 'start node-03',
    });
    await expect(supervisor.lifecycle('pause', three!)).rejects.toMatchObject({ code: 'not-running' });
    await supervisor.lifecycle('pause', two!);
    await expect(supervisor.lifecycle('start', two!)).rejects.toMatchObject({ message: 'node-02 is paused, not down' });
    await expect(supervisor.lifecycle('kill', asNodeId('node-3'))).rejects.toMatchObject({
      code: 'no-such-node',
      message: "no node 'node-3'; did you mean node-03?",
    });
  });

  it('says at most what is asked for: its events are of the level that somebody wants', async () => {
    const supervisor = await start();
    const heartbeat = { event: 'heartbeat-sent' };
    const mark = await supervisor.events.last();
    await expect(supervisor.events.waitFor(heartbeat, 0, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
    await supervisor.setLevel('trace', two!);
    const heard = await supervisor.events.waitFor(heartbeat, mark, { timeoutMs: 5_000 });
    expect(heard.node).toBe(two);
    const all = await supervisor.events.waitFor({ ...heartbeat, level: 'trace', nodes: [three!] }, mark, {
      timeoutMs: 5_000,
    });
    expect(all.node).toBe(three);
  });
});

describe('going down', { timeout: 20_000 }, () => {
  it('stops followers first and the leader last, a paused one too, and says what it waits for', async () => {
    const supervisor = await start();
    await supervisor.lifecycle('pause', two!);
    const pids = (await supervisor.view()).nodes.map(({ pid }) => pid!);
    const said: string[] = [];
    const mark = await supervisor.events.last();
    await supervisor.down({ onProgress: (text) => void said.push(text) });
    await supervisor.ended;
    expect(pids.map(isRunning)).toEqual([false, false, false]);
    const { events } = await supervisor.events.read({ after: mark, filter: { event: 'process-exited' } });
    expect(events.map(({ fields }) => [fields['node'], fields['code']]).at(-1)).toEqual([one, 0]);
    expect(events.map(({ fields }) => fields['code'])).toEqual([0, 0, 0]);
    expect(said[0]).toBe('waiting for node-02, node-03 to stop');
    expect(said.at(-1)).toBe('waiting for node-01 to stop');
    await expect(supervisor.lifecycle('start', one!)).rejects.toMatchObject({ code: 'shutting-down' });
  });

  it('is forced by who will not wait', async () => {
    const config = await newConfig('supervisor: { stopTimeout: 10m }');
    vi.stubEnv('FAKE_NODE_SPIN', 'node-02');
    const supervisor = await start({ config });
    await eventually(() =>
      readFileSync(join(supervisor.directory, 'logs', 'node-02.log'), 'utf8').includes('spinning'),
    );
    const force = new AbortController();
    const down = supervisor.down({ onProgress: () => {} });
    void supervisor.down({ force: force.signal });
    force.abort();
    await down;
    expect([...supervisor.live().states.values()]).toEqual(['stopped', 'stopped', 'stopped']);
  });
});

describe('a start fails', { timeout: 20_000 }, () => {
  async function refusal(starting: Promise<unknown>): Promise<RaftctlError> {
    const thrown: unknown = await starting.then(
      () => 'started',
      (error) => error,
    );
    expect(thrown).toBeInstanceOf(RaftctlError);
    return thrown as RaftctlError;
  }

  it('when another supervisor has the directory, and names it', async () => {
    const config = await newConfig();
    const directory = temporaryDirectory();
    await start({ config, directory });
    const error = await refusal(start({ config, directory }));
    expect(error).toMatchObject({ code: 'already-running', exitCode: 6 });
    expect(error.message).toContain(`is held by pid ${process.pid} (raftctl up`);
  });

  it('when the directory is of another topology', async () => {
    const directory = temporaryDirectory();
    await (await start({ directory })).down();
    const config = await newConfig('', await freePorts(2));
    const error = await refusal(start({ config, directory }));
    expect(error).toMatchObject({ code: 'topology-changed' });
    expect(error.message).toContain('node-03 is a member, and missing');
    // The refused start gave the lock back.
    await start({ directory });
  });

  it('when a port is taken, before anything is spawned, with a way out', async () => {
    const [free, other] = await freePorts(2);
    const config = await newConfig('', [free!, await takenPort(), other!]);
    const base = temporaryDirectory();
    const directory = join(base, 'data', 'demo');
    const error = await refusal(start({ config, directory }));
    expect(error).toMatchObject({ code: 'port-taken', exitCode: 6 });
    expect(error.message).toMatch(/^node-02: port \d+ on 127\.0\.0\.1 is taken \(nodes\[1\]\.port\)$/);
    // It leaves nothing of what it made.
    expect(readdirSync(base)).toEqual([]);
  });

  it('when a port is taken, and leaves a cluster that was there as it was', async () => {
    const ports = await freePorts(3);
    const directory = temporaryDirectory();
    await (await start({ config: await newConfig('', ports), directory })).down();
    // What a start that was killed may have left.
    writeFileSync(join(directory, 'supervisor.json.4711-1.tmp'), 'half');
    const before = contentsOf(directory);
    const stranger = createServer().listen(ports[1], '127.0.0.1');
    onTestFinished(() => void stranger.close());
    await once(stranger, 'listening');
    await refusal(start({ config: await newConfig('', ports), directory }));
    expect(contentsOf(directory)).toEqual(before.filter(([name]) => !name.endsWith('.tmp')));
  });

  it('when another cluster of ours has the ports, which it names', async () => {
    const config = await newConfig();
    const running = await start({ config });
    const error = await refusal(start({ config }));
    expect(error.hint).toContain(`stop the cluster demo in ${running.directory} (raftctl -C demo down)`);
  });

  it('with the last lines of those who failed, when their data is refused', async () => {
    const error = await refusal(start({ nodeCommand: fixture('refuse-data') }));
    expect(error.code).toBe('start-failed');
    expect(error.message).toContain('1 of 3 nodes are left, a quorum is 2');
    expect(error.message).toContain('exit code 10\n  error data-damaged: wal/0001 is damaged at offset 4096');
  });

  it('when nodes crash until they are given up', async () => {
    const restarts = { firstMs: 1, maxMs: 1, attemptsMax: 2, stableMs: 60_000 };
    const error = await refusal(start({ nodeCommand: fixture('crash-at-start'), restarts }));
    expect(error.message).toContain('exit code 11, after 2 restarts in a row\n  node-01 begins\n  error disk-failed');
  });

  it('when there is no such program', async () => {
    const restarts = { firstMs: 1, maxMs: 1, attemptsMax: 1, stableMs: 60_000 };
    const error = await refusal(start({ nodeCommand: ['/no/such/program'], restarts }));
    expect(error.message).toContain('could not be started');
  });

  it('when the logs cannot be written', async () => {
    const directory = temporaryDirectory();
    for (const node of [one, two, three]) mkdirSync(join(directory, 'logs', `${node}.log`), { recursive: true });
    const restarts = { firstMs: 1, maxMs: 1, attemptsMax: 1, stableMs: 60_000 };
    const error = await refusal(start({ directory, restarts }));
    expect(error).toMatchObject({ code: 'start-failed' });
    expect(error.message).toContain('could not be started (EISDIR');
  });

  it('when time is up, and no process is left', async () => {
    const pids: number[] = [];
    const onProgress = (step: StartProgress) => void (step.type === 'spawned' && pids.push(step.pid!));
    const error = await refusal(start({ nodeCommand: fixture('noop'), timeoutMs: 50, onProgress }));
    expect(error).toMatchObject({ code: 'timeout', exitCode: 5 });
    expect([pids.length, pids.some(isRunning)]).toEqual([3, false]);
  });

  it('when it is interrupted: what was spawned is gone, and the directory is free', async () => {
    const controller = new AbortController();
    const pids: number[] = [];
    const directory = temporaryDirectory();
    const onProgress = (step: StartProgress) => {
      if (step.type === 'spawned') pids.push(step.pid!);
      if (pids.length === 3) controller.abort();
    };
    const nodeCommand = fixture('ignore-sigterm');
    const error = await refusal(start({ directory, nodeCommand, signal: controller.signal, onProgress }));
    expect(error).toMatchObject({ code: 'interrupted', exitCode: 130 });
    expect([pids.length, pids.some(isRunning)]).toEqual([3, false]);
    expect(existsSync(join(directory, 'cluster.lock'))).toBe(false);
    await start({ directory });
  });
});

describe('over the control socket', { timeout: 20_000 }, () => {
  it('a console sees and does what the supervisor itself sees and does', async () => {
    const supervisor = await start();
    const remote = await connectControl(supervisor.socketPath);
    expect(remote.config).toEqual(supervisor.config);
    expect([remote.clusterId, remote.directory]).toEqual([supervisor.clusterId, supervisor.directory]);
    expect(remote.live()).toEqual(supervisor.live());
    const ageless = ({ nodes, ...view }: Awaited<ReturnType<ClusterControl['view']>>) => ({
      ...view,
      nodes: nodes.map(({ uptimeMs: _, ...node }) => node),
    });
    expect(ageless(await remote.view())).toEqual(ageless(await supervisor.view()));
    const killed = await remote.lifecycle('kill', one!);
    expect(killed).toMatchObject({ node: one, state: 'stopped', before: { role: 'leader' } });
    await eventually(() => remote.live().leader === null);
    expect(remote.live()).toEqual(supervisor.live());
    await remote.setLevel('debug');
    await expect(remote.lifecycle('kill', one!)).rejects.toMatchObject({
      code: 'not-running',
      definite: true,
      hint: 'start node-01',
    });
    remote.close();
  });

  it('events are read, counted, awaited and followed as in the supervisor', async () => {
    const supervisor = await start();
    const remote = await connectControl(supervisor.socketPath);
    const leaders = { event: 'role-changed', fields: { to: 'leader' } };
    const mark = await remote.events.last();
    expect(mark).toBe(await supervisor.events.last());
    expect(await remote.events.count(leaders, 0)).toBe(1);
    expect(await remote.events.read({ after: 0, filter: leaders })).toEqual(
      await supervisor.events.read({ after: 0, filter: leaders }),
    );
    const followed: string[] = [];
    const stop = remote.events.subscribe(
      0,
      { ...leaders },
      (events) => void followed.push(...events.map(({ node }) => node)),
    );
    const waiting = remote.events.waitFor(leaders, mark, { timeoutMs: 10_000 });
    await remote.lifecycle('restart', one!);
    expect((await waiting).position).toBeGreaterThan(mark);
    await eventually(() => followed.length === 2);
    stop();
    await expect(remote.events.waitFor(leaders, await remote.events.last(), { timeoutMs: 10 })).rejects.toMatchObject({
      code: 'timeout',
      definite: true,
    });
    const giveUp = new AbortController();
    const givenUp = remote.events.waitFor(leaders, await remote.events.last(), { signal: giveUp.signal });
    giveUp.abort();
    await expect(givenUp).rejects.toMatchObject({ code: 'aborted' });
    remote.close();
  });

  it('a console takes the cluster down and hears how far it is, and the others hear of the end', async () => {
    const supervisor = await start();
    const [remote, other] = [await connectControl(supervisor.socketPath), await connectControl(supervisor.socketPath)];
    let closed = false;
    other.onClosed(() => {
      closed = true;
    });
    const said: string[] = [];
    await remote.down({ onProgress: (text) => void said.push(text) });
    await supervisor.ended;
    await eventually(() => closed);
    expect(said.at(-1)).toBe('waiting for node-01 to stop');
    await expect(other.view()).rejects.toMatchObject({ code: 'closed', message: 'the supervisor is gone' });
    await expect(connectControl(supervisor.socketPath)).rejects.toMatchObject({ code: 'not-running' });
  });

  it('bad requests are refused, each for itself', async () => {
    const supervisor = await start();
    const remote = await connectControl(supervisor.socketPath);
    const raw = await dialControl(supervisor.socketPath);
    onTestFinished(() => raw.close());
    const refused = [
      ['lifecycle', { action: 'explode', node: 'node-01' }, 'bad-request'],
      ['lifecycle', { action: 'kill', node: 'node-01', signal: 'SIGFOO' }, 'usage'],
      ['subscribe', { after: -1, filter: {} }, 'bad-request'],
      ['explode', {}, 'bad-request'],
      ['constructor', {}, 'bad-request'],
      ['hello', { version: 99 }, 'handshake-refused'],
    ] as const;
    for (const [method, args, code] of refused)
      await expect(raw.call(method, { args })).rejects.toMatchObject({ code });
    expect((await remote.view()).up).toBe(3);
    remote.close();
  });

  it('a cluster deep down in the file system is reached all the same', async () => {
    const directory = join(temporaryDirectory(), 'a-rather-long-name-of-a-directory'.repeat(4));
    const supervisor = await start({ directory });
    expect(supervisor.socketPath.startsWith(directory)).toBe(false);
    const [listed] = listClusters();
    const remote = await connectControl(listed!.socket);
    expect(remote.directory).toBe(directory);
    expect(JSON.parse(readFileSync(join(directory, 'supervisor.json'), 'utf8'))).toMatchObject({
      socket: supervisor.socketPath,
    });
    remote.close();
  });
});

it('a supervisor tells the life of a node in order', { timeout: 20_000 }, async () => {
  const supervisor = await start();
  await supervisor.lifecycle('stop', two!);
  await supervisor.lifecycle('start', two!);
  const names = ['process-started', 'process-ready', 'process-stopping', 'process-exited'];
  const told = (await story(supervisor, names)).filter((line) => line.endsWith('node-02'));
  expect(told.map((line) => line.split(' ')[0])).toEqual([
    'process-started',
    'process-ready',
    'process-stopping',
    'process-exited',
    'process-started',
    'process-ready',
  ]);
  const { pid } = (await supervisor.view()).nodes[1]!;
  await supervisor.abandon();
  await untilGone(pid!);
});
