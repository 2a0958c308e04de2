import { describe, expect, it } from 'vitest';
import type { DirectoryCopy } from '../helpers/node-cluster.js';
import { NodeCluster } from '../helpers/node-cluster.js';

/** A cluster of three whose leader is known, and its followers. */
async function startedCluster() {
  const c = await NodeCluster.start(3);
  const leader = await c.leader();
  const [victim, other] = c.ids.filter((id) => id !== leader);
  await c.run(c.client().put('a', '1'));
  return { c, leader, victim: victim!, other: other! };
}

/** Twenty writes, until the node has them. */
async function writeWith(c: NodeCluster, node: string): Promise<void> {
  for (let i = 0; i < 20; i += 1) await c.run(c.client().put(`key-${i}`, `value ${i}`));
  const { revision } = c.server(await c.leader()).status();
  await c.until(() => c.server(node).status().revision === revision || undefined);
}

/** The story: stopped, copied, started, 20 writes, stopped, and the copy put back. */
async function clusterWithOldCopy() {
  const cluster = await startedCluster();
  const { c, victim } = cluster;
  await c.stop(victim);
  const copy = c.copyOf(victim);
  await c.startNode(victim);
  await writeWith(c, victim);
  await c.stop(victim);
  c.putBack(victim, copy);
  return cluster;
}

const FORGOTTEN = {
  code: 'data-forgotten',
  message: expect.stringMatching(/^\/data\/node-0\d is not what node-0\d had last: /),
  hint: expect.stringContaining('put back the directory that it ran with last'),
};

/** Why the node ended by itself. */
const endOf = (c: NodeCluster, node: string) =>
  c.until(() => c.failures.find((failure) => failure.node === node)?.error as Error | undefined);

/** Started with what it has now, it is found out, and its process ends. */
async function expectFoundOut(c: NodeCluster, node: string): Promise<void> {
  await c.startNode(node);
  expect(await endOf(c, node)).toMatchObject(FORGOTTEN);
  await c.kill(node);
}

async function putBackWhileDown(c: NodeCluster, node: string, copy: DirectoryCopy): Promise<void> {
  await c.kill(node);
  c.putBack(node, copy);
}

