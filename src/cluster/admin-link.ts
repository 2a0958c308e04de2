import { type Level, RaftctlError, type Scheduler, type Timer } from '../base/index.js';
import type { Connection, Frame, Link, Transport } from '../transport/index.js';
import {
  decodeError,
  decodeEventBatch,
  decodeNodeStatus,
  type EventBatch,
  encodeLogLevel,
  encodeSubscribeEvents,
  KIND,
  type NodeStatus,
} from '../wire/index.js';
import type { NodeConfig } from './config/nodes.js';

export interface AdminLinkOptions {
  readonly node: NodeConfig;
  readonly clusterId: string;
  readonly transport: Transport;
  readonly scheduler: Scheduler;
  /** Events of this level and more severe ones are wanted. */
  readonly level: Level;
  readonly connected: () => void;
  readonly events: (batch: EventBatch) => void;
}

/** A node of ours is on this machine and has just been started: it is worth asking often. */
const REDIAL = { firstMs: 2, maxMs: 20, factor: 1.5, jitter: 0.2 };
const HANDSHAKE_TIMEOUT_MS = 3_000;
/** A batch of events and a status are far below it. */
const FRAME_BYTES_MAX = 16 << 20;
const QUEUED_BYTES_MAX = 1 << 20;

interface PendingCall {
  readonly resolve: (payload: Buffer) => void;
  readonly reject: (error: RaftctlError) => void;
  readonly timer: Timer;
}

/**
 * The supervisor's connection to one process of a node, from its spawn to its exit. It hears the node's events in the
 * order of their sequence, each once, also across a broken connection: it asks for those after the last it has seen.
 */
export class AdminLink {
  readonly #options: AdminLinkOptions;
  readonly #link: Link;
  readonly #calls = new Map<number, PendingCall>();
  #level: Level;
  #lastCallId = 0;
  /** The call whose batches count. Those of an earlier subscription still under way would come twice. */
  #subscription = 0;
  #instance = '';
  #lastSequence = 0;

  constructor(options: AdminLinkOptions) {
    this.#options = options;
    this.#level = options.level;
    const { node, clusterId, transport } = options;
    this.#link = transport.dial({
      host: node.host,
      port: node.port,
      hello: () => ({ role: 'admin', clusterId, node: 'supervisor', instance: '', note: new Uint8Array() }),
      maxFrameBytes: FRAME_BYTES_MAX,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxQueuedBytes: QUEUED_BYTES_MAX,
      backoff: REDIAL,
      handlers: {
        opened: (connection) => this.#opened(connection),
        frames: (connection, frames) => this.#receivedAll(connection, frames),
        closed: () => this.#failCalls('its connection closed'),
      },
    });
  }

  /** Rejects with `unreachable` when there is no connection, or none any more, and with `timeout`. */
  async status(timeoutMs: number): Promise<NodeStatus> {
    return decodeNodeStatus(await this.#call(KIND.status, Buffer.alloc(0), timeoutMs));
  }

  /** What the node records without being subscribed to. */
  async setBaseLevel(level: Level, timeoutMs: number): Promise<void> {
    await this.#call(KIND.logLevel, encodeLogLevel({ level }), timeoutMs);
  }

  setEventLevel(level: Level): void {
    if (level === this.#level) return;
    this.#level = level;
    if (this.#link.state.type === 'connected') this.#subscribe();
  }

  close(): void {
    this.#link.close();
    this.#failCalls('its process ended');
  }

  #opened(connection: Connection): void {
    const { node, connected } = this.#options;
    const { peer } = connection;
    if (peer.node !== node.id) {
      connection.close(new RaftctlError('handshake-refused', `expected ${node.id}, found ${peer.node}`));
      return;
    }
    if (peer.instance !== this.#instance) this.#lastSequence = 0;
    this.#instance = peer.instance;
    this.#subscribe();
    connected();
  }

  #subscribe(): void {
    this.#subscription = this.#nextCallId();
    const request = encodeSubscribeEvents({ after: this.#lastSequence, level: this.#level });
    this.#link.send(KIND.subscribeEvents, this.#subscription, request);
  }

  #receivedAll(connection: Connection, frames: readonly Frame[]): void {
    try {
      for (const frame of frames) this.#received(frame);
    } catch (thrown) {
      // What cannot be understood ends the connection, not the supervisor.
      if (!(thrown instanceof RaftctlError)) throw thrown;
      connection.close(thrown);
    }
  }

  #received({ kind, callId, payload }: Frame): void {
    if (kind === KIND.eventBatch) {
      if (callId === this.#subscription) this.#receivedEvents(decodeEventBatch(payload));
      return;
    }
    const call = this.#calls.get(callId);
    if (call === undefined) return;
    this.#calls.delete(callId);
    call.timer.cancel();
    if (kind === KIND.error) call.reject(decodeError(payload).error);
    else call.resolve(payload);
  }

  #receivedEvents(batch: EventBatch): void {
    this.#lastSequence = Math.max(this.#lastSequence, batch.events.at(-1)?.sequence ?? 0);
    this.#options.events(batch);
  }

  #call(kind: number, payload: Buffer, timeoutMs: number): Promise<Buffer> {
    const { node, scheduler } = this.#options;
    return new Promise((resolve, reject) => {
      const callId = this.#nextCallId();
      if (!this.#link.send(kind, callId, payload)) {
        reject(new RaftctlError('unreachable', `${node.id} is not connected to its supervisor`));
        return;
      }
      const timer = scheduler.after(timeoutMs, () => {
        this.#calls.delete(callId);
        reject(new RaftctlError('timeout', `${node.id} did not answer within ${timeoutMs} ms`));
      });
      this.#calls.set(callId, { resolve, reject, timer });
    });
  }

  #failCalls(why: string): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { timer, reject } of calls) {
      timer.cancel();
      reject(new RaftctlError('unreachable', `${this.#options.node.id} did not answer: ${why}`));
    }
  }

  #nextCallId(): number {
    this.#lastCallId += 1;
    return this.#lastCallId;
  }
}
