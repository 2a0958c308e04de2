import { describe, expect, it } from 'vitest';
import { asNodeId, type NodeId } from '../../src/base/index.js';
import { DATA_VERSION } from '../../src/kv/index.js';
import type { Result } from '../../src/node/result.js';
import type { MembershipRequest } from '../../src/wire/index.js';
import { membershipText } from '../helpers/membership.js';
import { NodeCluster } from '../helpers/node-cluster.js';

async function started(nodes = 3): Promise<NodeCluster> {
  const c = await NodeCluster.start(nodes);
  await c.until(() => c.ids.every((id) => c.server(id).status().clusterVersion === DATA_VERSION.version) || undefined);
  await c.leader();
  return c;
}

const ask = (c: NodeCluster, at: NodeId, change: MembershipRequest, timeoutMs = 20_000): Promise<Result> =>
  c.server(at).submit({ type: 'change-membership', change, timeoutMs });

/** Asks whoever leads, and lets time pass until it answers. */
const changed = async (c: NodeCluster, change: MembershipRequest, timeoutMs?: number): Promise<Result> =>
  c.run(ask(c, await c.leader(), change, timeoutMs));

const add = (c: NodeCluster, node: string): MembershipRequest => ({ type: 'add', member: c.memberOf(node) });
const promote = (node: string): MembershipRequest => ({ type: 'promote', node: asNodeId(node) });
const remove = (node: string): MembershipRequest => ({ type: 'remove', node: asNodeId(node) });

/** A new node, from nothing to voter. */
async function join(c: NodeCluster, node: string, options: { readonly incarnation?: number } = {}): Promise<void> {
  await c.startNode(node, { joins: true, ...options });
  expect(await changed(c, add(c, node))).toMatchObject({ type: 'membership' });
  expect(await changed(c, promote(node))).toMatchObject({ type: 'membership' });
}

const membersAt = (c: NodeCluster, id: string): string => membershipText(c.server(id).status().membership);

/** Until all that run agree. */
const agreed = (c: NodeCluster, text: string): Promise<true> =>
  c.until(() => c.running.every((id) => membersAt(c, id) === text) || undefined);

const failure = (code: string, message?: RegExp) => ({
  type: 'failed',
  error: { code, ...(message && { message: expect.stringMatching(message) }) },
});

describe('a node that joins', () => {
  it('waits for a leader, gets the log as a learner, and votes once it keeps up', async () => {
    const c = await started();
    for (let at = 0; at < 20; at += 1) await c.run(c.client().put(`key-${at}`, 'value'));
    await c.startNode('node-04', { joins: true });
    await c.pass(2_000);
    expect(c.server('node-04').status()).toMatchObject({ role: 'follower', term: 0, lastIndex: 0 });
    expect(await changed(c, add(c, 'node-04'))).toMatchObject({ membership: { learners: ['node-04'] } });
    await c.until(() => c.server('node-04').status().revision === 21 || undefined);
    await agreed(c, 'node-01,node-02,node-03 + node-04');
    expect(await changed(c, promote('node-04'))).toMatchObject({ membership: { outgoing: [], learners: [] } });
    await agreed(c, 'node-01,node-02,node-03,node-04');
    expect(await c.run(c.client('node-04').get('key-7'))).toMatchObject({ modRevision: 9 });
    await c.run(c.client('node-04').put('from', 'node-04'));
  });

  it('knows who the members are when it comes back, and so do those who were away', async () => {
    const c = await started();
    const away = (await c.leader()) === 'node-03' ? 'node-02' : 'node-03';
    await c.stop(away);
    await join(c, 'node-04');
    await c.stop('node-04');
    await c.startNode('node-04', { joins: true, mayCreate: false });
    await c.startNode(away);
    await agreed(c, 'node-01,node-02,node-03,node-04');
  });

  it('can be what a quorum needs, for a voter too that has never heard of it', async () => {
    const c = await started();
    const leader = await c.leader();
    const [lagging, other] = c.ids.filter((id) => id !== leader);
    await c.kill(lagging!);
    await join(c, 'node-04');
    await join(c, 'node-05');
    await c.run(c.client().put('a', '1'));
    // Of five, three are left: two that joined, and one that knows nobody of them.
    await c.kill(leader);
    await c.kill(other!);
    await c.startNode(lagging!);
    const next = await c.leader();
    expect(['node-04', 'node-05']).toContain(next);
    expect(await c.run(c.client(lagging!).get('a'))).toMatchObject({ modRevision: 2 });
  });
});

