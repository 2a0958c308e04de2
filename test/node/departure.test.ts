import { describe, expect, it } from 'vitest';
import { NodeCluster } from '../helpers/node-cluster.js';

/** Well below the shortest election timeout. */
const SOON_MS = 150;

describe('a process that is gone', () => {
  it('was heard out first: its last beat, come late, is no sign of life and costs no election timeout', async () => {
    for (const lateMs of [5, 12, 30]) {
      const c = await NodeCluster.start(4);
      const leader = await c.leader();
      const late = c.ids.find((id) => id !== leader);
      // A follower that lags behind with reading: it knows from the closed port before it has read the rest.
      c.network.faults = {
        passages: (from, to, frames) => [
          { frames, delayMs: from === leader && to === late ? lateMs : 0, overtakes: false },
        ],
      };
      await c.until(() => c.events.some((event) => event.startsWith(`${late} link-connected`)) || undefined);
      await c.pass(300);
      await c.run(c.client().put('a', '1'));
      c.client()
        .put('a', '2')
        .catch(() => {}); // its outcome is not known: the leader dies over it
      await c.pass(2);
      c.crash(leader);
      const next = await c.until(() => c.running.find((id) => c.server(id).status().role === 'leader'), SOON_MS);
      expect(next).not.toBe(leader);
    }
  });

  it('that led is given up although another process of the node is there at once', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    await c.pass(300);
    c.crash(leader);
    await c.launch(leader);
    const began = c.time.now();
    await c.until(() => c.running.some((id) => c.server(id).status().term > 1) || undefined, SOON_MS);
    await c.leader();
    expect(c.time.now() - began).toBeLessThan(SOON_MS);
    await c.run(c.client().put('a', '1'));
  });

  it('is not given up while a connection of it is open: a port that refuses is not enough', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const follower = c.ids.find((id) => id !== leader)!;
    // Only the follower's own way there breaks, and it cannot dial again.
    const isCut = (from: string, to: string) => from === follower && to === leader;
    c.network.faults = {
      refuses: isCut,
      passages: (from, to, frames) =>
        isCut(from, to) ? { brokenAfterMs: 0 } : [{ frames, delayMs: 0, overtakes: false }],
    };
    await c.until(() => c.events.some((event) => event.startsWith(`${follower} link-broken`)) || undefined);
    await c.pass(1_000);
    expect(c.events.filter((event) => event.includes('peer-gone'))).toEqual([]);
    expect(c.server(leader).status().role).toBe('leader');
    expect(c.server(follower).status().leader).toBe(leader);
  });
});
