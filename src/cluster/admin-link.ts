import {
  type Clock,
  type Level,
  type Member,
  type Membership,
  type NodeId,
  RaftctlError,
  type Scheduler,
} from '../base/index.js';
import { ask, type Call, Calls, type Connection, type Frame, type Link, type Transport } from '../transport/index.js';
import {
  decodeError,
  decodeEventBatch,
  decodeLeadership,
  decodeMembershipDocument,
  decodeNodeStatus,
  type EventBatch,
  encodeChangeMembership,
  encodeLogLevel,
  encodeNodeFaults,
  encodeSubscribeEvents,
  encodeTransfer,
  KIND,
  type Leadership,
  type MembershipRequest,
  type NodeFaults,
  type NodeStatus,
} from '../wire/index.js';
import type { NodeProbe, ProbeListener } from './engine.js';

export interface AdminLinkOptions extends ProbeListener {
  readonly member: Member;
  readonly clusterId: string;
  /** The cluster's, 32 bytes: proved to the node, and demanded of it. */
  readonly secret?: Uint8Array | undefined;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** A node of ours is on this machine and has just been started: it is worth asking often. */
const REDIAL = { firstMs: 2, maxMs: 20, factor: 1.5, jitter: 0.2 };
const HANDSHAKE_TIMEOUT_MS = 3_000;
/** A batch of events and a status are far below it. */
const FRAME_BYTES_MAX = 16 << 20;
const QUEUED_BYTES_MAX = 1 << 20;
/** The node watches the bound of a call; its answer takes a moment longer. */
const LATE_ANSWER_MS = 500;

/**
 * The supervisor's connection to one process of a node, from its spawn to its exit. It hears the node's events in the
 * order of their sequence, each once, also across a broken connection: it asks for those after the last it has seen.
 */
export class AdminLink implements NodeProbe {
  readonly #options: AdminLinkOptions;
  readonly #link: Link;
  readonly #calls: Calls;
  #level: Level;
  /** The call whose batches count. Those of an earlier subscription still under way would come twice. */
  #subscription: Call | undefined;
  #instance = '';
  #lastSequence = 0;

  constructor(options: AdminLinkOptions) {
    this.#options = options;
    this.#level = options.level;
    const { member, clusterId, secret, transport, clock, scheduler } = options;
    this.#calls = new Calls({ clock, scheduler, isNews: ({ kind }) => kind === KIND.eventBatch });
    this.#link = transport.dial({
      host: member.host,
      port: member.port,
      hello: () => ({ role: 'admin', clusterId, node: 'supervisor', instance: '', note: new Uint8Array() }),
      secret,
      expected: member.id,
      maxFrameBytes: FRAME_BYTES_MAX,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxQueuedBytes: QUEUED_BYTES_MAX,
      backoff: REDIAL,
      handlers: {
        opened: (connection) => this.#opened(connection),
        frames: (connection, frames) => this.#receivedAll(connection, frames),
        closed: (_, error) => this.#calls.lost(error),
      },
    });
  }

  /** Rejects with `unreachable` when there is no connection, or none any more, and with `timeout`. */
  async status(timeoutMs: number): Promise<NodeStatus> {
    return decodeNodeStatus(await this.#ask(KIND.status, Buffer.alloc(0), timeoutMs, 'unreachable'));
  }

  /** What the node records without being subscribed to. */
  async setBaseLevel(level: Level, timeoutMs: number): Promise<void> {
    await this.#ask(KIND.logLevel, encodeLogLevel({ level }), timeoutMs, 'unreachable');
  }

  /** Rejects with `unreachable` when there is no connection, and with `outcome-unknown` when it ended meanwhile. */
  async transfer(to: NodeId | null, timeoutMs: number): Promise<Leadership> {
    const request = encodeTransfer({ to, timeoutMs: Math.ceil(timeoutMs) });
    return decodeLeadership(await this.#ask(KIND.transfer, request, timeoutMs + LATE_ANSWER_MS, 'outcome-unknown'));
  }

  /** As `transfer`: the change may be in the log of a leader that died before it answered. */
  async changeMembership(change: MembershipRequest, timeoutMs: number): Promise<Membership> {
    const request = encodeChangeMembership({ change, timeoutMs: Math.ceil(timeoutMs) });
    const waitMs = timeoutMs + LATE_ANSWER_MS;
    return decodeMembershipDocument(await this.#ask(KIND.changeMembership, request, waitMs, 'outcome-unknown'));
  }

  /** Rejects with `unreachable` and `timeout` as `status` does; the process may have heard it then. */
  async setFaults(faults: NodeFaults, timeoutMs: number): Promise<void> {
    await this.#ask(KIND.setFaults, encodeNodeFaults(faults), timeoutMs, 'unreachable');
  }

  setEventLevel(level: Level): void {
    if (level === this.#level) return;
    this.#level = level;
    if (this.#link.state.type === 'connected') this.#subscribe();
  }

  close(): void {
    this.#link.close();
    this.#calls.lost(new RaftctlError('closed', 'its process ended'));
  }

  #opened(connection: Connection): void {
    const { peer } = connection;
    if (peer.instance !== this.#instance) this.#lastSequence = 0;
    this.#instance = peer.instance;
    this.#subscribe();
    this.#options.ready();
  }

  #subscribe(): void {
    if (this.#subscription !== undefined) this.#calls.withdraw(this.#subscription);
    this.#subscription = {
      callId: 0,
      deadline: Number.POSITIVE_INFINITY,
      news: ({ payload }) => this.#receivedEvents(decodeEventBatch(payload)),
      take: ignore,
      overdue: ignore,
      lost: ignore,
    };
    const request = encodeSubscribeEvents({ after: this.#lastSequence, level: this.#level });
    this.#calls.send(this.#link, KIND.subscribeEvents, this.#subscription, request);
  }

  #receivedAll(connection: Connection, frames: readonly Frame[]): void {
    try {
      for (const frame of frames) this.#calls.take(frame);
    } catch (thrown) {
      // What cannot be understood ends the connection, not the supervisor.
      if (!(thrown instanceof RaftctlError)) throw thrown;
      connection.close(thrown);
    }
  }

  #receivedEvents(batch: EventBatch): void {
    this.#lastSequence = Math.max(this.#lastSequence, batch.events.at(-1)?.sequence ?? 0);
    this.#options.events(batch);
  }

  /** `whenLost`: what it is when the question was sent, and the connection ended without the answer. */
  async #ask(
    kind: number,
    payload: Buffer,
    timeoutMs: number,
    whenLost: 'unreachable' | 'outcome-unknown',
  ): Promise<Buffer> {
    const { member, clock } = this.#options;
    const answer = await ask({
      calls: this.#calls,
      over: this.#link,
      clock,
      kind,
      payload,
      timeoutMs,
      late: () => new RaftctlError('timeout', `${member.id} did not answer within ${timeoutMs} ms`),
      lost: (cause, wasSent) =>
        new RaftctlError(
          wasSent ? whenLost : 'unreachable',
          `${member.id} did not answer: ${cause?.message ?? (wasSent ? 'its connection ended' : NOT_CONNECTED)}`,
        ),
    });
    if (answer.kind === KIND.error) throw decodeError(answer.payload).error;
    return answer.payload;
  }
}

const NOT_CONNECTED = 'it is not connected to its supervisor';

/** The link comes back, and with it a new subscription. */
const ignore = (): void => {};
