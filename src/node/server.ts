import { type Emit, type NodeId, RaftctlError, randomInt } from '../base/index.js';
import type { KvStore } from '../kv/index.js';
import type { Entry, Observation, RawNode, Ready } from '../raft/index.js';
import type { Connection, ConnectionRole, Frame, Hello, Listener } from '../transport/index.js';
import { decodeForward, decodeMessage, encodeError, encodeNote, KIND, type NodeStatus } from '../wire/index.js';
import { AdminCalls } from './admin-calls.js';
import { Applier } from './applier.js';
import type { Answers, Call } from './call.js';
import { ClientCalls } from './client-calls.js';
import type { NodeDependencies } from './dependencies.js';
import { EntryCache } from './entry-cache.js';
import {
  frameBytesMax,
  HANDSHAKE_TIMEOUT_MS,
  MAX_CONNECTIONS,
  MAX_KEY_BYTES,
  MAX_QUEUED_BYTES,
  newRaft,
  nodeLimits,
  SWEEP_MS,
} from './limits.js';
import { Peers } from './peers.js';
import { Reads } from './reads.js';
import { ReadyLoop } from './ready-loop.js';
import { statusOf } from './status.js';
import { TickTimer } from './tick-timer.js';
import { Watches } from './watches.js';
import { Writes } from './writes.js';

/** What invariants speak of. The store is to be read only. */
export interface NodeInspection {
  readonly raft: Observation;
  readonly store: KvStore;
  /** The entries (after, upTo], or undefined when memory no longer holds some of them. */
  entries(after: number, upTo: number): readonly Entry[] | undefined;
}

