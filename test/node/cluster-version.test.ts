import { describe, expect, it } from 'vitest';
import { DATA_VERSION, type DataVersion } from '../../src/kv/index.js';
import { NodeCluster } from '../helpers/node-cluster.js';

/** As if cas had come with version 2: a node of version 1 was built before it. */
const NEW: DataVersion = { ...DATA_VERSION, version: 2, since: { ...DATA_VERSION.since, cas: 2 } };
const OLD: DataVersion = { ...NEW, version: 1 };

const versionsOf = (c: NodeCluster): number[] => c.running.map((id) => c.server(id).status().clusterVersion);

const allAt = (c: NodeCluster, version: number): Promise<true> =>
  c.until(() => (versionsOf(c).every((one) => one === version) ? true : undefined));

async function clusterOf(...data: readonly DataVersion[]): Promise<NodeCluster> {
  const c = NodeCluster.down(data.length);
  for (const [nth, id] of c.ids.entries()) await c.startNode(id, { data: data[nth]! });
  await c.leader();
  return c;
}

const swap = (c: NodeCluster, via: string) => c.run(c.client(via).compareAndSet('key', null, 'value'));

const refused = { code: 'version-too-low', definite: true };

describe('the cluster version', () => {
  it('rises by itself when all members know more, on every node, and once', async () => {
    const c = await NodeCluster.start(3);
    await allAt(c, DATA_VERSION.version);
    const raised = c.events.filter((event) => event.includes('cluster-version-raised'));
    expect(raised).toEqual([expect.stringContaining(`{"from":1,"version":${DATA_VERSION.version}}`)]);
    const [one] = c.ids;
    expect(c.server(one!).status()).toMatchObject({
      dataVersion: DATA_VERSION.version,
      clusterVersion: DATA_VERSION.version,
      revision: 1,
    });
  });

  it('stays while one member is old: what is new is refused on every node, what is old is written', async () => {
    const c = await clusterOf(NEW, NEW, OLD);
    await c.pass(2_000);
    expect(versionsOf(c)).toEqual([1, 1, 1]);
    for (const via of c.ids) await expect(swap(c, via)).rejects.toMatchObject(refused);
    await expect(swap(c, 'node-01')).rejects.toThrow('cas needs cluster version 2, the cluster is at 1');
    expect(await c.run(c.client().put('key', 'value'))).toMatchObject({ revision: 2 });
  });

  it('stays while one member was never heard, whatever the others know', async () => {
    const c = NodeCluster.down(3);
    for (const id of c.ids.slice(0, 2)) await c.startNode(id);
    await c.leader();
    await c.pass(2_000);
    expect(versionsOf(c)).toEqual([1, 1]);
    await c.startNode('node-03');
    await allAt(c, DATA_VERSION.version);
  });

  it('rises when the last member is upgraded, one by one, and what is new is written from then on', async () => {
    const c = await clusterOf(OLD, OLD, OLD);
    for (const id of c.ids) {
      await expect(swap(c, id)).rejects.toMatchObject(refused);
      await c.stop(id);
      await c.startNode(id, { data: NEW });
      await c.leader();
    }
    await allAt(c, 2);
    expect(await swap(c, 'node-01')).toMatchObject({ succeeded: true });
    expect(c.failures).toEqual([]);
  });

  it('outlives the processes that agreed on it', async () => {
    const c = await clusterOf(NEW, NEW, NEW);
    await allAt(c, 2);
    for (const id of c.ids) await c.stop(id);
    await c.startNode('node-01', { data: NEW });
    expect(versionsOf(c)).toEqual([2]);
  });
});

describe('a node that is older than the cluster', () => {
  it('refuses to start on a state that says so, and tells both versions', async () => {
    const c = await clusterOf(NEW);
    await allAt(c, 2);
    await c.stop('node-01');
    await expect(c.startNode('node-01', { data: OLD })).rejects.toMatchObject({
      code: 'data-newer',
      message: expect.stringContaining('the cluster is at version 2, this raftctl knows data up to version 1'),
      hint: expect.stringContaining('newer'),
    });
  });

  it('ends itself at the first entry of its log that it does not know', async () => {
    const c = await clusterOf(NEW, NEW, NEW);
    await allAt(c, 2);
    await c.kill('node-03');
    // Its state was not flushed yet: the log says it first.
    await c.startNode('node-03', { data: OLD });
    await c.until(() => c.failures[0]);
    expect(c.failures[0]).toMatchObject({
      node: 'node-03',
      error: { code: 'data-newer', message: expect.stringMatching(/entry 2 .* data version 1 does not know/) },
    });
  });
});
