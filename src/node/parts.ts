import { LimitedWarnings, type LogIndex, type NodeId, type RaftctlError, randomInt } from '../base/index.js';
import type { RawNode, Ready } from '../raft/index.js';
import type { Connection } from '../transport/index.js';
import type { NodeStatus } from '../wire/index.js';
import { Applier } from './applier.js';
import { Changes } from './changes.js';
import { ClusterVersion } from './cluster-version.js';
import { newRaft } from './core.js';
import { Departure } from './departure.js';
import type { NodeDependencies } from './dependencies.js';
import { Edge } from './edge/edge.js';
import { EntryCache } from './entry-cache.js';
import { EventStreams } from './event-streams.js';
import { Greetings } from './greetings.js';
import { Inbox } from './inbox.js';
import { frameBytesMax, HANDSHAKE_TIMEOUT_MS, MAX_KEY_BYTES, type NodeLimits, nodeLimits, SWEEP_MS } from './limits.js';
import { answerRead } from './local-reads.js';
import { LogTime } from './log-time.js';
import { Members } from './members.js';
import { Patience } from './patience.js';
import { Peers } from './peers.js';
import { Proposals } from './proposals.js';
import { Reads } from './reads.js';
import { ReadyLoop } from './ready-loop.js';
import { Requests } from './requests.js';
import { StateCopies } from './snapshots/copies.js';
import { IncomingSnapshots } from './snapshots/incoming.js';
import { OutgoingSnapshots } from './snapshots/outgoing.js';
import { Sweep } from './sweep.js';
import { TickTimer } from './tick-timer.js';
import { Transfers } from './transfers.js';
import { Trimmer } from './trimmer.js';
import { unavailable } from './unavailable.js';
import { Watches } from './watches.js';
import { Writes } from './writes.js';

/** What parts ask of the server that they are parts of. */
interface PartsHost {
  /** Takes a turn. */
  readonly wake: () => void;
  /** It takes part in nothing any more. */
  readonly isOver: () => boolean;
  /** Its directory is an old copy. */
  readonly forgotten: () => void;
  /** Of those who came. */
  readonly connections: () => Iterable<Connection>;
  /** News of the core, before anything else of that Ready. */
  readonly observed: (ready: Ready) => void;
  readonly status: () => NodeStatus;
  /** Another member says that this node is none any more. */
  readonly toldRemoved: (error: RaftctlError) => void;
}

/** What a node is made of, and which part knows which. What they do, and in what order, is the server's. */
export class Parts {
  readonly raft: RawNode;
  readonly members: Members;
  readonly timer: TickTimer;
  readonly greetings: Greetings;
  readonly peers: Peers;
  readonly loop: ReadyLoop;
  readonly outgoing: OutgoingSnapshots;
  readonly incoming: IncomingSnapshots;
  readonly trimmer: Trimmer;
  readonly applier: Applier;
  readonly proposals: Proposals;
  readonly clusterVersion: ClusterVersion;
  readonly logTime: LogTime;
  readonly writes: Writes;
  readonly reads: Reads;
  readonly watches: Watches;
  readonly transfers: Transfers;
  readonly changes: Changes;
  readonly departure: Departure;
  readonly sweep: Sweep;
  readonly requests: Requests;
  readonly edge: Edge;
  readonly inbox: Inbox;
  readonly cache: EntryCache;
  readonly #dependencies: NodeDependencies;
  readonly #host: PartsHost;

