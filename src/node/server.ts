import {
  type Emit,
  LimitedWarnings,
  type LogIndex,
  type Member,
  type NodeId,
  RaftctlError,
  randomInt,
  type Sighting,
} from '../base/index.js';
import type { KvStore } from '../kv/index.js';
import type { Entry, MembershipChange, Observation, RawNode, Ready } from '../raft/index.js';
import type { Connection, Hello, Listener } from '../transport/index.js';
import { dataFeature, encodeNote, KIND, type NodeStatus, type Note } from '../wire/index.js';
import { Applier } from './applier.js';
import { Changes } from './changes.js';
import { ClusterVersion } from './cluster-version.js';
import { newRaft } from './core.js';
import { Departure } from './departure.js';
import type { NodeDependencies } from './dependencies.js';
import { Edge } from './edge/edge.js';
import { EntryCache } from './entry-cache.js';
import { EventStreams } from './event-streams.js';
import { Inbox } from './inbox.js';
import { frameBytesMax, HANDSHAKE_TIMEOUT_MS, MAX_KEY_BYTES, type NodeLimits, nodeLimits, SWEEP_MS } from './limits.js';
import { answerRead } from './local-reads.js';
import { LogTime } from './log-time.js';
import { Members } from './members.js';
import { ownOrigin } from './origin.js';
import { greetedBy } from './peer-note.js';
import { Peers } from './peers.js';
import { Proposals } from './proposals.js';
import { Reads } from './reads.js';
import { ReadyLoop } from './ready-loop.js';
import type { Request } from './request.js';
import { Requests } from './requests.js';
import { failed, type Result } from './result.js';
import { StateCopies } from './snapshots/copies.js';
import { IncomingSnapshots } from './snapshots/incoming.js';
import { OutgoingSnapshots } from './snapshots/outgoing.js';
import { statusOf } from './status.js';
import { TickTimer } from './tick-timer.js';
import { Transfers } from './transfers.js';
import { Trimmer } from './trimmer.js';
import { unavailable } from './unavailable.js';
import { Watches } from './watches.js';
import { Writes } from './writes.js';

/** Of the largest size: so many wait for who reads them before anybody is cut. */
const ANSWERS_MIN = 4;

/** What invariants speak of. The store is to be read only. */
export interface NodeInspection {
  readonly raft: Observation;
  readonly store: KvStore;
  /** The entries (after, upTo], or undefined when memory no longer holds some of them. */
  entries(after: number, upTo: number): readonly Entry[] | undefined;
}

/**
 * One server of the cluster. What arrives is only collected; once per turn of the event loop, `#turn` steps
 * everything, makes one proposal and one read round, runs the ready loop, applies, and flushes: one disk write,
 * one frame sequence per peer, one write per client.
 */
export class NodeServer {
  readonly #dependencies: NodeDependencies;
  readonly #id: NodeId;
  readonly #emit: Emit;
  readonly #raft: RawNode;
  readonly #cache: EntryCache;
  readonly #timer: TickTimer;
  readonly #peers: Peers;
  readonly #loop: ReadyLoop;
  readonly #outgoing: OutgoingSnapshots;
  readonly #incoming: IncomingSnapshots;
  readonly #trimmer: Trimmer;
  readonly #applier: Applier;
  readonly #proposals: Proposals;
  readonly #clusterVersion: ClusterVersion;
  readonly #logTime: LogTime;
  readonly #writes: Writes;
  readonly #reads: Reads;
  readonly #watches: Watches;
  readonly #transfers: Transfers;
  readonly #changes: Changes;
  readonly #departure: Departure;
  readonly #requests: Requests;
  readonly #edge: Edge;
  readonly #inbox: Inbox;
  readonly #members: Members;
  readonly #startedAt: number;
  #listener: Listener | undefined;
  #turnDue = false;
  #sweepDue = false;
  /** What the other ends of connections told of themselves. */
  readonly #told = new WeakMap<Connection, Sighting>();
  /** `forgotten`: this directory is an old copy; what it says would be worth nothing. */
  #state: 'running' | 'leaving' | 'forgotten' | 'stopped' = 'running';

