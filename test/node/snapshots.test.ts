import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../src/base/index.js';
import { DATA_VERSION } from '../../src/kv/index.js';
import type { NodeLimits } from '../../src/node/index.js';
import { diskError } from '../../src/verify/sim/memory-disk.js';
import { KIND } from '../../src/wire/index.js';
import { NodeCluster } from '../helpers/node-cluster.js';

const KIB = 1 << 10;
/** Flushes and segments so small that the log is trimmed all the time, and states in many parts. */
const LIMITS: Partial<NodeLimits> = {
  flushMs: 20,
  cacheBytesMax: 512,
  snapshotPartBytes: 512,
  snapshotPatienceMs: 1_000,
  historyBytes: 64 * KIB,
};
const LOG = { segmentBytes: 4 * KIB, keepLogBytes: 4 * KIB };

const AWAY = 'node-03';

async function trimmedCluster(): Promise<NodeCluster> {
  const c = await NodeCluster.start(3, LIMITS, LOG);
  const leader = await c.leader();
  // The one who is away must not be the leader: the others have to go on.
  if (leader === AWAY) {
    await c.kill(AWAY);
    await c.leader(AWAY);
    await c.startNode(AWAY);
  }
  await write(c, 1, 10);
  return c;
}

async function write(c: NodeCluster, from: number, to: number): Promise<void> {
  const client = c.client(...c.running);
  for (let i = from; i <= to; i += 1) await c.run(client.put(`key-${i % 50}`, `${i} `.repeat(60)));
}

/** AWAY is down, until no log reaches back to where it stopped. */
async function leaveBehind(c: NodeCluster): Promise<void> {
  await c.kill(AWAY);
  const { lastIndex } = c.server('node-01').status();
  await write(c, 11, 120);
  await c.until(() => c.running.every((id) => c.server(id).status().firstIndex > lastIndex + 1) || undefined);
}

const events = (c: NodeCluster, id: string, event: string): string[] =>
  c.events.filter((line) => line.startsWith(`${id} ${event} `));

async function caughtUp(c: NodeCluster): Promise<void> {
  await c.until(() => {
    const [first, ...others] = c.running.map((id) => c.server(id).status().appliedIndex);
    return others.every((index) => index === first) || undefined;
  });
  const hashes = c.running.map((id) => c.server(id).inspect().store.stateHash());
  expect(new Set(hashes).size).toBe(1);
  expect(c.failures).toEqual([]);
}

describe('the log of a cluster', () => {
  it('stays within its bound on every node, in memory and on the disk, for as long as clients write', async () => {
    const c = await trimmedCluster();
    for (let round = 0; round < 6; round += 1) {
      await write(c, 0, 60);
      await c.pass(60);
      for (const id of c.ids) {
        const bytes = [...c.disk(id).image()].filter(([path]) => path.endsWith('.wal')).map(([, { length }]) => length);
        expect(bytes.reduce((sum, length) => sum + length, 0)).toBeLessThan(9 * LOG.segmentBytes);
        const { firstIndex, lastIndex } = c.server(id).status();
        expect(lastIndex - firstIndex).toBeLessThan(200);
      }
    }
    // A start reads what is left, and no more.
    await c.kill('node-02');
    await c.startNode('node-02');
    await caughtUp(c);
  });

  it('is not trimmed while a member does not know what a snapshot is', async () => {
    const c = NodeCluster.down(3);
    const old = { ...DATA_VERSION, version: 2 };
    await Promise.all(
      c.ids.map((id, nth) => c.launch(id, nth === 2 ? { data: old } : {})).map((start) => c.run(start)),
    );
    await c.leader();
    await c.run(c.client().put('a', '1'));
    await c.pass(12_000);
    await c.run(c.client().put('a', '2'));
    await c.pass(12_000);
    expect(c.server('node-01').status()).toMatchObject({ clusterVersion: 2, firstIndex: 1 });
  });
});

describe('a node that was down for long', () => {
  it('comes back by snapshot, while writes go on', async () => {
    const c = await trimmedCluster();
    await leaveBehind(c);
    await c.startNode(AWAY);
    await write(c, 121, 180);
    await caughtUp(c);
    expect(events(c, AWAY, 'snapshot-installed').length).toBeGreaterThan(0);
    const { firstIndex } = c.server(AWAY).status();
    expect(firstIndex).toBeGreaterThan(50);
    // And what it has now survives.
    await c.kill(AWAY);
    await c.startNode(AWAY);
    expect(c.server(AWAY).status().firstIndex).toBeGreaterThanOrEqual(firstIndex);
    await caughtUp(c);
    const states = [...c.disk(AWAY).image().keys()].filter((path) => path.includes('/kv/'));
    expect(states).toEqual([expect.stringMatching(/kv\/[2-9]\/data.mdb$/)]);
  });

  it('answers reads from the state that came, and writes through it', async () => {
    const c = await trimmedCluster();
    await leaveBehind(c);
    await c.startNode(AWAY);
    await c.until(() => events(c, AWAY, 'snapshot-installed')[0]);
    const read = await c.run(c.client(AWAY).get('key-20'));
    expect(read?.value.toString()).toBe('120 '.repeat(60));
    await c.run(c.client(AWAY).put('via', 'the newcomer', { via: AWAY }));
    await caughtUp(c);
  });

  it('ends a watch whose past is gone, and says so: nothing was left out before', async () => {
    const c = await trimmedCluster();
    const watch = c.client().watch({ prefix: 'key-' }, { from: 2, via: AWAY });
    const seen: number[] = [];
    let error: unknown;
    void (async () => {
      for await (const { modRevision } of watch) seen.push(modRevision);
    })().catch((thrown: unknown) => {
      error = thrown;
    });
    await c.until(() => seen.length >= 10 || undefined);
    c.isolate(AWAY);
    await write(c, 11, 120);
    await c.until(() => c.server('node-01').status().firstIndex > 50 || undefined);
    c.heal();
    await c.until(() => events(c, AWAY, 'snapshot-installed')[0]);
    await c.until(() => error);
    expect(error).toMatchObject({ code: 'revision-gone' });
    expect(seen).toEqual(seen.map((_, nth) => nth + 2));
    expect(events(c, AWAY, 'watch-overtaken')).toHaveLength(1);
  });

  it('keeps the heartbeats of its leader while it installs: nobody campaigns', async () => {
    const c = await trimmedCluster();
    await leaveBehind(c);
    const { term } = c.server('node-01').status();
    await c.startNode(AWAY);
    c.disk(AWAY).hold();
    await c.until(() => events(c, AWAY, 'snapshot-receiving')[0]);
    await c.pass(900);
    c.disk(AWAY).release();
    await caughtUp(c);
    expect(c.server('node-01').status().term).toBe(term);
  });
});

