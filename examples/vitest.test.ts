// A test of a program against a dying leader, with vitest: npx vitest run examples/vitest.test.ts
import { startCluster } from 'raftctl/testing';
import { expect, it } from 'vitest';

it('loses no ticket when the leader dies', async () => {
  // It ends with the test, whatever comes of that.
  await using cluster = await startCluster({ nodes: 3 });
  const client = await cluster.client();
  await client.put('tickets/1', 'sold');

  const { node } = await cluster.kill('leader');
  await client.put('tickets/2', 'sold');
  const { node: next } = await cluster.waitForLeader({ not: node });
  expect(next).not.toBe(node);

  const { entries } = await client.scanAll({ prefix: 'tickets/' });
  expect(entries.map(({ key, value }) => `${key} ${value}`)).toEqual(['tickets/1 sold', 'tickets/2 sold']);
});

it('sells a ticket once, though both ask while no majority is there', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const [one, other] = await Promise.all([cluster.client(), cluster.client()]);

  await cluster.pause('followers');
  const sold = Promise.all([
    one.compareAndSet('seat 14', null, 'one', { timeoutMs: 20_000 }),
    other.compareAndSet('seat 14', null, 'other', { timeoutMs: 20_000 }),
  ]);
  await cluster.resume('all');
  expect((await sold).filter(({ succeeded }) => succeeded)).toHaveLength(1);
});
