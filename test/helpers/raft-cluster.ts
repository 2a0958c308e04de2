import { asIndex, asNodeId, asTerm, type Random, randomInt } from '../../src/base/index.js';
import {
  type ChangeResult,
  ENTRY_TYPES,
  type Entry,
  type Message,
  type MessageType,
  makeRecord,
  type ProposeResult,
  type RawNode,
  type SnapshotOutcome,
  type Status,
  type TransferResult,
} from '../../src/raft/index.js';
import { membershipOf, membershipText } from './membership.js';
import { RaftChecker } from './raft-checker.js';
import { type Disk, type HostConfig, RaftHost, type StateOnItsWay, textOf } from './raft-host.js';

export interface ClusterOptions {
  readonly nodes?: number;
  /** Nodes that are no members: they know nobody, and wait to be added. They are named on from the members. */
  readonly spare?: number;
  /** `at-once`: every write is durable before the next step. `on-demand`: by `persist`. */
  readonly persist?: 'at-once' | 'on-demand';
  readonly config?: Partial<HostConfig>;
  /** Logs to start from, as terms of their entries, and the terms of nodes that know more than their log. */
  readonly logs?: Readonly<Record<string, readonly number[]>>;
  readonly terms?: Readonly<Record<string, number>>;
  readonly random?: (name: string) => Random;
  /** The story is about one node, what the others do is made up: only each node's own invariants are checked. */
  readonly madeUp?: boolean;
  readonly watch?: ClusterWatch;
}

/** Sees what happens, in order; changes nothing. */
export interface ClusterWatch {
  /** It reaches its receiver, or nobody. */
  message(message: Message, fate: 'delivered' | 'lost'): void;
  /** The node was given something, and has done what it had to. */
  acted(host: RaftHost): void;
}

export const ELECTION_TICKS_MIN = 400;
export const ELECTION_TICKS_MAX = 800;
export const HEARTBEAT_TICKS = 60;

export const testConfig = (voters: readonly string[], overrides: Partial<HostConfig> = {}): HostConfig => ({
  membership: membershipOf(...voters.map(asNodeId)),
  electionTicksMin: ELECTION_TICKS_MIN,
  electionTicksMax: ELECTION_TICKS_MAX,
  heartbeatTicks: HEARTBEAT_TICKS,
  commitNewsTicks: 0,
  appendBytesMax: 1 << 20,
  inflightMessagesMax: 16,
  inflightBytesMax: 8 << 20,
  uncommittedBytesMax: 64 << 20,
  unsyncedBytesMax: 256 << 20,
  suspicion: { rankTicks: 10, extraTicks: 4, repeatTicks: 20 },
  ...overrides,
});

export const record = (text: string) => makeRecord(ENTRY_TYPES.command, Buffer.from(text));

export const entry = (index: number, term: number, text = `${index}/${term}`): Entry => ({
  index: asIndex(index),
  term: asTerm(term),
  ...record(text),
});

/** A chance that always comes out the same. */
export const always = (value: number): Random => ({ next: () => value });

/**
 * A cluster of cores in one thread, for stories: names are n1, n2, …; nothing moves unless the story says so, and the
 * invariants are checked after every step. By default n1 has the shortest election timeout, n2 the next, …
 *
 *     const c = new RaftCluster({ nodes: 3 });
 *     c.campaign('n1');             // its election timeout passes
 *     c.deliver();                  // every message arrives, and those they cause
 *     c.cut('n1', 'n3');
 *     c.propose('n1', 'x');
 */
export class RaftCluster {
  readonly names: readonly string[];
  readonly checker: RaftChecker;
  /** Messages on their way, oldest first. */
  network: Message[] = [];
  readonly #hosts = new Map<string, RaftHost>();
  readonly #crashed = new Map<string, { readonly disk: Disk; readonly flushable: number }>();
  readonly #cuts = new Set<string>();
  readonly #options: ClusterOptions;
  readonly #config: HostConfig;

