import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Client, connect } from '../../src/client/index.js';
import { eventually } from '../cluster/helpers.js';
import { Workplace } from '../helpers/product.js';

const VALUE_BYTES = 8 << 10;
const KEYS = 400;
/** A node whose log was trimmed twice behind it needs the state: two flushes, of at most 8 MiB each, and the log. */
const PUTS_BEHIND = 4_000;

const textOf = (nth: number): string => `${nth} `.padEnd(VALUE_BYTES, 'x');

interface NodeFacts {
  readonly node: string;
  readonly role: string | null;
  readonly first: number | null;
  readonly applied: number | null;
  readonly lag: number | null;
}

async function nodes(place: Workplace): Promise<NodeFacts[]> {
  const { stdout } = await place.run('status', '-o', 'json');
  return (JSON.parse(stdout) as { readonly nodes: NodeFacts[] }).nodes;
}

/** What was written: the number of the last value under each key. */
class Written {
  readonly last: number[] = [];
  #count = 0;

  /** Writes over all keys, some at a time, each key once at a time. */
  async more(client: Client, count: number): Promise<void> {
    const end = this.#count + count;
    const some = async (): Promise<void> => {
      while (this.#count < end) {
        this.#count += 1;
        const nth = this.#count;
        await client.put(`key-${nth % KEYS}`, textOf(nth), { via: 'leader' });
        this.last[nth % KEYS] = nth;
      }
    };
    await Promise.all(Array.from({ length: 8 }, some));
  }

  /** Every key holds, on that node, what was written last. */
  async expectAt(client: Client): Promise<void> {
    for (const [key, nth] of this.last.entries()) {
      const found = await client.get(`key-${key}`, { read: 'stale' });
      expect(String(found?.value)).toBe(textOf(nth));
    }
  }
}

/** A cluster that keeps little log, and one node of it that is left behind; not the leader. */
async function leftBehind() {
  const place = await Workplace.create();
  writeFileSync(join(place.directory, 'cluster.yaml'), 'nodes: 4\nstorage: { keepLog: 1MiB }\n');
  await place.up();
  const away = (await nodes(place)).find(({ role }) => role === 'follower')!.node;
  expect((await place.run('kill', away)).code).toBe(0);
  const client = await connect(place.endpoints);
  const written = new Written();
  await written.more(client, PUTS_BEHIND);
  const before = Math.min(...(await nodes(place)).flatMap(({ first }) => (first === null ? [] : [first])));
  expect(before).toBeGreaterThan(100);
  return { place, away, client, written };
}

/** The node has applied all that its leader has committed. */
async function caughtUp(place: Workplace, name: string): Promise<void> {
  for (;;) {
    const found = (await nodes(place)).find(({ node }) => node === name);
    if (found?.role === 'follower' && found.lag === 0 && (found.applied ?? 0) > PUTS_BEHIND) return;
  }
}

const logOf = (place: Workplace, node: string): string =>
  readFileSync(join(place.data, 'demo', 'logs', `${node}.log`), 'utf8');

const bytesOfLog = (place: Workplace, node: string): number =>
  readdirSync(join(place.data, 'demo', node, 'wal')).length << 20;

describe('a node that was down for long', () => {
  it('comes back by snapshot while writes go on, and has everything', { timeout: 180_000 }, async () => {
    const { place, away, client, written } = await leftBehind();
    for (const { node, role } of await nodes(place)) {
      if (role !== null) expect(bytesOfLog(place, node), node).toBeLessThan(40 << 20);
    }
    expect((await place.run('restart', away)).code).toBe(0);
    await written.more(client, 800);
    await eventually(() => logOf(place, away).includes('snapshot-installed'));
    await caughtUp(place, away);
    const here = await connect([place.endpoints[Number(away.at(-1)) - 1]!]);
    await written.expectAt(here);
    await Promise.all([client.close(), here.close()]);
    expect(logOf(place, away)).toMatch(/snapshot-receiving from=node-0\d/);
    const leader = (await nodes(place)).find(({ role }) => role === 'leader')!.node;
    expect(logOf(place, leader)).toMatch(new RegExp(`snapshot-sent peer=${away}`));
    // The state before is gone, and the new one is what the next start finds.
    expect(readdirSync(join(place.data, 'demo', away, 'kv'))).toEqual(['2']);
    expect((await place.run('restart', away)).code).toBe(0);
    await caughtUp(place, away);
    expect(readdirSync(join(place.data, 'demo', away, 'kv'))).toEqual(['2']);
  });

  it('survives kill -9 at any moment of it', { timeout: 300_000 }, async () => {
    const { place, away, client, written } = await leftBehind();
    for (let round = 0; round < 6; round += 1) {
      const restarted = await place.run('start', away);
      expect(restarted.stderr).toBe('');
      if (round === 0) await eventually(() => logOf(place, away).includes('snapshot-receiving'));
      await written.more(client, 20 * round);
      expect((await place.run('kill', away)).code).toBe(0);
    }
    expect((await place.run('start', away)).code).toBe(0);
    await caughtUp(place, away);
    const here = await connect([place.endpoints[Number(away.at(-1)) - 1]!]);
    await written.expectAt(here);
    await Promise.all([client.close(), here.close()]);
    expect(logOf(place, away)).not.toMatch(/error data-damaged/);
  });
});
