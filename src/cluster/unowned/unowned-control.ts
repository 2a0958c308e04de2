import {
  type Clock,
  formatHostPort,
  type HostPort,
  Listeners,
  type Membership,
  type NodeId,
  RaftctlError,
  type Scheduler,
  type Timer,
} from '../../base/index.js';
import { MergedStream } from '../../diagnostics/index.js';
import type { Transport } from '../../transport/index.js';
import { viewCluster } from '../cluster-view.js';
import { type ClusterConfig, defaultConfig } from '../config/config.js';
import type { ClusterControl, ClusterView, LiveState, NodeView } from '../control.js';
import type { NodeStateName } from '../process-state.js';
import { NodeContact } from './node-contact.js';

export interface UnownedOptions {
  /** One that answers is enough: the others are found. */
  readonly endpoints: readonly HostPort[];
  readonly transport: Transport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** For the first answer. */
  readonly timeoutMs: number;
}

/** The nodes are asked so often how they are, and when one of them has news. */
const POLL_MS = 1_000;
const NEWS_MS = 20;
const ASK_TIMEOUT_MS = 1_000;
/** A leader that is there is found in a moment; there may be none. */
const SETTLE_MS = 1_000;
const NOBODY: Membership = { voters: [], outgoing: [], learners: [], members: [] };

/** Why what a supervisor does cannot be done: the same for every method. */
const notOwned = async (): Promise<never> => {
  throw new RaftctlError('usage', 'no supervisor of ours owns these nodes');
};

/**
 * A cluster whose nodes somebody else started and owns, as far as its clients may look: members, roles, terms, logs.
 * They are asked by the protocol, as clients, which prove nothing and change nothing but data.
 */
export class UnownedControl implements ClusterControl {
  readonly config: ClusterConfig;
  readonly socketPath = '';
  readonly directory = '';
  readonly eventsLateMs = 0;
  /** Only what is seen from here: who leads. */
  readonly events: MergedStream;
  readonly lifecycle = notOwned;
  readonly transfer = notOwned;
  readonly changeMembership = notOwned;
  readonly fault = notOwned;
  readonly heal = notOwned;
  readonly holdForChaos = notOwned;
  readonly setLevel = notOwned;
  readonly down = notOwned;
  readonly #options: UnownedOptions;
  #contacts: NodeContact[] = [];
  readonly #changes = new Listeners();
  #membership = NOBODY;
  #live: LiveState;
  #timer: Timer | null = null;
  #isAsking = false;
  #isClosed = false;
  #sequence = 0;

  /** Rejects with `unreachable` when nobody tells how the cluster is. */
  static async connect(options: UnownedOptions): Promise<UnownedControl> {
    const control = new UnownedControl(options);
    const { timeoutMs } = options;
    const isTold = await control.#becomes(timeoutMs, ({ total }) => total > 0);
    // Who leads is told by the leader, who may be dialed only now.
    if (isTold) await control.#becomes(SETTLE_MS, ({ leader }) => leader !== null);
    if (isTold) return control;
    control.close();
    throw new RaftctlError('unreachable', `no node told within ${timeoutMs} ms who belongs to its cluster`);
  }

  private constructor(options: UnownedOptions) {
    this.#options = options;
    this.events = new MergedStream(options);
    this.config = Object.freeze({ ...defaultConfig(), name: formatHostPort(options.endpoints[0]!) });
    this.#live = this.#compute();
    for (const address of options.endpoints) this.#contacts.push(this.#contact(address));
  }

  /** Of the first that greeted. */
  get clusterId(): string {
    return this.#contacts.find(({ clusterId }) => clusterId !== '')?.clusterId ?? '';
  }

  live(): LiveState {
    return this.#live;
  }

  onLiveChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  async view({ timeoutMs = ASK_TIMEOUT_MS } = {}): Promise<ClusterView> {
    return viewCluster({
      name: this.config.name,
      clusterId: this.clusterId,
      live: () => this.#live,
      scheduler: this.#options.scheduler,
      ask: async () => {
        await this.#askAll(timeoutMs);
        return this.#membership.members.map(({ id, host, port }) => this.#viewOf(id, { host, port }));
      },
    });
  }