  constructor(dependencies: NodeDependencies, host: PartsHost) {
    const { spec, recorder, wal, store, clock, scheduler, recovered, sightings, onFatal } = dependencies;
    this.#dependencies = dependencies;
    this.#host = host;
    const { id } = spec;
    const emit = recorder.emitFor('node');
    this.raft = newRaft(dependencies, store.membership);
    this.members = new Members({
      self: spec.members.find((member) => member.id === id)!,
      addresses: spec.members,
      raft: this.raft,
    });
    this.cache = new EntryCache(this.limits.cacheBytesMax);
    this.cache.append(recovered.tail);
    this.timer = new TickTimer({ clock, scheduler, gapMs: 2 * spec.heartbeatMs, wake: host.wake });
    sightings.serve({ wake: host.wake, onFatal });
    this.greetings = new Greetings({
      dependencies,
      raft: this.raft,
      members: this.members,
      peers: {
        greeted: (hello, told) => this.peers.greeted(hello, told),
        greetedAgain: (node) => this.peers.greetedAgain(node),
      },
      connections: host.connections,
      isOver: host.isOver,
      forgotten: host.forgotten,
    });
    this.peers = this.#newPeers();
    this.loop = this.#newReadyLoop();
    this.outgoing = this.#newOutgoing();
    this.incoming = this.#newIncoming();
    this.trimmer = new Trimmer({
      raft: this.raft,
      store,
      wal,
      keepBytes: spec.keepLogBytes,
      neededFrom: () => this.outgoing.neededFrom,
    });
    this.applier = this.#newApplier();
    const leaderless = () => unavailable(id, this.raft, this.peers);
    const patience = new Patience({ raft: this.raft, patienceMs: 2 * spec.electionTimeoutMs[1] });
    this.proposals = new Proposals({ raft: this.raft, leaderless, patience, emit });
    this.clusterVersion = new ClusterVersion({
      id,
      raft: this.raft,
      store,
      proposals: this.proposals,
      members: () => this.members.inForce.members,
      toldBy: (member) => this.peers.dataVersionOf(member),
      clock,
      emit,
    });
    this.logTime = new LogTime({
      raft: this.raft,
      store,
      proposals: this.proposals,
      clock,
      scheduler,
      everyMs: this.limits.timeEveryMs,
      wake: host.wake,
    });
    this.writes = new Writes({
      raft: this.raft,
      proposals: this.proposals,
      forward: (leader, write) => this.peers.forward(leader, write),
      leaderless,
      patience,
    });
    this.reads = new Reads({
      raft: this.raft,
      appliedIndex: () => store.appliedIndex,
      serve: (read) => answerRead(store, read),
      leaderless,
      patience,
      askAgainMs: spec.electionTimeoutMs[0] / 2,
    });
    const maxKeyBytes = MAX_KEY_BYTES;
    this.watches = new Watches({ store, emit, maxKeyBytes, wake: host.wake });
    this.transfers = new Transfers({ id, raft: this.raft, clusterVersion: () => store.clusterVersion });
    this.changes = new Changes({
      id,
      raft: this.raft,
      clock,
      clusterVersion: () => store.clusterVersion,
      electionMs: spec.electionTimeoutMs[0],
    });
    this.departure = new Departure({
      raft: this.raft,
      mayHandOver: () => this.transfers.isKnown,
      waiting: () => this.sweep.waiting,
      clock,
      scheduler,
      patienceMs: spec.electionTimeoutMs[1],
      wake: host.wake,
    });
    const { peers } = this;
    const forwarded = {
      get waiting() {
        return peers.forwardedWrites;
      },
      sweep: (now: number) => peers.sweep(now, patience),
    };
    this.sweep = new Sweep({
      waiters: [this.writes, this.proposals, this.reads, this.transfers, this.changes, forwarded],
      clock,
      scheduler,
      everyMs: SWEEP_MS,
      isOver: host.isOver,
      wake: host.wake,
    });
    this.requests = new Requests({
      store,
      writes: this.writes,
      reads: this.reads,
      watches: this.watches,
      events: new EventStreams(recorder, dependencies.instance),
      transfers: this.transfers,
      changes: this.changes,
      refuses: () => this.departure.refuses,
      limits: { maxKeyBytes, maxValueBytes: spec.maxValueBytes },
      status: host.status,
      membership: () => this.members.inForce,
      setLogLevel: (level) => recorder.setBaseLevel(level),
      setFaults: (faults) => dependencies.faults.set(faults),
      stop: dependencies.onStop,
    });
    this.edge = new Edge({
      serve: (request, origin, now) => this.requests.serve(request, origin, now),
      relay: (node, forwardId, parts) => this.peers.reply(node, forwardId, parts),
      leader: () => this.raft.leader,
    });
    this.inbox = new Inbox({
      id,
      raft: this.raft,
      peers: this.peers,
      members: this.members,
      edge: this.edge,
      warnings: new LimitedWarnings(emit, scheduler),
      sightings,
      hearing: (connection) => sightings.hearing(connection.peer.node as NodeId, this.greetings.told(connection)),
    });
  }

