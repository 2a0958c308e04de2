import { describe, expect, it } from 'vitest';
import type { FakeNode } from '../helpers/fake-node.js';
import { errorOf, fateOf, Stage } from './stage.js';

const stageOf = async (size: number, connections = 1) => {
  const stage = new Stage();
  const nodes = (await stage.cluster(size)) as [FakeNode, FakeNode, FakeNode];
  for (const node of nodes) node.serve();
  const client = await stage.client(nodes, { connections });
  return { stage, nodes, client };
};

const counts = (nodes: readonly FakeNode[]): number[] => nodes.map(({ received }) => received.length);

describe('without a wish', () => {
  it('the leader is asked', async () => {
    const { stage, nodes, client } = await stageOf(3);
    for (let nth = 0; nth < 6; nth += 1) void client.put('key-01', 'x');
    await stage.settle();
    expect(counts(nodes)).toEqual([6, 0, 0]);
    expect(client.leader()).toBe('node-01');
  });

  it('a new leader that is announced is asked from then on', async () => {
    const { stage, nodes, client } = await stageOf(3);
    nodes[2].announce(2, 'node-03');
    await stage.settle();
    void client.put('key-01', 'x');
    await stage.settle();
    expect(counts(nodes)).toEqual([0, 0, 1]);
    expect(client.leader()).toBe('node-03');
  });

  it('an announcement of an older term changes nothing', async () => {
    const { stage, nodes, client } = await stageOf(3);
    nodes[2].announce(5, 'node-03');
    nodes[1].announce(4, 'node-02');
    await stage.settle();
    expect(client.leader()).toBe('node-03');
  });

  it('a node that has lost sight of the leader of this term changes nothing, a later term does', async () => {
    const { stage, nodes, client } = await stageOf(3);
    nodes[1].announce(1, null);
    await stage.settle();
    expect(client.leader()).toBe('node-01');
    nodes[1].announce(2, null);
    await stage.settle();
    expect(client.leader()).toBeNull();
  });

  it('while no leader is known, connected nodes take turns', async () => {
    const { stage, nodes, client } = await stageOf(3);
    nodes[0].announce(2, null);
    await stage.settle();
    for (let nth = 0; nth < 6; nth += 1) void client.put('key-01', 'x');
    await stage.settle();
    expect(counts(nodes)).toEqual([2, 2, 2]);
  });

  it('a dead leader is passed over at once', async () => {
    const { stage, nodes, client } = await stageOf(3);
    await stage.crash(nodes[0]);
    const put = fateOf(client.put('key-01', 'x'));
    await stage.settle();
    expect(put().value).toBeDefined();
  });

  it('reads that a stopped leader holds are asked of the new one; writes stay where they are', async () => {
    const { stage, nodes, client } = await stageOf(3);
    nodes[0].behaviour = () => {};
    const get = fateOf(client.get('key-01'));
    const put = fateOf(client.put('key-01', 'x', { timeoutMs: 1_000 }));
    await stage.settle();
    nodes[1].announce(2, 'node-02');
    await stage.settle();
    expect(get().value).toBeNull();
    expect(put().isPending).toBe(true);
    await stage.pass(1_000);
    expect(put().error).toMatchObject({ code: 'timeout', definite: false });
    expect(counts(nodes)).toEqual([2, 1, 0]);
  });
});

