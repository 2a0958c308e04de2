import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NodeId, StartOptions, TestCluster } from '../../src/testing/index.js';
import { eventually } from '../cluster/helpers.js';
import { commandsWithEnvironment } from '../helpers/processes.js';
import { Workplace } from '../helpers/product.js';

/** As it is built: it looks for the other programs beside itself. */
const LIBRARY = pathToFileURL(resolve(import.meta.dirname, '../../dist/testing.js')).href;
const { startCluster, RaftctlError } = (await import(LIBRARY)) as typeof import('../../src/testing/index.js');

/** What a call was refused with. */
async function refusal(promise: Promise<unknown>): Promise<InstanceType<typeof RaftctlError>> {
  try {
    await promise;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(RaftctlError);
    return thrown as InstanceType<typeof RaftctlError>;
  }
  throw new Error('it was not refused');
}

describe('a cluster for a test', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3 });
  });
  afterAll(() => cluster.stop());

  it('is ready: three nodes, a leader, addresses of its own', async () => {
    expect(cluster.nodes).toEqual(['node-01', 'node-02', 'node-03']);
    expect(new Set(cluster.endpoints).size).toBe(3);
    expect(cluster.nodes).toContain(cluster.leader());
    const { name, up, total, quorum, leader } = await cluster.status();
    expect({ name, up, total, quorum, leader }).toEqual({
      name: 'test',
      up: 3,
      total: 3,
      quorum: 'ok',
      leader: cluster.leader(),
    });
  });

  it('loses its leader, elects another one, and has what was written', async () => {
    const client = await cluster.client();
    await client.put('key-01', 'content 01');
    const mark = await cluster.events.mark();
    const killed = await cluster.kill('leader');
    expect(killed).toMatchObject({ action: 'kill', state: 'stopped', pid: null, before: { role: 'leader' } });
    const next = await cluster.waitForLeader({ not: killed.node });
    expect(next.node).not.toBe(killed.node);
    expect(next.term).toBeGreaterThan(killed.before.term);
    expect((await client.get('key-01'))?.value.toString()).toBe('content 01');
    const won = { event: 'role-changed', fields: { to: 'leader' } };
    expect(await cluster.waitForEvent(won, { since: mark })).toMatchObject({ node: next.node });
    expect(await cluster.events.count(won, { since: mark })).toBe(1);
    expect((await cluster.events.read(won, { since: mark })).map(({ node }) => node)).toEqual([next.node]);
    const why = await cluster.explain({ since: mark });
    expect(why).toContain(`${next.node} leads`);
    expect(why).toMatch(/^0 ms .*killed/m);
    const back = await cluster.restart(killed.node);
    expect(back).toMatchObject({ node: killed.node, state: 'running', pid: expect.any(Number) });
    await client.close();
  });

  it('is named by role, number and name, one or several', async () => {
    expect((await cluster.pause(2)).node).toBe('node-02');
    await cluster.waitForState('node-02', 'paused');
    expect((await cluster.resume('node-02')).state).toBe('running');
    const { node: leader } = await cluster.waitForLeader();
    const followers = await cluster.stop('followers');
    expect(followers.map(({ node }) => node)).toEqual(cluster.nodes.filter((node) => node !== leader));
    // Of a group only those to which it applies.
    expect((await cluster.start('all')).map(({ node }) => node)).toEqual(followers.map(({ node }) => node));
    expect(await cluster.kill(['node-01', 1])).toHaveLength(1);
    expect((await cluster.start('down')).map(({ node }) => node)).toEqual(['node-01']);
    const { message, code, hint } = await refusal(cluster.kill('node-7'));
    expect([code, message, hint]).toEqual([
      'no-such-node',
      "no node 'node-7'; did you mean node-01?",
      expect.stringContaining('nodes: node-01, node-02, node-03'),
    ]);
  });

  it('tells events as they come, from the call on', async () => {
    const follower = cluster.nodes.find((node) => node !== cluster.leader())!;
    const exits = cluster.events.follow('process-exited');
    await cluster.kill(follower);
    expect((await exits.next()).value).toMatchObject({ event: 'process-exited', fields: { node: follower } });
    await exits.return?.();
    expect(await exits.next()).toEqual({ done: true, value: undefined });
    await cluster.start(follower);
  });

  it('shows what its nodes printed, of all their processes', async () => {
    const all = await cluster.logs();
    expect(Object.keys(all)).toEqual(cluster.nodes);
    expect((await cluster.logs('node-01')).filter((line) => line.includes('node-listening')).length).toBeGreaterThan(1);
  });

  it('hands leadership over, and changes its members', async () => {
    const { from, leader } = await cluster.transfer();
    expect(leader).not.toBe(from);
    expect(cluster.leader()).toBe(leader);
    const { node } = await cluster.add({ learner: true });
    expect(node).toBe('node-04');
    expect((await cluster.promote(node)).membership.voters).toContain(node);
    expect(cluster.endpoints).toHaveLength(4);
    expect((await cluster.wipe(node)).node).toBe(node);
    expect((await cluster.replace(node, { by: 'node-05' })).node).toBe('node-05');
    expect((await cluster.remove('node-05')).membership.voters).toEqual(['node-01', 'node-02', 'node-03']);
    expect(cluster.nodes).toEqual(['node-01', 'node-02', 'node-03']);
  });
});

