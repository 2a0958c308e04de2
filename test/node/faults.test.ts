import { describe, expect, it } from 'vitest';
import { asNodeId, type NodeId } from '../../src/base/index.js';
import type { NodeLimits } from '../../src/node/index.js';
import { KIND, type LinkFault, type NodeFaults } from '../../src/wire/index.js';
import { NodeCluster } from '../helpers/node-cluster.js';

/** Of the nodes in these tests. */
const ELECTION_TIMEOUT_MS = [400, 800] as const;
const CUT = { type: 'cut' } as const;

const eventsOf = (c: NodeCluster, id: string, event: string): string[] =>
  c.events.filter((line) => line.startsWith(`${id} ${event} `));

const clientsFault = (direction: 'in' | 'out'): LinkFault => ({ peer: 'clients', direction, type: 'cut' });

/** All run, follow one leader, and have applied the same. */
async function agree(c: NodeCluster, withinMs?: number): Promise<void> {
  await c.until(() => {
    const statuses = c.running.map((id) => c.server(id).status());
    const [first] = statuses;
    return statuses.every(
      ({ leader, term, appliedIndex, lastIndex }) =>
        leader !== null && leader === first!.leader && term === first!.term && appliedIndex === lastIndex,
    ) && new Set(statuses.map(({ appliedIndex }) => appliedIndex)).size === 1
      ? true
      : undefined;
  }, withinMs);
}

const othersThan = (c: NodeCluster, id: NodeId): NodeId[] => c.ids.filter((other) => other !== id);

describe('a node that is told to suffer', () => {
  it('says so in an event and in its status, and that it suffers no more', async () => {
    const c = await NodeCluster.start(1);
    await c.leader();
    const faults: NodeFaults = {
      links: [
        { peer: asNodeId('node-02'), direction: 'in', type: 'cut' },
        { peer: 'clients', direction: 'out', type: 'slow', delayMs: 100, jitterMs: 20 },
        { peer: asNodeId('node-03'), direction: 'out', type: 'flaky', lossRate: 0.1 },
      ],
      disk: { type: 'slow', delayMs: 5 },
    };
    expect(c.server('node-01').status().faults).toEqual({ links: [], disk: null });
    await c.suffer('node-01', faults);
    expect(c.server('node-01').status().faults).toEqual(faults);
    await c.suffer('node-01', {});
    expect(c.server('node-01').status().faults).toEqual({ links: [], disk: null });
    expect(eventsOf(c, 'node-01', 'faults-set')).toEqual([
      'node-01 faults-set {"links":"node-02 in cut, clients out slow 100 ± 20 ms, node-03 out flaky 0.1","disk":"slow 5 ms"}',
      'node-01 faults-set {"links":"none","disk":"none"}',
    ]);
  });

  it('from its start, does before it is heard of', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const [follower, third] = othersThan(c, leader);
    await c.kill(follower!);
    const links: LinkFault[] = [leader, third!].flatMap((peer) => [
      { peer, direction: 'in', type: 'cut' },
      { peer, direction: 'out', type: 'cut' },
    ]);
    const before = c.events.length;
    await c.startNode(follower!, { faults: { links, disk: null } });
    await c.pass(5_000);
    const since = c.events.slice(before);
    expect(since.find((line) => line.startsWith(`${follower} `) && !line.includes('storage'))).toBeDefined();
    expect(since.filter((line) => line.includes('link-connected') && line.includes(follower!))).toEqual([]);
    expect(since.findIndex((line) => line.includes('faults-set'))).toBeLessThan(
      since.findIndex((line) => line.includes('node-listening')),
    );
    expect(c.server(leader).status().role).toBe('leader');
    await c.sufferNothing();
    await agree(c, ELECTION_TIMEOUT_MS[1]);
  });
});

