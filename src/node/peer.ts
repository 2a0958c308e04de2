import {
  type Clock,
  type Emit,
  type Member,
  type NodeId,
  RaftctlError,
  type Scheduler,
  type Sighting,
} from '../base/index.js';
import type { RawNode } from '../raft/index.js';
import type { Wal } from '../storage/index.js';
import type { Connection, ConnectionHandlers, Hello, Link, LinkState, Transport } from '../transport/index.js';
import { dataVersionOf, type Note } from '../wire/index.js';
import type { EntryCache } from './entry-cache.js';
import { Forwarded } from './forwarded.js';
import type { Members } from './members.js';
import { Outbox } from './outbox.js';
import { type Greeted, greetedBy } from './peer-note.js';
import type { Sightings } from './sightings.js';

/** What a peer needs of its node. */
export interface PeerDependencies {
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
  /** Another member says that this node is none any more. */
  readonly toldRemoved: (error: RaftctlError) => void;
}

/** What a peer tells. */
export interface PeerHandlers {
  /** Its link went through something: to be run at the start of the next turn. */
  collect(change: () => void): void;
  /** It has answered whatever it was asked. */
  answered(id: NodeId): void;
  /** Nothing listens where that process of it was. */
  departs(peer: Peer, instance: string): void;
  /** It refuses this node, or is refused. */
  refused(member: Member, error: RaftctlError): void;
}

const REDIAL = { firstMs: 2, factor: 2, jitter: 0.2 };
const REDIAL_MS_MAX = 250;
const HANDSHAKE_TIMEOUT_MS = 3_000;

/** Another member: the link to it, what waits for it, and what its process told. */
export class Peer {
  readonly id: NodeId;
  readonly member: Member;
  readonly link: Link;
  readonly outbox: Outbox;
  readonly forwarded: Forwarded;
  readonly #dependencies: PeerDependencies;
  readonly #handlers: PeerHandlers;
  /** Its process that is gone, to judge by its port, and of which there may still be something to hear. */
  leaving: string | null = null;
  /** Since when the link has its present connection, in monotonic milliseconds. */
  #linkedAt: number;
  #note: Note | undefined;
  #dataVersion: number | undefined;
  /** What its link goes through is nobody's business any more. */
  #isLeft = false;

  /** Dials it, again and again, until it is left. */
  constructor(member: Member, dependencies: PeerDependencies, handlers: PeerHandlers, firstForwardId: number) {
    const { raft, cache, wal, clock, scheduler } = dependencies;
    this.id = member.id;
    this.member = member;
    this.#dependencies = dependencies;
    this.#handlers = handlers;
    this.#linkedAt = clock.now();
    this.link = this.#dial();
    this.outbox = new Outbox({
      peer: member.id,
      cache,
      wal,
      send: (kind, parts) => this.link.send(kind, 0, ...parts),
      unreachable: () => raft.unreachable(member.id),
      unreadable: (error) => this.#unreadable(error),
    });
    this.forwarded = new Forwarded(member.id, { clock, scheduler, firstId: firstForwardId });
  }

  /** What the process at the other end of the link told when it greeted. */
  get note(): Note | undefined {
    return this.#note;
  }

  /** What its process understood when it greeted last; a link that broke since does not change that. */
  get dataVersion(): number | undefined {
    return this.#dataVersion;
  }

  get isLinked(): boolean {
    return this.link.state.type === 'connected';
  }

  /** It is to be reached no more. */
  leave(): void {
    this.#isLeft = true;
    this.link.close();
    this.outbox.reset();
    this.forwarded.lost();
    this.#dependencies.raft.unlinked(this.id);
  }

  /** It has come to this node, and told this. */
  reach(told: Sighting): void {
    const seen = this.#dependencies.sightings.seen(this.id, told.incarnation);
    if (this.link.state.type === 'broken') this.link.retryNow();
    else if (this.isLinked && seen !== undefined && told.starts > seen.starts) this.link.renew();
  }

