import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { type NodeId, RaftctlError } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { type Client, connect, type KeyValue } from '../../src/client/index.js';
import { checkHistory, verdictText } from '../../src/verify/checker/index.js';
import { historyOf, type Operation } from '../../src/verify/history/index.js';
import type { CrashPointCluster } from './crash-point-cluster.js';

const PREFIX = 'load/';
const SHARED_KEYS = 3;
/** The machine has more to do than this: nodes have to start. */
const THINK_MS = 4;

type Request =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'cas'; readonly key: string; readonly expected: string | null; readonly value: string };

interface Answer {
  readonly outcome: Operation['outcome'];
  readonly output: string | boolean | null;
  readonly revision: number | null;
  readonly node: string | null;
}

/**
 * Clients that write all the time, through each node and through whoever leads, and a record of what they saw. Half of
 * the writes are to keys of their own, so that each acknowledged one can be looked for; the others compete.
 */
export class CrashPointLoad {
  readonly #cluster: CrashPointCluster;
  readonly #anywhere: Client;
  readonly #through: ReadonlyMap<NodeId, Client>;
  readonly #operations: Operation[] = [];
  readonly #origin = process.hrtime.bigint();
  readonly #listeners = new Set<() => void>();
  #workers: Promise<void>[] = [];
  #running = false;
  #acknowledged = 0;
  #names = 0;
  #values = 0;

  static async start(cluster: CrashPointCluster): Promise<CrashPointLoad> {
    // A recorder sends nothing twice: what became of a write that was not answered, it must not know. And who is to go
    // through a node asks nobody else.
    const options = { sessions: false, discover: false };
    const anywhere = await connect(
      cluster.nodes.map((node) => cluster.endpoint(node)),
      options,
    );
    const through = new Map<NodeId, Client>();
    for (const node of cluster.nodes) through.set(node, await connect(cluster.endpoint(node), options));
    const load = new CrashPointLoad(cluster, anywhere, through);
    load.begin();
    return load;
  }

  private constructor(cluster: CrashPointCluster, anywhere: Client, through: ReadonlyMap<NodeId, Client>) {
    this.#cluster = cluster;
    this.#anywhere = anywhere;
    this.#through = through;
    onTestFinished(async () => {
      this.#running = false;
      for (const client of [anywhere, ...through.values()]) await client.close();
    });
  }

  begin(): void {
    this.#running = true;
    this.#workers = [this.#anywhere, this.#anywhere, ...this.#through.values()].map((client) => this.#work(client));
  }

  /** Resolves when every call has ended. */
  async end(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#workers);
  }

