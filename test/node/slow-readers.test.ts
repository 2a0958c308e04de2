import { describe, expect, it } from 'vitest';
import { NodeCluster } from '../helpers/node-cluster.js';

const VALUE = 'v'.repeat(2_000);

/** The leader's answers to one client do not get through to it, until the test says so. */
async function stage() {
  const c = await NodeCluster.start(3, { fullBytes: 4_000 });
  const leader = await c.leader();
  const client = c.client(leader);
  await c.run(client.put('large', VALUE));
  let reads = true;
  c.network.faults = {
    kernelBytes: 1_000,
    // A byte at a time, with hours between them.
    reads: (reader, waiting) =>
      reads || !reader.startsWith('client') ? { bytes: waiting, pauseMs: 0 } : { bytes: 1, pauseMs: 10_000 },
  };
  /** The most that waited for anybody who is no node. */
  const waiting = () => c.network.waitingBytes(leader, (other) => other.startsWith('client'));
  return {
    c,
    client,
    waiting,
    goOn: () => {
      reads = true;
    },
    stopReading: () => {
      reads = false;
    },
  };
}

describe('reads of who does not read their answers', () => {
  it('wait for room, however they were asked for, and cost one answer beyond the bound', async () => {
    for (const read of ['linearizable', 'stale'] as const) {
      const { c, client, waiting, stopReading } = await stage();
      stopReading();
      const asked = Array.from({ length: 50 }, () => client.get('large', { read, timeoutMs: 60_000 }));
      const settled = Promise.allSettled(asked);
      await c.pass(1_000);
      expect(waiting()).toBeGreaterThan(1_000);
      expect(waiting()).toBeLessThan(4_000 + 2 * VALUE.length);
      await client.close();
      await settled;
    }
  });

  it('are all answered once it reads', async () => {
    const { c, client, goOn, stopReading } = await stage();
    stopReading();
    const asked = Array.from({ length: 50 }, () => client.get('large', { timeoutMs: 60_000 }));
    await c.pass(100);
    goOn();
    const found = await c.run(Promise.all(asked), 60_000);
    expect(found.map((one) => one?.value.toString())).toEqual(asked.map(() => VALUE));
  });
});
