import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../src/base/index.js';
import { NodeCluster } from '../helpers/node-cluster.js';

const started = async (nodes = 3) => {
  const c = await NodeCluster.start(nodes);
  const leader = await c.leader();
  await c.sessionsKnown();
  const others = c.ids.filter((id) => id !== leader) as [NodeId, NodeId];
  return { c, leader, others };
};

describe('a write whose leader is lost', () => {
  it('before it was replicated happens once, under the next leader', async () => {
    const { c, leader } = await started();
    const client = c.sessionClient();
    await c.run(client.put('a', '1'));
    c.network.faults = { loses: (from) => from === leader };
    const put = client.put('a', '2');
    await c.pass(20);
    c.heal();
    await c.kill(leader);
    expect(await c.run(put)).toMatchObject({ revision: 3 });
    expect((await c.run(client.get('a')))?.version).toBe(2);
  });

  it('after it was committed, and before it was answered, happens once, and is answered as it was then', async () => {
    const { c, leader, others } = await started();
    const client = c.sessionClient(leader, ...others);
    await c.run(client.put('a', '1'));
    // Its answers to clients are lost; its peers hear all that it says.
    c.network.faults = { loses: (from, to) => from === leader && to.startsWith('client') };
    const put = client.put('a', '2');
    await c.until(() => (c.server(others[0]).status().revision === 3 ? true : undefined));
    const other = c.client(...others);
    await c.run(other.put('b', '1'));
    await c.kill(leader);
    c.heal();
    expect(await c.run(put)).toMatchObject({ revision: 3 });
    expect((await c.run(client.get('a')))?.version).toBe(2);
  });

  it('through a follower happens once, which no longer has to say that it does not know', async () => {
    const { c, leader, others } = await started();
    const client = c.sessionClient(others[0]);
    await c.run(client.put('warm', '1'));
    c.network.faults = { loses: (from) => from === leader };
    const put = client.put('a', '1', { timeoutMs: 5_000 });
    await c.pass(20);
    await c.kill(leader);
    c.heal();
    await c.run(put);
    expect((await c.run(client.get('a')))?.version).toBe(1);
  });

  it('is a swap that succeeds once: what came of it then is its answer', async () => {
    const { c, leader, others } = await started();
    const client = c.sessionClient(leader, ...others);
    await c.run(client.put('a', '1'));
    c.network.faults = { loses: (from, to) => from === leader && to.startsWith('client') };
    const swap = client.compareAndSet('a', '1', '2');
    await c.until(() => (c.server(others[0]).status().revision === 3 ? true : undefined));
    await c.kill(leader);
    c.heal();
    expect(await c.run(swap)).toMatchObject({ succeeded: true, revision: 3 });
  });
});

describe('a session', () => {
  it('outlives the processes of all nodes', async () => {
    const { c, leader, others } = await started();
    const client = c.sessionClient(leader, ...others);
    await c.run(client.put('a', '1'));
    c.network.faults = { loses: (from, to) => from === leader && to.startsWith('client') };
    const put = client.put('a', '2', { timeoutMs: 60_000 });
    await c.until(() => (c.server(others[0]).status().revision === 3 ? true : undefined));
    for (const id of c.ids) await c.kill(id);
    c.heal();
    for (const id of c.ids) await c.startNode(id);
    expect(await c.run(put)).toMatchObject({ revision: 3 });
    expect((await c.run(client.get('a')))?.version).toBe(2);
  });

  it('that is no more leaves the write in doubt that came twice, and takes none a second time', async () => {
    const { c, leader } = await started();
    const error = await c
      .run(c.server(leader).submit({ type: 'write', timeoutMs: 1_000, command: underUnknownSession() }))
      .then((result) => (result.type === 'failed' ? result.error : undefined));
    expect(error).toMatchObject({ code: 'session-expired', definite: true });
    expect(c.server(leader).status().revision).toBe(1);
  });
});

function underUnknownSession(): Buffer {
  // put k = v under session 99, sequence 1
  return Buffer.from('010201000100000000000000630000000000000001000000000000000000' + '6b76', 'hex');
}
