import { afterEach, describe, expect, it } from 'vitest';
import { silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realRandom } from '../../src/base/real/random.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { type Client, type ConnectOptions, connect } from '../../src/client/index.js';
import { createTcpTransport } from '../../src/transport/index.js';
import { FakeNode, type FakeNodeOptions, FakeStore } from '../helpers/fake-node.js';
import { errorOf } from './stage.js';

const transport = createTcpTransport({ clock: realClock, scheduler: realScheduler, random: realRandom, emit: silent });
const ends: (() => Promise<void>)[] = [];

async function start(name: string, options: Partial<FakeNodeOptions> = {}): Promise<FakeNode> {
  const node = await FakeNode.start({ transport, name, leader: 'node-01', ...options });
  ends.push(() => node.stop());
  return node;
}

async function connected(nodes: readonly FakeNode[], options?: ConnectOptions): Promise<Client> {
  const client = await connect(
    nodes.map(({ endpoint }) => endpoint),
    options,
  );
  ends.push(() => client.close());
  return client;
}

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe('connect, over real sockets', () => {
  it('gives a client that writes and reads', async () => {
    const node = await start('node-01');
    node.serve();
    const client = await connected([node]);
    expect(await client.put('key-01', 'content 01')).toEqual({ revision: 1, node: 'node-01' });
    expect((await client.get('key-01'))?.value.toString()).toBe('content 01');
    expect(client.leader()).toBe('node-01');
  });

  it('carries many requests at once, over several connections, each to its own answer', async () => {
    const node = await start('node-01');
    node.serve();
    const client = await connected([node], { connections: 4 });
    const keys = Array.from({ length: 2_000 }, (_, nth) => `key-${nth}`);
    await Promise.all(keys.map((key) => client.put(key, `content of ${key}`)));
    const values = await Promise.all(keys.map((key) => client.get(key)));
    expect(values.map((entry) => entry?.value.toString())).toEqual(keys.map((key) => `content of ${key}`));
  });

  it('carries a value of a megabyte there and back', async () => {
    const node = await start('node-01');
    node.serve();
    const client = await connected([node]);
    const value = Buffer.alloc(1 << 20, 'raft');
    await client.put('big', value);
    expect((await client.get('big'))?.value.equals(value)).toBe(true);
  });

  it('a write that a node took to its grave happens once all the same, at another one', async () => {
    const store = new FakeStore();
    const [one, two] = [await start('node-01', { store }), await start('node-02', { store })];
    // It runs what it is asked, and dies before it has answered a put.
    one.behaviour = (request) => {
      if (!request.opensSession) request.breakConnection();
      store.answer(request);
    };
    two.serve();
    const client = await connected([one, two]);
    expect(await client.put('key-01', 'x')).toEqual({ revision: 1, node: 'node-02' });
    expect((await client.get('key-01', { via: 'node-02' }))?.version).toBe(1);
  });

  it('without sessions such a write is outcome-unknown and is not sent again', async () => {
    const store = new FakeStore();
    const [one, two] = [await start('node-01'), await start('node-02', { store })];
    two.serve();
    const client = await connected([one, two], { sessions: false });
    const put = errorOf(client.put('key-01', 'x', { via: 'node-01' }));
    await one.next();
    await one.stop();
    expect(await put).toMatchObject({ code: 'outcome-unknown', definite: false });
    expect(two.received).toEqual([]);
    expect(await client.put('key-01', 'y')).toMatchObject({ revision: 1, node: 'node-02' });
  });

  it('a read that a node took to its grave is answered by another', async () => {
    const [one, two] = [await start('node-01'), await start('node-02')];
    two.serve();
    const client = await connected([one, two]);
    const get = client.read('key-01');
    await one.next();
    await one.stop();
    expect((await get).node).toBe('node-02');
  });

  it('a new leader that is announced is asked', async () => {
    const store = new FakeStore();
    const [one, two] = [await start('node-01', { store }), await start('node-02', { store })];
    one.serve();
    two.serve();
    const client = await connected([one, two]);
    await client.put('key-01', 'x', { via: 'node-02' });
    two.announce(2, 'node-02');
    // The answer to a later request comes behind the announcement.
    await client.get('key-01', { via: 'node-02' });
    expect((await client.put('key-01', 'x')).node).toBe('node-02');
  });

  it('a timeout rejects the call, and says that the write may have happened', async () => {
    const node = await start('node-01');
    const client = await connected([node], { sessions: false });
    const error = await errorOf(client.put('key-01', 'x', { timeoutMs: 20 }));
    expect(error).toMatchObject({ code: 'timeout', definite: false });
  });

  it('to nobody fails with the reason of each endpoint', async () => {
    const node = await start('node-01');
    await node.stop();
    const error = await errorOf(connect(node.endpoint, { timeoutMs: 50 }));
    expect(error).toMatchObject({ code: 'unreachable', definite: true });
    expect(error.message).toBe(`no node answered within 50 ms: nothing listens at ${node.endpoint}`);
  });

  it('with an endpoint that is none rejects, it does not throw', async () => {
    expect(await errorOf(connect('localhost'))).toMatchObject({ code: 'usage' });
  });

  it('can be aborted', async () => {
    const node = await start('node-01');
    await node.stop();
    const error = await errorOf(connect(node.endpoint, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'aborted' });
  });

  it('close ends the connections', async () => {
    const node = await start('node-01');
    const client = await connected([node], { connections: 3, sessions: false });
    const put = errorOf(client.put('key-01', 'x'));
    await node.next();
    await client.close();
    expect(await put).toMatchObject({ code: 'closed', definite: false });
  });
});