describe('a snapshot', () => {
  /** The node is behind, and back: what happens to its snapshot is up to the story. */
  async function behind(): Promise<NodeCluster> {
    const c = await trimmedCluster();
    await leaveBehind(c);
    return c;
  }

  it('arrives over a link that loses every tenth frame, each way, at the first attempt', async () => {
    const c = await trimmedCluster();
    await leaveBehind(c);
    const links = ['node-01', 'node-02'].flatMap((peer) =>
      (['in', 'out'] as const).map((direction) => ({
        peer: asNodeId(peer),
        direction,
        type: 'flaky' as const,
        lossRate: 0.1,
      })),
    );
    await c.startNode(AWAY, { faults: { links, disk: null } });
    await c.until(() => events(c, AWAY, 'snapshot-installed')[0]);
    expect(c.running.flatMap((id) => events(c, id, 'snapshot-failed'))).toEqual([]);
    await c.sufferNothing();
    await caughtUp(c);
  });

  it('that is cut off leaves the old state, and is sent again', async () => {
    const c = await behind();
    const before = c.disk(AWAY).image().size;
    let parts = 0;
    c.network.watch = (from, to, frames) => {
      if (to !== AWAY || !frames.some(({ kind }) => kind === KIND.snapshotPart)) return;
      parts += 1;
      if (parts === 3) c.network.reset(from, to);
    };
    await c.startNode(AWAY);
    await c.until(() => events(c, AWAY, 'snapshot-discarded')[0]);
    expect(c.server(AWAY).status().appliedIndex).toBeLessThan(20);
    await c.pass(20);
    expect(c.disk(AWAY).image().size).toBeLessThanOrEqual(before + 1);
    await c.until(() => events(c, AWAY, 'snapshot-installed')[0]);
    await caughtUp(c);
  });

  it('that finds no room leaves the old state, and is sent again when there is', async () => {
    const c = await behind();
    const used = [...c.disk(AWAY).image().values()].reduce((sum, { length }) => sum + length, 0);
    await c.startNode(AWAY);
    c.disk(AWAY).fault = ({ kind, path, bytes }) =>
      kind === 'write' && path.endsWith('data.mdb') && bytes !== undefined ? diskError('ENOSPC', path) : undefined;
    const [discarded] = [await c.until(() => events(c, AWAY, 'snapshot-discarded')[0])];
    expect(discarded).toContain('ENOSPC');
    expect(used).toBeGreaterThan(0);
    expect(c.server(AWAY).status()).toMatchObject({ firstIndex: expect.any(Number) });
    expect(c.failures).toEqual([]);
    c.disk(AWAY).fault = undefined;
    await caughtUp(c);
  });

  it('of a leader that falls is left, and the next leader sends its own', async () => {
    const c = await behind();
    await c.startNode(AWAY);
    c.disk(AWAY).hold();
    await c.until(() => events(c, AWAY, 'snapshot-receiving')[0]);
    const leader = await c.leader();
    await c.kill(leader);
    c.disk(AWAY).release();
    await c.leader(leader);
    await c.startNode(leader);
    await caughtUp(c);
  });

  it('leaves the old state there until the log names the new one durably', async () => {
    const c = await behind();
    await c.startNode(AWAY);
    const operations: string[] = [];
    c.disk(AWAY).fault = ({ kind, path }) => void operations.push(`${kind} ${path}`);
    await c.until(() => events(c, AWAY, 'snapshot-installed')[0]);
    await c.until(() => operations.find((operation) => /^remove .*\/kv\/1$/.test(operation)));
    const named = operations.findIndex((operation) => /^sync-directory .*\/kv\/2$/.test(operation));
    const marked = operations.findIndex((operation, at) => at > named && /^sync .*\.wal$/.test(operation));
    const removed = operations.findIndex((operation) => /^remove .*\/kv\/1$/.test(operation));
    expect(named).toBeGreaterThanOrEqual(0);
    expect(marked).toBeGreaterThan(named);
    expect(removed).toBeGreaterThan(marked);
  });

  it('that a kill or a power cut interrupts at any moment leaves the old state or the new one', async () => {
    for (let step = 1; step < 200; step += 7) {
      const c = await behind();
      await c.startNode(AWAY);
      await c.until(() => events(c, AWAY, 'snapshot-receiving')[0]);
      const halted = c.disk(AWAY).haltAfter(c.disk(AWAY).operations + step);
      let isHalted = false;
      void halted.then(() => {
        isHalted = true;
      });
      await c.pass(150);
      await c.kill(AWAY);
      await c.startNode(AWAY);
      await caughtUp(c);
      if (!isHalted) break;
    }
  }, 120_000);
});
