import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Client, connect } from '../../src/client/index.js';
import { Workplace } from '../helpers/product.js';

const WRITERS = 8;
const VALUE_BYTES = 8 << 10;
const KEYS = 300;
/** Two flushes, of at most 8 MiB each, and more than the log that is kept: who joins after it needs the state. */
const PUTS_BEFORE = 3_000;
/** From then on: a machine with two cores has seven nodes to run, and who joins has to keep up. */
const THINK_MS = 20;
/** Of a client that was told nothing else. */
const PUT_TIMEOUT_MS = 10_000;

/** Writers that put one after the other, each to its own keys, and what of it was acknowledged last. */
class Writers {
  readonly acknowledged = new Map<string, string>();
  readonly failures: string[] = [];
  count = 0;
  /** Between one acknowledgement and the next, whoever got them. Milliseconds. */
  longestGapMs = 0;
  readonly #client: Client;
  #last = performance.now();
  #isRunning = true;
  readonly #all: Promise<unknown>;
  #waiting: { readonly count: number; readonly enough: () => void } | undefined;

  constructor(client: Client) {
    this.#client = client;
    this.#all = Promise.all(Array.from({ length: WRITERS }, (_, writer) => this.#write(writer)));
  }

  /** Resolves when so many more are acknowledged. */
  more(count: number): Promise<void> {
    return new Promise((enough) => {
      this.#waiting = { count: this.count + count, enough };
    });
  }

  async end(): Promise<void> {
    this.#isRunning = false;
    await this.#all;
  }

  async #write(writer: number): Promise<void> {
    for (let nth = 0; this.#isRunning; nth += 1) {
      const key = `writer-${writer}/${nth % KEYS}`;
      const value = `${nth} `.padEnd(VALUE_BYTES, 'x');
      try {
        await this.#client.put(key, value);
      } catch (thrown) {
        this.failures.push(String(thrown));
        continue;
      }
      this.acknowledged.set(key, value);
      this.#acknowledged();
      if (this.count > PUTS_BEFORE) await setTimeout(THINK_MS);
    }
  }

  #acknowledged(): void {
    const now = performance.now();
    this.longestGapMs = Math.max(this.longestGapMs, now - this.#last);
    this.#last = now;
    this.count += 1;
    if (this.#waiting !== undefined && this.count >= this.#waiting.count) this.#waiting.enough();
  }
}

describe('a cluster that grows from four nodes to seven and shrinks to three, under load', () => {
  it('fails no write and loses none, and clients with the list of before follow', { timeout: 180_000 }, async () => {
    const place = await Workplace.create();
    writeFileSync(join(place.directory, 'cluster.yaml'), 'nodes: 4\nstorage: { keepLog: 1MiB }\n');
    await place.up();
    const client = await connect(place.endpoints);
    const writers = new Writers(client);
    await writers.more(PUTS_BEFORE);

    const change = async (...command: readonly string[]): Promise<void> => {
      let ran = await place.run(...command, '--timeout', '60s');
      // Where more is written than who joins can take in, the command says so, and goes on when it is given again.
      while (ran.stderr.includes('it stays a learner')) ran = await place.run(...command, '--timeout', '60s');
      expect(ran.stderr).not.toContain('error');
      expect(ran.code, command.join(' ')).toBe(0);
      // It was written before, it is written after.
      await writers.more(2 * WRITERS);
    };
    for (const node of ['node-05', 'node-06', 'node-07']) await change('add', node);
    // Every one that was there at first goes, the leader among them.
    for (const node of ['node-01', 'node-02', 'node-03', 'node-04']) await change('remove', node);
    await writers.end();

    expect(writers.failures).toEqual([]);
    for (const [key, value] of writers.acknowledged) expect(String((await client.get(key))?.value), key).toBe(value);
    await client.close();
    expect((await place.run('members', '-o', 'json')).stdout).toContain('"voters":["node-05","node-06","node-07"]');
    // The log did not reach back to where they began.
    const log = readFileSync(join(place.data, 'demo', 'logs', 'node-05.log'), 'utf8');
    expect(log).toContain('snapshot-installed');
    // Writes stood still for an election at most, which a put outlasts.
    expect(writers.longestGapMs).toBeLessThan(PUT_TIMEOUT_MS);
    expect((await place.run('hash')).stdout).toContain('equal');
  });
});
