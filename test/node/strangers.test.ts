import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asNodeId, asRevision, formatHostPort, type NodeId, seededRandom } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { type ClusterClient, createClient } from '../../src/client/client.js';
import { EventRecorder } from '../../src/diagnostics/index.js';
import { MemoryBackend } from '../../src/kv/backend-memory.js';
import { type NodeServer, openNode } from '../../src/node/index.js';
import { encodeFrame } from '../../src/transport/frames.js';
import { type ConnectionRole, createTcpTransport } from '../../src/transport/index.js';
import type { NodeSpec } from '../../src/wire/index.js';
import { encodeGet, encodeMessage, encodeScan, encodeWatch, encodeWrite, KIND } from '../../src/wire/index.js';
import { encodeHello, noteOfMember } from '../helpers/greetings.js';
import { MemoryDisk } from '../helpers/memory-disk.js';
import { appends, smallMessages } from '../wire/arbitraries.js';
import { damaged } from '../wire/hostile.js';

/**
 * Whole nodes behind real sockets, and strangers who send them what no raftctl would. It costs the stranger its
 * connection; the node says why, lives, and goes on serving the others.
 */

const CLUSTER = '0123456789abcdef0123456789abcdef';
const IDS = ['node-01', 'node-02', 'node-03'].map(asNodeId);
const VICTIM = IDS[0]!;