describe('the links and disks of a cluster for a test', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3 });
  });
  afterAll(() => cluster.stop());

  it('are cut: a leader apart is replaced, and follows when it is healed', async () => {
    const mark = await cluster.events.mark();
    const { node: old } = await cluster.waitForLeader();
    const { begun, confirmed } = await cluster.partition(old, 'followers');
    expect(begun?.fault).toMatchObject({ type: 'partition', clients: false });
    expect([...confirmed].sort()).toEqual(cluster.nodes);
    const won = await cluster.waitForEvent({ event: 'role-changed', fields: { to: 'leader' } }, { since: mark });
    expect(won.node).not.toBe(old);
    expect(cluster.faults).toHaveLength(1);
    expect((await cluster.heal()).healed).toEqual([begun]);
    const back = { event: 'role-changed', nodes: [old], fields: { to: 'follower' } };
    await cluster.waitForEvent(back, { since: mark });
    expect(cluster.faults).toEqual([]);
  });

  it('are slow and lossy, one way or both, until they are healed, one node or all', async () => {
    const [first, second, third] = cluster.nodes as [NodeId, NodeId, NodeId];
    await cluster.cut(first, second);
    await cluster.slow(2, { delayMs: 20 });
    await cluster.flaky(third, { lossRate: 0.5 });
    await cluster.isolate(third, { clients: true });
    expect(cluster.faults.map(({ fault }) => fault.type)).toEqual(['cut', 'slow', 'flaky', 'isolate']);
    const { healed } = await cluster.heal([third]);
    expect(healed.map(({ fault }) => fault.type)).toEqual(['flaky', 'isolate']);
    await cluster.heal(second);
    expect(cluster.faults).toEqual([]);
  });

  it('fail: a write on full disks is not acknowledged', async () => {
    const client = await cluster.client();
    await client.put('before', '1');
    const { node } = await cluster.waitForLeader();
    const followers = cluster.nodes.filter((other) => other !== node);
    for (const follower of followers) await cluster.disk(follower, { type: 'full' });
    expect((await refusal(client.put('on full disks', '1', { timeoutMs: 500 }))).definite).toBe(false);
    await cluster.heal();
    await cluster.start('down');
    expect((await client.get('before', { timeoutMs: 20_000 }))?.value.toString()).toBe('1');
  });

  it('refuse a mistake', async () => {
    const calls = [
      () => cluster.partition(['node-01', 'node-02', 'node-03']),
      () => cluster.partition('node-01', { client: true } as never),
      () => cluster.cut(1, 'node-01'),
      () => cluster.slow(1, '100ms' as never),
      () => cluster.slow(1, { delayMs: '100ms' } as never),
      () => cluster.flaky(1, { lossRate: 10 }),
      () => cluster.disk(1, 'full' as never),
      () => cluster.disk(1, { type: 'full', delayMs: 5 } as never),
      () => cluster.isolate('node-09'),
    ];
    const messages = await Promise.all(calls.map(async (call) => (await refusal(call())).message));
    expect(messages).toEqual([
      'partition: expected two groups, got one of all nodes (node-01, node-02, node-03)',
      'partition: there is no option client; did you mean clients?',
      'cut: expected two nodes, got node-01 twice',
      'slow: expected an object of options, got "100ms"',
      'slow: delayMs: expected a number, got "100ms"',
      'flaky: expected a share of more than 0% and at most 100%, got 1000%',
      "disk: expected { type: 'slow', delayMs }, { type: 'full' } or { type: 'failing' }, got \"full\"",
      'disk: there is no option delayMs',
      "no node 'node-09'; did you mean node-01?",
    ]);
    expect(cluster.faults).toEqual([]);
  });
});