  /** Resolves when so many more writes have been acknowledged. */
  async acknowledges(more: number): Promise<void> {
    const enough = this.#acknowledged + more;
    while (this.#acknowledged < enough) await this.#news();
  }

  /** The operation that wrote the value, once it has ended. */
  async whoWrote(value: string): Promise<Operation> {
    for (;;) {
      const found = this.#operations.find((each) => 'value' in each && each.value === value);
      if (found !== undefined) return found;
      await this.#news();
    }
  }

  /** What the store says was written at a revision. */
  async writtenAt(revision: number): Promise<string> {
    for await (const { modRevision, value } of this.#anywhere.watch({ prefix: PREFIX }, { from: revision })) {
      if (modRevision === revision) return value.toString();
      break;
    }
    throw new Error(`nothing was written at revision ${revision}`);
  }

  /**
   * Of a cluster whose nodes all run: every acknowledged write is there, the history is linearizable, and all nodes
   * have the same state.
   */
  async verify(): Promise<void> {
    await this.end();
    // Once this is committed, so is, or never will be, all that was proposed before.
    await this.#anywhere.put('settled', 'yes');
    const state = await this.#readAll(this.#anywhere);
    for (const operation of this.#operations) {
      if (operation.type !== 'put' || operation.outcome !== 'ok' || isShared(operation.key)) continue;
      const { key, value, revision } = operation;
      expect(state.get(key)?.value.toString(), `${key} was acknowledged at revision ${revision}`).toBe(value);
    }
    const verdict = checkHistory(historyOf(this.#operations), { clock: realClock });
    expect(verdict.verdict, verdictText(verdict)).toBe('linearizable');
    expect(this.#acknowledged).toBeGreaterThan(0);
    await this.#sameEverywhere(state);
  }

  async #sameEverywhere(state: ReadonlyMap<string, KeyValue>): Promise<void> {
    for (const client of this.#through.values()) {
      await client.get('settled'); // it has applied all of it when it can answer
      const own = await scanAll(client, 'stale');
      expect([...own.keys()]).toEqual([...state.keys()]);
      expect([...own.values()].map(shown)).toEqual([...state.values()].map(shown));
    }
    const { nodes } = await this.#cluster.control.view();
    const positions = nodes.map(({ status }) => [status?.appliedIndex, status?.lastIndex, status?.revision]);
    expect(positions).toEqual(positions.map(() => positions[0]));
  }

  /** As reads of the history: they see the last write of each key. */
  async #readAll(client: Client): Promise<Map<string, KeyValue>> {
    const call = this.#now();
    const found = await scanAll(client, 'linearizable');
    const keys = new Set([...found.keys(), ...this.#operations.map(({ key }) => key)]);
    for (const key of keys) {
      const output = found.get(key)?.value.toString() ?? null;
      this.#record('reader', { type: 'get', key }, call, { outcome: 'ok', output, revision: null, node: null });
    }
    return found;
  }

  async #work(client: Client): Promise<void> {
    let name = this.#nextName();
    const seen = new Map<string, string | null>();
    for (let i = 0; this.#running; i += 1) {
      const request = this.#request(name, i, seen);
      const call = this.#now();
      const answer = await perform(client, request);
      this.#record(name, request, call, answer);
      if (request.type === 'get' && answer.outcome === 'ok') seen.set(request.key, answer.output as string | null);
      // Whoever does not know what became of its call goes on under another name.
      if (answer.outcome === 'unknown') name = this.#nextName();
      await setTimeout(THINK_MS);
    }
  }

  #request(name: string, i: number, seen: ReadonlyMap<string, string | null>): Request {
    const shared = `${PREFIX}shared/${(i >> 2) % SHARED_KEYS}`;
    this.#values += 1;
    const value = `v${this.#values}`;
    switch (i % 4) {
      case 0:
        return { type: 'get', key: shared };
      case 1:
        return { type: 'cas', key: shared, expected: seen.get(shared) ?? null, value };
      default:
        return { type: 'put', key: `${PREFIX}${name}/${i}`, value };
    }
  }

  #record(client: string, request: Request, call: number, answer: Answer): void {
    // A read that failed says nothing.
    if (request.type === 'get' && answer.outcome !== 'ok') return;
    const line = this.#operations.length + 1;
    const end = answer.outcome === 'unknown' ? Number.POSITIVE_INFINITY : this.#now();
    this.#operations.push({ ...request, ...answer, line, client, call, return: end } as Operation);
    if (request.type !== 'get' && answer.outcome === 'ok') this.#acknowledged += 1;
    for (const tell of this.#listeners) tell();
    this.#listeners.clear();
  }

  #news(): Promise<void> {
    return new Promise((tell) => this.#listeners.add(tell));
  }

  #nextName(): string {
    this.#names += 1;
    return `c${this.#names}`;
  }

  #now(): number {
    return Number(process.hrtime.bigint() - this.#origin);
  }
}

async function perform(client: Client, request: Request): Promise<Answer> {
  try {
    switch (request.type) {
      case 'get': {
        const { entry, revision, node } = await client.read(request.key);
        return { outcome: 'ok', output: entry?.value.toString() ?? null, revision, node };
      }
      case 'put': {
        const { revision, node } = await client.put(request.key, request.value);
        return { outcome: 'ok', output: null, revision, node };
      }
      case 'cas': {
        const { key, expected, value } = request;
        const { succeeded, revision, node } = await client.compareAndSet(key, expected, value);
        return { outcome: 'ok', output: succeeded, revision, node };
      }
    }
  } catch (error) {
    if (!(error instanceof RaftctlError)) throw error;
    return { outcome: error.definite ? 'failed' : 'unknown', output: null, revision: null, node: null };
  }
}

async function scanAll(client: Client, read: 'linearizable' | 'stale'): Promise<Map<string, KeyValue>> {
  const found = new Map<string, KeyValue>();
  for (let after: Buffer | undefined; ; ) {
    const page = await client.scan({ prefix: PREFIX, ...(after !== undefined && { after }) }, { read });
    for (const entry of page.entries) found.set(entry.key.toString(), entry);
    if (!page.more) return found;
    after = page.entries.at(-1)!.key;
  }
}

const isShared = (key: string): boolean => key.startsWith(`${PREFIX}shared/`);

const shown = ({ value, createRevision, modRevision, version }: KeyValue): string =>
  `${value} ${createRevision} ${modRevision} ${version}`;

const BECAME_LEADER = { event: 'role-changed', fields: { to: 'leader' } };

/** Whatever happened: clients are served again, nothing acknowledged is lost, and no term had two leaders (§5.2). */
export async function allIsWell(scene: Scene, acknowledged: number): Promise<void> {
  await scene.load.acknowledges(acknowledged);
  await scene.load.verify();
  const { events } = await scene.cluster.control.events.read({ after: 0, filter: BECAME_LEADER });
  const terms = events.map(({ fields }) => fields['term']);
  expect(terms).toEqual([...new Set(terms)]);
}

/** A cluster, and clients that write all the time. */
export interface Scene {
  readonly cluster: CrashPointCluster;
  readonly load: CrashPointLoad;
}
