import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeGreeting } from '../../src/transport/greeting.js';
import { Screen } from '../console/prompt/screen.js';
import { type Finished, Workplace } from '../helpers/product.js';

const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');
const ENTER = '\r';
const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

/** Somebody else's machine: nothing of the cluster but its addresses is known there. */
async function elsewhere(): Promise<Workplace> {
  return Workplace.create();
}

/** Commands on the standard input of `raftctl connect`. */
async function script(place: Workplace, endpoints: string, commands: string, ...more: string[]): Promise<Finished> {
  const running = place.start(['connect', endpoints, ...more], { stdin: 'pipe' });
  running.child.stdin!.end(commands);
  return running.finished;
}

/** A server that is no node. */
async function server(answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    answer(socket);
  });
  onTestFinished(() => {
    listening.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((ready) => listening.listen(0, '127.0.0.1', ready));
  const address = listening.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What a node says that speaks nothing but a version of the protocol that nobody knows yet. */
function welcomeOfTheFuture(): Buffer {
  const hello = {
    role: 'peer',
    clusterId: 'c'.repeat(32),
    node: 'node-01',
    instance: 'i',
    note: Buffer.alloc(9),
  } as const;
  return encodeGreeting('welcome', { hello, versions: { min: 99, max: 99 }, nonce: new Uint8Array() });
}

describe('connect', () => {
  it('runs a script on nodes that are not ours: one endpoint is enough', async () => {
    const theirs = await Workplace.create();
    await theirs.up('--nodes', '3');
    const place = await elsewhere();
    const commands = [
      'put a 1',
      'get a => 1',
      'let old = leader',
      'members => 3',
      'status => ok',
      'status ${old.node} => .role == leader, .state == running',
      'wait leader => .term == ${old.term}',
      'hash => equal, .compared == 3',
      'cas a 1 2',
      'scan a',
      'load mixed --rate 200 --for 1s => .lost == 0',
      'check => linearizable',
      'run sh -c "test -n $RAFTCTL_ENDPOINTS"',
    ];
    const { code, stdout, stderr } = await script(place, theirs.endpoints[1]!, `${commands.join('\n')}\n`);
    expect(stderr).toMatch(/connected to 127\.0\.0\.1:\d+: 3 members, node-0\d leads; exit or Ctrl-D disconnects/);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain('a\t2\n');
    expect(stderr).toContain('disconnected; the nodes go on');
    expect(await theirs.run('get', 'a')).toMatchObject({ code: 0, stdout: '2\n' });
  });

  it('refuses by name what only the owner of the nodes can do, and why', async () => {
    const theirs = await Workplace.create();
    await theirs.up('--nodes', '3');
    const place = await elsewhere();
    for (const [command, why] of [
      ['kill leader', 'whoever started the nodes ends and starts their processes'],
      ['restart all --rolling', 'whoever started the nodes'],
      ['transfer', 'members are changed by who proves to know the secret'],
      ['add node-09', 'members are changed by who proves to know the secret'],
      ['logs', 'nodes tell their events and logs to the supervisor that owns them'],
      ['logs level debug', 'nodes tell their events and logs'],
      ['count events kind=role-changed', 'nodes tell their events and logs'],
      ['bundle', 'nodes tell their events and logs'],
      ['wait event kind=role-changed', 'nodes tell their events to the supervisor'],
      ['mark here', 'a mark is a place among the events'],
      ['isolate leader', 'faults are set by the supervisor that owns the nodes'],
      ['explain', 'nodes tell their events and logs'],
      ['chaos --for 5s', 'it breaks nodes, and these are not ours to break'],
    ] as const) {
      const { code, stderr } = await script(place, theirs.endpoints[0]!, `${command}\n`);
      const [word] = /^(?:logs level|count events|wait event|\w+)/.exec(command)!;
      expect(stderr).toContain(`error ${word} is not possible here: ${why}`);
      expect(stderr).toContain('here are: data commands, watch, status');
      expect(code).toBe(2);
    }
  });

  it('is a prompt that follows them: a new leader, nodes that do not answer, and its end, which ends nothing', async () => {
    const theirs = await Workplace.create();
    await theirs.up('--nodes', '3');
    const place = await elsewhere();
    const endpoints = theirs.endpoints.slice(0, 3).join(',');
    const environment = { NO_COLOR: '1', ...place.environment };
    const options = { cwd: place.directory, environment, columns: 130, rows: 40 };
    const screen = new Screen([process.execPath, BIN, 'connect', endpoints], options);
    onTestFinished(async () => {
      if (screen.exitCode === null) screen.kill('SIGTERM');
      await screen.ends();
    });
    await screen.shows(/\d+ (node-0\d)\* t\d+ 3\/3>$/);
    const { stdout: old } = await theirs.run('leader');
    const [leader] = old.split(' ');
    await theirs.run('kill', 'leader');
    await screen.shows(/node-0\d is leader, term \d+/);
    await screen.shows(/node-0\d\* t\d+ 2\/3>$/);
    screen.type(`status${ENTER}`);
    await screen.shows(new RegExp(`${leader} +- +unreachable`));
    await screen.shows(`${leader} does not answer`);
    screen.type(`put b 2${ENTER}`);
    await screen.shows('OK');
    await theirs.run('kill', 'running');
    await screen.shows(/no leader 0\/3>$/);
    screen.type(`exit${ENTER}`);
    await screen.ends();
    expect(screen.exitCode).toBe(0);
    expect(screen.text).toContain('disconnected; the nodes go on');
  });

  it('finds members that joined, whichever endpoints it was given', async () => {
    const theirs = await Workplace.create();
    await theirs.up('--nodes', '3');
    expect(await theirs.run('add', 'node-04')).toMatchObject({ code: 0 });
    const place = await elsewhere();
    const dead = '127.0.0.1:1';
    const { code, stderr } = await script(
      place,
      `${dead}, ${theirs.endpoints[0]}`,
      'members => 4\nstatus => ok\nstatus node-04 => .state == running\n',
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });

  it('says what is wrong with an endpoint, and what answers there if it is no node', async () => {
    const place = await elsewhere();
    const silent = await server(() => {});
    const web = await server((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const future = await server((socket) => socket.once('data', () => socket.write(welcomeOfTheFuture())));
    for (const [endpoints, code, message] of [
      ['127.0.0.1', 2, 'endpoint "127.0.0.1": expected host:port'],
      ['::1:3331', 2, 'endpoint "::1:3331": expected host:port'],
      ['127.0.0.1:0', 2, 'expected host:port with a port of 1 to 65535'],
      [',', 2, 'no endpoints given'],
      ['127.0.0.1:1', 3, 'no node answered within 1000 ms: nothing listens at 127.0.0.1:1'],
      [`127.0.0.1:${silent}`, 3, /no node answered within 1000 ms: .*127\.0\.0\.1/],
      [`127.0.0.1:${web}`, 6, /no node takes us: .*127\.0\.0\.1.*/],
      [`127.0.0.1:${future}`, 6, /no node takes us: .*version/],
    ] as const) {
      const finished = await script(place, endpoints, 'get a\n', '--timeout', '1s');
      expect(finished.stderr, endpoints).toMatch(
        typeof message === 'string' ? new RegExp(message.replace(/[".[\]]/g, '\\$&')) : message,
      );
      expect(finished.code, endpoints).toBe(code);
    }
    const nothing = await place.run('connect', '127.0.0.1:1');
    expect(nothing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('connect needs a terminal, or commands'),
    });
    const both = await place.run('-C', 'demo', 'connect', '127.0.0.1:1');
    expect(both).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('connect takes endpoints, and -C names a cluster'),
    });
    const engine = await place.run('connect', '--engine', 'etcd', '127.0.0.1:2379');
    expect(engine).toMatchObject({ code: 2, stderr: expect.stringContaining("unknown option '--engine'") });
  });

  it.skipIf(!hasIpv6)('takes an IPv6 address in brackets', async () => {
    const theirs = await Workplace.create();
    const nodes = [1, 2, 3].map((node) => `  - { id: n${node}, port: ${theirs.port(node)} }`);
    writeFileSync(join(theirs.directory, 'cluster.yaml'), `host: '::1'\nnodes:\n${nodes.join('\n')}\n`);
    const up = theirs.start(['up']);
    await up.prints(/raftctl down elsewhere\n/);
    const place = await elsewhere();
    const { code, stderr } = await script(place, `[::1]:${theirs.port(2)}`, 'put six 6\nget six => 6\nstatus => ok\n');
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });
});
