import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asNodeId, formatHostPort, type Member, type NodeId, seededRandom, silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { createClient } from '../../src/client/client.js';
import { AdminLink } from '../../src/cluster/admin-link.js';
import { EventRecorder } from '../../src/diagnostics/index.js';
import { MemoryBackend } from '../../src/kv/backend-memory.js';
import { type NodeServer, openNode } from '../../src/node/index.js';
import { type ConnectionRole, createTcpTransport, type LinkState } from '../../src/transport/index.js';
import { noteOfMember } from '../helpers/greetings.js';
import { MemoryDisk } from '../helpers/memory-disk.js';

/** Two nodes on this machine's IPv6 address, with a secret that only they and their supervisor know. */

const CLUSTER = '0123456789abcdef0123456789abcdef';
const SECRET = Buffer.alloc(32, 7);
const IDS = ['node-01', 'node-02'].map(asNodeId);
const world = { clock: realClock, scheduler: realScheduler };
const transportOf = (seed: number) => createTcpTransport({ ...world, random: seededRandom(seed), emit: silent });

let members: readonly Member[];
const servers: NodeServer[] = [];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '::1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function start(id: NodeId, seed: number): Promise<NodeServer> {
  const recorder = new EventRecorder({ ...world, node: id, instance: `i-${id}`, level: 'info' });
  return openNode(
    {
      cluster: 'test',
      clusterId: CLUSTER,
      id,
      incarnation: 1,
      members,
      directory: `/data/${id}`,
      mayCreate: true,
      heartbeatMs: 100,
      electionTimeoutMs: [400, 800],
      maxValueBytes: 1 << 16,
      keepLogBytes: 64 << 20,
      logLevel: 'info',
    },
    {
      ...world,
      secret: SECRET,
      fileSystem: new MemoryDisk(),
      transport: transportOf(seed),
      backend: () => new MemoryBackend({ scheduler: realScheduler }),
      recorder,
      random: seededRandom(seed + 20),
      process: { pid: 1, version: 'test', memory: () => ({ rss: 0, heapUsed: 0, external: 0 }), cpuMs: () => 0 },
      instance: `i-${id}`,
      onStop: () => {},
      onFatal: (error) => {
        throw error;
      },
    },
  );
}

beforeAll(async () => {
  members = await Promise.all(IDS.map(async (id) => ({ id, incarnation: 1, host: '::1', port: await freePort() })));
  for (const [nth, id] of IDS.entries()) servers.push(await start(id, nth));
});
afterAll(async () => {
  for (const server of servers) await server.stop();
});

/** What becomes of a dial to the first node. */
function dialed(role: ConnectionRole, node: string, secret?: Uint8Array, incarnation = 1): Promise<LinkState> {
  const { host, port } = members[0]!;
  return new Promise((resolve) => {
    const link = transportOf(9).dial({
      host,
      port,
      hello: () => ({
        role,
        clusterId: CLUSTER,
        node,
        instance: `i-${node}`,
        note: noteOfMember(),
        member: { incarnation, host: 'h', port: 1 },
      }),
      secret,
      maxFrameBytes: 1 << 20,
      handshakeTimeoutMs: 3_000,
      maxQueuedBytes: 1 << 20,
      backoff: { firstMs: 60_000, maxMs: 60_000, factor: 1, jitter: 0 },
      handlers: { frames: () => {} },
      changed: (state) => {
        if (state.type === 'closed') return;
        resolve(state);
        link.close();
      },
    });
  });
}

describe('a cluster with a secret, on ::1', { timeout: 30_000 }, () => {
  it('elects a leader and serves clients, who know no secret', async () => {
    const client = createClient({
      ...world,
      endpoints: members.map(formatHostPort),
      transport: transportOf(8),
      random: seededRandom(8),
    });
    await client.put('key', 'value');
    expect((await client.get('key'))?.value.toString()).toBe('value');
    await client.close();
    expect(servers[0]!.status().links).toMatchObject([{ peer: 'node-02', state: 'connected' }]);
  });

  it('knows its supervisor by it', async () => {
    let link!: AdminLink;
    await new Promise<void>((resolve) => {
      link = new AdminLink({
        ...world,
        member: members[0]!,
        clusterId: CLUSTER,
        secret: SECRET,
        transport: transportOf(7),
        level: 'info',
        ready: resolve,
        events: () => {},
      });
    });
    expect(await link.status(5_000)).toMatchObject({ node: 'node-01' });
    link.close();
  });

  it.each(['peer', 'admin'] as const)('takes no stranger for a %s, though it knows the cluster id', async (role) => {
    const name = role === 'peer' ? 'node-02' : 'supervisor';
    const refused = { type: 'broken', error: { code: 'handshake-refused' } };
    expect(await dialed(role, name)).toMatchObject({
      ...refused,
      error: { message: `node-01 expected a proof of its cluster's secret from the ${role} ${name}, received none` },
    });
    expect(await dialed(role, name, Buffer.alloc(32, 8))).toMatchObject({
      ...refused,
      error: { message: expect.stringContaining('received a wrong one'), hint: expect.stringContaining('directory') },
    });
    expect((await dialed(role, name, SECRET)).type).toBe('connected');
    expect((await dialed('client', '')).type).toBe('connected');
  });

  it('takes another incarnation for another member, whatever its name', async () => {
    expect(await dialed('peer', 'node-02', SECRET, 2)).toMatchObject({
      type: 'broken',
      error: { code: 'handshake-refused', message: 'expected incarnation 1 of node-02, received 2' },
    });
  });
});
