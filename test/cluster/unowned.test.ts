import { describe, expect, it, onTestFinished } from 'vitest';
import { asIndex, asNodeId, asRevision, asTerm, silent, votersOnly } from '../../src/base/index.js';
import { UnownedControl } from '../../src/cluster/unowned/index.js';
import { type Connection, createTcpTransport } from '../../src/transport/index.js';
import { encodeDocument } from '../../src/wire/document.js';
import { KIND, type NodeStatus } from '../../src/wire/index.js';
import { eventually, freePorts, realTime } from './helpers.js';

const transport = createTcpTransport({ ...realTime, emit: silent });
const id = (number: number) => asNodeId(`node-0${number}`);

interface Node {
  /** What it says of itself from now on; null: it does not answer. */
  says(change: Partial<NodeStatus> | null): void;
  /** Tells its clients that there is news. */
  pushes(): void;
  readonly connections: ReadonlySet<Connection>;
  close(): Promise<void>;
}

/** Nodes as far as a client can tell: they say what they are told to say. */
async function nodes(count: number): Promise<{ readonly ports: readonly number[]; readonly all: readonly Node[] }> {
  const ports = await freePorts(count);
  const members = ports.map((port, at) => ({ id: id(at + 1), incarnation: 1, host: '127.0.0.1', port }));
  const membership = { ...votersOnly(members.map((member) => member.id)), members };
  const all = await Promise.all(members.map((member, at) => node(member.id, ports[at]!, { membership })));
  return { ports, all };
}

async function node(
  self: NodeStatus['node'],
  port: number,
  first: Partial<NodeStatus>,
  clusterId = 'c'.repeat(32),
): Promise<Node> {
  let said: NodeStatus | null = { ...STATUS, node: self, ...first };
  const listener = await transport.listen({
    host: '127.0.0.1',
    port,
    hello: () => ({ role: 'peer', clusterId, node: self, instance: 'i', note: new Uint8Array() }),
    maxFrameBytes: () => 1 << 20,
    handshakeTimeoutMs: 1_000,
    maxConnections: 10,
    maxQueuedBytes: 1 << 20,
    handlers: {
      frames: (connection, frames) => {
        for (const { callId } of frames)
          if (said !== null) connection.send(KIND.okDocument, callId, encodeDocument(said));
      },
    },
  });
  onTestFinished(() => listener.close());
  return {
    says: (change) => {
      said = change && { ...STATUS, node: self, ...first, ...change };
    },
    pushes: () => {
      for (const connection of listener.connections) connection.send(KIND.leader, 0, Buffer.alloc(9));
    },
    connections: listener.connections,
    close: () => listener.close(),
  };
}

const STATUS: NodeStatus = {
  node: id(1),
  instance: 'i',
  pid: 1,
  version: '0',
  dataVersion: 3,
  clusterVersion: 3,
  role: 'follower',
  term: asTerm(1),
  leader: null,
  commitIndex: asIndex(1),
  appliedIndex: asIndex(1),
  lastIndex: asIndex(1),
  firstIndex: asIndex(1),
  persistedIndex: asIndex(1),
  flushedIndex: asIndex(0),
  revision: asRevision(1),
  uptimeMs: 1,
  memory: { rss: 1, heapUsed: 1, external: 1 },
  cpuMs: 1,
  membership: { ...votersOnly([]), members: [] },
  links: [],
  connections: 1,
  level: 'info',
};

async function control(...ports: readonly number[]): Promise<UnownedControl> {
  const endpoints = ports.map((port) => ({ host: '127.0.0.1', port }));
  const opened = await UnownedControl.connect({ endpoints, transport, ...realTime, timeoutMs: 2_000 });
  onTestFinished(() => opened.close());
  return opened;
}

describe('nodes that somebody else owns', () => {
  it('are all found through one, and say who leads', async () => {
    const { ports, all } = await nodes(3);
    all[2]!.says({ role: 'leader', leader: id(3), term: asTerm(7) });
    const seen = await control(ports[0]!);
    expect(seen.live()).toMatchObject({ leader: 'node-03', term: 7, total: 3 });
    await eventually(() => seen.live().up === 3);
    expect((await seen.view()).nodes.map(({ id: name, state, status }) => [name, state, status?.role])).toEqual([
      ['node-01', 'running', 'follower'],
      ['node-02', 'running', 'follower'],
      ['node-03', 'running', 'leader'],
    ]);
  });

  it('tell of a new leader at once, which is an event, and are unreachable when they do not answer', async () => {
    const { ports, all } = await nodes(3);
    all[0]!.says({ role: 'leader', leader: id(1) });
    const seen = await control(...ports);
    const told: unknown[] = [];
    seen.events.subscribe(await seen.events.last(), { level: 'info' }, (events) => {
      told.push(...events.map(({ node: of, event, fields }) => [of, event, fields['term']]));
    });
    all[0]!.says({ term: asTerm(2) });
    all[1]!.says({ role: 'leader', leader: id(2), term: asTerm(2) });
    all[1]!.pushes();
    await eventually(() => seen.live().leader === 'node-02');
    expect(told).toEqual([['node-02', 'role-changed', 2]]);
    all[0]!.says(null);
    await all[2]!.close();
    await eventually(() => seen.live().up === 1);
    expect([...seen.live().states]).toEqual([
      ['node-01', 'unreachable'],
      ['node-02', 'running'],
      ['node-03', 'unreachable'],
    ]);
    const [silent] = (await seen.view({ timeoutMs: 50 })).nodes;
    expect(silent).toMatchObject({ state: 'unreachable', pid: null, status: { term: 2 } });
    expect(silent!.statusAgeMs).toBeGreaterThan(0);
  });

  it('are asked no more once they are no members, and counted only if they are of this cluster', async () => {
    const { ports, all } = await nodes(3);
    const [strange] = await freePorts(1);
    await node(id(4), strange!, { role: 'leader', term: asTerm(99) }, 'd'.repeat(32));
    all[0]!.says({ role: 'leader', leader: id(1), term: asTerm(3) });
    const seen = await control(ports[0]!, strange!);
    await eventually(() => seen.live().up === 3);
    expect(seen.live()).toMatchObject({ leader: 'node-01', term: 3 });
    const members = [1, 2].map((number) => ({
      id: id(number),
      incarnation: 1,
      host: '127.0.0.1',
      port: ports[number - 1]!,
    }));
    all[0]!.says({
      role: 'leader',
      leader: id(1),
      term: asTerm(3),
      membership: { ...votersOnly([id(1), id(2)]), members },
      commitIndex: asIndex(9),
    });
    all[0]!.pushes();
    await eventually(() => seen.live().total === 2);
    await eventually(() => all[2]!.connections.size === 0);
  });

  it('whose names would be obeyed by a terminal are not believed', async () => {
    const { ports, all } = await nodes(1);
    all[0]!.says({ leader: asNodeId('\x1b[2Jnode') });
    const [port] = ports;
    const endpoints = [{ host: '127.0.0.1', port: port! }];
    const connecting = UnownedControl.connect({ endpoints, transport, ...realTime, timeoutMs: 300 });
    await expect(connecting).rejects.toMatchObject({ code: 'unreachable' });
    await eventually(() => all[0]!.connections.size === 0);
  });

  it('are controlled by nobody here', async () => {
    const { ports } = await nodes(1);
    const seen = await control(ports[0]!);
    await expect(seen.lifecycle()).rejects.toMatchObject({
      code: 'usage',
      message: 'no supervisor of ours owns these nodes',
    });
    await expect(seen.down()).rejects.toMatchObject({ code: 'usage' });
  });
});
