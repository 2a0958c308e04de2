import {
  type Clock,
  type Emit,
  formatHostPort,
  LimitedWarnings,
  type Member,
  type NodeId,
  RaftctlError,
  type Scheduler,
  type Sighting,
} from '../base/index.js';
import type { Message, MessageType, RawNode } from '../raft/index.js';
import type { Wal } from '../storage/index.js';
import type { Connection, ConnectionHandlers, Frame, Hello, Link, LinkState, Transport } from '../transport/index.js';
import { dataVersionOf, KIND, type Note } from '../wire/index.js';
import type { EntryCache } from './entry-cache.js';
import { Forwarded } from './forwarded.js';
import type { Members } from './members.js';
import { Outbox } from './outbox.js';
import { type Greeted, greetedBy } from './peer-note.js';
import type { Sightings } from './sightings.js';
import { Unanswered } from './unanswered.js';
import type { PendingWrite } from './writes.js';

interface PeersOptions {
  readonly id: NodeId;
  readonly members: Members;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** What this node says when it dials a member, of whom it has seen this. */
  readonly hello: (member: NodeId, seen: Sighting | undefined) => Hello;
  readonly sightings: Sightings;
  readonly secret: Uint8Array | undefined;
  readonly raft: RawNode;
  readonly wal: Wal;
  readonly cache: EntryCache;
  readonly emit: Emit;
  readonly onFatal: (error: unknown) => void;
  readonly maxFrameBytes: number;
  readonly maxQueuedBytes: number;
  /** The shortest election timeout: who is asked and says nothing for so long is dialed anew. */
  readonly patienceMs: number;
  /** Has that member a connection to this node that is open, and may it have one? */
  readonly isVisiting: (member: Member) => boolean;
  /** Another member says that this node is none any more. */
  readonly toldRemoved: (error: RaftctlError) => void;
  /** Has that process a connection to this node that is still open? */
  readonly isHeard: (node: NodeId, instance: string) => boolean;
  /** Something the core should hear of happened: take a turn. */
  readonly wake: () => void;
}

interface Peer {
  readonly id: NodeId;
  readonly member: Member;
  readonly link: Link;
  readonly outbox: Outbox;
  readonly forwarded: Forwarded;
  /** Its process that is gone, to judge by its port, and of which there may still be something to hear. */
  leaving: string | null;
  /** Since when the link has its present connection, in monotonic milliseconds. */
  linkedAt: number;
  /** What the process at the other end of the link told when it greeted. */
  note: Note | undefined;
  /** What its process understood when it greeted last; a link that broke since does not change that. */
  dataVersion: number | undefined;
}