describe('a node that is cut off', () => {
  it.each([
    ['both ends of its links are told', true],
    ['only it is told', false],
  ])('while it leads is replaced, and follows within an election timeout of the heal, when %s', async (_, both) => {
    const c = await NodeCluster.start(3);
    const old = await c.leader();
    const others = othersThan(c, old);
    await c.pass(300);
    if (both) await c.sufferBetween([old], others, CUT);
    else {
      const ways = others.flatMap((peer) => (['in', 'out'] as const).map((direction) => ({ peer, direction, ...CUT })));
      await c.suffer(old, { links: ways });
    }
    const from = c.time.now();
    const next = await c.leader(old);
    expect(c.time.now() - from).toBeLessThan(3 * ELECTION_TIMEOUT_MS[1]);
    await c.run(c.client(...others).put('through the majority', '1'));
    // Long enough for every dial through the cut to have failed, and to wait for the next.
    await c.pass(5_000);
    await c.sufferNothing();
    await agree(c, ELECTION_TIMEOUT_MS[1]);
    expect(c.server(next).status().role).toBe('leader');
    expect(eventsOf(c, others[0]!, 'peer-gone')).toEqual([]);
  });

  it('one way only: it hears, and is not heard', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const [follower] = othersThan(c, leader);
    await c.suffer(follower!, { links: [{ peer: leader, direction: 'out', type: 'cut' }] });
    await c.pass(3_000);
    const { term } = c.server(leader).status();
    await c.run(c.client(leader).put('a', '1'));
    expect(c.server(leader).status()).toMatchObject({ role: 'leader', term });
    await c.sufferNothing();
    await agree(c, ELECTION_TIMEOUT_MS[1]);
  });

  it('and dies meanwhile is taken for dead by nobody until the cut is healed, and then by all at once', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const others = othersThan(c, leader);
    await c.sufferBetween([leader], others, CUT);
    await c.kill(leader);
    await c.leader(leader);
    await c.pass(5_000);
    expect(c.events.filter((line) => line.includes('peer-gone'))).toEqual([]);
    await c.sufferNothing();
    await c.pass(50);
    for (const id of others) expect(eventsOf(c, id, 'peer-gone')).toHaveLength(1);
  });

  it('and starts again behind the cut is back with the heal', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const [follower, third] = othersThan(c, leader);
    const away = follower!;
    await c.sufferBetween([away], [leader, third!], CUT);
    const { faults } = c.server(away).status();
    await c.kill(away);
    await c.startNode(away, { faults: faults! });
    await c.run(c.client(leader).put('a', '1'));
    await c.pass(5_000);
    expect(c.server(away).status().leader).toBeNull();
    await c.sufferNothing();
    await agree(c, ELECTION_TIMEOUT_MS[1]);
  });
});

describe('what is under way over a link that is cut', () => {
  it('a forwarded write ends within its time, unknown, and the next one after the heal is done', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const [follower] = othersThan(c, leader);
    await c.suffer(leader, { links: [{ peer: follower!, direction: 'in', type: 'cut' }] });
    const from = c.time.now();
    const lost = c.client(follower!).put('a', '1', { via: follower!, timeoutMs: 300 });
    const error = await c.run(
      lost.then(
        () => undefined,
        (thrown: unknown) => thrown,
      ),
    );
    expect(error).toMatchObject({ code: expect.stringMatching(/outcome-unknown|timeout/) });
    expect(c.time.now() - from).toBeLessThanOrEqual(310);
    await c.sufferNothing();
    await c.run(c.client(follower!).put('a', '2', { via: follower!, timeoutMs: 1_000 }));
  });

  it('a watch misses nothing: it goes on where it was on a new connection', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const [follower] = othersThan(c, leader);
    const watch = c.client(follower!).watch({ prefix: '' });
    await c.run(watch.started);
    const seen: string[] = [];
    void (async () => {
      for await (const { value } of watch) seen.push(value.toString());
    })();
    const client = c.client(leader);
    const putAll = async (from: number, to: number) => {
      for (let nth = from; nth <= to; nth += 1) await c.run(client.put('key', String(nth)));
    };
    await putAll(1, 5);
    await c.suffer(follower!, { links: [clientsFault('out'), clientsFault('in')] });
    await putAll(6, 10);
    await c.pass(2_000);
    expect(seen.length).toBeLessThanOrEqual(5);
    await c.sufferNothing();
    await putAll(11, 15);
    await c.until(() => seen.length >= 15 || undefined);
    expect(seen).toEqual(Array.from({ length: 15 }, (_, nth) => String(nth + 1)));
  });

  it('of clients alone does nothing to the cluster', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    await c.suffer(leader, { links: [clientsFault('in')] });
    const asked = c.client(leader).put('a', '1', { via: leader, timeoutMs: 200 });
    expect(
      await c.run(
        asked.then(
          () => 'done',
          () => 'failed',
        ),
      ),
    ).toBe('failed');
    expect(c.server(leader).status().role).toBe('leader');
    await c.sufferNothing();
    await c.run(c.client(leader).put('a', '2'));
  });

  it('a state that is sent is given up after its patience, and comes after the heal', async () => {
    const KIB = 1 << 10;
    const limits: Partial<NodeLimits> = {
      flushMs: 20,
      cacheBytesMax: 512,
      snapshotPartBytes: 512,
      snapshotPatienceMs: 1_000,
    };
    const c = await NodeCluster.start(3, limits, { segmentBytes: 4 * KIB, keepLogBytes: 4 * KIB });
    const leader = await c.leader();
    const [away, third] = othersThan(c, leader);
    await c.kill(away!);
    const { lastIndex } = c.server(leader).status();
    const client = c.client(...c.running);
    for (let nth = 0; nth < 120; nth += 1) await c.run(client.put(`key-${nth % 50}`, `${nth} `.repeat(60)));
    await c.until(() => c.server(leader).status().firstIndex > lastIndex + 1 || undefined);
    let parts = 0;
    c.network.watch = (_from, to, frames) => {
      if (to === away) parts += frames.filter(({ kind }) => kind === KIND.snapshotPart).length;
    };
    await c.startNode(away!);
    await c.until(() => parts > 3 || undefined);
    await c.sufferBetween([away!], [leader, third!], CUT);
    await c.pass(4_000);
    expect(c.server(away!).status().appliedIndex).toBeLessThan(c.server(third!).status().appliedIndex);
    await c.sufferNothing();
    await agree(c);
    expect(c.failures).toEqual([]);
  });
});