describe('a node that is given an old copy of its directory', () => {
  it('from before its last start ends, says once what it has forgotten, and what to do', async () => {
    const { c, victim } = await clusterWithOldCopy();
    await c.startNode(victim);
    const error = await endOf(c, victim);
    expect(error).toMatchObject(FORGOTTEN);
    expect(error.message).toContain('what it takes for its 2nd start was that of another process before');
    expect(error.message).toMatch(/\(node-0\d has seen it\)$/);
    expect(c.events.filter((line) => line.startsWith(`${victim} data-forgotten`))).toHaveLength(1);
  });

  it('stays out by itself from then on, even where nobody knows it', async () => {
    const { c, victim } = await clusterWithOldCopy();
    await expectFoundOut(c, victim);
    for (const id of c.running) await c.kill(id);
    await expect(c.startNode(victim)).rejects.toMatchObject(FORGOTTEN);
  });

  it('is no quorum together with the leader: with the other follower down, a write has to wait', async () => {
    const { c, victim, other } = await clusterWithOldCopy();
    await c.kill(other);
    await c.startNode(victim);
    const put = c.client().put('b', '2', { timeoutMs: 2_000 });
    await expect(c.run(put)).rejects.toMatchObject({ definite: false });
    await c.kill(victim);
    await c.startNode(other);
    await c.leader();
    await c.run(c.client(...c.running).put('b', '3'));
  });

  it('is found out by leaders to come, and by those who were down meanwhile', async () => {
    const { c, victim } = await clusterWithOldCopy();
    for (const id of c.running) await c.kill(id);
    for (const id of c.ids) if (id !== victim) await c.startNode(id);
    await c.leader();
    await expectFoundOut(c, victim);
  });

  it('is not elected, nor does it elect: two of three that know of it have no leader with it alone', async () => {
    const { c, victim, leader } = await clusterWithOldCopy();
    await c.kill(leader);
    await c.startNode(victim);
    await endOf(c, victim);
    await c.pass(5_000);
    expect(c.running.map((id) => c.server(id).status().role)).not.toContain('leader');
  });

  it('made while it ran, is found out by what it acknowledged', async () => {
    const { c, victim } = await startedCluster();
    const copy = c.copyOf(victim);
    await writeWith(c, victim);
    await putBackWhileDown(c, victim, copy);
    await c.startNode(victim);
    expect((await endOf(c, victim)).message).toMatch(/it had acknowledged entry \d+ in term \d+, and started with \d+/);
  });

  it('made while it ran, is found out by its leader also after that was started again', async () => {
    const { c, victim, leader, other } = await startedCluster();
    const copy = c.copyOf(victim);
    await writeWith(c, victim);
    await putBackWhileDown(c, victim, copy);
    await c.pass(10);
    for (const id of [leader, other]) await c.kill(id);
    for (const id of [leader, other]) await c.startNode(id);
    await expectFoundOut(c, victim);
  });

  it('is found out although it was started again and again while nobody was there to tell it', async () => {
    const { c, victim, leader, other } = await clusterWithOldCopy();
    for (const id of [leader, other]) await c.kill(id);
    for (let start = 0; start < 3; start += 1) {
      await c.startNode(victim);
      await c.kill(victim);
    }
    // One to whom it never acknowledged anything: there is nothing but its past to tell it by.
    await c.startNode(other);
    await c.startNode(victim);
    expect((await endOf(c, victim)).message).toContain('another process was its start 2');
  });

  it('is welcome again with the directory that it ran with last', async () => {
    const cluster = await startedCluster();
    const { c, victim } = cluster;
    const old = c.copyOf(victim);
    await c.stop(victim);
    await c.startNode(victim);
    await writeWith(c, victim);
    await c.stop(victim);
    const latest = c.copyOf(victim);
    c.putBack(victim, old);
    await expectFoundOut(c, victim);
    c.putBack(victim, latest);
    await c.startNode(victim);
    await writeWith(c, victim);
  });
});

describe('the word of a member', () => {
  it('is worth nothing until it is durable that it was started: then what waited is taken', async () => {
    const { c, leader, victim, other } = await startedCluster();
    await c.kill(victim);
    await c.kill(other);
    c.disk(leader).hold();
    await c.startNode(victim);
    // It answers every beat; nobody hears it.
    await c.pass(2_000);
    expect(c.server(leader).status()).toMatchObject({ role: expect.not.stringMatching('leader') });
    expect(c.server(victim).status().links).toContainEqual({ peer: leader, state: 'connected' });
    c.disk(leader).release();
    await c.leader();
    await c.run(c.client(leader, victim).put('b', '2'));
  });

  it('waits while the disk is full, and not longer', async () => {
    const { c, leader, victim, other } = await startedCluster();
    await c.kill(victim);
    await c.kill(other);
    const used = [...c.disk(leader).image().values()].reduce((sum, { length }) => sum + length, 0);
    c.disk(leader).capacityBytes = used;
    await c.startNode(victim);
    await c.until(() => c.events.find((line) => line.startsWith(`${leader} sightings-disk-full`)));
    c.disk(leader).capacityBytes = Number.POSITIVE_INFINITY;
    await c.leader();
    await c.run(c.client(leader).put('b', '2'));
  });

  it('is not asked of another one who answers at its address', async () => {
    const { c, leader, victim, other } = await startedCluster();
    await c.kill(leader);
    const swapped = c.ids.map((id) => {
      const host = id === victim ? other : id === other ? victim : id;
      return { id, incarnation: 1, host, port: 1 };
    });
    await c.startNode(leader, { members: swapped });
    await c.pass(2_000);
    expect(c.failures).toEqual([]);
  });
});