  constructor(options: ClusterOptions = {}) {
    this.#options = options;
    const { nodes = 3, spare = 0 } = options;
    this.names = Array.from({ length: nodes + spare }, (_, at) => `n${at + 1}`);
    const members = this.names.slice(0, nodes);
    this.#config = testConfig(members, options.config);
    this.checker = new RaftChecker(this.#config.membership);
    for (const name of this.names) this.#start(name, this.#firstDisk(name));
  }

  // What happens to nodes.

  /** Its next timeout passes, whatever it is, until it campaigns. */
  campaign(name: string): void {
    const raw = this.raw(name);
    const { term } = raw.status();
    while (raw.status().role === 'follower' && raw.status().term === term) this.tick(raw.ticksToDeadline(), name);
  }

  /** The others have not heard from their leader for just long enough to vote; `name` campaigns, and wins if it can. */
  elect(name: string, options: { readonly onlyVotes?: boolean } = {}): void {
    for (const other of this.alive) {
      if (other === name || this.role(other) === 'leader') continue;
      this.tick(Math.min(ELECTION_TICKS_MIN, this.raw(other).ticksToDeadline() - 1), other);
    }
    this.campaign(name);
    this.deliver(options.onlyVotes ? isVote : undefined);
  }

  tick(ticks: number, ...names: string[]): void {
    for (const host of this.#chosen(names)) this.#input(host, (raw) => raw.tick(ticks));
  }

  /** Time passes for everybody, tick by tick where something is due, and messages arrive at once. */
  pass(ticks: number): void {
    this.deliver();
    for (let left = ticks; left > 0; ) {
      const hosts = [...this.#hosts.values()];
      const next = Math.min(left, ...hosts.map(({ raw }) => Math.max(1, raw.ticksToDeadline())));
      this.tick(next);
      this.deliver();
      left -= next;
    }
  }

  propose(name: string, ...texts: string[]): ProposeResult {
    return this.#input(this.host(name), (raw) => raw.propose(texts.map(record)));
  }

  /** Leadership is to go to `to`, or to whoever the leader chooses. */
  transfer(name: string, to?: string): TransferResult {
    return this.#input(this.host(name), (raw) => raw.transferLeadership(to === undefined ? to : asNodeId(to)));
  }

  /** Begins a change to these voters and learners, new names included. */
  change(name: string, voters: readonly string[], learners: readonly string[] = []): ChangeResult {
    const ids = { voters: voters.map(asNodeId), learners: learners.map(asNodeId) };
    const { members } = membershipOf(...ids.voters, ...ids.learners);
    return this.#input(this.host(name), (raw) => raw.changeMembership({ ...ids, outgoing: [], members }));
  }

  /** Who is in force at a node, as `n1,n2`: voters, `| outgoing voters`, `+ learners`. */
  inForce(name: string): string {
    return membershipText(this.raw(name).membership);
  }

  /** Asks for a read index. Ids count from 1 in each process, as a host's would. False: nobody to ask. */
  read(name: string): number | false {
    const host = this.host(name);
    host.readsAsked += 1;
    const id = host.readsAsked;
    this.checker.readAsked(host, id);
    return this.#input(host, (raw) => raw.readIndex(id)) && id;
  }

  suspect(name: string, peer: string): void {
    this.#input(this.host(name), (raw) => raw.suspect(asNodeId(peer)));
  }

  /** Links in both directions come up; each tells the other the leader it knows. */
  link(a: string, b: string): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      this.linked(from, to);
  }

  linked(name: string, peer: string): void {
    const { term, leader } = this.status(peer);
    this.#input(this.host(name), (raw) => raw.linked(asNodeId(peer), { term, leader }));
  }

  unlinked(name: string, peer: string): void {
    this.#input(this.host(name), (raw) => raw.unlinked(asNodeId(peer)));
  }

  unreachable(name: string, peer: string): void {
    this.#input(this.host(name), (raw) => raw.unreachable(asNodeId(peer)));
  }

  /** Writes become durable, all or the oldest few. */
  persist(name: string, writes = Number.POSITIVE_INFINITY): void {
    const host = this.host(name);
    for (let left = writes; left > 0 && host.writing; left -= 1) this.#input(host, () => host.sync());
  }

  /** The process is gone; its disk stays. Some of the writes under way may have reached it. */
  crash(name: string, options: { synced?: number } = {}): void {
    const host = this.host(name);
    for (let left = options.synced ?? 0; left > 0 && host.writing; left -= 1) host.sync({ dying: true });
    const { commitIndex, persistedIndex } = host.raw.status();
    this.#hosts.delete(name);
    this.#crashed.set(name, { disk: host.disk, flushable: Math.min(commitIndex, persistedIndex) });
    this.checker.forget(host.id);
  }

  /**
   * A new process on the old disk. Its state machine had flushed nothing, or up to any point that was committed and
   * durable when the old one died.
   */
  restart(name: string, options: { flushed?: Random; wiped?: boolean } = {}): void {
    const { disk, flushable } = this.#crashed.get(name)!;
    this.#crashed.delete(name);
    if (options.wiped) disk.log.length = 0;
    this.#start(
      name,
      disk,
      options.flushed ? randomInt(options.flushed, disk.before ?? 0, Math.max(flushable, disk.before ?? 0)) : 0,
    );
  }

  /** Its log lets go of what is applied and durable, up to `index`. */
  compact(name: string, index: number): void {
    this.#input(this.host(name), () => this.host(name).compact(index));
  }

  /** States that leaders owe to followers, who gets them. */
  statesDue(): { readonly from: string; readonly to: string }[] {
    return this.alive.flatMap((from) => this.host(from).snapshotsTo.map((to) => ({ from, to })));
  }

  /** The leader's state leaves, for whoever waits for it the longest; it arrives at once, or when told to. */
  takeState(from: string): StateOnItsWay | undefined {
    const host = this.host(from);
    const to = host.snapshotsTo.shift();
    return to === undefined ? undefined : host.state(to);
  }

  /** The state arrives, and its sender hears of it, if it still is who it was. Answers what became of it. */
  deliverState(state: StateOnItsWay): SnapshotOutcome | 'lost' {
    const host = this.#hosts.get(state.to);
    const arrives = host !== undefined && !this.#cuts.has(`${state.from}>${state.to}`);
    const outcome = arrives ? this.#input(host, () => host.install(state)) : 'lost';
    const sender = this.#hosts.get(state.from);
    const ok = outcome === 'installed' || outcome === 'known';
    if (sender) this.#input(sender, (raw) => raw.snapshotResult(state.to, { ok }));
    return outcome;
  }

  snapshotLost(from: string, to: string): void {
    this.#input(this.host(from), (raw) => raw.snapshotResult(asNodeId(to), { ok: false }));
  }

  /** A message from nowhere: hand-made, late, or malformed. */
  step(name: string, message: Message): void {
    this.#input(this.host(name), (raw) => raw.step(message));
  }

  // What happens to messages.

  cut(a: string, b: string): void {
    this.cutOneWay(a, b);
    this.cutOneWay(b, a);
  }

  cutOneWay(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  isolate(name: string): void {
    for (const other of this.names) if (other !== name) this.cut(name, other);
  }

  heal(): void {
    this.#cuts.clear();
  }

  /** Everything on its way arrives, with all it causes; or only what `wanted` says, which leaves the rest waiting. */
  deliver(wanted: (message: Message) => boolean = () => true): void {
    for (let budget = 100_000; budget > 0; budget -= 1) {
      const at = this.network.findIndex(wanted);
      if (at < 0) return;
      this.deliverAt(at);
    }
    throw new Error('messages without end');
  }

  /** Everything arrives and every write becomes durable, until nothing moves. */
  settle(): void {
    do {
      for (const name of this.alive) this.persist(name);
      this.deliver();
      for (const { from } of this.statesDue()) this.deliverState(this.takeState(from)!);
    } while (this.network.length > 0 || this.alive.some((name) => this.host(name).writing));
  }

  deliverAt(position: number): void {
    const [message] = this.network.splice(position, 1);
    const host = this.#hosts.get(message!.to);
    const arrives = host !== undefined && !this.#cuts.has(`${message!.from}>${message!.to}`);
    this.#options.watch?.message(message!, arrives ? 'delivered' : 'lost');
    if (arrives) this.#input(host, (raw) => raw.step(message!));
  }

  /** Loses what is on its way. */
  drop(wanted: (message: Message) => boolean = () => true): void {
    for (const message of this.network) if (wanted(message)) this.#options.watch?.message(message, 'lost');
    this.network = this.network.filter((message) => !wanted(message));
  }

  /** What is on its way, by type and ends. */
  sent<T extends MessageType>(type: T, ends: { from?: string; to?: string } = {}): Extract<Message, { type: T }>[] {
    return this.network.filter(
      (message): message is Extract<Message, { type: T }> =>
        message.type === type &&
        (ends.from === undefined || message.from === ends.from) &&
        (ends.to === undefined || message.to === ends.to),
    );
  }

  // What can be seen.

  get alive(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  host(name: string): RaftHost {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(`${name} is not running`);
    return host;
  }

  /** What has reached it, of a crashed node too. */
  disk(name: string): Disk {
    return (this.#crashed.get(name) ?? this.host(name)).disk;
  }

  raw(name: string): RawNode {
    return this.host(name).raw;
  }

  status(name: string): Status {
    return this.raw(name).status();
  }

  role(name: string): string {
    return this.status(name).role;
  }

  leaders(): string[] {
    return this.alive.filter((name) => this.role(name) === 'leader');
  }

  /** The terms of a node's log. */
  log(name: string): number[] {
    return this.host(name).log.map(({ term }) => term);
  }

  /** What a node's state machine was given; no-ops left out. */
  applied(name: string): string[] {
    return this.host(name)
      .applied.filter(({ type }) => type === ENTRY_TYPES.command)
      .map(textOf);
  }

  events(name: string, event?: string): Record<string, unknown>[] {
    return this.host(name)
      .events.filter((seen) => event === undefined || seen.event === event)
      .map(({ fields }) => fields);
  }

  #start(name: string, disk: Disk, flushed = 0): void {
    const applied = Math.max(flushed, disk.before ?? 0);
    const at = this.names.indexOf(name);
    const random = this.#options.random?.(name) ?? always((at + 0.5) / this.names.length);
    const isMember = this.#config.membership.members.some(({ id }) => id === name);
    const config = isMember ? this.#config : { ...this.#config, membership: membershipOf() };
    const host = new RaftHost(asNodeId(name), config, { random, disk, applied });
    this.#hosts.set(name, host);
    this.#input(host, () => {});
  }

  #firstDisk(name: string): Disk {
    const terms = this.#options.logs?.[name] ?? [];
    const currentTerm = asTerm(Math.max(this.#options.terms?.[name] ?? 0, ...terms));
    const log = terms.map((term, at) => entry(at + 1, term));
    return { hardState: { currentTerm, votedFor: null }, log };
  }

  #chosen(names: readonly string[]): RaftHost[] {
    return (names.length > 0 ? names : this.alive).map((name) => this.host(name));
  }

  /** Every input goes through here: Readys are taken until there is none, and all is checked. */
  #input<T>(host: RaftHost, input: (raw: RawNode) => T): T {
    const result = input(host.raw);
    this.checker.checkNode(host);
    const atOnce = this.#options.persist !== 'on-demand';
    while (host.raw.hasReady() || host.releasable || (atOnce && host.writing)) {
      if (!host.raw.hasReady()) host.sync();
      else if (this.#options.madeUp) host.take();
      else this.checker.checkReady(host, this.#everyDisk(), host.take());
      this.checker.checkNode(host);
    }
    this.network.push(...host.outgoing.splice(0));
    this.#options.watch?.acted(host);
    return result;
  }

  /** Crashed nodes' disks count as well: durable is durable. */
  #everyDisk(): ReadonlyMap<string, Disk> {
    return new Map([...this.#hosts, ...this.#crashed].map(([name, { disk }]) => [name, disk]));
  }
}

export const isVote = ({ type }: Message): boolean => type === 'request-vote' || type === 'request-vote-response';

export const isPreVote = (message: Message): boolean => isVote(message) && 'preVote' in message && message.preVote;
