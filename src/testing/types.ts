import type { Level, NodeId } from '../base/index.js';
import type { Client, ConnectOptions } from '../client/index.js';
import type {
  ClusterChanged,
  ClusterFault,
  ClusterView,
  FaultRule,
  FaultsChanged,
  LifecycleOptions,
  LifecycleResult,
  ProcessStateName,
  Transferred,
} from '../cluster/index.js';
import type { EventFilter, EventName, MergedEvent } from '../diagnostics/index.js';

/**
 * One node: its name, its number (`2` is node-02), or what it is when the call is made. Without a leader, `'leader'` is
 * an error, never a guess. `'follower'` is the first of them that runs, `'random'` any node that runs.
 */
export type OneNode = 'leader' | 'follower' | 'random' | number | NodeId | (string & Record<never, never>);

/** Several: a word, or a list. Of those that a word means, the ones are left out to which the call does not apply. */
export type ManyNodes = 'followers' | 'all' | 'running' | 'down' | readonly OneNode[];

export interface WaitOptions {
  /** Milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Gives the wait up: it rejects with `aborted`. */
  readonly signal?: AbortSignal;
}

/** Which events: the name of one, or a filter. */
export type EventWish = EventName | EventFilter;

export interface SinceOptions {
  /** Events after this place, as `mark` tells it. */
  readonly since?: number;
}

/** Everything that happened in the cluster, in one order. */
export interface ClusterEvents extends AsyncIterable<MergedEvent> {
  /** The place of the newest event. What happens from now on comes after it. */
  mark(): Promise<number>;
  /** What happened so far, the oldest first: all, or the last `limit`. Of the whole cluster 100,000 are kept. */
  read(wish?: EventWish, options?: SinceOptions & { readonly limit?: number }): Promise<readonly MergedEvent[]>;
  /** How often it happened. */
  count(wish: EventWish, options?: SinceOptions): Promise<number>;
  /**
   * Events as they come, after those since a mark; without one from now on. It ends with the cluster. A reader that is
   * 100,000 behind is told `events-lost` in their place.
   */
  follow(wish?: EventWish, options?: SinceOptions): AsyncIterableIterator<MergedEvent, undefined>;
}

/** What is done to the process of a node, or of several. */
export interface Change {
  (nodes: ManyNodes, options?: LifecycleOptions): Promise<readonly LifecycleResult[]>;
  (node: OneNode, options?: LifecycleOptions): Promise<LifecycleResult>;
}

/** What can be done to links and disks on purpose. Like `kill`, it resolves when it is in force. */
export interface ClusterFaults {
  /**
   * Cuts the cluster into groups that do not reach each other; nodes that are not named form one more. It takes the place
   * of the last partition. Like every fault it survives restarts, and lasts until `heal`.
   * Clients reach every node as before; with `clients: true`, those alone that are not named.
   */
  partition(...groups: readonly Group[]): Promise<FaultsChanged>;
  partition(...groups: readonly [...Group[], ClientsOption]): Promise<FaultsChanged>;
  /** Cuts a node off from all others, and with `clients: true` from clients. */
  isolate(node: OneNode, options?: ClientsOption): Promise<FaultsChanged>;
  /** Nothing that `from` sends reaches `to`; the other direction stays. */
  cut(from: OneNode, to: OneNode): Promise<FaultsChanged>;
  /** What it sends to other nodes, and what they send to it, takes longer; nothing overtakes. */
  slow(node: OneNode, options: SlowOptions): Promise<FaultsChanged>;
  /** Of what it sends to other nodes, and of what they send to it, that share is lost: 0.1 is every tenth message. */
  flaky(node: OneNode, options: FlakyOptions): Promise<FaultsChanged>;
  /** Its disk is slow, is full, or fails: at its files, not at the disk itself. */
  disk(node: OneNode, fault: DiskFault): Promise<FaultsChanged>;
  /** Ends all faults, or those that name one of these nodes. */
  heal(nodes?: OneNode | ManyNodes): Promise<FaultsChanged>;
  /** The faults in force. */
  readonly faults: readonly FaultRule[];
}

/**
 * A cluster of real processes. Every method rejects with a `RaftctlError` and nothing else; after `stop` with `closed`.
 * A change resolves when it is done: the process answers, or is gone, or the members agree.
 */