describe('slow and flaky links', () => {
  it('do not stop a cluster, nor make its states differ', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const [slow, flaky] = othersThan(c, leader);
    const all = othersThan(c, slow!);
    const ways = (peers: readonly NodeId[]) =>
      peers.flatMap((peer) => (['in', 'out'] as const).map((direction) => ({ peer, direction })));
    await c.suffer(slow!, {
      links: ways(all).map((way) => ({ ...way, type: 'slow', delayMs: 80, jitterMs: 20 })),
    });
    await c.suffer(flaky!, {
      links: ways(othersThan(c, flaky!)).map((way) => ({ ...way, type: 'flaky', lossRate: 0.2 })),
    });
    const client = c.client();
    for (let nth = 0; nth < 30; nth += 1) await c.run(client.put(`key-${nth}`, 'x'));
    await c.sufferNothing();
    await agree(c, 2 * ELECTION_TIMEOUT_MS[1]);
    const hashes = c.running.map((id) => c.server(id).inspect().store.stateHash());
    expect(new Set(hashes).size).toBe(1);
  });
});

describe('a disk', () => {
  it.each([
    ['full', 'ENOSPC: no space left on device, write', 'free space on the disk, then start the node again'],
    ['failing', 'EIO: i/o error, write', 'check the disk, then start the node again'],
  ] as const)(
    'that is %s ends its node as a real one does, and no other; healed, it is back',
    async (type, what, hint) => {
      const c = await NodeCluster.start(3);
      const leader = await c.leader();
      const [victim] = othersThan(c, leader);
      await c.run(c.client().put('before', '1'));
      await c.suffer(victim!, { disk: { type } });
      expect(c.failures).toEqual([]);
      await c.run(c.client(leader).put('goes on', '1'));
      await c.until(() => c.failures.length > 0 || undefined);
      expect(c.failures.map(({ node }) => node)).toEqual([victim]);
      expect(c.failures[0]!.error).toMatchObject({ code: 'disk-failed', hint });
      expect(String(c.failures[0]!.error)).toContain(what);
      expect(eventsOf(c, victim!, 'disk-failed')).toHaveLength(1);
      await c.kill(victim!);

      // Its supervisor tries again, and the fault is still there.
      const before = [...c.disk(victim!).image()];
      await expect(c.startNode(victim!, { faults: { links: [], disk: { type } } })).rejects.toMatchObject({
        code: 'disk-failed',
        hint,
      });
      expect([...c.disk(victim!).image()]).toEqual(before);
      c.crash(victim!);

      await c.startNode(victim!);
      await agree(c, ELECTION_TIMEOUT_MS[1]);
    },
  );

  it.each(['full', 'failing'] as const)('that is %s while the state is flushed ends its node, too', async (type) => {
    const c = await NodeCluster.start(1, { flushMs: 500 });
    const leader = await c.leader();
    await c.run(c.client().put('a', '1'));
    await c.suffer(leader, { disk: { type } });
    await c.pass(600);
    expect(eventsOf(c, leader, 'state-flush-failed')).toHaveLength(1);
    expect(c.failures[0]!.error).toMatchObject({ code: 'disk-failed' });
    await c.kill(leader);
    await c.startNode(leader);
    await c.leader();
    expect((await c.run(c.client().get('a')))?.value.toString()).toBe('1');
  });

  it('that is slow makes writes slow, and is as fast as before once it is healed', async () => {
    const c = await NodeCluster.start(1);
    const leader = await c.leader();
    const client = c.client();
    const took = async () => {
      const from = c.time.now();
      await c.run(client.put('a', '1', { timeoutMs: 20_000 }));
      return c.time.now() - from;
    };
    const healthyMs = await took();
    await c.suffer(leader, { disk: { type: 'slow', delayMs: 200 } });
    expect(await took()).toBeGreaterThanOrEqual(200);
    expect(c.failures).toEqual([]);
    await c.suffer(leader, { disk: { type: 'slow', delayMs: 60_000 } });
    const held = client.put('b', '1', { timeoutMs: 20_000 });
    await c.pass(100);
    await c.suffer(leader, {});
    const healedAt = c.time.now();
    await c.run(held);
    expect(c.time.now() - healedAt).toBeLessThanOrEqual(healthyMs + 5);
    expect(await took()).toBeLessThanOrEqual(healthyMs);
  });
});
