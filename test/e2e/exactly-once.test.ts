import { expect, it } from 'vitest';
import { type Client, connect } from '../../src/client/index.js';
import { Workplace } from '../helpers/product.js';

const KILLS = 10;
const IN_FLIGHT = 10;

interface StatusDocument {
  readonly leader: string | null;
  readonly up: number;
  readonly nodes: readonly { readonly node: string; readonly pid: number }[];
}

/** The leader's process, once all nodes are up. */
async function leaderOf(place: Workplace): Promise<{ readonly node: string; readonly pid: number }> {
  for (;;) {
    const { leader, nodes, up } = JSON.parse((await place.run('status', '-o', 'json')).stdout) as StatusDocument;
    const found = nodes.find(({ node }) => node === leader);
    if (found !== undefined && up === nodes.length) return found;
  }
}

/** Puts that are on their way when the process ends: through the leader, and through nodes in turn, which forward. */
async function killUnder(client: Client, pid: number, round: number): Promise<string[]> {
  const keys = Array.from({ length: IN_FLIGHT }, (_, nth) => `key-${round}-${nth}`);
  const puts = keys.map((key, nth) => client.put(key, key, nth % 2 === 0 ? {} : { via: 'any' }));
  // They are handed to the sockets at the end of this turn of the event loop; some are answered before the signal.
  await new Promise((sent) => setImmediate(sent));
  process.kill(pid, 'SIGKILL');
  await Promise.all(puts);
  return keys;
}

it('a put in flight while its leader is killed with SIGKILL succeeds, and happens once', async () => {
  const place = await Workplace.create();
  await place.up();
  const client = await connect(place.endpoints, { timeoutMs: 30_000 });
  await client.put('warm', 'up');
  for (let round = 0; round < KILLS; round += 1) {
    const { node, pid } = await leaderOf(place);
    const keys = await killUnder(client, pid, round);
    const entries = await Promise.all(keys.map((key) => client.get(key)));
    expect(entries.map((entry) => entry?.version)).toEqual(keys.map(() => 1));
    expect((await place.run('restart', node)).code).toBe(0);
  }
  const { entries, revision } = await client.scanAll({ prefix: 'key-' });
  expect(entries).toHaveLength(KILLS * IN_FLIGHT);
  // An empty store is at revision 1; each put made one more, and no put made two.
  expect(revision).toBe(1 + 1 + KILLS * IN_FLIGHT);
  await client.close();
}, 300_000);

it('a put at a prompt succeeds although its leader is paused, and happens once', async () => {
  const place = await Workplace.create();
  await place.up();
  expect((await place.run('put', 'key', 'one')).stdout).toBe('OK\n');
  await place.run('pause', 'leader');
  expect((await place.run('put', 'key', 'two')).stdout).toBe('OK\n');
  expect((await place.run('resume', 'all')).code).toBe(0);
  expect(JSON.parse((await place.run('get', 'key', '-o', 'json')).stdout)).toMatchObject({ value: 'two', version: 2 });
}, 120_000);
