import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeId, RaftctlError } from '../../src/base/index.js';
import { NodeCluster } from '../helpers/node-cluster.js';

/** Of the nodes in these tests. */
const ELECTION_TIMEOUT_MS = [400, 800] as const;

/** A node's cable is pulled for so long, in the midst of traffic. Answers how long it takes from then on to hear of a write. */
async function backAfter(c: NodeCluster, id: NodeId, silentMs: number): Promise<number> {
  const until = c.time.now() + silentMs;
  const cuts = (from: string, to: string) => (from === id || to === id) && c.time.now() < until;
  c.network.faults = { silence: (from, to) => (cuts(from, to) ? { until, rtoMs: 200 } : undefined) };
  await c.pass(silentMs);
  const others = c.ids.filter((other) => other !== id);
  // Its outcome is unknown where it was on its way over the link.
  const written = c
    .client(...others)
    .put('since it is back', `${silentMs}`)
    .catch((error: RaftctlError) => expect(error.code).toBe('outcome-unknown'));
  await c.until(() => {
    const statuses = c.ids.map((each) => c.server(each).status());
    const [first] = statuses;
    const agree = statuses.every(
      ({ leader, term, appliedIndex, lastIndex }) =>
        leader !== null && leader === first!.leader && term === first!.term && appliedIndex === lastIndex,
    );
    return agree && new Set(statuses.map(({ appliedIndex }) => appliedIndex)).size === 1 ? true : undefined;
  });
  await c.run(written);
  return c.time.now() - until;
}

const silences = (c: NodeCluster): readonly string[] => c.events.filter((event) => event.includes(' link-silent '));

describe('a link that was cut in silence', () => {
  it('is back within an election timeout of the network, however long it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 10, max: 9_000 }), fc.boolean(), async (silentMs, isLeader) => {
        const c = await NodeCluster.start(3);
        const leader = await c.leader();
        const id = isLeader ? leader : c.ids.find((other) => other !== leader)!;
        await c.pass(300);
        const ms = await backAfter(c, id, silentMs);
        expect(ms, `${id} after ${silentMs} ms of silence`).toBeLessThan(ELECTION_TIMEOUT_MS[1]);
      }),
      { numRuns: 40 },
    );
  });

  it('is noticed by who hears no answers, where only the answers were lost', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const follower = c.ids.find((id) => id !== leader)!;
    await c.pass(500);
    // Such a link is worth nothing for a minute, though the network is well again at once.
    const until = c.time.now() + 120;
    const isCut = (from: string, to: string) => from === follower && to === leader && c.time.now() < until;
    c.network.faults = { silence: (from, to) => (isCut(from, to) ? { until, rtoMs: 60_000 } : undefined) };
    await c.pass(120 + 2 * ELECTION_TIMEOUT_MS[0]);
    const renewed = (id: NodeId, to: NodeId) =>
      c.events.some((event) => event.startsWith(`${id} link-broken {"peer":"${to}"`) && event.includes('greets anew'));
    expect([renewed(leader, follower), renewed(follower, leader)]).toEqual([true, true]);
    const { appliedIndex } = c.server(leader).status();
    await c.run(c.client().put('a', '1'));
    await c.until(() => c.server(follower).status().appliedIndex > appliedIndex || undefined, 200);
    expect(c.server(leader).status().role).toBe('leader');
  });

  it('is no link that nobody has to say anything on: members that answer are never dialed anew', async () => {
    const c = await NodeCluster.start(5);
    const client = c.client();
    for (let nth = 0; nth < 20; nth += 1) {
      await c.run(client.put('a', `${nth}`));
      await c.pass(500);
    }
    const leader = await c.leader();
    await c.kill(leader);
    await c.leader(leader);
    await c.pass(3_000);
    expect(silences(c).filter((event) => !event.includes(`"peer":"${leader}"`))).toEqual([]);
    expect(c.events.filter((event) => event.includes('link-broken') && !event.includes(leader))).toEqual([]);
  });

  it('is dialed anew once, and not given up: a process that is stopped finds its links when it goes on', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const follower = c.ids.find((id) => id !== leader)!;
    await c.pass(300);
    c.pause(follower);
    await c.pass(5_000);
    expect(silences(c)).toEqual([`${leader} link-silent {"peer":"${follower}","silentMs":400}`]);
    c.resume(follower);
    await c.run(c.client().put('a', '1'));
    await c.until(() => c.server(follower).status().leader !== null || undefined, 500);
  });
});
