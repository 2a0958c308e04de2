import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { asNodeId, RaftctlError } from '../../src/base/index.js';
import { KIND } from '../../src/wire/index.js';
import type { FakeNode } from '../helpers/fake-node.js';
import { errorOf, fateOf, Stage } from './stage.js';

const stageOf = async (size: number) => {
  const stage = new Stage();
  const nodes = (await stage.cluster(size)) as [FakeNode, FakeNode, FakeNode];
  const client = await stage.client(nodes);
  return { stage, nodes, client };
};

const noLeader = new RaftctlError('no-leader', 'node-01 knows no leader');

describe('a write whose answer is lost', () => {
  it('is outcome-unknown when the connection breaks, and is never sent again', async () => {
    const { stage, nodes, client } = await stageOf(3);
    const put = client.put('key-01', 'content 01');
    await stage.settle();
    nodes[0].received[0]!.breakConnection();
    const error = errorOf(put);
    await stage.pass(20_000);
    expect(await error).toMatchObject({ code: 'outcome-unknown', definite: false });
    expect((await error).message).toContain('put: the connection to node-01 (127.0.0.1:');
    expect(nodes.flatMap(({ received }) => received)).toHaveLength(1);
  });

  it('is outcome-unknown when the process of the node dies', async () => {
    const { stage, nodes, client } = await stageOf(3);
    const put = errorOf(client.compareAndSet('lock', null, 'me'));
    await stage.settle();
    await stage.crash(nodes[0]);
    expect(await put).toMatchObject({ code: 'outcome-unknown', definite: false });
  });

  it('is a timeout when no answer comes in time, also indefinite', async () => {
    const { stage, client } = await stageOf(3);
    const put = fateOf(client.put('key-01', 'x', { timeoutMs: 500 }));
    await stage.pass(499);
    expect(put().isPending).toBe(true);
    await stage.pass(1);
    expect(put().error).toMatchObject({ code: 'timeout', definite: false });
    expect(put().error?.message).toMatch(/^put: no answer from node-01 \(.*\) within 500 ms; it may have happened$/);
    expect(stage.time.pending).toEqual([]);
  });

  it('is outcome-unknown when the answer makes no sense, and that node is not listened to further', async () => {
    const { stage, nodes, client } = await stageOf(1);
    const put = errorOf(client.put('key-01', 'x'));
    const other = errorOf(client.put('key-02', 'x'));
    await stage.settle();
    const connections = nodes[0].connections;
    nodes[0].received[0]!.answer(KIND.okGet, Buffer.alloc(9));
    await stage.settle();
    expect(await put).toMatchObject({ code: 'outcome-unknown', definite: false });
    expect((await put).message).toContain('answered a put with a frame of kind 65');
    expect(await other).toMatchObject({ code: 'outcome-unknown' });
    expect(nodes[0].connections).not.toContain(connections[0]);
  });

  it('is internal, and as definite as the node says, when the node has a reason that no call knows', async () => {
    const { stage, nodes, client } = await stageOf(1);
    const put = errorOf(client.put('key-01', 'x'));
    await stage.settle();
    nodes[0].received[0]!.refuse(new RaftctlError('disk-failed', 'no space left'));
    await stage.settle();
    expect(await put).toMatchObject({ code: 'internal', definite: true, message: 'disk-failed: no space left' });
  });

  it('is outcome-unknown when news of a watch comes instead of the answer', async () => {
    const { stage, nodes, client } = await stageOf(1);
    const put = errorOf(client.put('key-01', 'x'));
    await stage.settle();
    nodes[0].received[0]!.answer(KIND.watchEvents, Buffer.alloc(12));
    await stage.settle();
    expect(await put).toMatchObject({ code: 'outcome-unknown', definite: false });
    expect((await put).message).toContain('answered a put with a frame of kind 70');
  });

  it('is outcome-unknown when the answer is cut short', async () => {
    const { stage, nodes, client } = await stageOf(1);
    const put = errorOf(client.put('key-01', 'x'));
    await stage.settle();
    nodes[0].received[0]!.answer(KIND.okWrite, Buffer.alloc(3));
    await stage.settle();
    expect((await put).message).toContain('malformed ok-write: expected 9 bytes, got 3');
  });

  it("keeps the node's word for it: an indefinite refusal is handed on and not retried", async () => {
    const { stage, nodes, client } = await stageOf(3);
    const put = errorOf(client.put('key-01', 'x'));
    await stage.settle();
    nodes[0].received[0]!.refuse(new RaftctlError('quorum-lost', 'no quorum answers'));
    await stage.pass(20_000);
    expect(await put).toMatchObject({ code: 'quorum-lost', definite: false });
    expect(nodes.flatMap(({ received }) => received)).toHaveLength(1);
  });

  it('may answer after the timeout: nobody listens, and the connection goes on', async () => {
    const { stage, nodes, client } = await stageOf(1);
    const late = fateOf(client.put('key-01', 'x', { timeoutMs: 100 }));
    await stage.pass(100);
    expect(late().error?.code).toBe('timeout');
    nodes[0].received[0]!.okWrite(1);
    const next = fateOf(client.put('key-01', 'y'));
    await stage.settle();
    nodes[0].received[1]!.okWrite(2);
    await stage.settle();
    expect(next().value).toMatchObject({ revision: 2 });
    expect(nodes[0].connections).toHaveLength(1);
  });
});