const REDIAL = { firstMs: 2, factor: 2, jitter: 0.2 };
const REDIAL_MS_MAX = 250;
const HANDSHAKE_TIMEOUT_MS = 3_000;

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
      silent: (member, nth) => this.#silent(member, nth),
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
    peer.link.close();
    peer.outbox.reset();
    peer.forwarded.lost();
    this.#unanswered.heard(peer.id);
    this.#options.raft.unlinked(peer.id);
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
      else if (known !== undefined) this.#reach(known, told);
    });
  }

  #reach({ id, link }: Peer, told: Sighting): void {
    const seen = this.#options.sightings.seen(id, told.incarnation);
    if (link.state.type === 'broken') link.retryNow();
    else if (link.state.type === 'connected' && seen !== undefined && told.starts > seen.starts) link.renew();
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
    const { clock, patienceMs } = this.#options;
    this.#collect(() => {
      const peer = this.#peers.get(id);
      // A link that is young is what brought it here, or was made for the same reason.
      if (peer !== undefined && clock.now() - peer.linkedAt >= patienceMs) peer.link.renew();
    });
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

  sweep(now: number): void {
    for (const { forwarded } of this.#peers.values()) forwarded.sweep(now);
  }

  /** Is the link to that member up? Nobody has one to itself. */
  isLinked(id: NodeId): boolean {
    return this.#peers.get(id)?.link.state.type === 'connected';
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
    const { transport, hello, secret, maxFrameBytes, maxQueuedBytes, patienceMs } = this.#options;
    const { raft, cache, wal, clock, scheduler, sightings } = this.#options;
    // A network that comes back is noticed within an election timeout.
    const redialMs = patienceMs / 2;
    const link = transport.dial({
      host: member.host,
      port: member.port,
      hello: () => hello(member.id, sightings.seen(member.id, member.incarnation)),
      secret,
      // An acknowledgement of another node would be taken for this one's.
      expected: member.id,
      maxFrameBytes,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxQueuedBytes,
      redialUntakenMs: redialMs,
      backoff: { ...REDIAL, maxMs: Math.min(REDIAL_MS_MAX, redialMs) },
      handlers: silentHandlers,
      changed: (state, before) =>
        this.#collect(() => {
          // One that was left meanwhile is nobody's any more.
          const peer = this.#peers.get(member.id);
          if (peer?.link === link) this.#linkChanged(peer, state, before);
        }),
      certainlyGone: (instance) => {
        const peer = this.#peers.get(member.id);
        if (peer?.link === link) this.#departs(peer, instance);
      },
    });
    const outbox = new Outbox({
      peer: member.id,
      cache,
      wal,
      send: (kind, parts) => link.send(kind, 0, ...parts),
      unreachable: () => raft.unreachable(member.id),
      unreadable: (error) => this.#unreadable(member.id, error),
    });
    const forwarded = new Forwarded(member.id, { clock, scheduler, firstId: this.#firstForwardId });
    return {
      id: member.id,
      member,
      link,
      outbox,
      forwarded,
      leaving: null,
      linkedAt: clock.now(),
      note: undefined,
      dataVersion: undefined,
    };
  }

  /** Its link may have been cut without a word. */
  #silent(id: NodeId, nth: number): void {
    const { emit, patienceMs } = this.#options;
    const link = this.#peers.get(id)?.link;
    if (link?.state.type !== 'connected') return;
    emit.emit(nth === 1 ? 'info' : 'debug', 'link-silent', { peer: id, silentMs: nth * patienceMs });
    link.renew();
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

  #linkChanged(reached: Peer, state: LinkState, before: LinkState): void {
    const { id, member } = reached;
    const { raft, emit, sightings } = this.#options;
    if (state.type === 'connected') {
      const { peer, remoteAddress } = state.connection;
      const greeted = this.#greetedBy(member, state.connection);
      if (greeted === undefined) return;
      const { note, told } = greeted;
      // It was told what was seen of it before, and has welcomed this node: it remembers.
      sightings.see(id, told);
      reached.linkedAt = this.#options.clock.now();
      this.#unanswered.heard(id);
      reached.note = note;
      reached.dataVersion = dataVersionOf(state.connection.peer.features);
      if (reached.leaving === peer.instance) reached.leaving = null;
      emit.emit('info', 'link-connected', { peer: peer.node, address: remoteAddress });
      raft.linked(id, note);
    } else if (before.type === 'connected') {
      const error = state.type === 'broken' ? state.error.message : undefined;
      emit.emit('info', 'link-broken', { peer: id, error });
      raft.unlinked(id);
      reached.note = undefined;
      reached.outbox.reset();
      reached.forwarded.lost();
      sightings.keep();
    } else if (state.type === 'broken' && isRefusal(state.error)) {
      this.#refused(member, state.error);
    }
    if (state.type === 'broken' && state.error.code === 'member-removed') this.#options.toldRemoved(state.error);
  }

  /** It is dialed again and again, and refused each time until somebody mends it. */
  #refused({ id, host, port }: Member, error: RaftctlError): void {
    const address = formatHostPort({ host, port });
    this.#warnings.warn('peer-refused', { peer: id, address, error: error.message });
  }

  /** Damage ends the node, as it would at its next start; anything else is tried again. */
  #unreadable(peer: NodeId, error: unknown): void {
    // The core has let go of it since, and sends the state instead.
    if (error instanceof RaftctlError && error.code === 'log-trimmed') return;
    if (error instanceof RaftctlError && error.code !== 'data-damaged') {
      this.#options.emit.emit('warn', 'log-read-failed', { peer, error: error.message });
    } else this.#options.onFatal(error);
  }

  /** Undefined: it is not the member that it should be, and the connection is closed. */
  #greetedBy(member: Member, connection: Connection): Greeted | undefined {
    try {
      const refused = this.#options.members.refusalOf(connection.peer);
      if (refused !== undefined) throw refused;
      const greeted = greetedBy(connection.peer);
      const refusal = this.#options.sightings.refusalOf(member.id, greeted.told);
      if (refusal !== undefined) throw refusal;
      return greeted;
    } catch (error) {
      if (!(error instanceof RaftctlError)) throw error;
      this.#refused(member, error);
      connection.close(error);
      return undefined;
    }
  }
}

const isRefusal = ({ code }: RaftctlError): boolean => code === 'handshake-refused' || code === 'data-forgotten';
const isSameMember = (one: Member, other: Member): boolean =>
  one.id === other.id && one.incarnation === other.incarnation && one.host === other.host && one.port === other.port;

/** Peers answer on links of their own: nothing comes back on ours. */
const silentHandlers: ConnectionHandlers = {
  frames: (connection: Connection) =>
    connection.close(new RaftctlError('bad-request', 'a node sent frames on a link that is not its own')),
};
