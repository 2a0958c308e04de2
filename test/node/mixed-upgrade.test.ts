import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asNodeId, formatHostPort, type Member, type NodeId, seededRandom, silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { createClient } from '../../src/client/client.js';
import { EventRecorder } from '../../src/diagnostics/index.js';
import { LmdbBackend } from '../../src/kv/backend-lmdb.js';
import { type NodeServer, openNode } from '../../src/node/index.js';
import { realFileSystem } from '../../src/storage/index.js';
import { createTcpTransport } from '../../src/transport/index.js';
import { writeOldDirectory } from '../helpers/old-directory.js';

const CLUSTER = 'c'.repeat(32);
const [UPGRADED, REPLAYING, FRESH] = ['node-01', 'node-02', 'node-03'].map(asNodeId) as [NodeId, NodeId, NodeId];
const world = { clock: realClock, scheduler: realScheduler };
const transportOf = (seed: number) => createTcpTransport({ ...world, random: seededRandom(seed), emit: silent });

let root: string;
let servers: NodeServer[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raftctl-mixed-'));
});
afterEach(async () => {
  for (const server of servers) await server.stop();
  servers = [];
  rmSync(root, { recursive: true, force: true });
});

/** The fixture's directory as the one of this node. */
function writeDirectoryOf(node: NodeId): void {
  writeOldDirectory(join(root, node));
  const identity = join(root, node, 'identity.json');
  writeFileSync(identity, readFileSync(identity, 'utf8').replace('"node-01"', JSON.stringify(node)));
}

async function memberOn(id: NodeId): Promise<Member> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return { id, incarnation: 1, host: '127.0.0.1', port: typeof address === 'object' ? address!.port : 0 };
}

function start({ id }: Member, members: readonly Member[], seed: number): Promise<NodeServer> {
  const recorder = new EventRecorder({ ...world, node: id, instance: `i-${id}`, level: 'info' });
  return openNode(
    {
      cluster: 'test',
      clusterId: CLUSTER,
      id,
      incarnation: 1,
      members,
      directory: join(root, id),
      mayCreate: true,
      heartbeatMs: 100,
      electionTimeoutMs: [400, 800],
      maxValueBytes: 1 << 16,
      keepLogBytes: 64 << 20,
      logLevel: 'info',
    },
    {
      ...world,
      fileSystem: realFileSystem,
      transport: transportOf(seed),
      backend: (directory) => LmdbBackend.open(directory),
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

it('a node that was upgraded, one that replays its log and one that gets it from them are one cluster with one state', async () => {
  writeDirectoryOf(UPGRADED);
  writeDirectoryOf(REPLAYING);
  rmSync(join(root, REPLAYING, 'kv'), { recursive: true });
  const members = await Promise.all([UPGRADED, REPLAYING, FRESH].map(memberOn));
  for (const [seed, member] of members.entries()) servers.push(await start(member, members, seed));

  const endpoints = members.map(formatHostPort);
  const client = createClient({ ...world, endpoints, transport: transportOf(8), random: seededRandom(8) });
  const before = await client.get('key-10');
  await client.put('key-10', 'of today');
  for (const { id } of members) {
    expect((await client.get('key-10', { via: id }))?.value.toString(), id).toBe('of today');
  }
  await client.close();

  expect(before).toMatchObject({ createRevision: 41 });
  const stores = servers.map((server) => server.inspect().store);
  expect(new Set(stores.map(({ revision }) => revision)).size).toBe(1);
  expect(new Set(stores.map((store) => store.stateHash())).size).toBe(1);
  expect([UPGRADED, REPLAYING].map((id) => existsSync(join(root, id, 'kv/2')))).toEqual([true, false]);
}, 60_000);