  /** Dials it anew beside a link that may be stuck. One that is young is what brought it here, or was made for the same reason. */
  renewIfOld(): void {
    const { clock, patienceMs } = this.#dependencies;
    if (clock.now() - this.#linkedAt >= patienceMs) this.link.renew();
  }

  /** It was asked, and has said nothing for `nth` times the patience: its link may have been cut without a word. */
  silent(nth: number): void {
    const { emit, patienceMs } = this.#dependencies;
    if (!this.isLinked) return;
    emit.emit(nth === 1 ? 'info' : 'debug', 'link-silent', { peer: this.id, silentMs: nth * patienceMs });
    this.link.renew();
  }

  #dial(): Link {
    const { id, host, port, incarnation } = this.member;
    const { transport, hello, secret, maxFrameBytes, maxQueuedBytes, patienceMs, sightings } = this.#dependencies;
    // A network that comes back is noticed within an election timeout.
    const redialMs = patienceMs / 2;
    return transport.dial({
      host,
      port,
      hello: () => hello(id, sightings.seen(id, incarnation)),
      secret,
      // An acknowledgement of another node would be taken for this one's.
      expected: id,
      maxFrameBytes,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxQueuedBytes,
      redialUntakenMs: redialMs,
      backoff: { ...REDIAL, maxMs: Math.min(REDIAL_MS_MAX, redialMs) },
      handlers: silentHandlers,
      changed: (state, before) =>
        this.#handlers.collect(() => {
          if (!this.#isLeft) this.#linkChanged(state, before);
        }),
      certainlyGone: (instance) => {
        if (!this.#isLeft) this.#handlers.departs(this, instance);
      },
    });
  }

  #linkChanged(state: LinkState, before: LinkState): void {
    if (state.type === 'connected') this.#connected(state.connection);
    else if (before.type === 'connected') this.#broke(state);
    else if (state.type === 'broken' && isRefusal(state.error)) this.#handlers.refused(this.member, state.error);
    if (state.type === 'broken' && state.error.code === 'member-removed') {
      this.#dependencies.toldRemoved(state.error);
    }
  }

  #connected(connection: Connection): void {
    const { raft, emit, sightings, clock } = this.#dependencies;
    const { peer, remoteAddress } = connection;
    const greeted = this.#greetedBy(connection);
    if (greeted === undefined) return;
    const { note, told } = greeted;
    // It was told what was seen of it before, and has welcomed this node: it remembers.
    sightings.see(this.id, told);
    this.#linkedAt = clock.now();
    this.#handlers.answered(this.id);
    this.#note = note;
    this.#dataVersion = dataVersionOf(peer.features);
    if (this.leaving === peer.instance) this.leaving = null;
    emit.emit('info', 'link-connected', { peer: peer.node, address: remoteAddress });
    raft.linked(this.id, note);
  }

  #broke(state: LinkState): void {
    const { raft, emit, sightings } = this.#dependencies;
    const error = state.type === 'broken' ? state.error.message : undefined;
    emit.emit('info', 'link-broken', { peer: this.id, error });
    raft.unlinked(this.id);
    this.#note = undefined;
    this.outbox.reset();
    this.forwarded.lost();
    sightings.keep();
  }

  /** Undefined: it is not the member that it should be, and the connection is closed. */
  #greetedBy(connection: Connection): Greeted | undefined {
    const { members, sightings } = this.#dependencies;
    try {
      const refused = members.refusalOf(connection.peer);
      if (refused !== undefined) throw refused;
      const greeted = greetedBy(connection.peer);
      const refusal = sightings.refusalOf(this.id, greeted.told);
      if (refusal !== undefined) throw refusal;
      return greeted;
    } catch (error) {
      if (!(error instanceof RaftctlError)) throw error;
      this.#handlers.refused(this.member, error);
      connection.close(error);
      return undefined;
    }
  }

  /** Damage ends the node, as it would at its next start; anything else is tried again. */
  #unreadable(error: unknown): void {
    const { emit, onFatal } = this.#dependencies;
    // The core has let go of it since, and sends the state instead.
    if (error instanceof RaftctlError && error.code === 'log-trimmed') return;
    if (error instanceof RaftctlError && error.code !== 'data-damaged') {
      emit.emit('warn', 'log-read-failed', { peer: this.id, error: error.message });
    } else onFatal(error);
  }
}

const isRefusal = ({ code }: RaftctlError): boolean => code === 'handshake-refused' || code === 'data-forgotten';

/** Peers answer on links of their own: nothing comes back on ours. */
const silentHandlers: ConnectionHandlers = {
  frames: (connection: Connection) =>
    connection.close(new RaftctlError('bad-request', 'a node sent frames on a link that is not its own')),
};