describe('a member that is removed', () => {
  it('is told by the others, wherever it was, and asked to stop', async () => {
    const c = await started(4);
    const leader = await c.leader();
    const [one, other] = c.ids.filter((id) => id !== leader);
    expect(await changed(c, remove(one!))).toMatchObject({ membership: { former: [{ id: one, incarnation: 1 }] } });
    await c.until(() => c.removed.includes(one!) || undefined, 2_000);
    await c.stop(one!);
    // One that was down meanwhile hears it when it comes back.
    await c.stop(other!);
    expect(await changed(c, remove(other!))).toMatchObject({ type: 'membership' });
    await c.startNode(other!);
    await c.until(() => c.removed.includes(other!) || undefined, 3_000);
    expect(c.server(leader).status()).toMatchObject({ role: 'leader', term: 1 });
  });

  it('was the leader: it answers, hands over, and goes; the others write on', async () => {
    const c = await started(4);
    const leader = await c.leader();
    const client = c.client();
    let running = true;
    const load = (async () => {
      for (let at = 1; running; at += 1) await client.put('a', String(at));
    })();
    expect(await c.run(ask(c, leader, remove(leader)))).toMatchObject({ type: 'membership' });
    const next = await c.leader(leader);
    expect(c.server(next).status().term).toBe(2);
    await c.until(() => c.removed.includes(leader) || undefined, 2_000);
    await c.stop(leader);
    await c.pass(200);
    running = false;
    await c.run(load);
  });

  it('comes back under its name as somebody new, and nobody takes one for the other', async () => {
    const c = await started();
    const leader = await c.leader();
    const [wiped] = c.ids.filter((id) => id !== leader);
    await c.run(c.client().put('a', '1'));
    await c.kill(wiped!);
    expect(await changed(c, remove(wiped!))).toMatchObject({ type: 'membership' });
    c.wipe(wiped!);
    await join(c, wiped!, { incarnation: 2 });
    await agreed(
      c,
      'node-01,node-02,node-03'
        .split(',')
        .filter((id) => id !== wiped)
        .concat(wiped!)
        .join(','),
    );
    expect(c.server(wiped!).status()).toMatchObject({ revision: 2 });
  });

  it('started by hand with its old data is refused by all, and told', async () => {
    const c = await started();
    const leader = await c.leader();
    const [gone] = c.ids.filter((id) => id !== leader);
    await c.stop(gone!);
    await changed(c, remove(gone!));
    await c.startNode(gone!);
    await c.until(() => c.removed.includes(gone!) || undefined, 3_000);
    expect(c.server(leader).status().term).toBe(1);
  });
});

