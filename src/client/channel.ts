import { RaftctlError } from '../base/index.js';
import type { Connection, Frame, Link, Transport } from '../transport/transport.js';
import { KIND } from '../wire/kinds.js';
import { decodeNote, type Note } from '../wire/note.js';
import type { Endpoint } from './endpoint.js';
import type { Operation } from './operation.js';
import { asError } from './outcomes.js';
import { CALL_ID_END, PendingTable } from './pending.js';
import type { WatchCall } from './watch-call.js';

/** Who is told what happens on a channel. */
export interface ChannelOwner {
  /** What to present in a handshake: the cluster's id, once known. */
  readonly clusterId: string;
  /** A node answered the handshake. Throws to show it the door again. */
  greeted(channel: Channel, connection: Connection): void;
  heard(note: Required<Note>): void;
  /** An answer to an operation, which is no longer in the table. Throws when it makes no sense. */
  answered(channel: Channel, operation: Operation, frame: Frame): void;
  /** The connection is gone, and with it the answers to what was in flight. */
  lost(channel: Channel, operations: readonly Operation[], error: RaftctlError): void;
  /** News of a watch. Throws when it makes no sense. */
  watchHeard(channel: Channel, call: WatchCall, frame: Frame): void;
  watchesLost(channel: Channel, calls: readonly WatchCall[]): void;
  /** The link is broken: it lost its connection, or could not make one. */
  broke(channel: Channel, error: RaftctlError, dialFailed: boolean): void;
}

/** A scan's answer, or one value of the largest size a cluster may be configured for. */
const FRAME_BYTES_MAX = 256 << 20;
const QUEUED_BYTES_MAX = 64 << 20;
const WATCH_IDS = 0x8000_0000;
const HANDSHAKE_TIMEOUT_MS = 3000;
const REDIAL = { firstMs: 10, maxMs: 500, factor: 2, jitter: 0.2 };
const NO_NOTE = new Uint8Array(0);

/** One connection to a node, redialed until closed, and the operations in flight on it. */
export class Channel {
  readonly endpoint: Endpoint;
  readonly pending = new PendingTable<Operation>();
  readonly #watches = new Map<number, WatchCall>();
  readonly #owner: ChannelOwner;
  #lastWatch = 0;
  readonly #link: Link;
  #connection: Connection | undefined;

  constructor(endpoint: Endpoint, transport: Transport, owner: ChannelOwner) {
    this.endpoint = endpoint;
    this.#owner = owner;
    this.#link = transport.dial({
      ...endpoint.address,
      hello: () => ({ role: 'client', clusterId: owner.clusterId, node: '', instance: '', note: NO_NOTE }),
      maxFrameBytes: FRAME_BYTES_MAX,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxQueuedBytes: QUEUED_BYTES_MAX,
      backoff: REDIAL,
      handlers: {
        opened: (connection) => this.#opened(connection),
        frames: (connection, frames) => this.#read(connection, frames),
        closed: (connection, error) => this.#closed(connection, error),
      },
      changed: (state, before) => {
        if (state.type === 'broken') owner.broke(this, state.error, before.type === 'connecting');
      },
    });
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** False: nothing was sent, and the operation is not in flight. */
  send(operation: Operation, payload: Buffer): boolean {
    if (this.#connection === undefined) return false;
    this.pending.add(operation);
    if (!this.#connection.send(operation.verb.kind, operation.callId, payload)) {
      this.pending.take(operation.callId);
      return false;
    }
    operation.channel = this;
    return true;
  }

  /** Answers the call id under which events will come; undefined: nothing was sent. */
  watch(call: WatchCall, payload: Buffer): number | undefined {
    do {
      this.#lastWatch = (this.#lastWatch + 1) % WATCH_IDS;
    } while (this.#watches.has(CALL_ID_END + this.#lastWatch));
    const callId = CALL_ID_END + this.#lastWatch;
    if (this.#connection?.send(KIND.watch, callId, payload) !== true) return undefined;
    this.#watches.set(callId, call);
    return callId;
  }

  /** What is still under way for it is not listened to. */
  unwatch(callId: number): void {
    if (this.#watches.delete(callId)) this.#connection?.send(KIND.unwatch, callId);
  }

  /** Dials now, if it waits to. */
  retryNow(): void {
    this.#link.retryNow();
  }

  close(): void {
    this.#connection = undefined;
    this.#link.close();
  }

  #opened(connection: Connection): void {
    try {
      this.#owner.greeted(this, connection);
      this.#connection = connection;
    } catch (thrown) {
      connection.close(asError(thrown));
    }
  }

  #read(connection: Connection, frames: readonly Frame[]): void {
    try {
      for (const frame of frames) this.#take(frame);
    } catch (thrown) {
      // A node that makes no sense is not listened to any further.
      connection.close(asError(thrown));
    }
  }

  #take(frame: Frame): void {
    if (frame.kind === KIND.leader) {
      this.#owner.heard(decodeNote(frame.payload));
      return;
    }
    if (frame.callId >= CALL_ID_END) {
      this.#takeNews(frame);
      return;
    }
    // Unknown ids belong to operations that timed out or were aborted.
    const operation = this.pending.take(frame.callId);
    if (operation !== undefined) this.#owner.answered(this, operation, frame);
  }

  #takeNews(frame: Frame): void {
    const call = this.#watches.get(frame.callId);
    if (call === undefined) return;
    // The node has ended it.
    if (frame.kind === KIND.error) this.#watches.delete(frame.callId);
    this.#owner.watchHeard(this, call, frame);
  }

  #closed(connection: Connection, error: RaftctlError | undefined): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    const reason = error ?? new RaftctlError('closed', `${this.endpoint.label} ended the connection`);
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    this.#owner.lost(this, this.pending.drain(), reason);
    this.#owner.watchesLost(this, watches);
  }
}
