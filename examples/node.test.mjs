// One cluster for all tests of a file, with node:test: node --test examples/node.test.mjs
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startCluster } from 'raftctl/testing';

let cluster;
let client;

before(async () => {
  cluster = await startCluster({ nodes: 3, electionTimeout: '300ms..600ms' });
  client = await cluster.client();
});
// Each test finds all nodes up.
afterEach(async () => {
  await cluster.resume('all');
  await cluster.start('all');
});
// Forgotten, it would go with this process all the same.
after(() => cluster.stop());

test('a leader that hangs is replaced, and steps down when it is back', async () => {
  const mark = await cluster.events.mark();
  const { node } = await cluster.pause('leader');
  const next = await cluster.waitForLeader({ not: node });
  await client.put('key-01', 'written under the new leader');

  await cluster.resume(node);
  const stepped = { event: 'role-changed', nodes: [node], fields: { to: 'follower' } };
  const { fields } = await cluster.waitForEvent(stepped, { since: mark });
  assert.equal(fields.term, next.term);
});

test('two of three are enough, one is not', async () => {
  await cluster.kill('follower');
  await client.put('key-02', 'two of three');

  await cluster.kill('follower');
  await assert.rejects(client.put('key-03', 'one of three', { timeoutMs: 300 }), { definite: false });
  assert.equal((await cluster.status()).quorum, 'lost');
});