/** A directory of its own for a program that uses the library, and all that it starts. */
class Tests {
  readonly #place: Workplace;
  readonly #temporary: string;

  static async create(): Promise<Tests> {
    return new Tests(await Workplace.create());
  }

  private constructor(place: Workplace) {
    this.#place = place;
    this.#temporary = join(place.directory, 'tmp');
    mkdirSync(this.#temporary);
  }

  /** Runs a program to which the library's exports are known. `before`: the command that runs it. */
  run(body: string, { before, env }: { readonly before?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {}) {
    const program = join(this.#place.directory, 'test.mjs');
    writeFileSync(program, `import { connect, startCluster } from ${JSON.stringify(LIBRARY)};\n${body}`);
    return this.#place.start([], {
      program,
      env: { TMPDIR: this.#temporary, ...env },
      ...(before !== undefined && { before }),
    });
  }

  /** What was started, and where its data was. */
  left(): { readonly processes: readonly string[]; readonly files: readonly string[] } {
    return { processes: commandsWithEnvironment(this.#place.directory), files: readdirSync(this.#temporary) };
  }

  /** Answers how many supervisors there were. */
  signalSupervisor(signal: NodeJS.Signals): number {
    const pids = readdirSync('/proc').filter((pid) => {
      try {
        const [environment, command] = ['environ', 'cmdline'].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, 'utf8'),
        );
        return environment?.includes(this.#place.directory) && command?.includes('supervisor.cjs');
      } catch {
        return false;
      }
    });
    for (const pid of pids) process.kill(Number(pid), signal);
    return pids.length;
  }

  async nothingIsLeft(): Promise<void> {
    await eventually(() => this.left().processes.length === 0);
    expect(this.left()).toEqual({ processes: [], files: [] });
    // Neither listed nor anything else that is the user's.
    expect(existsSync(this.#place.environment['XDG_STATE_HOME']!)).toBe(false);
  }
}

/** Ready, and in use: a client, a watch and a reader of events, none of which is ever closed. */
const STARTED = `
  const cluster = await startCluster({ nodes: 3 });
  const client = await cluster.client();
  await client.put('a', '1');
  const watch = client.watch('a');
  await watch.started;
  const events = cluster.events.follow();
  await cluster.kill('leader');
  console.log('ready');
`;

describe('docs/testing.md', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/testing.md'), 'utf8');
  const [whole, faults, events] = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, block]) =>
    block!.replace(/^import .*$/m, ''),
  );

  it('has an example that runs as it stands and prints what it says', async () => {
    const { stdout, stderr } = await (await Tests.create()).run(whole!).finished;
    const said = [...whole!.matchAll(/\/\/ (.*)$/gm)].map(([, line]) => `${line}\n`).join('');
    expect([stdout, stderr]).toEqual([said, '']);
  });

  it('says how to break links and disks', async () => {
    const body = `const cluster = await startCluster();\n${faults}\nconsole.log(cluster.faults.length);`;
    const { stdout, stderr } = await (await Tests.create()).run(body).finished;
    expect([stdout, stderr]).toEqual(['0\n', '']);
  });

  it('says how to ask for events', async () => {
    const { code, stderr } = await (await Tests.create()).run(
      `const cluster = await startCluster();\n${events!.replace(/^for await/m, "await cluster.kill('leader').catch(() => cluster.kill(1));\n$&")}`,
    ).finished;
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe.skipIf(process.platform !== 'linux')('nothing outlives a test', () => {
  const ends: readonly (readonly [
    how: string,
    body: string,
    end: { readonly code: number | null; readonly signal?: string },
  ])[] = [
    ['that forgets to stop', STARTED, { code: 0 }],
    ['that stops', `${STARTED} await cluster.stop();`, { code: 0 }],
    ['that calls process.exit', `${STARTED} process.exit(3);`, { code: 3 }],
    ['that throws', `${STARTED} throw new Error('thrown');`, { code: 1 }],
    [
      'that rejects',
      `${STARTED} Promise.reject(new Error('rejected')); await events.next().then(() => events.next());`,
      { code: 1 },
    ],
    ['that calls process.abort', `${STARTED} process.abort();`, { code: null, signal: 'SIGABRT' }],
    ['that exits while its cluster starts', `void startCluster(); setTimeout(() => process.exit(), 60);`, { code: 0 }],
    [
      'that throws at import',
      `void startCluster(); await import('data:text/javascript,throw new Error()');`,
      { code: 1 },
    ],
    [
      'that starts in a worker thread, which is terminated',
      `import { Worker } from 'node:worker_threads';
      const body = ${JSON.stringify(`import { startCluster } from ${JSON.stringify(LIBRARY)}; ${STARTED.replace("console.log('ready')", "import('node:worker_threads').then(({ parentPort }) => parentPort.postMessage('ready'))")} await events.next(); setInterval(() => {}, 1_000);`)};
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(body)));
      worker.once('message', () => { console.log('ready'); worker.terminate(); });`,
      { code: 0 },
    ],
  ];

  it.each(ends)('%s', async (_, body, end) => {
    const tests = await Tests.create();
    const { code, signal } = await tests.run(body).finished;
    expect({ code, signal }).toEqual({ signal: null, ...end });
    await tests.nothingIsLeft();
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('that is ended by %s', async (signal) => {
    const tests = await Tests.create();
    const running = tests.run(`${STARTED} await new Promise((resolve) => setTimeout(resolve, 600_000));`);
    await running.prints(/ready/);
    running.child.kill(signal);
    // As it would end without us: nobody listens to signals in its place.
    expect(await running.finished).toMatchObject({ code: null, signal });
    await tests.nothingIsLeft();
  });

  it('that is killed at any moment of a start', async () => {
    const tests = await Tests.create();
    for (const ms of [30, 60, 90, 120, 180, 250]) {
      const running = tests.run(
        `void startCluster(); console.log('begun'); await new Promise((resolve) => setTimeout(resolve, 600_000));`,
      );
      await running.prints(/begun/);
      await new Promise((resolve) => setTimeout(resolve, ms));
      running.child.kill('SIGKILL');
      await running.finished;
      await tests.nothingIsLeft();
    }
  });
});

describe('clusters side by side', () => {
  it('ten that start at once have ports of their own, and go one by one', async () => {
    const clusters = await Promise.all(
      Array.from({ length: 10 }, (_, nth) => startCluster({ nodes: nth < 8 ? 1 : 3 })),
    );
    const endpoints = clusters.flatMap((cluster) => cluster.endpoints);
    expect(new Set(endpoints).size).toBe(14);
    for (const [nth, cluster] of clusters.entries()) {
      const client = await cluster.client();
      await client.put('which', String(nth));
      expect((await client.get('which'))?.value.toString()).toBe(String(nth));
    }
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    expect(clusters.filter(({ directory }) => existsSync(directory))).toEqual([]);
  });

  it('keep off the ports of a node of another one that is down', async () => {
    const portRange = [31_000, 31_003] as const;
    const first = await startCluster({ nodes: 3, portRange });
    await first.kill('all');
    const { code, message, hint } = await refusal(startCluster({ nodes: 3, portRange }));
    await first.stop();
    expect([code, message]).toEqual([
      'port-taken',
      'no 4 ports in a row are free on 127.0.0.1 between 31000 and 31003',
    ]);
    expect(hint).toBe('choose another portRange, or end what listens there');
  });

  it('look for other ports where a stranger has one', async () => {
    const stranger = createServer().listen(31_102, '127.0.0.1');
    await once(stranger, 'listening');
    const cluster = await startCluster({ nodes: 1, portRange: [31_101, 31_104] }).finally(() => stranger.close());
    expect(cluster.endpoints).toEqual(['127.0.0.1:31104']);
    await cluster.stop();
  });
});

describe('a test that does something else', () => {
  /** As a computation does, or a breakpoint. */
  const block = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

  it('holds up neither a start, nor the cluster, nor what is asked of it', async () => {
    const starting = startCluster({ nodes: 3 });
    block(4_000);
    const cluster = await starting;
    const { leader, term } = await cluster.status();
    const client = await cluster.client();
    await client.put('a', '1');
    const mark = await cluster.events.mark();
    const written = client.put('a', '2', { timeoutMs: 1_000 });
    const viewed = cluster.status();
    await new Promise((sent) => setImmediate(() => setImmediate(sent)));
    block(2_000);
    await written;
    expect(await viewed).toMatchObject({ leader, term, quorum: 'ok', up: 3 });
    expect(await cluster.events.count('role-changed', { since: mark })).toBe(0);
    await cluster.stop();
  });

  it('may have timers of its own', async () => {
    vi.useFakeTimers();
    try {
      const cluster = await startCluster({ nodes: 1 });
      const client = await cluster.client();
      await client.put('a', '1');
      expect((await refusal(cluster.waitForEvent('role-changed', { timeoutMs: 20 }))).code).toBe('timeout');
      await cluster.stop();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a mistake is refused', () => {
  const wrong: readonly (readonly [options: unknown, code: string, message: string])[] = [
    [{ node: 3 }, 'usage', 'startCluster: there is no option node; did you mean nodes?'],
    [{ engine: 'etcd' }, 'usage', 'startCluster: there is no option engine'],
    ['cluster.yaml', 'usage', 'startCluster: expected an object of options, got "cluster.yaml"'],
    [{ nodes: 0 }, 'config-invalid', 'nodes: expected 1-32, got 0'],
    [{ nodes: 2.5 }, 'config-invalid', 'nodes: expected 1-32, got 2.5'],
    [{ nodes: 33 }, 'config-invalid', 'nodes: expected 1-32, got 33'],
    [{ nodes: '3' }, 'config-invalid', "nodes: expected a number of nodes or a list of them, got '3'"],
    [{ nodes: [] }, 'config-invalid', 'nodes: expected 1-32 nodes, got none'],
    [{ nodes: ['a', 'a'] }, 'config-invalid', "nodes[1].id: 'a' is already taken by nodes[0].id"],
    [
      { electionTimeout: '1s' },
      'config-invalid',
      "raft.electionTimeout: expected two durations such as 400ms..800ms, got '1s'",
    ],
    [
      { heartbeat: '200ms' },
      'config-invalid',
      'raft.heartbeat: expected an election timeout of at least 3 heartbeats (600ms), got heartbeat 200ms, election timeout from 400ms',
    ],
    [{ logs: 'loud' }, 'config-invalid', "logs.level: expected error or warn or info or debug or trace, got 'loud'"],
    [
      { config: { raft: { heartbet: '50ms' } } },
      'config-invalid',
      'raft.heartbet: unknown key; did you mean heartbeat?',
    ],
    [
      { config: { nodes: [{ id: 'leader' }] } },
      'config-invalid',
      'nodes[0].id: expected a name that selects nothing else',
    ],
    [
      { config: { logs: { files: () => 3 } } },
      'usage',
      'startCluster: config: expected what cluster.yaml can hold, got a function',
    ],
    [
      { config: 5 },
      'usage',
      'startCluster: config: expected the path of a cluster.yaml, or an object of what stands in one, got 5',
    ],
    [
      { config: '/nowhere/cluster.yaml' },
      'config-invalid',
      '/nowhere/cluster.yaml: cannot be read: there is no such file or directory (ENOENT)',
    ],
    [{ config: { host: '192.0.2.1' } }, 'start-failed', '192.0.2.1'],
    [
      { timeoutMs: 0 },
      'usage',
      'startCluster: timeoutMs: expected milliseconds, above 0 and at most 2147483647, got 0',
    ],
    [{ timeoutMs: 1 }, 'timeout', 'the cluster is not ready after 1 ms'],
    [{ signal: true }, 'usage', 'startCluster: signal: expected an AbortSignal, got true'],
    [{ signal: AbortSignal.abort() }, 'interrupted', 'startCluster: its signal was aborted'],
    [{ signal: AbortSignal.timeout(50) }, 'interrupted', 'startCluster: its signal was aborted'],
    [
      { portRange: [0, 5] },
      'usage',
      'startCluster: portRange: expected two ports, the lower one first, such as [20000, 32000], got [0, 5]',
    ],
    [{ portRange: [31_000, 31_002] }, 'usage', 'startCluster: portRange: expected 4 ports or more for 3 nodes, got 3'],
  ];

  it.each(wrong)('%j', async (options, code, message) => {
    const error = await refusal(startCluster(options as StartOptions));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('in a file: with the place, also where something else takes its place', async () => {
    const place = await Workplace.create();
    const file = join(place.directory, 'cluster.yaml');
    writeFileSync(file, 'nodes: 3\nraft:\n  heartbeat: fast\n');
    const { message } = await refusal(startCluster({ config: file, heartbeat: '50ms' }));
    expect(message).toContain(`${file}:3:14 raft.heartbeat: expected a duration`);
  });

  it('in a call: the call, the argument, what was expected and what came', async () => {
    const cluster = await startCluster({ nodes: 1 });
    const messages = await Promise.all(
      [
        () => cluster.kill(undefined as never),
        () => cluster.stop(undefined as never),
        () => cluster.kill('node-01', { signl: 'SIGTERM' } as never),
        () => cluster.kill(1.5),
        () => cluster.waitForLeader({ timeout: 5 } as never),
        () => cluster.waitForLeader({ signal: 'SIGTERM' } as never),
        () => cluster.waitForState(1, 'runing' as never),
        () => cluster.kill(1, { signal: 'SIGFOO' as never }),
        () => cluster.client({ timeout: 5 } as never),
        () => cluster.setLogLevel('loud' as never),
        () => cluster.waitForEvent('role-change' as never),
        () => cluster.events.read({ node: 'node-01' } as never),
        () => cluster.events.count('role-changed', { since: -1 }),
        () => cluster.restart('node-01', { timeoutMs: '5s' } as never),
        () => cluster.waitForLeader({ not: 'node-01', timeoutMs: 20 }),
      ].map(async (call) => (await refusal((async () => await call())())).message),
    );
    expect(messages).toEqual([
      'kill: expected a node, by its name, number or role, got undefined',
      'stop: expected a node, by its name, number or role, got undefined',
      'kill: there is no option signl; did you mean signal?',
      'kill: expected a node, by its name, number or role, got 1.5',
      'waitForLeader: there is no option timeout; did you mean timeoutMs?',
      'waitForLeader: signal: expected an AbortSignal, got "SIGTERM"',
      "waitForState: there is no state 'runing'; did you mean running?",
      "unknown signal 'SIGFOO'",
      'client: there is no option timeout; did you mean timeoutMs?',
      'setLogLevel: expected error, warn, info, debug or trace, got "loud"',
      "waitForEvent: there is no event 'role-change'; did you mean role-changed?",
      'events.read: there is no option node; did you mean nodes?',
      'events.count: since: expected a mark, as events.mark() tells it, got -1',
      'restart: timeoutMs: expected milliseconds, above 0 and at most 2147483647, got "5s"',
      'a leader other than node-01: not within 20 ms (1/1 up, leader node-01, term 1)',
    ]);
    await cluster.stop();
  });
});

describe('a cluster that is gone', () => {
  it('is stopped once, whoever asks for it again, and says so to whoever asks for something else', async () => {
    const cluster = await startCluster({ nodes: 1 });
    const waiting = refusal(cluster.waitForEvent('log-truncated'));
    const events = cluster.events.follow('log-truncated');
    const next = events.next();
    await Promise.all([cluster.stop(), cluster.stop(), cluster[Symbol.asyncDispose]()]);
    await cluster.stop();
    expect(existsSync(cluster.directory)).toBe(false);
    expect(await waiting).toMatchObject({ code: 'closed', message: 'the cluster was stopped' });
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await refusal(cluster.kill('leader'))).toMatchObject({ code: 'closed', message: 'the cluster was stopped' });
    expect(() => cluster.leader()).toThrow('the cluster was stopped');
    expect(await refusal(cluster.client())).toMatchObject({ code: 'closed' });
  });

  it('takes along whoever is just connecting', async () => {
    const cluster = await startCluster({ nodes: 1 });
    await cluster.pause('all');
    const connecting = refusal(cluster.client({ timeoutMs: 60_000 }));
    await cluster.stop();
    expect(await connecting).toMatchObject({ code: 'closed', message: 'the cluster was stopped' });
  });

  it.skipIf(process.platform !== 'linux')(
    'with its supervisor, says how that ended; its nodes are gone, too',
    async () => {
      const tests = await Tests.create();
      const running = tests.run(`
      const cluster = await startCluster({ nodes: 3 });
      console.log('ready');
      await cluster.waitForEvent('log-truncated', { timeoutMs: 60_000 }).catch(({ code, message }) => console.log(code, message));
      await cluster.kill('leader').catch(({ code, message }) => console.log(code, message));
      await cluster.stop();`);
      await running.prints(/ready/);
      expect(tests.signalSupervisor('SIGKILL')).toBe(1);
      const gone = 'not-running the cluster is gone: its supervisor ended: killed by SIGKILL\n';
      expect(await running.finished).toMatchObject({ code: 0, stdout: `ready\n${gone}${gone}`, stderr: '' });
      await eventually(() => tests.left().processes.length === 0);
    },
  );
});

describe.skipIf(process.platform !== 'linux')('a start that fails on this machine', () => {
  const SAYS = `await startCluster().catch(({ code, message, hint }) => console.log(code, message, hint));`;

  it('says that there is no place for its data', async () => {
    const tests = await Tests.create();
    const { stdout } = await tests.run(SAYS, { env: { TMPDIR: '/proc' } }).finished;
    expect(stdout).toMatch(
      /^disk-failed no temporary directory can be made in \/proc: .* set TMPDIR to a directory that you may write to\n$/,
    );
    await tests.nothingIsLeft();
  });

  it("shows the guilty nodes' last lines", async () => {
    const tests = await Tests.create();
    const before = ['sh', '-c', 'ulimit -f 100; exec "$@"', 'sh'];
    const { stdout, code } = await tests.run(SAYS, { before }).finished;
    expect(stdout).toMatch(
      /^start-failed \d of 3 nodes are left, a quorum is 2\nnode-0\d: [\s\S]*raise the bound of a file \(ulimit -f\)/,
    );
    expect(code).toBe(0);
    await tests.nothingIsLeft();
  });

  it('says that descriptors have run out', async () => {
    const tests = await Tests.create();
    const body = `
      import { openSync } from 'node:fs';
      const taken = [];
      try { for (;;) taken.push(openSync('/dev/null')); } catch {}
      ${SAYS}`;
    const { stdout, code, stderr } = await tests.run(body, { before: ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'] })
      .finished;
    expect([stdout, stderr, code]).toEqual([expect.stringMatching(/^start-failed .*EMFILE/), '', 0]);
    await tests.nothingIsLeft();
  });
});
