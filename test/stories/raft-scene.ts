import { RaftctlError } from '../../src/base/index.js';
import type { Output } from '../../src/console/context.js';
import { compilePattern } from '../../src/diagnostics/index.js';
import type { Message } from '../../src/raft/index.js';
import { type ClusterOptions, RaftCluster } from '../helpers/raft-cluster.js';
import type { RaftHost } from '../helpers/raft-host.js';
import { did, eventWords, sent } from './words.js';

/** The cluster that a story's verbs act on, and who tells what comes of it. */
export class RaftScene {
  readonly #output: Output;
  #cluster: RaftCluster | null = null;
  #syncs = false;
  #isTold: (line: string) => boolean = () => true;
  /** How much of each process has been told. */
  readonly #told = new Map<RaftHost, Told>();

  constructor(output: Output) {
    this.#output = output;
  }

  get cluster(): RaftCluster {
    if (this.#cluster) return this.#cluster;
    throw new RaftctlError('not-running', 'there is no cluster', { hint: '> cluster 3' });
  }

  start(options: ClusterOptions): void {
    const watch = {
      message: (message: Message, fate: 'delivered' | 'lost') => this.#message(message, fate),
      acted: (host: RaftHost) => this.#acted(host),
    };
    this.#syncs = options.persist === 'on-demand';
    this.#cluster = new RaftCluster({ ...options, watch });
  }

  /** Tells what happens meanwhile, by the patterns that `logs` has: a line that is included, if any is, and not excluded. */
  telling<T>({ include, exclude }: Patterns, act: () => T): T {
    const [wanted, unwanted] = [include.map(compilePattern), exclude.map(compilePattern)];
    this.#isTold = (line) =>
      (wanted.length === 0 || wanted.some((pattern) => pattern.test(line))) &&
      !unwanted.some((pattern) => pattern.test(line));
    return act();
  }

  say(line: string): void {
    if (this.#isTold(line)) this.#output.say(line);
  }

  #message(message: Message, fate: 'delivered' | 'lost'): void {
    this.say(sent('raft', message, fate === 'lost' ? 'lost' : ''));
  }

  #acted(host: RaftHost): void {
    const durable = durableOf(host);
    const told = this.#told.get(host) ?? { events: 0, reads: 0, durable };
    // Where every write is durable at once there is nothing to tell.
    if (this.#syncs && durable !== told.durable) this.say(did('raft', host.id, `synced ${durable}`));
    for (const event of host.events.slice(told.events)) this.say(did('raft', host.id, eventWords(event)));
    for (const { id, index } of host.reads.slice(told.reads)) {
      this.say(did('raft', host.id, `read ${id} may be served once entry ${index} is applied`));
    }
    this.#told.set(host, { events: host.events.length, reads: host.reads.length, durable });
  }
}

interface Patterns {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

interface Told {
  readonly events: number;
  readonly reads: number;
  readonly durable: string;
}

/** What a crash would leave, as far as it is worth a line. */
function durableOf({ disk: { hardState, log } }: RaftHost): string {
  const last = log.at(-1);
  return `term=${hardState.currentTerm} votedFor=${hardState.votedFor} last=${last?.index ?? 0}/${last?.term ?? 0}`;
}