describe('a write that certainly did not happen', () => {
  it('goes to another node when the leader is gone before it was sent', async () => {
    const { stage, nodes, client } = await stageOf(3);
    await stage.crash(nodes[0]);
    nodes[1].serve();
    nodes[2].serve();
    const put = fateOf(client.put('key-01', 'x'));
    await stage.settle();
    expect(put().value?.node).toMatch(/node-0[23]/);
  });

  it('waits for a node while none is connected', async () => {
    const { stage, nodes, client } = await stageOf(1);
    await stage.crash(nodes[0]);
    const put = fateOf(client.put('key-01', 'x'));
    await stage.pass(3_000);
    expect(put().isPending).toBe(true);
    await nodes[0].start();
    nodes[0].serve();
    await stage.pass(1_000);
    expect(put().value).toMatchObject({ revision: 1 });
  });

  it('is tried again elsewhere when a node refuses before proposing it', async () => {
    const { stage, nodes, client } = await stageOf(2);
    nodes[1].serve();
    const put = fateOf(client.put('key-01', 'x'));
    await stage.settle();
    nodes[0].received[0]!.refuse(new RaftctlError('shutting-down', 'node-01 is shutting down'));
    await stage.pass(50);
    expect(put().value).toMatchObject({ node: 'node-02' });
  });

  it('is sent to the leader that the refusal names', async () => {
    const { stage, nodes, client } = await stageOf(3);
    nodes[2].serve();
    const put = fateOf(client.put('key-01', 'x'));
    await stage.settle();
    nodes[0].received[0]!.refuse(new RaftctlError('not-leader', 'node-01 stepped down'), asNodeId('node-03'));
    await stage.pass(50);
    expect(put().value).toMatchObject({ node: 'node-03' });
    expect(client.leader()).toBe('node-03');
  });

  it('backs off between refusals, and shrinks the time that it gives to the node', async () => {
    const { stage, nodes, client } = await stageOf(1);
    nodes[0].behaviour = (request) => request.refuse(new RaftctlError('proposal-dropped', 'too much is uncommitted'));
    const put = fateOf(client.put('key-01', 'x', { timeoutMs: 2_000 }));
    await stage.pass(1_500);
    expect(put().isPending).toBe(true);
    const budgets = nodes[0].received.map(({ timeoutMs }) => timeoutMs);
    expect(budgets.length).toBeGreaterThan(4);
    expect(budgets.length).toBeLessThan(25);
    expect(budgets).toEqual([...budgets].sort((a, b) => b - a));
    expect(new Set(budgets).size).toBeGreaterThan(4);
  });

  it('ends with the refusal, still definite, when the time is nearly over', async () => {
    const { stage, nodes, client } = await stageOf(1);
    nodes[0].behaviour = (request) => request.refuse(noLeader);
    const put = fateOf(client.put('key-01', 'x', { timeoutMs: 1_000 }));
    await stage.pass(1_000);
    expect(put().error).toMatchObject({ code: 'no-leader', definite: true });
  });

  it('ends with the reason of a node that kept it as long as it was allowed to', async () => {
    const { stage, nodes, client } = await stageOf(2);
    for (const node of nodes) {
      node.behaviour = (request) => void stage.time.after(request.timeoutMs, () => request.refuse(noLeader));
    }
    const put = fateOf(client.put('key-01', 'x', { timeoutMs: 1_000 }));
    await stage.pass(950);
    expect(put().error).toMatchObject({ code: 'no-leader', definite: true });
    expect(nodes.flatMap(({ received }) => received)).toHaveLength(1);
  });

  it('is refused for good when the node finds fault with it', async () => {
    const { stage, nodes, client } = await stageOf(2);
    const put = fateOf(client.put('key-01', 'x'));
    await stage.settle();
    nodes[0].received[0]!.refuse(new RaftctlError('value-too-large', 'the value has 1 bytes: at most 0'));
    await stage.pass(1_000);
    expect(put().error).toMatchObject({ code: 'value-too-large', definite: true });
    expect(nodes.flatMap(({ received }) => received)).toHaveLength(1);
  });

  it('is unreachable, with the reason of every endpoint, when no node was connected in time', async () => {
    const { stage, nodes, client } = await stageOf(2);
    await stage.crash(nodes[0]);
    await stage.crash(nodes[1]);
    const put = fateOf(client.put('key-01', 'x', { timeoutMs: 700 }));
    await stage.pass(700);
    expect(put().error).toMatchObject({ code: 'unreachable', definite: true });
    expect(put().error?.message).toMatch(/was not sent: node-01 \(.*\): nothing listens .*; node-02 \(/);
  });

  it('waits its turn when more is queued for a node than the connection takes', async () => {
    const { stage, nodes, client } = await stageOf(1);
    nodes[0].serve();
    stage.network.faults = { delayMs: () => 1, kernelBytes: 1 << 20 };
    const value = Buffer.alloc(1 << 20);
    const puts = Array.from({ length: 70 }, () => fateOf(client.put('key-01', value)));
    await stage.settle();
    expect(puts.filter((fate) => fate().isPending).length).toBeGreaterThan(0);
    await stage.pass(100);
    expect(puts.map((fate) => fate().error)).toEqual(new Array(70).fill(undefined));
    expect(nodes[0].received).toHaveLength(70);
  });

  it('that waited its turn is forgotten once it is answered', async () => {
    const { stage, nodes, client } = await stageOf(2);
    for (const node of nodes) node.serve();
    const value = Buffer.alloc(1 << 20);
    for (let nth = 0; nth < 64; nth += 1) void client.put('key-01', value);
    const get = fateOf(client.get('key-01', { via: 'node-01' }));
    await stage.pass(100);
    expect(get().value?.value.length).toBe(value.length);
    const asked = nodes[0].received.length;
    nodes[0].connections[0]!.close();
    await stage.pass(1_000);
    expect(nodes[0].received).toHaveLength(asked);
  });

  it('that a full connection did not take in time is a definite timeout', async () => {
    const { stage, nodes, client } = await stageOf(1);
    nodes[0].serve();
    stage.network.faults = { kernelBytes: 0 };
    const value = Buffer.alloc(1 << 20);
    for (let nth = 0; nth < 64; nth += 1) void client.put('key-01', value);
    const put = fateOf(client.put('key-01', value, { timeoutMs: 2 }));
    stage.time.advance(2);
    await stage.settle();
    expect(put().error).toMatchObject({ code: 'timeout', definite: true });
    expect(put().error?.message).toMatch(
      /^put: node-01 .* does not take more requests; it was not sent; tried for 2 ms$/,
    );
  });

  it('gives the node less time than the caller gives us, so that its reason arrives in time', async () => {
    const { stage, nodes, client } = await stageOf(1);
    for (const timeoutMs of [10_000, 1_000, 40, 1]) client.put('key-01', 'x', { timeoutMs }).catch(() => {});
    await stage.settle();
    expect(nodes[0].received.map((request) => request.timeoutMs)).toEqual([9_800, 900, 35, 1]);
    await client.close();
  });
});

describe('a read', () => {
  it('is asked of another node when the connection breaks', async () => {
    const { stage, nodes, client } = await stageOf(2);
    const get = fateOf(client.read('key-01'));
    await stage.settle();
    nodes[0].received[0]!.breakConnection();
    await stage.settle();
    nodes[1].received[0]!.okGet(5, 'content 01');
    await stage.settle();
    expect(get().value).toMatchObject({ revision: 5, node: 'node-02' });
  });

  it('that finds nobody else to ask ends with the reason for that', async () => {
    const { stage, nodes, client } = await stageOf(1);
    const get = fateOf(client.get('key-01', { timeoutMs: 500 }));
    await stage.settle();
    await stage.crash(nodes[0]);
    await stage.pass(500);
    expect(get().error).toMatchObject({ code: 'unreachable', definite: true });
    expect(get().error?.message).toMatch(/^get: no node was connected within 500 ms: .*nothing listens/);
  });

  it('is asked again when a node has lost its quorum', async () => {
    const { stage, nodes, client } = await stageOf(2);
    nodes[0].behaviour = (request) => request.refuse(new RaftctlError('quorum-lost', 'no quorum answers'));
    nodes[1].serve();
    const get = fateOf(client.get('key-01'));
    await stage.pass(100);
    expect(get().value).toBeNull();
  });

  it('is asked of another node when the answer makes no sense', async () => {
    const { stage, nodes, client } = await stageOf(2);
    nodes[0].behaviour = (request) => request.answer(KIND.okGet, Buffer.from('garbage'));
    nodes[1].serve();
    const get = fateOf(client.get('key-01'));
    await stage.pass(100);
    expect(get().value).toBeNull();
  });

  it('times out definitely: a read changes nothing, whether or not it was made', async () => {
    const { stage, client } = await stageOf(1);
    const get = fateOf(client.get('key-01', { timeoutMs: 100 }));
    await stage.pass(100);
    expect(get().error).toMatchObject({ code: 'timeout', definite: true });
  });

  it('that was asked twice is answered by the first answer', async () => {
    const { stage, nodes, client } = await stageOf(2);
    const get = fateOf(client.read('key-01'));
    await stage.settle();
    nodes[1].announce(2, 'node-02');
    await stage.settle();
    nodes[0].received[0]!.okGet(1, 'from the old leader');
    await stage.settle();
    expect(get().isPending).toBe(true);
    nodes[1].received[0]!.okGet(2, 'from the new leader');
    await stage.settle();
    expect(get().value?.entry?.value.toString()).toBe('from the new leader');
  });
});

describe('an AbortSignal', () => {
  it('that is aborted already sends nothing', async () => {
    const { nodes, client } = await stageOf(1);
    const error = await errorOf(client.put('key-01', 'x', { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'aborted', definite: true, message: 'put: aborted; it was not sent' });
    expect(nodes[0].received).toEqual([]);
  });

  it('aborts a write that waits for a node: definite, and it is never sent', async () => {
    const { stage, nodes, client } = await stageOf(1);
    await stage.crash(nodes[0]);
    const abort = new AbortController();
    const put = errorOf(client.put('key-01', 'x', { signal: abort.signal }));
    await stage.settle();
    abort.abort();
    expect(await put).toMatchObject({ code: 'aborted', definite: true });
    await nodes[0].start();
    await stage.pass(5_000);
    expect(nodes[0].received).toEqual([]);
  });

  it('aborts a write that was sent: it may still happen', async () => {
    const { stage, nodes, client } = await stageOf(1);
    const abort = new AbortController();
    const put = errorOf(client.put('key-01', 'x', { signal: abort.signal }));
    await stage.settle();
    abort.abort(new Error('the user left'));
    expect(await put).toMatchObject({ code: 'aborted', definite: false, cause: new Error('the user left') });
    nodes[0].received[0]!.okWrite(1);
    await stage.settle();
    expect(nodes[0].connections).toHaveLength(1);
  });

  it('aborts a read, definitely', async () => {
    const { stage, client } = await stageOf(1);
    const abort = new AbortController();
    const get = errorOf(client.get('key-01', { signal: abort.signal }));
    await stage.settle();
    abort.abort();
    expect(await get).toMatchObject({ code: 'aborted', definite: true, message: 'get: aborted' });
  });

  it('ends a read for good: it is not asked again when the connection breaks', async () => {
    const { stage, nodes, client } = await stageOf(2);
    const abort = new AbortController();
    client.get('key-01', { signal: abort.signal }).catch(() => {});
    await stage.settle();
    abort.abort();
    nodes[0].received[0]!.breakConnection();
    await stage.pass(1_000);
    expect(nodes.flatMap(({ received }) => received)).toHaveLength(1);
  });

  it('shared by many calls has one listener, and aborts them all', async () => {
    const { stage, client } = await stageOf(1);
    const abort = new AbortController();
    const calls = Array.from({ length: 50 }, () => fateOf(client.get('key-01', { signal: abort.signal })));
    await stage.settle();
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
    abort.abort();
    await stage.settle();
    expect(calls.map((fate) => fate().error?.code)).toEqual(new Array(50).fill('aborted'));
    expect(stage.time.pending).toHaveLength(1);
    await stage.pass(10_000);
    expect(stage.time.pending).toEqual([]);
  });

  it('is not listened to once the call has ended', async () => {
    const { stage, nodes, client } = await stageOf(1);
    nodes[0].serve();
    const { signal } = new AbortController();
    const put = fateOf(client.put('key-01', 'x', { signal }));
    await stage.settle();
    expect(put().isPending).toBe(false);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('close', () => {
  it('rejects what was sent and what waits: a sent write is indefinite, all else is definite', async () => {
    const { stage, nodes, client } = await stageOf(1);
    const sentPut = errorOf(client.put('key-01', 'x'));
    const sentGet = errorOf(client.get('key-01'));
    await stage.settle();
    const waitingPut = errorOf(client.put('key-01', 'x', { via: 'follower' }));
    await client.close();
    expect(await sentPut).toMatchObject({ code: 'closed', definite: false });
    expect(await sentGet).toMatchObject({ code: 'closed', definite: true });
    expect(await waitingPut).toMatchObject({ code: 'closed', definite: true });
    await stage.settle();
    expect(nodes[0].connections).toEqual([]);
  });

  it('twice is fine, and what comes after is closed', async () => {
    const { client } = await stageOf(1);
    await client.close();
    await client.close();
    expect(await errorOf(client.put('key-01', 'x'))).toMatchObject({ code: 'closed', definite: true });
  });

  it('leaves no timer behind', async () => {
    const { stage, client } = await stageOf(1);
    client.put('key-01', 'x').catch(() => {});
    await stage.settle();
    await client.close();
    await stage.settle();
    expect(stage.time.pending).toEqual([]);
  });
});