/**
 * One server of the cluster. Socket handlers and disk callbacks only collect; once per turn of the event loop, `#turn`
 * steps everything, makes one proposal and one read round, runs the ready loop, applies, and flushes: one disk write,
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
  readonly #applier: Applier;
  readonly #writes: Writes;
  readonly #reads: Reads;
  readonly #clientCalls: ClientCalls;
  readonly #adminCalls: AdminCalls;
  readonly #watches: Watches;
  /** Frames that arrived since the last turn. */
  #inbox: { readonly connection: Connection; readonly frames: readonly Frame[] }[] = [];
  readonly #dirty = new Set<Connection>();
  readonly #startedAt: number;
  #listener: Listener | undefined;
  #turnDue = false;
  #sweepDue = false;
  #state: 'running' | 'stopped' = 'running';

  constructor(dependencies: NodeDependencies) {
    const { spec, recorder, wal, store, clock, scheduler, recovered, random } = dependencies;
    this.#dependencies = dependencies;
    this.#id = spec.id;
    this.#emit = recorder.emitFor('node');
    this.#raft = newRaft(dependencies);
    const { cacheBytesMax, applyEntriesMax } = { ...nodeLimits, ...dependencies.limits };
    const cache = new EntryCache(cacheBytesMax);
    this.#cache = cache;
    cache.append(recovered.tail);
    const wake = () => this.#wake();
    const answers: Answers = {
      answer: (call, kind, ...parts) => this.#answer(call, kind, parts),
      fail: (call, error) => this.#answer(call, KIND.error, [encodeError(error, this.#raft.status().leader)]),
    };
    const leaderless = () => this.#leaderless();
    this.#timer = new TickTimer({ clock, scheduler, gapMs: 2 * spec.heartbeatMs, wake });
    this.#peers = new Peers(
      {
        id: spec.id,
        members: spec.members,
        transport: dependencies.transport,
        hello: () => this.#hello('peer'),
        raft: this.#raft,
        wal,
        cache,
        emit: recorder.emitFor('transport'),
        answers,
        onFatal: dependencies.onFatal,
        maxFrameBytes: frameBytesMax(spec, 'peer'),
        maxQueuedBytes: MAX_QUEUED_BYTES,
        wake,
      },
      randomInt(random, 0, 0xffff_ffff),
    );
    this.#loop = new ReadyLoop(spec.id, this.#raft, wal, cache, {
      observed: (ready) => this.#observe(ready),
      send: (message) => this.#peers.send(message),
      committed: (upTo) => this.#applier.committed(upTo),
      persistedUpTo: (index) => store.persistedUpTo(index),
      wake,
    });
    this.#writes = new Writes({
      raft: this.#raft,
      answers,
      forward: (leader, call) => this.#peers.forward(leader, call),
      leaderless,
    });
    this.#clientCalls = new ClientCalls({
      store,
      answers,
      now: () => clock.now(),
      limits: { maxKeyBytes: MAX_KEY_BYTES, maxValueBytes: spec.maxValueBytes },
      status: () => this.status(),
    });
    this.#reads = new Reads({
      raft: this.#raft,
      answers,
      appliedIndex: () => store.appliedIndex,
      serve: (call) => this.#clientCalls.serveRead(call),
      leaderless,
      askAgainMs: spec.electionTimeoutMs[0] / 2,
    });
    this.#applier = new Applier({
      raft: this.#raft,
      store,
      wal,
      cache,
      scheduler,
      entriesMax: applyEntriesMax,
      applied: (entries, results) => this.#writes.applied(entries, results),
      wake,
      failed: dependencies.onFatal,
    });
    this.#adminCalls = new AdminCalls({
      recorder,
      instance: dependencies.instance,
      stop: dependencies.onStop,
    });
    this.#watches = new Watches({
      store,
      emit: this.#emit,
      scheduler,
      maxKeyBytes: MAX_KEY_BYTES,
      send: (connection, kind, callId, payload) => {
        this.#dirty.add(connection);
        return connection.send(kind, callId, payload);
      },
      wake,
    });
    this.#startedAt = clock.now();
  }

  /** Binds the port and begins to take part. Rejects with `port-taken`. */
  async start(): Promise<void> {
    const { spec, transport } = this.#dependencies;
    const self = spec.members.find((member) => member.id === spec.id)!;
    this.#listener = await transport.listen({
      host: self.host,
      port: self.port,
      hello: () => this.#hello('peer'),
      maxFrameBytes: (role) => frameBytesMax(spec, role),
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxConnections: MAX_CONNECTIONS,
      maxQueuedBytes: MAX_QUEUED_BYTES,
      admit: (hello) => this.#admit(hello),
      handlers: {
        frames: (connection, frames) => {
          this.#inbox.push({ connection, frames });
          if (!this.#canWait(frames)) this.#wake();
        },
        closed: (connection) => {
          this.#adminCalls.closed(connection);
          this.#watches.closed(connection);
        },
      },
    });
    this.#emit.emit('info', 'node-listening', { host: self.host, port: self.port });
    this.#peers.start();
    this.#wake();
  }

  /** Answers what waits, closes every connection, then makes the state machine and the log durable. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#emit.emit('info', 'node-stopping');
    this.#writes.close();
    this.#reads.close();
    this.#watches.close();
    this.#flush();
    this.#state = 'stopped';
    this.#applier.stop();
    this.#timer.stop();
    this.#peers.close();
    await this.#listener?.close();
    await this.#dependencies.wal.close();
    await this.#dependencies.store.close();
  }

  /** Answers to the beats of a leader at rest are taken in with the next beat: it halves what an idle leader costs. */
  #canWait(frames: readonly Frame[]): boolean {
    return frames.length === 1 && frames[0]!.kind === KIND.heartbeatResponse && this.#raft.isAtRest;
  }

  #wake(): void {
    if (this.#turnDue || this.#state === 'stopped') return;
    this.#turnDue = true;
    this.#dependencies.scheduler.defer(() => this.#turn());
  }

  #turn(): void {
    this.#turnDue = false;
    if (this.#state === 'stopped') return;
    try {
      this.#raft.tick(this.#timer.passed());
      this.#peers.takeLinkChanges();
      this.#loop.settle();
      const inbox = this.#inbox;
      this.#inbox = [];
      for (const { connection, frames } of inbox) this.#receive(connection, frames);
      this.#writes.flush();
      this.#reads.flush(this.#dependencies.clock.now());
      this.#loop.run();
      this.#applier.run();
      this.#reads.serveApplied();
      this.#watches.serve();
      this.#loop.run();
      this.#flush();
      this.#timer.arm(this.#raft.ticksToDeadline());
      this.#armSweep();
    } catch (error) {
      this.#dependencies.onFatal(error);
    }
  }

  #receive(connection: Connection, frames: readonly Frame[]): void {
    try {
      for (const frame of frames) {
        if (connection.peer.role === 'peer') this.#receivePeer(connection.peer.node as NodeId, frame);
        else this.#receiveCall(connection, frame);
      }
    } catch (error) {
      // Whatever a stranger sends, it costs the stranger its connection and nothing else.
      if (!(error instanceof RaftctlError)) throw error;
      this.#emit.emit('warn', 'frame-refused', { from: connection.remoteAddress, error: error.message });
      connection.close(error);
    }
  }

  #receivePeer(from: NodeId, { kind, callId, payload }: Frame): void {
    if (kind === KIND.forward) {
      const forwarded = decodeForward(payload);
      this.#take(this.#clientCalls.parse({ type: 'peer', node: from }, callId, forwarded.kind, forwarded.payload));
    } else if (kind === KIND.forwardReply) {
      const call = this.#peers.takeForwarded(from, callId);
      const reply = decodeForward(payload);
      if (call !== undefined) this.#answer(call, reply.kind, [reply.payload]);
    } else this.#raft.step(decodeMessage(kind, payload, from, this.#id));
  }

  #receiveCall(connection: Connection, { kind, callId, payload }: Frame): void {
    if (connection.peer.role === 'admin' && this.#adminCalls.handle(connection, kind, callId, payload)) {
      this.#dirty.add(connection);
    } else if (!this.#watches.handle(connection, kind, callId, payload)) {
      this.#take(this.#clientCalls.parse({ type: 'client', connection }, callId, kind, payload));
    }
  }

  /** `parse` has answered what needs no consensus. */
  #take(parsed: { readonly type: 'write' | 'read'; readonly call: Call } | undefined): void {
    if (parsed?.type === 'write') this.#writes.add(parsed.call);
    else if (parsed?.type === 'read') this.#reads.add(parsed.call);
  }

  #answer(call: Call, kind: number, parts: readonly Uint8Array[]): void {
    const { origin } = call;
    if (origin.type === 'peer') this.#peers.reply(origin.node, call.callId, kind, parts);
    else {
      origin.connection.send(kind, call.callId, ...parts);
      this.#dirty.add(origin.connection);
    }
  }

  #flush(): void {
    this.#peers.flush();
    for (const connection of this.#dirty) connection.flush();
    this.#dirty.clear();
  }

  #observe({ events, roleChange, reads }: Ready): void {
    if (events.length > 0) {
      const emit = this.#dependencies.recorder.emitFor('raft');
      for (const { level, event, fields } of events) emit.emit(level, event, fields);
    }
    if (roleChange !== undefined) {
      this.#peers.resetOutboxes();
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
      if (connection.peer.role !== 'client') continue;
      connection.send(KIND.leader, 0, note);
      this.#dirty.add(connection);
    }
  }

  /** What the node says of itself now. */
  status(): NodeStatus {
    const connections = this.#listener?.connections.size ?? 0;
    return statusOf(this.#dependencies, this.#raft, this.#peers, connections, this.#startedAt);
  }

  /** For simulation and tests: the state as it is between two turns. */
  inspect(): NodeInspection {
    return {
      raft: this.#raft.observe(),
      store: this.#dependencies.store,
      entries: (after, upTo) => this.#cache.range(after, upTo),
    };
  }

  #note(): Buffer {
    const { term, leader } = this.#raft.status();
    return encodeNote({ term, leader, maxValueBytes: this.#dependencies.spec.maxValueBytes });
  }

  #hello(role: ConnectionRole): Hello {
    const { spec, instance } = this.#dependencies;
    return { role, clusterId: spec.clusterId, node: this.#id, instance, note: this.#note() };
  }

  #admit(hello: Hello): RaftctlError | undefined {
    if (hello.role !== 'peer') return undefined;
    const known = this.#dependencies.spec.members.some(({ id }) => id === hello.node && id !== this.#id);
    if (known) return undefined;
    return new RaftctlError('handshake-refused', `${hello.node} is not another member of this cluster`);
  }

  /** Why nothing can be decided just now. */
  #leaderless(): RaftctlError {
    const total = this.#dependencies.spec.members.length;
    const quorum = Math.floor(total / 2) + 1;
    const linked = this.#peers.linkedCount();
    const { role, leader } = this.#raft.status();
    if (linked < quorum) {
      const message = `${this.#id} reaches ${linked} of ${total} nodes and a quorum is ${quorum}`;
      return new RaftctlError('quorum-lost', message, { definite: true, hint: 'start or resume more nodes' });
    }
    if (role === 'leader') {
      const message = `${this.#id} leads, but no quorum has confirmed it in time`;
      return new RaftctlError('quorum-lost', message, { definite: true, hint: 'are nodes paused or cut off?' });
    }
    if (leader !== null) {
      const message = `${leader} leads, but did not answer ${this.#id} in time: ${this.#peers.describe(leader)}`;
      return new RaftctlError('no-leader', message, { hint: `is ${leader} paused or cut off?` });
    }
    const message = `${this.#id} knows no leader that a quorum follows`;
    return new RaftctlError('no-leader', message, { hint: 'an election may be under way: try again' });
  }

  /** A sweep stands only while somebody waits. */
  #armSweep(): void {
    if (this.#sweepDue || this.#writes.waiting + this.#reads.waiting + this.#peers.forwardedCalls === 0) return;
    this.#sweepDue = true;
    this.#dependencies.scheduler.after(SWEEP_MS, () => {
      this.#sweepDue = false;
      if (this.#state === 'stopped') return;
      const now = this.#dependencies.clock.now();
      this.#writes.sweep(now);
      this.#reads.sweep(now);
      this.#peers.sweep(now);
      this.#wake();
    });
  }
}