  constructor(dependencies: NodeDependencies) {
    const { spec, recorder, store, clock, scheduler, recovered, sightings, onFatal } = dependencies;
    this.#dependencies = dependencies;
    this.#id = spec.id;
    this.#emit = recorder.emitFor('node');
    this.#startedAt = clock.now();
    this.#raft = newRaft(dependencies, store.membership);
    this.#members = new Members({
      self: spec.members.find(({ id }) => id === spec.id)!,
      addresses: spec.members,
      raft: this.#raft,
    });
    this.#cache = new EntryCache({ ...nodeLimits, ...dependencies.limits }.cacheBytesMax);
    this.#cache.append(recovered.tail);
    this.#timer = new TickTimer({ clock, scheduler, gapMs: 2 * spec.heartbeatMs, wake: this.#wake });
    sightings.serve({ wake: this.#wake, onFatal });
    this.#peers = this.#newPeers();
    this.#loop = this.#newReadyLoop();
    this.#outgoing = this.#newOutgoing();
    this.#incoming = this.#newIncoming();
    this.#trimmer = new Trimmer({
      raft: this.#raft,
      store,
      wal: dependencies.wal,
      keepBytes: spec.keepLogBytes,
      neededFrom: () => this.#outgoing.neededFrom,
    });
    this.#applier = this.#newApplier();
    this.#proposals = new Proposals(this.#raft, () => this.#leaderless());
    this.#clusterVersion = new ClusterVersion({
      id: this.#id,
      raft: this.#raft,
      store,
      proposals: this.#proposals,
      members: () => this.#members.inForce.members,
      toldBy: (member) => this.#peers.dataVersionOf(member),
      clock,
      emit: this.#emit,
    });
    this.#logTime = new LogTime({
      raft: this.#raft,
      store,
      proposals: this.#proposals,
      clock,
      scheduler,
      everyMs: { ...nodeLimits, ...dependencies.limits }.timeEveryMs,
      wake: this.#wake,
    });
    this.#writes = new Writes({
      raft: this.#raft,
      proposals: this.#proposals,
      forward: (leader, write) => this.#peers.forward(leader, write),
      leaderless: () => this.#leaderless(),
    });
    this.#reads = new Reads({
      raft: this.#raft,
      appliedIndex: () => store.appliedIndex,
      serve: (read) => answerRead(store, read),
      leaderless: () => this.#leaderless(),
      askAgainMs: spec.electionTimeoutMs[0] / 2,
    });
    const maxKeyBytes = MAX_KEY_BYTES;
    this.#watches = new Watches({ store, emit: this.#emit, maxKeyBytes, wake: this.#wake });
    this.#transfers = new Transfers({ id: this.#id, raft: this.#raft, clusterVersion: () => store.clusterVersion });
    this.#changes = new Changes({
      id: this.#id,
      raft: this.#raft,
      clock,
      clusterVersion: () => store.clusterVersion,
      electionMs: spec.electionTimeoutMs[0],
    });
    this.#departure = new Departure({
      raft: this.#raft,
      mayHandOver: () => this.#transfers.isKnown,
      waiting: () => this.#waiting,
      clock,
      scheduler,
      patienceMs: spec.electionTimeoutMs[1],
      wake: this.#wake,
    });
    this.#requests = new Requests({
      store,
      writes: this.#writes,
      reads: this.#reads,
      watches: this.#watches,
      events: new EventStreams(recorder, dependencies.instance),
      transfers: this.#transfers,
      changes: this.#changes,
      refuses: () => this.#departure.refuses,
      limits: { maxKeyBytes, maxValueBytes: spec.maxValueBytes },
      status: () => this.status(),
      membership: () => this.#members.inForce,
      setLogLevel: (level) => recorder.setBaseLevel(level),
      stop: dependencies.onStop,
    });
    this.#edge = new Edge({
      serve: (request, origin, now) => this.#requests.serve(request, origin, now),
      relay: (node, forwardId, parts) => this.#peers.reply(node, forwardId, parts),
      leader: () => this.#raft.leader,
    });
    this.#inbox = new Inbox({
      id: this.#id,
      raft: this.#raft,
      peers: this.#peers,
      members: this.#members,
      edge: this.#edge,
      warnings: new LimitedWarnings(this.#emit, scheduler),
      sightings,
      hearing: (connection) => sightings.hearing(connection.peer.node as NodeId, this.#told.get(connection)!),
    });
  }

  #newPeers(): Peers {
    const { spec, transport, wal, recorder, onFatal, random, clock, scheduler, sightings } = this.#dependencies;
    return new Peers(
      {
        members: this.#members,
        transport,
        clock,
        scheduler,
        hello: (member, seen) => this.#hello(seen && { ...seen, node: member }),
        sightings,
        secret: this.#dependencies.secret,
        raft: this.#raft,
        wal,
        cache: this.#cache,
        emit: recorder.emitFor('transport'),
        onFatal,
        maxFrameBytes: frameBytesMax(spec, 'peer'),
        maxQueuedBytes: this.#queuedBytesMax,
        patienceMs: spec.electionTimeoutMs[0],
        isVisiting: (member) => this.#isVisiting(member),
        toldRemoved: (error) => this.#toldRemoved(error),
        isHeard: (node, instance) => this.#isHeard(node, instance),
        wake: this.#wake,
      },
      randomInt(random, 0, 0xffff_ffff),
    );
  }

  #newReadyLoop(): ReadyLoop {
    const { wal, store } = this.#dependencies;
    return new ReadyLoop(this.#id, this.#raft, wal, this.#cache, {
      observed: (ready) => this.#observe(ready),
      send: (message) => this.#peers.send(message),
      install: (mark) => this.#install(mark.index),
      installed: () => this.#incoming.durable(),
      snapshotsTo: (peers) => this.#outgoing.due(peers),
      committed: (upTo) => this.#applier.committed(upTo),
      persistedUpTo: (index) => store.persistedUpTo(index),
      wake: this.#wake,
    });
  }

  #newOutgoing(): OutgoingSnapshots {
    const { spec, transport, store, data, recorder, random, clock, scheduler, secret } = this.#dependencies;
    const { snapshotPartBytes, snapshotPatienceMs } = this.#limits;
    return new OutgoingSnapshots({
      raft: this.#raft,
      copies: new StateCopies(store, data.scratch),
      transport,
      memberOf: (peer) => this.#members.others.find(({ id }) => id === peer),
      dataVersionOf: (peer) => this.#peers.dataVersionOf(peer),
      hello: () => this.#hello(),
      secret,
      clock,
      scheduler,
      random,
      emit: recorder.emitFor('node'),
      partBytes: snapshotPartBytes,
      patienceMs: snapshotPatienceMs,
      maxFrameBytes: frameBytesMax(spec, 'snapshot'),
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      wake: this.#wake,
    });
  }

  #newIncoming(): IncomingSnapshots {
    const { store, fileSystem, data, generation, backend, clock, scheduler, recorder, onFatal } = this.#dependencies;
    return new IncomingSnapshots({
      raft: this.#raft,
      store,
      fileSystem,
      data,
      generation,
      backend,
      clock,
      scheduler,
      emit: recorder.emitFor('node'),
      pendingBytesMax: 4 * frameBytesMax(this.#dependencies.spec, 'snapshot'),
      wake: this.#wake,
      failed: onFatal,
    });
  }

  /** Everything that was before is part of the state that has come, or was never to be. */
  #install(index: LogIndex): number {
    const generation = this.#incoming.install();
    this.#cache.clear();
    this.#applier.installed(index);
    this.#proposals.skippedTo(index);
    return generation;
  }

  #newApplier(): Applier {
    const { store, wal, scheduler, limits, onFatal } = this.#dependencies;
    return new Applier({
      raft: this.#raft,
      store,
      wal,
      cache: this.#cache,
      scheduler,
      entriesMax: { ...nodeLimits, ...limits }.applyEntriesMax,
      applied: (entries, results) => this.#proposals.applied(entries, results),
      wake: this.#wake,
      failed: onFatal,
    });
  }

  #isVisiting({ id, incarnation }: Member): boolean {
    for (const { peer } of this.#listener?.connections ?? []) {
      const isIt = peer.role === 'peer' && peer.node === id && peer.member?.incarnation === incarnation;
      if (isIt && this.#members.refusalOf(peer) === undefined) return true;
    }
    return false;
  }

  /** Believed of one alone when nothing speaks against it: a node that follows a leader that it hears is a member. */
  #toldRemoved(error: RaftctlError): void {
    if (this.#raft.leader !== null && this.#members.isMember) return;
    this.#end(error);
  }

  #end(error: RaftctlError): void {
    if (this.#state !== 'running') return;
    this.#emit.emit('warn', 'member-removed', { node: this.#id, incarnation: this.#members.self.incarnation });
    this.#dependencies.onRemoved(error);
  }

  /** Whoever is no member any more hears it, and is not heard any more. */
  #membershipChanged(change: MembershipChange): void {
    this.#members.changed(change);
    this.#peers.follow();
    for (const connection of this.#listener?.connections ?? []) {
      if (connection.peer.role !== 'peer') continue;
      const refusal = this.#members.refusalOf(connection.peer);
      if (refusal?.code === 'member-removed') connection.close(refusal);
    }
    const { committed } = change;
    const list = (ids: readonly NodeId[]) => (ids.length === 0 ? undefined : ids.join(','));
    this.#emit.emit('info', 'membership-known', {
      index: this.#raft.committedMembershipIndex,
      voters: list(committed.voters),
      outgoing: list(committed.outgoing),
      learners: list(committed.learners),
    });
    this.#tellClients();
    if (this.#members.hasLeft) this.#end(hasLeft(this.#id));
  }

  #isHeard(node: NodeId, instance: string, not?: Connection): boolean {
    for (const connection of this.#listener?.connections ?? []) {
      const { peer } = connection;
      if (connection !== not && peer.role === 'peer' && peer.node === node && peer.instance === instance) return true;
    }
    return false;
  }

  /** A member has proved who it is. Its word waits until it has answered this node's own greeting. */
  #peerGreeted(connection: Connection): void {
    const { role, instance } = connection.peer;
    if (role !== 'peer') return;
    const node = connection.peer.node as NodeId;
    const { told } = greetedBy(connection.peer);
    this.#told.set(connection, told);
    this.#peers.greeted(connection.peer, told);
    if (this.#isHeard(node, instance, connection)) this.#peers.greetedAgain(node);
  }

  get #isOver(): boolean {
    return this.#state === 'forgotten' || this.#state === 'stopped';
  }

  /** Binds the port and begins to take part. Rejects with `port-taken`. */
  async start(): Promise<void> {
    const { spec, transport } = this.#dependencies;
    const { host, port } = this.#members.self;
    this.#listener = await transport.listen({
      host,
      port,
      hello: () => this.#hello(),
      secret: this.#dependencies.secret,
      maxFrameBytes: (role) => frameBytesMax(spec, role),
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxConnections: this.#limits.maxConnections,
      maxQueuedBytes: this.#queuedBytesMax,
      fullBytes: this.#limits.fullBytes,
      // However large values may be, one of them is not too much.
      maxHeldBytes: Math.max(this.#limits.heldBytesMax, ANSWERS_MIN * spec.maxValueBytes),
      admit: (hello) => this.#admit(hello),
      handlers: {
        opened: (connection) => this.#peerGreeted(connection),
        frames: (connection, frames) => {
          if (connection.peer.role === 'snapshot') this.#incoming.take(connection, frames);
          else if (this.#inbox.take(connection, frames)) this.#wake();
        },
        drained: (connection) => {
          this.#inbox.drained(connection);
          this.#wake();
        },
        closed: (connection) => {
          if (connection.peer.role === 'snapshot') this.#incoming.closed(connection);
          else this.#inbox.closed(connection);
          this.#wake();
        },
      },
    });
    this.#emit.emit('info', 'node-listening', { host, port });
    this.#peers.start();
    this.#wake();
  }

  /**
   * Hands over if it leads, answers what waits, closes every connection, then makes the state machine and the log
   * durable.
   */
  async stop(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'leaving';
    this.#emit.emit('info', 'node-stopping');
    await this.#departure.leave();
    this.#transfers.close();
    this.#changes.close();
    this.#writes.close();
    this.#proposals.close();
    this.#reads.close();
    this.#watches.close();
    this.#flush();
    this.#state = 'stopped';
    this.#applier.stop();
    this.#timer.stop();
    this.#logTime.stop();
    this.#outgoing.cancelAll();
    this.#peers.close();
    await this.#listener?.close();
    await this.#incoming.close();
    await this.#dependencies.sightings.close();
    await this.#dependencies.wal.close();
    await this.#dependencies.store.close();
  }

  readonly #wake = (): void => {
    if (this.#turnDue || this.#isOver) return;
    this.#turnDue = true;
    this.#dependencies.scheduler.defer(() => this.#turn());
  };

  #turn(): void {
    this.#turnDue = false;
    if (this.#isOver) return;
    try {
      this.#raft.tick(this.#timer.passed());
      this.#peers.takeLinkChanges();
      this.#loop.settle();
      const now = this.#dependencies.clock.now();
      this.#inbox.deliver(now);
      this.#peers.takeDepartures();
      this.#incoming.run();
      this.#clusterVersion.run();
      this.#logTime.run(now);
      this.#writes.flush();
      this.#reads.flush(now);
      this.#loop.run();
      this.#applier.run();
      this.#reads.serveApplied();
      this.#transfers.run();
      this.#changes.run();
      this.#watches.serve();
      this.#trimmer.run();
      this.#loop.run();
      this.#departure.run();
      this.#flush();
      this.#timer.arm(this.#raft.ticksToDeadline());
      this.#armSweep();
    } catch (error) {
      this.#dependencies.onFatal(error);
    }
  }

  #flush(): void {
    this.#peers.flush();
    this.#edge.flush();
  }

  #observe({ events, roleChange, membershipChange, reads }: Ready): void {
    if (events.length > 0) {
      const emit = this.#dependencies.recorder.emitFor('raft');
      for (const { level, event, fields } of events) emit.emit(level, event, fields);
    }
    if (membershipChange !== undefined) this.#membershipChanged(membershipChange);
    if (roleChange !== undefined) {
      this.#peers.resetOutboxes();
      this.#outgoing.cancelAll();
      if (roleChange.leader !== null) this.#peers.deposed(roleChange.leader, this.#dependencies.clock.now());
      this.#reads.askAgain();
      this.#tellClients();
      this.#wake();
    }
    this.#reads.confirmed(reads);
  }

  /** Clients follow the leader without asking. */
  #tellClients(): void {
    const note = this.#note();
    for (const connection of this.#listener?.connections ?? []) {
      if (connection.peer.role === 'client') this.#edge.push(connection, KIND.leader, note);
    }
  }

  /**
   * The node itself asks, and gets the result that a client would get; of a stream the first. A node that has stopped
   * fails it as `shutting-down`.
   */
  submit(request: Request): Promise<Result> {
    return new Promise((respond) => {
      if (this.#isOver) respond(failed(new RaftctlError('shutting-down', 'the node has stopped')));
      else this.#requests.serve(request, ownOrigin(respond), this.#dependencies.clock.now());
      this.#wake();
    });
  }

  /** What the node says of itself now. */
  status(): NodeStatus {
    const connections = this.#listener?.connections.size ?? 0;
    return statusOf(
      this.#dependencies,
      this.#raft,
      this.#members.inForce,
      this.#peers,
      this.#outgoing,
      connections,
      this.#startedAt,
    );
  }

  /** For simulation and tests: the state as it is between two turns. */
  inspect(): NodeInspection {
    return {
      raft: this.#raft.observe(),
      store: this.#dependencies.store,
      entries: (after, upTo) => this.#cache.range(after, upTo),
    };
  }

  #note(greeting: Pick<Note, 'start' | 'seen'> = {}): Buffer {
    const { term, leader } = this.#raft;
    return encodeNote({ term, leader, maxValueBytes: this.#dependencies.spec.maxValueBytes, ...greeting });
  }

  /** To a member that is dialed also what was seen of it. */
  #hello(seen?: Note['seen']): Hello {
    const { spec, instance, sightings, store } = this.#dependencies;
    const { host, port } = this.#members.self;
    const member = { incarnation: spec.incarnation, host, port };
    const note = this.#note({ start: sightings.own, ...(seen && { seen }) });
    const features = [dataFeature(store.dataVersion), this.#members.feature];
    return { role: 'peer', clusterId: spec.clusterId, node: this.#id, instance, note, features, member };
  }

  get #limits(): NodeLimits {
    return { ...nodeLimits, ...this.#dependencies.limits };
  }

  get #queuedBytesMax(): number {
    return this.#limits.queuedBytesMax;
  }

  #admit(hello: Hello): RaftctlError | undefined {
    if (this.#isOver) return new RaftctlError('shutting-down', `${this.#id} ends`);
    if (hello.role !== 'peer' && hello.role !== 'snapshot') return undefined;
    return this.#members.refusalOf(hello) ?? this.#forgotten(hello.node as NodeId, hello);
  }

  /** Does that member remember what it promised to this node, and this one what it promised to that member? */
  #forgotten(id: NodeId, hello: Hello): RaftctlError | undefined {
    const { sightings } = this.#dependencies;
    try {
      const { note, told } = greetedBy(hello);
      const own = note.seen && sightings.ownRefusal(note.seen, id);
      if (own !== undefined) this.#state = 'forgotten';
      const refusal = own ?? sightings.refusalOf(id, told);
      // It hears why when it is dialed: at once.
      if (own === undefined && refusal !== undefined) this.#peers.greeted(hello, told);
      return refusal;
    } catch (error) {
      if (error instanceof RaftctlError) return error;
      throw error;
    }
  }

  #leaderless(): RaftctlError {
    return unavailable(this.#id, this.#raft, this.#peers);
  }

  /** Requests that wait for others, wherever they are. */
  get #waiting(): number {
    const waiting = this.#transfers.waiting + this.#changes.waiting;
    return waiting + this.#writes.waiting + this.#proposals.waiting + this.#reads.waiting + this.#peers.forwardedWrites;
  }

  /** A sweep stands only while somebody waits. */
  #armSweep(): void {
    if (this.#sweepDue || this.#waiting === 0) return;
    this.#sweepDue = true;
    this.#dependencies.scheduler.after(SWEEP_MS, () => {
      this.#sweepDue = false;
      if (this.#isOver) return;
      const now = this.#dependencies.clock.now();
      this.#writes.sweep(now);
      this.#proposals.sweep(now);
      this.#reads.sweep(now);
      this.#transfers.sweep(now);
      this.#changes.sweep(now);
      this.#peers.sweep(now);
      this.#wake();
    });
  }
}

const hasLeft = (id: NodeId): RaftctlError =>
  new RaftctlError('member-removed', `${id} was removed from the cluster`, {
    hint: `its data is of no use any more: to have it back, add ${id}, which begins anew`,
  });