describe('via', () => {
  it('any spreads requests over all connected nodes', async () => {
    const { stage, nodes, client } = await stageOf(3);
    for (let nth = 0; nth < 6; nth += 1) void client.get('key-01', { via: 'any' });
    await stage.settle();
    expect(counts(nodes)).toEqual([2, 2, 2]);
  });

  it('follower never asks the leader', async () => {
    const { stage, nodes, client } = await stageOf(3);
    for (let nth = 0; nth < 4; nth += 1) void client.get('key-01', { via: 'follower' });
    await stage.settle();
    expect(counts(nodes)).toEqual([0, 2, 2]);
  });

  it('leader waits for one to be known, and says so when none is in time', async () => {
    const { stage, nodes, client } = await stageOf(3);
    nodes[0].announce(2, null);
    await stage.settle();
    const answered = fateOf(client.get('key-01', { via: 'leader', timeoutMs: 900 }));
    const late = fateOf(client.put('key-01', 'x', { via: 'leader', timeoutMs: 300 }));
    await stage.pass(300);
    expect(late().error).toMatchObject({ code: 'no-leader', definite: true });
    expect(answered().isPending).toBe(true);
    nodes[1].announce(2, 'node-02');
    await stage.settle();
    expect(answered().value).toBeNull();
    expect(counts(nodes)).toEqual([0, 1, 0]);
  });

  it('leader is an error at once when the leader is not among the endpoints', async () => {
    const { stage, nodes, client } = await stageOf(2);
    nodes[0].announce(2, 'node-09');
    await stage.settle();
    const error = await errorOf(client.get('key-01', { via: 'leader' }));
    expect(error.code).toBe('no-such-node');
    expect(error.message).toMatch(/^the leader node-09 is not among the endpoints: node-01 \(/);
  });

  it("a node's name asks that node", async () => {
    const { stage, nodes, client } = await stageOf(3);
    const put = fateOf(client.put('key-01', 'x', { via: 'node-03' }));
    await stage.settle();
    expect(put().value?.node).toBe('node-03');
    expect(counts(nodes)).toEqual([0, 0, 1]);
  });

  it('an unknown name is an error at once that lists the names', async () => {
    const { client } = await stageOf(2);
    const error = await errorOf(client.get('key-01', { via: 'node-07' }));
    expect(error).toMatchObject({ code: 'no-such-node', definite: true });
    expect(error.message).toMatch(/no node "node-07" at the endpoints: node-01 \(.*\), node-02 \(/);
  });

  it('a dead node is unreachable after one fresh dial, long before the timeout', async () => {
    const { stage, nodes, client } = await stageOf(3);
    await stage.crash(nodes[2]);
    await stage.pass(5_000);
    const get = fateOf(client.get('key-01', { via: 'node-03' }));
    await stage.settle();
    expect(get().error).toMatchObject({ code: 'unreachable', definite: true });
    expect(get().error?.message).toMatch(/^node-03 cannot be reached: node-03 \(.*\): nothing listens/);
  });

  it('who is connected and will not do is not said to have given no answer', async () => {
    const { stage, client } = await stageOf(1);
    const get = fateOf(client.get('key-01', { via: 'follower', timeoutMs: 500 }));
    await stage.pass(500);
    expect(get().error?.message).toMatch(/no follower was connected within 500 ms: node-01 \(.*\): connected$/);
  });

  it('a node that came back is reached at once, whatever its backoff', async () => {
    const { stage, nodes, client } = await stageOf(3);
    await stage.crash(nodes[2]);
    await stage.pass(5_000);
    await nodes[2].start();
    const get = fateOf(client.get('key-01', { via: 'node-03' }));
    await stage.settle();
    expect(get().value).toBeNull();
  });

  it('a name that nobody bears yet may belong to the endpoint that has not answered: it is dialed first', async () => {
    const stage = new Stage();
    const [one, two] = (await stage.cluster(2)) as [FakeNode, FakeNode];
    await stage.crash(two);
    const client = await stage.client([one, two]);
    const get = fateOf(client.get('key-01', { via: 'node-02' }));
    await stage.settle();
    expect(get().error).toMatchObject({ code: 'unreachable' });
    expect(get().error?.message).toContain('node-02 cannot be reached: nothing listens at 127.0.0.1:');
  });

  it('a lost read that was meant for one node is not asked of another', async () => {
    const { stage, nodes, client } = await stageOf(3);
    nodes[2].behaviour = () => {};
    const get = fateOf(client.get('key-01', { via: 'node-03' }));
    await stage.settle();
    await stage.crash(nodes[2]);
    await stage.pass(100);
    expect(get().error).toMatchObject({ code: 'unreachable' });
    expect(counts(nodes)).toEqual([0, 0, 1]);
  });
});

describe('several connections to a node', () => {
  it('take turns, sixteen operations each, so that a burst leaves in few writes', async () => {
    const { stage, nodes, client } = await stageOf(1, 4);
    expect(nodes[0].connections).toHaveLength(4);
    for (let nth = 0; nth < 8 * 16; nth += 1) void client.put('key-01', 'x');
    await stage.settle();
    const used = nodes[0].connections.map(
      (connection) => nodes[0].received.filter((request) => request.connection === connection).length,
    );
    expect(used).toEqual([32, 32, 32, 32]);
  });

  it('take more at a time the more is in flight, a sixteenth of it', async () => {
    const { stage, nodes, client } = await stageOf(1, 4);
    nodes[0].behaviour = () => {};
    for (let nth = 0; nth < 16 * 64; nth += 1) fateOf(client.put('key-01', 'x'));
    await stage.settle();
    const before = nodes[0].received.length;
    for (let nth = 0; nth < 200; nth += 1) fateOf(client.put('key-01', 'x'));
    await stage.settle();
    const order = nodes[0].received.slice(before).map(({ connection }) => nodes[0].connections.indexOf(connection));
    const longest = Math.max(...[0, 1, 2, 3].map((one) => order.filter((used) => used === one).length));
    expect(longest).toBeGreaterThanOrEqual(64);
    await client.close();
  });

  it('on one connection, requests arrive in the order of the calls', async () => {
    const { stage, nodes, client } = await stageOf(1);
    for (let nth = 0; nth < 300; nth += 1) void client.get(`key-${nth}`);
    await stage.settle();
    const keys = nodes[0].received.map(({ payload }) => payload.subarray(5).toString());
    expect(keys).toEqual(Array.from({ length: 300 }, (_, nth) => `key-${nth}`));
  });

  it('that broke are redialed', async () => {
    const { stage, nodes, client } = await stageOf(1, 2);
    nodes[0].connections[0]!.close();
    await stage.settle();
    void client.put('key-01', 'x');
    void client.put('key-01', 'x');
    await stage.settle();
    expect(counts(nodes)).toEqual([2]);
    await stage.pass(1_000);
    expect(nodes[0].connections).toHaveLength(2);
  });
});
