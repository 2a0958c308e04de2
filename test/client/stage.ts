import { RaftctlError, seededRandom } from '../../src/base/index.js';
import { type ClusterClient, createClient } from '../../src/client/client.js';
import type { ConnectOptions } from '../../src/client/types.js';
import { FakeNode, type FakeNodeOptions } from '../helpers/fake-node.js';
import { ManualTime } from '../helpers/manual-time.js';
import { createMemoryNetwork } from '../helpers/memory-transport.js';

/** Fake nodes and clients on a network in memory, and time that passes when the test says so. */
export class Stage {
  readonly time = new ManualTime();
  readonly random = seededRandom(7);
  readonly network = createMemoryNetwork({ clock: this.time, scheduler: this.time, random: this.random });
  readonly #nodes: FakeNode[] = [];

  async node(name: string, options: Partial<FakeNodeOptions> = {}): Promise<FakeNode> {
    const node = await FakeNode.start({ transport: this.network.transport(name), name, ...options });
    this.#nodes.push(node);
    return node;
  }

  /** node-01 to node-N, all saying that node-01 is the leader of term 1. */
  async cluster(size: number): Promise<FakeNode[]> {
    const names = Array.from({ length: size }, (_, nth) => `node-0${nth + 1}`);
    return Promise.all(names.map((name) => this.node(name, { leader: 'node-01' })));
  }

  /** Not connected yet: `settle` lets it. Without sessions unless told: most stories are about what nodes say to a write. */
  dial(endpoints: string | readonly string[], options: ConnectOptions = {}): ClusterClient {
    return createClient({
      endpoints,
      transport: this.network.transport('client'),
      clock: this.time,
      scheduler: this.time,
      random: this.random,
      options: typeof options === 'object' && options !== null ? { sessions: false, ...options } : options,
    });
  }

  /** Connected to all of the nodes. */
  async client(nodes: readonly FakeNode[], options: ConnectOptions = {}): Promise<ClusterClient> {
    const client = this.dial(
      nodes.map(({ endpoint }) => endpoint),
      options,
    );
    await this.settle();
    return client;
  }

  /** Everything that is under way arrives, and whoever waits for it goes on, until nothing moves. */
  async settle(): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      this.time.turn();
      for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
    }
  }

  async pass(ms: number): Promise<void> {
    await this.settle();
    this.time.advance(ms);
    await this.settle();
  }

  /** The process of this node is gone without a word. */
  async crash(node: FakeNode): Promise<void> {
    this.network.crash(node.name);
    await this.settle();
  }
}

/** How a promise ended, or that it has not. */
export type Fate<T> = { readonly value?: T; readonly error?: RaftctlError; readonly isPending: boolean };

/** Watches a promise without waiting for it. */
export function fateOf<T>(promise: Promise<T>): () => Fate<T> {
  let fate: Fate<T> = { isPending: true };
  promise.then(
    (value) => {
      fate = { value, isPending: false };
    },
    (error: RaftctlError) => {
      fate = { error, isPending: false };
    },
  );
  return () => fate;
}

/** The coded error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<RaftctlError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof RaftctlError) return outcome;
  throw new Error(`expected a RaftctlError, got ${String(outcome)}`);
}
