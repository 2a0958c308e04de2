import {
  formatHostPort,
  LimitedWarnings,
  type Member,
  type NodeId,
  type RaftctlError,
  type Sighting,
} from '../base/index.js';
import type { Message, MessageType } from '../raft/index.js';
import type { Frame, Hello, LinkState } from '../transport/index.js';
import { KIND } from '../wire/index.js';
import type { Patience } from './patience.js';
import { Peer, type PeerDependencies } from './peer.js';
import { Unanswered } from './unanswered.js';
import type { PendingWrite } from './writes.js';

interface PeersOptions extends PeerDependencies {
  /** Has that member a connection to this node that is open, and may it have one? */
  readonly isVisiting: (member: Member) => boolean;
  /** Has that process a connection to this node that is still open? */
  readonly isHeard: (node: NodeId, instance: string) => boolean;
  /** Something the core should hear of happened: take a turn. */
  readonly wake: () => void;
}

/** What is answered by whoever gets it. An answer that is lost is the asker's to notice. */
const WANTS_ANSWER: Readonly<Record<MessageType, boolean>> = {
  'request-vote': true,
  'request-vote-response': false,
  'append-entries': true,
  'append-entries-response': false,
  heartbeat: true,
  'heartbeat-response': false,
  'read-index': true,
  'read-index-response': false,
  // It says nothing where it comes too late.
  'timeout-now': false,
};

