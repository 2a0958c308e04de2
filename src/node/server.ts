import { type Emit, type NodeId, RaftctlError } from '../base/index.js';
import type { KvStore } from '../kv/index.js';
import type { Entry, MembershipChange, Observation, Ready } from '../raft/index.js';
import type { Connection, Listener } from '../transport/index.js';
import { KIND, type NodeStatus } from '../wire/index.js';
import type { NodeDependencies } from './dependencies.js';
import { frameBytesMax, HANDSHAKE_TIMEOUT_MS } from './limits.js';
import { ownOrigin } from './origin.js';
import { Parts } from './parts.js';
import type { Request } from './request.js';
import { failed, type Result } from './result.js';
import { statusOf } from './status.js';

/** Of the largest size: so many wait for who reads them before anybody is cut. */
const ANSWERS_MIN = 4;
const NOBODY: ReadonlySet<Connection> = new Set();

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
  readonly #parts: Parts;
  readonly #startedAt: number;
  #listener: Listener | undefined;
  #turnDue = false;
  /** `forgotten`: this directory is an old copy; what it says would be worth nothing. */
  #state: 'running' | 'leaving' | 'forgotten' | 'stopped' = 'running';

  constructor(dependencies: NodeDependencies) {
    const { spec, recorder, clock } = dependencies;
    this.#dependencies = dependencies;
    this.#id = spec.id;
    this.#emit = recorder.emitFor('node');
    this.#startedAt = clock.now();
    this.#parts = new Parts(dependencies, {
      wake: this.#wake,
      isOver: () => this.#isOver,
      forgotten: () => {
        this.#state = 'forgotten';
      },
      connections: () => this.#connections,
      observed: (ready) => this.#observe(ready),
      status: () => this.status(),
      toldRemoved: (error) => this.#toldRemoved(error),
    });
  }

  /** Believed of one alone when nothing speaks against it: a node that follows a leader that it hears is a member. */
  #toldRemoved(error: RaftctlError): void {
    if (this.#parts.raft.leader !== null && this.#parts.members.isMember) return;
    this.#end(error);
  }

  #end(error: RaftctlError): void {
    if (this.#state !== 'running') return;
    this.#emit.emit('warn', 'member-removed', { node: this.#id, incarnation: this.#parts.members.self.incarnation });
    this.#dependencies.onRemoved(error);
  }

  /** Whoever is no member any more hears it, and is not heard any more. */
  #membershipChanged(change: MembershipChange): void {
    this.#parts.members.changed(change);
    this.#parts.peers.follow();
    for (const connection of this.#connections) {
      if (connection.peer.role !== 'peer') continue;
      const refusal = this.#parts.members.refusalOf(connection.peer);
      if (refusal?.code === 'member-removed') connection.close(refusal);
    }
    const { committed } = change;
    const list = (ids: readonly NodeId[]) => (ids.length === 0 ? undefined : ids.join(','));
    this.#emit.emit('info', 'membership-known', {
      index: this.#parts.raft.committedMembershipIndex,
      voters: list(committed.voters),
      outgoing: list(committed.outgoing),
      learners: list(committed.learners),
    });
    this.#tellClients();
    if (this.#parts.members.hasLeft) this.#end(hasLeft(this.#id));
  }

  /** Of those who came. */
  get #connections(): ReadonlySet<Connection> {
    return this.#listener?.connections ?? NOBODY;
  }

  /** It takes part in nothing any more. */
  get #isOver(): boolean {
    return this.#state === 'forgotten' || this.#state === 'stopped';
  }

  /** Binds the port and begins to take part. Rejects with `port-taken`. */
  async start(): Promise<void> {
    const { spec, transport } = this.#dependencies;
    const { host, port } = this.#parts.members.self;
    this.#listener = await transport.listen({
      host,
      port,
      hello: () => this.#parts.greetings.hello(),
      secret: this.#dependencies.secret,
      maxFrameBytes: (role) => frameBytesMax(spec, role),
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxConnections: this.#parts.limits.maxConnections,
      maxQueuedBytes: this.#parts.queuedBytesMax,
      fullBytes: this.#parts.limits.fullBytes,
      // However large values may be, one of them is not too much.
      maxHeldBytes: Math.max(this.#parts.limits.heldBytesMax, ANSWERS_MIN * spec.maxValueBytes),
      admit: (hello) => this.#parts.greetings.admit(hello),
      handlers: {
        opened: (connection) => this.#parts.greetings.opened(connection),
        frames: (connection, frames) => {
          if (connection.peer.role === 'snapshot') this.#parts.incoming.take(connection, frames);
          else if (this.#parts.inbox.take(connection, frames)) this.#wake();
        },
        drained: (connection) => {
          this.#parts.inbox.drained(connection);
          this.#wake();
        },
        closed: (connection) => {
          if (connection.peer.role === 'snapshot') this.#parts.incoming.closed(connection);
          else this.#parts.inbox.closed(connection);
          this.#wake();
        },
      },
    });
    this.#emit.emit('info', 'node-listening', { host, port });
    this.#parts.peers.start();
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
    await this.#parts.departure.leave();
    this.#parts.transfers.close();
    this.#parts.changes.close();
    this.#parts.writes.close();
    this.#parts.proposals.close();
    this.#parts.reads.close();
    this.#parts.watches.close();
    this.#flush();
    this.#state = 'stopped';
    this.#parts.applier.stop();
    this.#parts.timer.stop();
    this.#parts.logTime.stop();
    this.#parts.outgoing.cancelAll();
    this.#parts.peers.close();
    await this.#listener?.close();
    await this.#parts.incoming.close();
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
      this.#parts.raft.tick(this.#parts.timer.passed());
      this.#parts.peers.takeLinkChanges();
      this.#parts.loop.settle();
      const now = this.#dependencies.clock.now();
      this.#parts.inbox.deliver(now);
      this.#parts.peers.takeDepartures();
      this.#parts.incoming.run();
      this.#parts.clusterVersion.run();
      this.#parts.logTime.run(now);
      this.#parts.writes.flush();
      this.#parts.reads.flush(now);
      this.#parts.loop.run();
      this.#parts.applier.run();
      this.#parts.reads.serveApplied();
      this.#parts.transfers.run();
      this.#parts.changes.run();
      this.#parts.watches.serve();
      this.#parts.trimmer.run();
      this.#parts.loop.run();
      this.#parts.departure.run();
      this.#flush();
      this.#parts.timer.arm(this.#parts.raft.ticksToDeadline());
      this.#parts.sweep.arm();
    } catch (error) {
      this.#dependencies.onFatal(error);
    }
  }

  #flush(): void {
    this.#parts.peers.flush();
    this.#parts.edge.flush();
  }

  #observe({ events, roleChange, membershipChange, reads }: Ready): void {
    if (events.length > 0) {
      const emit = this.#dependencies.recorder.emitFor('raft');
      for (const { level, event, fields } of events) emit.emit(level, event, fields);
    }
    if (membershipChange !== undefined) this.#membershipChanged(membershipChange);
    if (roleChange !== undefined) {
      this.#parts.peers.resetOutboxes();
      this.#parts.outgoing.cancelAll();
      if (roleChange.leader !== null) this.#parts.peers.deposed(roleChange.leader, this.#dependencies.clock.now());
      this.#parts.reads.askAgain();
      this.#tellClients();
      this.#wake();
    }
    this.#parts.reads.confirmed(reads);
  }

  /** Clients follow the leader without asking. */
  #tellClients(): void {
    const note = this.#parts.greetings.note();
    for (const connection of this.#connections) {
      if (connection.peer.role === 'client') this.#parts.edge.push(connection, KIND.leader, note);
    }
  }

  /**
   * The node itself asks, and gets the result that a client would get; of a stream the first. A node that has stopped
   * fails it as `shutting-down`.
   */
  submit(request: Request): Promise<Result> {
    return new Promise((respond) => {
      if (this.#isOver) respond(failed(new RaftctlError('shutting-down', 'the node has stopped')));
      else this.#parts.requests.serve(request, ownOrigin(respond), this.#dependencies.clock.now());
      this.#wake();
    });
  }

  /** What the node says of itself now. */
  status(): NodeStatus {
    return statusOf(
      this.#dependencies,
      this.#parts.raft,
      this.#parts.members.inForce,
      this.#parts.peers,
      this.#parts.outgoing,
      this.#connections.size,
      this.#startedAt,
    );
  }

  /** For simulation and tests: the state as it is between two turns. */
  inspect(): NodeInspection {
    return {
      raft: this.#parts.raft.observe(),
      store: this.#dependencies.store,
      entries: (after, upTo) => this.#parts.cache.range(after, upTo),
    };
  }
}

const hasLeft = (id: NodeId): RaftctlError =>
  new RaftctlError('member-removed', `${id} was removed from the cluster`, {
    hint: `its data is of no use any more: to have it back, add ${id}, which begins anew`,
  });