  /** There is nobody to tell. */
  async announce(): Promise<void> {}

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const contact of this.#contacts) contact.close();
  }

  /** Within a time. */
  #becomes(timeoutMs: number, holds: (live: LiveState) => boolean): Promise<boolean> {
    return new Promise<boolean>((resolve) => {
      const settle = (result: boolean) => {
        timer.cancel();
        stop();
        resolve(result);
      };
      const timer = this.#options.scheduler.after(timeoutMs, () => settle(false));
      const stop = this.onLiveChange(() => {
        if (holds(this.#live)) settle(true);
      });
      if (holds(this.#live)) settle(true);
    });
  }

  #contact(address: HostPort): NodeContact {
    const { transport, clock, scheduler } = this.#options;
    const { clusterId } = this;
    return new NodeContact({ address, clusterId, transport, clock, scheduler, news: () => this.#askWithin(NEWS_MS) });
  }

  #askWithin(ms: number): void {
    if (this.#isClosed || this.#isAsking) return;
    this.#timer?.cancel();
    this.#timer = this.#options.scheduler.after(ms, () => {
      void this.#poll();
    });
  }

  async #poll(): Promise<void> {
    this.#isAsking = true;
    await this.#askAll(ASK_TIMEOUT_MS);
    this.#isAsking = false;
    this.#askWithin(POLL_MS);
  }

  async #askAll(timeoutMs: number): Promise<void> {
    await Promise.all(this.#contacts.map((contact) => contact.ask(timeoutMs)));
    if (!this.#isClosed) this.#heard();
  }

  /** What they said adds up to another picture, perhaps with members that nobody has asked yet. */
  #heard(): void {
    const before = this.#live;
    const told = this.#answering().sort((one, other) => other.term - one.term || other.commitIndex - one.commitIndex);
    this.#membership = told[0]?.membership ?? this.#membership;
    this.#forget();
    for (const { id, host, port } of this.#membership.members) {
      const isKnown = this.#contacts.some(({ node, address }) => node === id || isSame(address, { host, port }));
      if (!isKnown) this.#contacts.push(this.#contact({ host, port }));
    }
    this.#live = this.#compute();
    const { leader, term } = this.#live;
    if (leader !== null && (leader !== before.leader || term !== before.term)) this.#tellOfLeader(leader, term);
    this.#changes.notify();
  }

  /** Who is no member any more is not asked, unless it was named to begin with. */
  #forget(): void {
    const { endpoints } = this.#options;
    const { members } = this.#membership;
    this.#contacts = this.#contacts.filter((contact) => {
      const { address, node } = contact;
      const isMember = members.some((member) => member.id === node || isSame(member, address));
      if (isMember || endpoints.some((endpoint) => isSame(endpoint, address))) return true;
      contact.close();
      return false;
    });
  }

  #tellOfLeader(node: NodeId, term: number): void {
    const { clock } = this.#options;
    this.#sequence += 1;
    const fields = { to: 'leader', term, leader: node };
    const told = {
      node,
      instance: this.clusterId,
      sequence: this.#sequence,
      component: 'raft',
      level: 'info',
    } as const;
    this.events.append([{ ...told, event: 'role-changed', fields, wall: clock.wall(), time: clock.now() }]);
  }

  #compute(): LiveState {
    const { members } = this.#membership;
    const states = new Map(members.map(({ id }) => [id, this.#stateOf(id)]));
    const leading = this.#answering()
      .filter(({ role }) => role === 'leader')
      .sort((one, other) => other.term - one.term)[0];
    return {
      leader: leading?.node ?? null,
      term: Math.max(0, ...this.#answering().map((status) => status.term)),
      up: [...states.values()].filter((state) => state === 'running').length,
      total: members.length,
      membership: this.#membership,
      states,
      faults: [],
    };
  }

  #answering() {
    return this.#contacts.flatMap(({ isAnswering, status, clusterId }) =>
      isAnswering && status !== null && clusterId === this.clusterId ? [status] : [],
    );
  }

  #of(node: NodeId): NodeContact | undefined {
    const known = this.#contacts.filter((contact) => contact.node === node);
    return known.find(({ isAnswering }) => isAnswering) ?? known[0];
  }

  #stateOf(node: NodeId): NodeStateName {
    return this.#of(node)?.isAnswering === true ? 'running' : 'unreachable';
  }

  #viewOf(id: NodeId, address: HostPort): NodeView {
    const contact = this.#of(id);
    const status = contact?.status ?? null;
    const ageMs = status === null ? null : this.#options.clock.now() - contact!.toldAt;
    const isFresh = contact?.isAnswering === true;
    return {
      id,
      ...address,
      state: this.#stateOf(id),
      pid: isFresh ? (status?.pid ?? null) : null,
      uptimeMs: isFresh ? (status?.uptimeMs ?? null) : null,
      restarts: 0,
      status,
      statusAgeMs: isFresh ? 0 : ageMs,
    };
  }
}

const isSame = (one: HostPort, other: HostPort): boolean => one.host === other.host && one.port === other.port;