  #newPeers(): Peers {
    const { spec, transport, wal, recorder, onFatal, random, clock, scheduler, sightings } = this.#dependencies;
    return new Peers(
      {
        members: this.members,
        transport,
        clock,
        scheduler,
        hello: (member, seen) => this.greetings.hello(seen && { ...seen, node: member }),
        sightings,
        secret: this.#dependencies.secret,
        raft: this.raft,
        wal,
        cache: this.cache,
        emit: recorder.emitFor('transport'),
        onFatal,
        maxFrameBytes: frameBytesMax(spec, 'peer'),
        maxQueuedBytes: this.queuedBytesMax,
        patienceMs: spec.electionTimeoutMs[0],
        isVisiting: (member) => this.greetings.isVisiting(member),
        toldRemoved: this.#host.toldRemoved,
        isHeard: (node, instance) => this.greetings.isHeard(node, instance),
        wake: this.#host.wake,
      },
      randomInt(random, 0, 0xffff_ffff),
    );
  }

  #newReadyLoop(): ReadyLoop {
    const { spec, wal, store } = this.#dependencies;
    return new ReadyLoop(spec.id, this.raft, wal, this.cache, {
      observed: this.#host.observed,
      send: (message) => this.peers.send(message),
      install: (mark) => this.#install(mark.index),
      installed: () => this.incoming.durable(),
      snapshotsTo: (peers) => this.outgoing.due(peers),
      committed: (upTo) => this.applier.committed(upTo),
      persistedUpTo: (index) => store.persistedUpTo(index),
      wake: this.#host.wake,
    });
  }

  #newOutgoing(): OutgoingSnapshots {
    const { spec, transport, store, data, recorder, random, clock, scheduler, secret } = this.#dependencies;
    const { snapshotPartBytes, snapshotPatienceMs } = this.limits;
    return new OutgoingSnapshots({
      raft: this.raft,
      copies: new StateCopies(store, data.scratch),
      transport,
      memberOf: (peer) => this.members.others.find(({ id }) => id === peer),
      dataVersionOf: (peer) => this.peers.dataVersionOf(peer),
      hello: () => this.greetings.hello(),
      secret,
      clock,
      scheduler,
      random,
      emit: recorder.emitFor('node'),
      partBytes: snapshotPartBytes,
      patienceMs: snapshotPatienceMs,
      maxFrameBytes: frameBytesMax(spec, 'snapshot'),
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      wake: this.#host.wake,
    });
  }

  #newIncoming(): IncomingSnapshots {
    const { store, fileSystem, data, generation, backend, clock, scheduler, recorder, onFatal } = this.#dependencies;
    return new IncomingSnapshots({
      raft: this.raft,
      store,
      fileSystem,
      data,
      generation,
      backend,
      clock,
      scheduler,
      emit: recorder.emitFor('node'),
      pendingBytesMax: 4 * frameBytesMax(this.#dependencies.spec, 'snapshot'),
      wake: this.#host.wake,
      failed: onFatal,
    });
  }

  /** Everything that was before is part of the state that has come, or was never to be. */
  #install(index: LogIndex): number {
    const generation = this.incoming.install();
    this.cache.clear();
    this.applier.installed(index);
    this.proposals.skippedTo(index);
    return generation;
  }

  #newApplier(): Applier {
    const { store, wal, scheduler, onFatal } = this.#dependencies;
    return new Applier({
      raft: this.raft,
      store,
      wal,
      cache: this.cache,
      scheduler,
      entriesMax: this.limits.applyEntriesMax,
      applied: (entries, results) => this.proposals.applied(entries, results),
      wake: this.#host.wake,
      failed: onFatal,
    });
  }

  /** Every bound that cluster.yaml does not set. */
  get limits(): NodeLimits {
    return { ...nodeLimits, ...this.#dependencies.limits };
  }

  get queuedBytesMax(): number {
    return this.limits.queuedBytesMax;
  }
}
