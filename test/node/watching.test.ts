import { describe, expect, it } from 'vitest';
import type { KeyEvent, Watch } from '../../src/client/index.js';
import { NodeCluster } from '../helpers/node-cluster.js';

/** Keeps what a watch brings, and how it ended. */
class Seen {
  readonly events: string[] = [];
  failure: unknown;

  constructor(watch: Watch) {
    void this.#follow(watch);
  }

  async #follow(watch: Watch): Promise<void> {
    try {
      for await (const event of watch) this.events.push(said(event));
    } catch (error) {
      this.failure = error;
    }
  }
}

const said = ({ type, key, value, modRevision }: KeyEvent) => `${modRevision} ${type} ${key} ${value}`.trim();

/** `2 put key 1`, … as `putMany` writes them: the first write makes revision 2. */
const expected = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, nth) => `${from + nth + 1} put key ${from + nth}`);

async function putMany(c: NodeCluster, from: number, to: number, ...nodes: readonly string[]): Promise<void> {
  const client = c.client(...nodes);
  for (let nth = from; nth <= to; nth += 1) await c.run(client.put('key', String(nth)));
  await c.run(client.close());
}

describe('a watch in a cluster', () => {
  it('shows the same events in the same order on every node, whoever took the writes', async () => {
    const c = await NodeCluster.start(3);
    await c.leader();
    const client = c.client();
    const seen: Seen[] = [];
    for (const via of c.ids) {
      const watch = client.watch({ prefix: 'k' }, { via });
      expect(await c.run(watch.started)).toEqual({ revision: 2, node: via });
      seen.push(new Seen(watch));
    }
    for (const via of c.ids) await c.run(client.put(`k-${via}`, 'x', { via }));
    await c.run(client.put('other', 'x'));
    await c.run(client.delete('k-node-01'));
    const all = ['2 put k-node-01 x', '3 put k-node-02 x', '4 put k-node-03 x', '6 delete k-node-01'];
    for (const { events } of seen) {
      await c.until(() => events.length === 4 || undefined);
      expect(events).toEqual(all);
    }
  });

  it('waits, on a node that lags, until that node has applied the revision asked for', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const lagging = c.ids.find((id) => id !== leader)!;
    const others = c.ids.filter((id) => id !== lagging);
    const client = c.client(lagging);
    await c.run(client.put('key', '1'));
    const isPeer = (name: string) => c.ids.some((id) => id === name);
    c.network.faults = { loses: (from, to) => isPeer(from) && isPeer(to) && [from, to].includes(lagging) };
    await putMany(c, 2, 3, ...others);
    const watch = client.watch('key', { from: 4 });
    expect((await c.run(watch.started)).node).toBe(lagging);
    const { events } = new Seen(watch);
    await c.pass(100);
    expect(events).toEqual([]);
    c.heal();
    await c.until(() => events.length === 1 || undefined);
    expect(events).toEqual(['4 put key 3']);
  });

  it('goes on at another node when its node is killed: no event is lost and none comes twice', async () => {
    const c = await NodeCluster.start(4);
    const leader = await c.leader();
    const client = c.client();
    const watch = client.watch('key', { via: 'follower' });
    const { node } = await c.run(watch.started);
    expect(node).not.toBe(leader);
    const seen = new Seen(watch);
    await putMany(c, 1, 10);
    await c.until(() => seen.events.length === 10 || undefined);
    await c.kill(node);
    await putMany(c, 11, 20, ...c.running);
    await c.until(() => seen.events.length >= 20 || undefined);
    await c.pass(50);
    expect(seen.events).toEqual(expected(1, 20));
  });

  it('goes on, without a wish, at the new leader when the old one is killed', async () => {
    const c = await NodeCluster.start(4);
    const old = await c.leader();
    const client = c.client();
    await c.until(() => client.leader() ?? undefined);
    const watch = client.watch('key');
    expect((await c.run(watch.started)).node).toBe(old);
    const seen = new Seen(watch);
    await putMany(c, 1, 5);
    await c.kill(old);
    await c.leader(old);
    await putMany(c, 6, 10, ...c.running);
    await c.until(() => seen.events.length >= 10 || undefined);
    expect(seen.events).toEqual(expected(1, 10));
  });

  it('leaves a leader that is cut off from the others, which hears of nothing any more', async () => {
    const c = await NodeCluster.start(3);
    const old = await c.leader();
    const client = c.client();
    await c.until(() => client.leader() ?? undefined);
    const watch = client.watch('key');
    expect((await c.run(watch.started)).node).toBe(old);
    const seen = new Seen(watch);
    await putMany(c, 1, 3);
    await c.until(() => seen.events.length === 3 || undefined);
    const isPeer = (name: string) => c.ids.some((id) => id === name);
    c.network.faults = { loses: (from, to) => isPeer(from) && isPeer(to) && [from, to].includes(old) };
    const next = await c.leader(old);
    await putMany(c, 4, 6, next);
    await c.until(() => seen.events.length >= 6 || undefined);
    expect(seen.events).toEqual(expected(1, 6));
  });

  it('goes on elsewhere when its node stops in good order', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const client = c.client();
    const follower = c.ids.find((id) => id !== leader)!;
    const watch = client.watch('key', { via: 'follower' });
    await c.run(watch.started);
    const seen = new Seen(watch);
    await putMany(c, 1, 3);
    await c.stop(follower);
    await putMany(c, 4, 6, ...c.running);
    await c.until(() => seen.events.length >= 6 || undefined);
    expect(seen.events).toEqual(expected(1, 6));
  });

  it('finds the node that still has the past, when another one was restarted', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    await putMany(c, 1, 3);
    const restarted = c.ids.find((id) => id !== leader)!;
    await c.stop(restarted);
    await c.startNode(restarted);
    await c.leader();
    const pinned = c.client(restarted);
    const watch = pinned.watch('key', { from: 1 });
    await expect(c.run(watch.next())).rejects.toMatchObject({ code: 'revision-gone', definite: true });
    await expect(watch.started).rejects.toMatchObject({ code: 'revision-gone' });
    expect(await c.run(watch.next())).toEqual({ done: true, value: undefined });

    const seen = new Seen(c.client(restarted, leader).watch('key', { from: 1 }));
    await c.until(() => seen.events.length === 3 || undefined);
    expect(seen.events).toEqual(expected(1, 3));
  });

  it('says which revision is the oldest when no node has the one that is asked for', async () => {
    const c = await NodeCluster.start(3, { historyBytes: 1_024 });
    await c.leader();
    await putMany(c, 1, 100);
    await c.until(() => c.ids.every((id) => c.server(id).status().revision === 101) || undefined);
    const seen = new Seen(c.client().watch('key', { from: 1 }));
    await c.until(() => seen.failure);
    expect(seen.failure).toMatchObject({
      code: 'revision-gone',
      message: expect.stringMatching(/^the events of revision 1 are gone: the oldest that can be had is \d+/),
    });
    expect(seen.events).toEqual([]);
  });
});