interface Seen {
  readonly node: NodeId;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

let members: NodeSpec['members'];
const servers: NodeServer[] = [];
const seen: Seen[] = [];
const failures: unknown[] = [];
/** Rejects when a node ends by itself: nobody waits for a dead one. */
let reportDeath: (error: unknown) => void = () => {};
const death = new Promise<never>((_, reject) => {
  reportDeath = reject;
});
death.catch(() => {});
let client: ClusterClient;

const transportOf = (seed: number, emit: Parameters<typeof createTcpTransport>[0]['emit']) =>
  createTcpTransport({ clock: realClock, scheduler: realScheduler, random: seededRandom(seed), emit });

beforeAll(async () => {
  members = await Promise.all(
    IDS.map(async (id) => ({ id, incarnation: 1, host: '127.0.0.1', port: await freePort() })),
  );
  for (const id of IDS) servers.push(await start(id));
  const recorder = recorderOf(VICTIM);
  client = createClient({
    endpoints: members.map(formatHostPort),
    transport: transportOf(9, recorder.emitFor('transport')),
    clock: realClock,
    scheduler: realScheduler,
    random: seededRandom(9),
  });
  await client.put('before', '1');
});
afterAll(async () => {
  await client.close();
  for (const server of servers) await server.stop();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function recorderOf(node: NodeId): EventRecorder {
  return new EventRecorder({ node, instance: `i-${node}`, clock: realClock, scheduler: realScheduler, level: 'debug' });
}

async function start(id: NodeId): Promise<NodeServer> {
  const recorder = recorderOf(id);
  recorder.subscribe(0, 'debug', (events) => {
    for (const { event, fields } of events) seen.push({ node: id, event, fields });
  });
  const emit = recorder.emitFor('transport');
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
      logLevel: 'debug',
    },
    {
      fileSystem: new MemoryDisk(),
      transport: transportOf(
        members.findIndex((member) => member.id === id),
        emit,
      ),
      backend: () => new MemoryBackend({ scheduler: realScheduler }),
      recorder,
      clock: realClock,
      scheduler: realScheduler,
      random: seededRandom(members.findIndex((member) => member.id === id) + 20),
      process: { pid: 1, version: 'test', memory: () => ({ rss: 0, heapUsed: 0, external: 0 }), cpuMs: () => 0 },
      instance: `i-${id}`,
      onStop: () => {},
      onFatal(error) {
        failures.push(error);
        reportDeath(error);
      },
      walOptions: { segmentBytes: 1 << 20 },
    },
  );
}

/** A socket to the victim; what it answers is let go. */
async function stranger(): Promise<Socket> {
  const socket = connect(members[0]!.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

const closed = (socket: Socket): Promise<unknown> =>
  socket.destroyed ? Promise.resolve() : Promise.race([death, new Promise((resolve) => socket.once('close', resolve))]);

/** Sends it all and waits until the node has hung up, or, where it may have understood, until it was all read. */
async function attack(bytes: Buffer, mustHangUp: boolean): Promise<void> {
  const socket = await stranger();
  socket.write(bytes);
  if (!mustHangUp) socket.end();
  await closed(socket);
}

/** The node serves others, and has not ended. */
async function expectServing(): Promise<void> {
  expect(failures).toEqual([]);
  const value = `${seen.length}`;
  await client.put('served', value);
  expect((await client.get('served', { via: VICTIM }))?.value.toString()).toBe(value);
}

/** What the victim said since there were `from` events, as soon as it has said one of these. */
async function saidSince(from: number, names: readonly string[]): Promise<Seen> {
  for (;;) {
    const found = seen.slice(from).find(({ node, event }) => node === VICTIM && names.includes(event));
    if (found !== undefined) return found;
    await new Promise(setImmediate);
  }
}

const hello = (role: ConnectionRole): Buffer => {
  const node = role === 'peer' ? IDS[1]! : '';
  return encodeHello({
    role,
    clusterId: CLUSTER,
    node,
    // That of the real one: another process would be taken for one with an old copy.
    instance: `i-${node}`,
    note: noteOfMember(),
    member: { incarnation: 1, host: 'h', port: 1 },
  });
};

const ROLES = ['peer', 'client', 'admin'] as const;

/** What a client may well send. */
const calls: fc.Arbitrary<{ readonly kind: number; readonly payload: Buffer }> = fc.oneof(
  fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((key) => ({ kind: KIND.get, payload: encodeGet(1_000, 'stale', key) })),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((key) => {
    const command = { type: 'put', key: Buffer.from(key), value: Buffer.from('a stranger’s') } as const;
    return { kind: KIND.write, payload: encodeWrite(1_000, command) };
  }),
  fc.constant({
    kind: KIND.scan,
    payload: encodeScan({ timeoutMs: 1_000, mode: 'stale', limit: 5, prefix: Buffer.from('a'), after: undefined }),
  }),
  fc.constant({ kind: KIND.watch, payload: encodeWatch(asRevision(0), true, Buffer.from('a')) }),
  fc.constant({ kind: KIND.status, payload: Buffer.alloc(0) }),
);

const framed = (frames: readonly { readonly kind: number; readonly payload: Buffer }[]): Buffer =>
  Buffer.concat(frames.map(({ kind, payload }, nth) => encodeFrame(kind, nth + 1, payload)));

const damagedFrames = <T extends { readonly kind: number; readonly payload: Buffer }>(good: fc.Arbitrary<T>) =>
  fc
    .array(
      good.chain(({ kind, payload }) => damaged(payload).map((bytes) => ({ kind, payload: bytes }))),
      { minLength: 1, maxLength: 6 },
    )
    .map(framed);

const runs = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 20_000 });

describe('a node goes on serving others', { timeout: 60_000 }, () => {
  it('whatever bytes come instead of a greeting, and says why it does not take them', async () => {
    const from = seen.length;
    const garbage = fc.uint8Array({ minLength: 13, maxLength: 3_000 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(garbage, async (bytes) => {
        // A length that may be one waits for its bytes: that ends with the bound on the greeting, and takes seconds.
        if (bytes.readUInt32LE(0) >= 5 && bytes.readUInt32LE(0) <= 2_048) bytes.writeUInt32LE(3_000, 0);
        await attack(bytes, true);
      }),
      runs(60),
    );
    const { fields } = await saidSince(from, ['connection-refused']);
    expect(fields).toMatchObject({
      code: 'handshake-refused',
      reason: expect.stringContaining('expected the greeting'),
    });
    await expectServing();
  });

  it('when a greeting stops anywhere, or is changed anywhere', async () => {
    for (const role of ROLES) {
      const sound = hello(role);
      for (let length = 0; length < sound.length; length += 3) {
        const socket = await stranger();
        socket.end(sound.subarray(0, length));
        await closed(socket);
      }
      for (let at = 0; at < sound.length; at += 1) {
        const changed = Buffer.from(sound);
        changed[at] = changed[at]! ^ (1 << (at % 8));
        const socket = await stranger();
        socket.end(changed);
        await closed(socket);
      }
    }
    await expectServing();
  });

  it.each(ROLES)('when a %s greets well and then sends any frames', async (role) => {
    const frames = fc.array(
      fc
        .record({
          kind: fc.oneof(
            fc.constantFrom(...Object.values(KIND).filter((kind) => kind !== KIND.stop)),
            fc.integer({ min: 16, max: 255 }),
          ),
          payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
        })
        .filter(({ kind }) => kind !== KIND.stop),
      { minLength: 1, maxLength: 5 },
    );
    const from = seen.length;
    await fc.assert(
      fc.asyncProperty(frames, (some) => attack(Buffer.concat([hello(role), framed(some)]), false)),
      runs(100),
    );
    await attack(Buffer.concat([hello(role), encodeFrame(200, 1, Buffer.from('of no kind'))]), true);
    const { fields } = await saidSince(from, ['frame-refused']);
    expect(fields).toMatchObject({ from: expect.any(String), error: expect.any(String) });
    await expectServing();
  });

  it('when a client sends calls that were damaged on the way', async () => {
    await fc.assert(
      fc.asyncProperty(damagedFrames(calls), (bytes) => attack(Buffer.concat([hello('client'), bytes]), false)),
      runs(150),
    );
    await expectServing();
  });

  it('when a peer sends messages that cannot be read', async () => {
    // Messages that can be read are Raft's: a member that lies is beyond what Raft promises (§2).
    const cut = fc.oneof(smallMessages, appends).map((message) => {
      const { kind, parts } = encodeMessage(message);
      return { kind, payload: Buffer.concat(parts).subarray(0, -1) };
    });
    const from = seen.length;
    await fc.assert(
      fc.asyncProperty(cut, (frame) => attack(Buffer.concat([hello('peer'), framed([frame])]), true)),
      runs(100),
    );
    expect((await saidSince(from, ['frame-refused'])).fields['error']).toMatch(/malformed|fit|expected/);
    await expectServing();
  });

  it('when a frame announces more than anybody may send, or ends in its middle', async () => {
    const from = seen.length;
    for (const role of ROLES) {
      const endless = Buffer.alloc(9);
      endless.writeUInt32LE(0xffff_ffff, 0);
      endless[4] = KIND.get;
      await attack(Buffer.concat([hello(role), endless]), true);
      const half = encodeFrame(KIND.get, 1, Buffer.alloc(1_000));
      const socket = await stranger();
      socket.end(Buffer.concat([hello(role), half.subarray(0, 500)]));
      await closed(socket);
    }
    const reasons = () =>
      seen
        .slice(from)
        .flatMap(({ node, event, fields }) =>
          node === VICTIM && event === 'connection-closed' ? [String(fields['error'] ?? fields['reason'])] : [],
        );
    for (const wanted of [/announces 4294967295/, /middle|within|half|whole/]) {
      while (!reasons().some((reason) => wanted.test(reason))) await new Promise(setImmediate);
    }
    await expectServing();
  });
});
