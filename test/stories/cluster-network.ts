import { asNodeId } from '../../src/base/index.js';
import type { CommandSpec, Invocation } from '../../src/console/commands/index.js';
import { parseDuration } from '../../src/console/language/duration.js';
import type { Message, MessageType } from '../../src/raft/index.js';
import type { Frame } from '../../src/transport/index.js';
import { decodeMessage, KIND } from '../../src/wire/index.js';
import type { MemoryNetwork, NetworkFaults, Silence } from '../helpers/memory-transport.js';
import { endsOf, groupsOf, groupsText } from './partition.js';
import { flag, node, verb } from './verb.js';

/** How long anything takes from one process to another; the supervisor is not part of the story. */
const WAY_MS = 1;
/** TCP repeats what is not acknowledged after so long, and then after twice as long each time. */
const RTO_MS = 200;

const KINDS: Readonly<Record<MessageType, number>> = {
  'request-vote': KIND.requestVote,
  'request-vote-response': KIND.requestVoteResponse,
  'append-entries': KIND.appendEntries,
  'append-entries-response': KIND.appendEntriesResponse,
  heartbeat: KIND.heartbeat,
  'heartbeat-response': KIND.heartbeatResponse,
  'read-index': KIND.readIndex,
  'read-index-response': KIND.readIndexResponse,
  'timeout-now': KIND.timeoutNow,
};
const TYPE = { name: 'TYPE', kind: { type: 'choice', choices: Object.keys(KINDS) }, many: true } as const;

/** The network between the nodes of a story: what is cut off, and which messages are told. */
export class StoryNetwork {
  readonly #names: readonly string[];
  readonly #tell: (message: Message, isLost: boolean) => void;
  /** `A->B`: what A sends does not reach B. Connections stay. */
  readonly #cuts = new Set<string>();
  #told: ReadonlySet<number> = new Set();
  /** Until then nothing gets through to a node, or from it. */
  readonly #silent = new Map<string, number>();
  readonly #now: () => number;

  constructor(network: MemoryNetwork, names: readonly string[], tell: (message: Message, isLost: boolean) => void) {
    this.#names = names;
    this.#tell = tell;
    this.#now = () => network.now();
    network.faults = {
      delayMs: (from, to) => (from === 'supervisor' || to === 'supervisor' ? 0 : WAY_MS),
      loses: (from, to) => this.#loses(from, to),
      silence: (from, to) => this.#silence(from, to),
    } satisfies NetworkFaults;
    network.watch = (from, to, frames) => this.#seen(from, to, frames);
  }

  /** Named parts; the rest is one more. Replaces whatever was cut before. */
  partition(call: Invocation): string {
    const groups = groupsOf(call.all('A,B'), this.#names);
    this.#cuts.clear();
    for (const group of groups) {
      for (const outside of this.#names.filter((name) => !group.includes(name))) {
        for (const inside of group) this.#cuts.add(`${inside}->${outside}`);
      }
    }
    return groupsText(groups);
  }

  /** From the other nodes, and from clients too if it is said so. */
  isolate(name: string, withClients: boolean): string {
    for (const other of [...this.#names.filter((one) => one !== name), ...(withClients ? ['client'] : [])]) {
      this.#cuts.add(`${name}->${other}`).add(`${other}->${name}`);
    }
    return `${name} is cut off from the other nodes${withClients ? ' and from clients' : ''}`;
  }

  silence(name: string, text: string): string {
    this.#silent.set(name, this.#now() + parseDuration(text)!);
    return `nothing gets through to ${name} or from it for ${text}, and nobody is told`;
  }

  cut(call: Invocation): string {
    const cuts = call.all('A->B').map(endsOf);
    for (const [from, to] of cuts) this.#cuts.add(`${from}->${to}`);
    return cuts.map(([from, to]) => `${to} does not hear ${from}`).join(', ');
  }

  heal(): string {
    this.#cuts.clear();
    return 'everybody reaches everybody';
  }

  tell(types: readonly string[]): void {
    this.#told = new Set(types.map((type) => KINDS[type as MessageType]));
  }

  #loses(from: string, to: string): boolean {
    const [sender, receiver] = [from, to].map((name) => (name.startsWith('client') ? 'client' : name));
    return this.#cuts.has(`${sender}->${receiver}`);
  }

  #silence(from: string, to: string): Silence | undefined {
    if (from === 'supervisor' || to === 'supervisor') return undefined;
    const until = Math.max(this.#silent.get(from) ?? 0, this.#silent.get(to) ?? 0);
    return until > this.#now() ? { until, rtoMs: RTO_MS } : undefined;
  }

  #seen(from: string, to: string, frames: readonly Frame[]): void {
    for (const { kind, payload } of frames) {
      if (this.#told.has(kind))
        this.#tell(decodeMessage(kind, payload, asNodeId(from), asNodeId(to)), this.#loses(from, to));
    }
  }
}

/** The console's words for faults of the network, as the network of a story has them; and `silence` and `messages`. */
export const networkVerbs = (network: () => StoryNetwork): readonly CommandSpec[] => [
  verb({
    name: 'partition',
    about: 'Cuts the cluster into parts; nodes that are not named are one more',
    arguments: [{ name: 'A,B', kind: { type: 'text' }, many: true }],
    answer: (call) => network().partition(call),
  }),
  verb({
    name: 'isolate',
    about: 'Cuts a node off from the others',
    arguments: [node],
    options: [flag('clients', 'and from clients')],
    answer: (call) => network().isolate(call.text('NODE'), call.has('clients')),
  }),
  verb({
    name: 'cut',
    about: 'What the first sends does not reach the second',
    arguments: [{ name: 'A->B', kind: { type: 'text' }, many: true }],
    answer: (call) => network().cut(call),
  }),
  verb({
    name: 'silence',
    about: 'Pulls a node’s cable for so long: nothing is lost, and TCP goes on repeating, ever more slowly',
    arguments: [node, { name: 'DUR', kind: { type: 'duration' } }],
    answer: (call) => network().silence(call.text('NODE'), call.text('DUR')),
  }),
  verb({ name: 'heal', about: 'Everybody reaches everybody', answer: () => network().heal() }),
  verb({
    name: 'messages',
    about: 'From now on messages of these types between nodes are told, when they leave',
    arguments: [{ ...TYPE, optional: true }],
    act: (call) => network().tell(call.all('TYPE')),
  }),
];