/** The links to the other members: the dialer sends, so everything this node says to them leaves here. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #peers = new Map<NodeId, Peer>();
  /** What links went through since the last turn. */
  #changes: (() => void)[] = [];
  /** Of whose processes the last word has been heard since. */
  #departures: { readonly id: NodeId; readonly instance: string }[] = [];
  readonly #firstForwardId: number;
  readonly #warnings: LimitedWarnings;
  readonly #unanswered: Unanswered;

  constructor(options: PeersOptions, firstForwardId: number) {
    this.#options = options;
    const { clock, scheduler, patienceMs } = options;
    this.#unanswered = new Unanswered({
      clock,
      scheduler,
      patienceMs,
      silent: (member, nth) => this.#peers.get(member)?.silent(nth),
    });
    this.#warnings = new LimitedWarnings(options.emit, options.scheduler);
    this.#firstForwardId = firstForwardId;
  }

  start(): void {
    this.follow();
  }

  /** Has links to all other members of now, and to no one else. */
  follow(): void {
    const { others } = this.#options.members;
    const wanted = new Map(others.map((member) => [member.id, member]));
    for (const peer of [...this.#peers.values()]) {
      const member = wanted.get(peer.id);
      const isMeant = member !== undefined && isSameMember(member, peer.member);
      // A stranger who comes to us is answered for as long as it does.
      if (!isMeant && (member !== undefined || !this.#isGuest(peer))) this.#leave(peer);
    }
    for (const member of others) if (!this.#peers.has(member.id)) this.#peers.set(member.id, this.#dial(member));
  }

  /** Links stay for those who are heard and may be. */
  #isGuest({ member }: Peer): boolean {
    return this.#options.isVisiting(member);
  }

  #leave(peer: Peer): void {
    this.#peers.delete(peer.id);
    this.#unanswered.heard(peer.id);
    peer.leave();
  }

  /** At the start of a turn, once the core knows how late it is: ranks of candidates are a matter of milliseconds. */
  takeLinkChanges(): void {
    const changes = this.#changes;
    this.#changes = [];
    for (const change of changes) change();
  }

  /** Once everything that arrived was stepped: whoever is gone said that before. */
  takeDepartures(): void {
    const departures = this.#departures;
    this.#departures = [];
    for (const { id, instance } of departures) {
      this.#options.emit.emit('info', 'peer-gone', { peer: id, instance });
      this.#options.raft.suspect(id);
      // Another process of it may be there already.
      const note = this.#peers.get(id)?.note;
      if (note !== undefined) this.#options.raft.linked(id, note);
    }
  }

  /** A connection of another member to this node ended. */
  parted(node: NodeId, instance: string): void {
    const peer = this.#peers.get(node);
    if (peer === undefined) return;
    if (peer.leaving === instance) this.#departs(peer, instance);
    const isMember = this.#options.members.others.some((member) => isSameMember(member, peer.member));
    if (!isMember && !this.#isGuest(peer)) this.#leave(peer);
  }

  send(message: Message): void {
    const peer = this.#peers.get(message.to);
    if (peer === undefined) return;
    peer.outbox.push(message);
    if (WANTS_ANSWER[message.type]) this.#unanswered.asked(peer.id);
  }

  /**
   * It has just come to us, so it can be reached: no need to sit out what is left until the next dial. Nor to wait for
   * the end of a link to a process before it, which may have died with its machine, and in silence. Whom this node does
   * not know as a member, or not yet, is answered where it says that it listens.
   */
  greeted(hello: Hello, told: Sighting): void {
    this.#collect(() => {
      const id = hello.node as NodeId;
      const known = this.#peers.get(id);
      const { member } = hello;
      if (member !== undefined && known?.member.incarnation !== member.incarnation) this.#host({ id, ...member });
      else known?.reach(told);
    });
  }

  #host(stranger: Member): void {
    const known = this.#peers.get(stranger.id);
    if (known !== undefined && known.member.incarnation > stranger.incarnation) return;
    if (known !== undefined) this.#leave(known);
    this.#peers.set(stranger.id, this.#dial(stranger));
  }

  /**
   * It has come to us beside a connection that it had: so it hears nothing of us, and what we say may be stuck in a link
   * that was cut as silently. It need not be an answer that we wait for.
   */
  greetedAgain(id: NodeId): void {
    this.#collect(() => this.#peers.get(id)?.renewIfOld());
  }

  /** Something came from it. */
  heard(id: NodeId): void {
    this.#unanswered.heard(id);
  }

  /** Hands a write to the leader; false when its link is not up. */
  forward(leader: NodeId, write: PendingWrite): boolean {
    const peer = this.#peers.get(leader);
    return peer?.forwarded.send(peer.link, write) ?? false;
  }

  /** The answer to a write that `node` forwarded here. */
  reply(node: NodeId, forwardId: number, parts: readonly Uint8Array[]): boolean {
    return this.#peers.get(node)?.link.send(KIND.forwardReply, forwardId, ...parts) ?? false;
  }

  /** The answer to a write that was forwarded to `node`. Throws `bad-request` when it cannot be read. */
  replied(node: NodeId, frame: Frame): void {
    this.#peers.get(node)?.forwarded.take(frame);
  }

  get forwardedWrites(): number {
    let writes = 0;
    for (const peer of this.#peers.values()) writes += peer.forwarded.size;
    return writes;
  }

  sweep(now: number, patience: Patience): void {
    for (const { forwarded } of this.#peers.values()) forwarded.sweep(now, patience);
  }

  /** Is the link to that member up? Nobody has one to itself. */
  isLinked(id: NodeId): boolean {
    return this.#peers.get(id)?.isLinked ?? false;
  }

  /** The data version that a member told when it was greeted last; undefined: it never was. */
  dataVersionOf(id: NodeId): number | undefined {
    return this.#peers.get(id)?.dataVersion;
  }

  /** The state of the link to a member, in words. */
  describe(id: NodeId): string {
    const state = this.#peers.get(id)?.link.state;
    return state?.type === 'broken' ? state.error.message : `its link is ${state?.type ?? 'not there'}`;
  }

  states(): { readonly peer: NodeId; readonly state: LinkState }[] {
    return [...this.#peers.values()].map(({ id, link }) => ({ peer: id, state: link.state }));
  }

  /** `leader` leads now, and no other. */
  deposed(leader: NodeId, now: number): void {
    for (const { id, forwarded } of this.#peers.values()) {
      if (id === leader) forwarded.leads();
      else forwarded.deposed(now);
    }
  }

  /** Another term or role began: appends that still wait for the disk belong to the one before. */
  resetOutboxes(): void {
    for (const { outbox } of this.#peers.values()) outbox.reset();
  }

  /** Everything said in this turn leaves now, one write per peer. */
  flush(): void {
    for (const { link } of this.#peers.values()) {
      if (link.state.type === 'connected') link.state.connection.flush();
    }
  }

  close(): void {
    this.#warnings.close();
    this.#unanswered.close();
    for (const peer of this.#peers.values()) {
      peer.link.close();
      peer.forwarded.drop('this node is stopping');
    }
  }

  #dial(member: Member): Peer {
    const handlers = {
      collect: (change: () => void) => this.#collect(change),
      answered: (id: NodeId) => this.#unanswered.heard(id),
      departs: (peer: Peer, instance: string) => this.#departs(peer, instance),
      refused: (refused: Member, error: RaftctlError) => this.#refused(refused, error),
    };
    return new Peer(member, this.#options, handlers, this.#firstForwardId);
  }

  /**
   * Nothing listens where the process was. What it said last may still be on its way here: stepped after the suspicion,
   * a dead leader's last beat would be taken for a sign of life, and cost an election timeout.
   */
  #departs(peer: Peer, instance: string): void {
    peer.leaving = instance;
    if (this.#options.isHeard(peer.id, instance)) return;
    peer.leaving = null;
    this.#departures.push({ id: peer.id, instance });
    this.#options.wake();
  }

  #collect(change: () => void): void {
    this.#changes.push(change);
    this.#options.wake();
  }

  /** It is dialed again and again, and refused each time until somebody mends it. */
  #refused({ id, host, port }: Member, error: RaftctlError): void {
    const address = formatHostPort({ host, port });
    this.#warnings.warn('peer-refused', { peer: id, address, error: error.message });
  }
}

const isSameMember = (one: Member, other: Member): boolean =>
  one.id === other.id && one.incarnation === other.incarnation && one.host === other.host && one.port === other.port;