describe('a change is refused, with the reason, and nothing has changed:', () => {
  it.each([
    ['a member again', (c: NodeCluster) => add(c, 'node-02'), 'change-refused', /node-02 is a member already/],
    [
      'an address that is taken',
      (): MembershipRequest => ({
        type: 'add',
        member: { id: asNodeId('node-09'), incarnation: 1, host: 'node-02', port: 1 },
      }),
      'change-refused',
      /node-02:1 is the address of node-02/,
    ],
    ['an unknown node', () => remove('node-99'), 'no-such-node', /node-99 is not a member/],
    ['a voter, promoted', () => promote('node-01'), 'change-refused', /node-01 votes already/],
    ['a stranger, promoted', () => promote('node-07'), 'no-such-node', /node-07 is not a member/],
  ])('%s', async (_, change, code, message) => {
    const c = await started();
    const before = c.server(await c.leader()).status().lastIndex;
    expect(await changed(c, change(c))).toMatchObject(failure(code, message));
    expect(c.server(await c.leader()).status().lastIndex).toBe(before);
  });

  it('an incarnation that has left already', async () => {
    const c = await started();
    const [gone] = c.ids.filter((id) => id !== undefined);
    const other = (await c.leader()) === gone ? c.ids[1]! : gone!;
    await changed(c, remove(other));
    expect(await changed(c, add(c, other))).toMatchObject(failure('change-refused', /left as incarnation 1/));
  });

  it('the last voter', async () => {
    const c = await started(1);
    expect(await changed(c, remove('node-01'))).toMatchObject(failure('change-refused', /last voter/));
  });

  it('one that leaves no quorum', async () => {
    const c = await started();
    const leader = await c.leader();
    const [dead, live] = c.ids.filter((id) => id !== leader);
    await c.kill(dead!);
    await c.pass(500);
    expect(await changed(c, remove(live!))).toMatchObject(failure('change-refused', /too few of the voters answer/));
    expect(await changed(c, remove(dead!))).toMatchObject({ type: 'membership' });
  });

  it('a second one at once', async () => {
    const c = await started();
    const leader = await c.leader();
    await c.startNode('node-04', { joins: true });
    await changed(c, add(c, 'node-04'));
    const first = ask(c, leader, promote('node-04'));
    expect(await c.run(ask(c, leader, remove('node-02')))).toMatchObject(failure('change-refused', /another change/));
    expect(await c.run(first)).toMatchObject({ type: 'membership' });
  });

  it('on a node that does not lead, which says who does', async () => {
    const c = await started();
    const leader = await c.leader();
    const [other] = c.ids.filter((id) => id !== leader);
    expect(await c.run(ask(c, other!, remove('node-01')))).toMatchObject(
      failure('not-leader', new RegExp(`${leader} leads`)),
    );
  });

  it('a learner that does not answer stays one: the command says so', async () => {
    const c = await started();
    await changed(c, add(c, 'node-04'));
    expect(await changed(c, promote('node-04'))).toMatchObject(failure('change-failed', /node-04 does not answer/));
    await agreed(c, 'node-01,node-02,node-03 + node-04');
    await c.startNode('node-04', { joins: true });
    expect(await changed(c, promote('node-04'))).toMatchObject({ type: 'membership' });
  });

  it('what a member would not understand', async () => {
    const c = NodeCluster.down(3);
    for (const [nth, id] of c.ids.entries()) {
      await c.startNode(id, nth === 2 ? { data: { ...DATA_VERSION, version: 2 } } : {});
    }
    await c.leader();
    await c.pass(1_000);
    expect(await changed(c, remove('node-03'))).toMatchObject(failure('version-too-low', /needs cluster version 3/));
  });
});

describe('one node in place of another', () => {
  it('is one change, and both are told', async () => {
    const c = await started();
    const leader = await c.leader();
    const [old] = c.ids.filter((id) => id !== leader);
    await c.startNode('node-04', { joins: true });
    await changed(c, add(c, 'node-04'));
    const change: MembershipRequest = { type: 'replace', node: old!, by: asNodeId('node-04') };
    expect(await changed(c, change)).toMatchObject({ membership: { former: [{ id: old }], learners: [] } });
    await c.until(() => c.removed.includes(old!) || undefined, 2_000);
  });
});

describe('a client with a list of long ago', () => {
  it('follows the cluster until none of those on its list is left', async () => {
    const c = await started();
    const client = c.followingClient();
    await c.run(client.put('a', '1'));
    for (const node of ['node-04', 'node-05', 'node-06']) await join(c, node);
    for (const node of ['node-01', 'node-02', 'node-03']) {
      expect(await changed(c, remove(node))).toMatchObject({ type: 'membership' });
      await c.until(() => c.removed.includes(asNodeId(node)) || undefined, 2_000);
      await c.stop(node);
    }
    await c.run(client.put('a', '2'));
    expect(await c.run(client.get('a'))).toMatchObject({ version: 2 });
  });

  it('does not with discover: false', async () => {
    const c = await started(1);
    const client = c.client();
    await c.run(client.put('a', '1'));
    await join(c, 'node-02');
    await changed(c, remove('node-01'));
    await c.until(() => c.removed.includes(asNodeId('node-01')) || undefined, 2_000);
    await c.stop('node-01');
    await expect(c.run(client.get('a'))).rejects.toMatchObject({ code: 'unreachable' });
  });
});