export interface TestCluster extends AsyncDisposable, ClusterFaults {
  /** Where the members listen now, `host:port`, dead ones too: what `connect` takes. */
  readonly endpoints: readonly string[];
  /** The names of the members, dead ones too. */
  readonly nodes: readonly NodeId[];
  /** Where its data is, until it is stopped. */
  readonly directory: string;
  /** A client of all members. It is closed with the cluster, and until then keeps no process alive. */
  client(options?: ConnectOptions): Promise<Client>;

  /** SIGKILL, at once. A killed node stays down until `start` or `restart`. */
  readonly kill: Change;
  /**
   * Lets a node end in good order: a leader hands over first; by force after a bound. Without a node: ends the cluster
   * and removes its data. Doing so twice is fine.
   */
  readonly stop: Change & (() => Promise<void>);
  /** The same node comes back, with the data that it had. */
  readonly start: Change;
  /** Stops it if it is up, and starts it. Several one after the other. */
  readonly restart: Change;
  /** SIGSTOP: its connections stay open, and nothing answers. */
  readonly pause: Change;
  readonly resume: Change;

  /** The leader as last heard of; null while there is none. Asks nobody. */
  leader(): NodeId | null;
  /** Resolves when a leader is known: at once if there is one, and it is not `not`. */
  waitForLeader(options?: WaitOptions & { readonly not?: OneNode | readonly OneNode[] }): Promise<KnownLeader>;
  waitForState(node: OneNode, state: ProcessStateName, options?: WaitOptions): Promise<void>;
  /** The first such event after the mark `since`; without one a new event, after the call. */
  waitForEvent(wish: EventWish, options?: WaitOptions & SinceOptions): Promise<MergedEvent>;
  readonly events: ClusterEvents;
  /** What a node printed, line by line: all of its processes, as far as it is kept. */
  logs(node: OneNode): Promise<readonly string[]>;
  /** The same of all nodes, by name. */
  logs(): Promise<Readonly<Record<string, readonly string[]>>>;
  /** What nodes record from now on. */
  setLogLevel(level: Level, node?: OneNode): Promise<void>;
  /**
   * What happened, and why, in words: the last fault and what it led to, of the cluster or as one node saw it; or every
   * fault after a mark. For a test that failed.
   */
  explain(options?: SinceOptions & { readonly node?: OneNode }): Promise<string>;
  /** Asks every node that runs, now. */
  status(options?: { readonly timeoutMs?: number }): Promise<ClusterView>;

  /** Another node is to lead: this one, or whoever lacks the least. */
  transfer(to?: OneNode, options?: { readonly timeoutMs?: number }): Promise<Transferred>;
  /** Brings a new node, which votes as soon as it keeps up; or one that only learns. */
  add(options?: AddOptions): Promise<ClusterChanged>;
  /** Lets a learner vote. */
  promote(node: OneNode, options?: ChangeOptions): Promise<ClusterChanged>;
  /** It belongs to the cluster no more, and its data is deleted. */
  remove(node: OneNode, options?: ChangeOptions): Promise<ClusterChanged>;
  /** A new node (`by`, or the next name) in the place of another. */
  replace(node: OneNode, options?: ChangeOptions & { readonly by?: string }): Promise<ClusterChanged>;
  /** Deletes the data of a node, which comes back as a new member of that name. */
  wipe(node: OneNode, options?: ChangeOptions): Promise<ClusterChanged>;
}

/** Of a partition. */
export type Group = OneNode | ManyNodes;

export interface ClientsOption {
  /** From clients as well. Default false. */
  readonly clients?: boolean;
}

export interface SlowOptions {
  /** Milliseconds, each way. */
  readonly delayMs: number;
  /** Give or take so many milliseconds, at random. Default 0. */
  readonly jitterMs?: number;
}

export interface FlakyOptions {
  /** Above 0, 1 at most. */
  readonly lossRate: number;
}

/** Every write and sync takes longer; nothing that takes room succeeds; no write and no sync does. */
export type DiskFault = Extract<ClusterFault, { readonly type: 'disk' }>['fault'];

export interface KnownLeader {
  readonly node: NodeId;
  readonly term: number;
}

export interface ChangeOptions {
  /** Milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
}

export interface AddOptions extends ChangeOptions {
  /** Its name. Default: the next one. */
  readonly node?: string;
  readonly host?: string;
  /** Default: the next one that is free. */
  readonly port?: number;
  /** It gets the log and does not vote. */
  readonly learner?: boolean;
}
