import { describe, expect, it } from 'vitest';
import { asNodeId, type NodeId } from '../../src/base/index.js';
import { DATA_VERSION } from '../../src/kv/index.js';
import type { Result } from '../../src/node/result.js';
import { NodeCluster } from '../helpers/node-cluster.js';

/** The cluster knows how leadership is handed over. */
async function started(nodes = 3): Promise<{ readonly c: NodeCluster; readonly leader: NodeId }> {
  const c = await NodeCluster.start(nodes);
  await c.until(() => c.ids.every((id) => c.server(id).status().clusterVersion === DATA_VERSION.version) || undefined);
  return { c, leader: await c.leader() };
}

const transfer = (c: NodeCluster, at: NodeId, to: string | null): Promise<Result> =>
  c.run(c.server(at).submit({ type: 'transfer', to: to === null ? null : asNodeId(to), timeoutMs: 5_000 }));

const others = (c: NodeCluster, leader: NodeId): NodeId[] => c.ids.filter((id) => id !== leader);

const failure = (code: string, message?: RegExp) => ({
  type: 'failed',
  error: { code, definite: true, ...(message && { message: expect.stringMatching(message) }) },
});

describe('a transfer that somebody asks for', () => {
  it('ends with the name of the new leader, the next term, and no election timeout', async () => {
    const { c, leader } = await started();
    const [, to] = others(c, leader);
    const began = c.time.now();
    expect(await transfer(c, leader, to!)).toEqual({ type: 'leads', leader: to, term: 2 });
    expect(c.time.now() - began).toBeLessThan(50);
  });

  it('without a name goes to some follower', async () => {
    const { c, leader } = await started();
    expect(await transfer(c, leader, null)).toMatchObject({ type: 'leads', term: 2 });
    expect(await c.leader()).not.toBe(leader);
  });

  it('is refused where it makes no sense, with the reason, and nothing has changed', async () => {
    const { c, leader } = await started();
    const [one, other] = others(c, leader);
    expect(await transfer(c, leader, leader)).toMatchObject(failure('transfer-failed', /leads already/));
    expect(await transfer(c, leader, 'node-99')).toMatchObject(failure('no-such-node', /node-99 is not a member/));
    expect(await transfer(c, one!, other!)).toMatchObject(failure('not-leader', new RegExp(`${leader} leads`)));
    await c.kill(one!);
    await c.pass(100);
    expect(await transfer(c, leader, one!)).toMatchObject(failure('transfer-failed', /does not answer/));
    await c.kill(other!);
    await c.pass(100);
    expect(await transfer(c, leader, null)).toMatchObject(failure('transfer-failed', /no other voter keeps up/));
    expect(c.server(leader).status()).toMatchObject({ role: 'leader', term: 1 });
  });

  it('that nobody takes fails after an election timeout; the writes that waited are written then', async () => {
    const { c, leader } = await started();
    const [to] = others(c, leader);
    c.pause(to!);
    const began = c.time.now();
    const asked = transfer(c, leader, to!);
    const write = c.run(c.client(leader).put('a', '1'));
    expect(await asked).toMatchObject(failure('transfer-failed', /did not take over in time/));
    expect(c.time.now() - began).toBeGreaterThan(390);
    expect(await write).toMatchObject({ revision: 2 });
    expect(c.server(leader).status()).toMatchObject({ role: 'leader', term: 1 });
  });

  it('is refused while a member does not know how', async () => {
    const c = NodeCluster.down(3);
    for (const [nth, id] of c.ids.entries()) {
      await c.startNode(id, nth === 2 ? { data: { ...DATA_VERSION, version: 2 } } : {});
    }
    const leader = await c.leader();
    await c.pass(1_000);
    expect(await transfer(c, leader, null)).toMatchObject(
      failure('version-too-low', /transfer needs cluster version 3/),
    );
  });

  it('loses no write and no read that was under way, on whatever node', async () => {
    const { c, leader } = await started();
    const clients = c.ids.map((id) => c.client(id));
    let running = true;
    let done = 0;
    const load = clients.map(async (client, nth) => {
      for (let at = 0; running; at += 1) {
        await client.put(`key-${nth}`, String(at));
        expect((await client.get(`key-${nth}`))?.value.toString()).toBe(String(at));
        done += 1;
      }
    });
    await c.pass(100);
    for (let times = 0; times < 6; times += 1) {
      expect(await transfer(c, await c.leader(), null)).toMatchObject({ type: 'leads' });
      await c.pass(50);
    }
    running = false;
    await c.run(Promise.all(load));
    expect(done).toBeGreaterThan(50);
    expect(c.server(leader).status().term).toBe(7);
  });
});

describe('a node that stops', () => {
  it('hands over first: another leads before it is gone, and no write of a client fails or is in doubt', async () => {
    const { c } = await started();
    const client = c.client();
    let running = true;
    const load = (async () => {
      for (let at = 1; running; at += 1) expect((await client.put('a', String(at))).revision).toBe(at + 1);
    })();
    for (const id of c.ids) {
      await c.pass(50);
      await c.stop(id);
      expect(c.running.some((other) => c.server(other).status().role === 'leader')).toBe(true);
      await c.startNode(id);
    }
    running = false;
    await c.run(load);
    expect(c.events.filter((event) => event.includes('pre-candidate') && event.includes('"term":2'))).toEqual([]);
  });

  it('does not wait for others where there are none left to lead', async () => {
    const { c, leader } = await started();
    for (const id of others(c, leader)) await c.stop(id);
    const began = c.time.now();
    await c.stop(leader);
    expect(c.time.now() - began).toBeLessThan(50);
  });

  it('waits an election timeout at most for somebody to take over, and a second for its last words to be read', async () => {
    const { c, leader } = await started();
    for (const id of others(c, leader)) c.pause(id);
    const began = c.time.now();
    await c.stop(leader);
    expect(c.time.now() - began).toBeLessThan(1_850);
  });

  it('answers what it forwarded before it goes', async () => {
    const { c, leader } = await started();
    const [follower] = others(c, leader);
    const writes = c.run(Promise.all(Array.from({ length: 20 }, (_, at) => c.client(follower!).put(`k${at}`, 'v'))));
    await c.pass(1);
    await c.stop(follower!);
    expect(await writes).toHaveLength(20);
  });
});
