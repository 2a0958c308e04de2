import { asError, type Clock, type RaftctlError, type Scheduler } from '../base/index.js';
import { type Call, Calls } from '../transport/calls.js';
import type { Connection, Frame, Link, Transport } from '../transport/transport.js';
import { KIND } from '../wire/kinds.js';
import { decodeNote, type ReceivedNote } from '../wire/note.js';

/** Who is told what happens on a channel, besides its calls. */
export interface ChannelOwner {
  /** What to present in a handshake: the cluster's id, once known. */
  readonly clusterId: string;
  /** A node answered the handshake. Throws to show it the door again. */
  greeted(connection: Connection): void;
  heard(note: ReceivedNote): void;
  /** The link is broken: it lost its connection, or could not make one. */
  broke(error: RaftctlError, dialFailed: boolean): void;
}

export interface ChannelParts {
  readonly host: string;
  readonly port: number;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** A scan's answer, or one value of the largest size a cluster may be configured for. */
const FRAME_BYTES_MAX = 256 << 20;
const QUEUED_BYTES_MAX = 64 << 20;
const HANDSHAKE_TIMEOUT_MS = 3000;
/** A dial that is refused costs nothing, and a node that comes back is found at once. */
const REDIAL = { firstMs: 10, maxMs: 50, factor: 2, jitter: 0.2 };
const NO_NOTE = new Uint8Array(0);

/** One connection to a node, redialed until closed, and who waits for what comes on it. */
export class Channel {
  readonly #calls: Calls;
  readonly #owner: ChannelOwner;
  readonly #link: Link;
  #connection: Connection | undefined;

  constructor({ host, port, transport, clock, scheduler }: ChannelParts, owner: ChannelOwner) {
    this.#owner = owner;
    // A watch is told many things under its call id before it ends.
    this.#calls = new Calls({ clock, scheduler, isNews: ({ kind }) => kind === KIND.watchEvents });
    this.#link = transport.dial({
      host,
      port,
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
        if (state.type === 'broken') owner.broke(state.error, before.type === 'connecting');
      },
    });
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** How many wait for an answer. */
  get inFlight(): number {
    return this.#calls.size;
  }

  /** All that wait for an answer. */
  get calls(): Iterable<Call> {
    return this.#calls;
  }

  /** False: nothing was sent, and the call waits for nothing. */
  send(kind: number, call: Call, payload: Buffer): boolean {
    return this.#connection !== undefined && this.#calls.send(this.#connection, kind, call, payload);
  }

  /** The call hears nothing more. False: it did not wait here. */
  withdraw(call: Call): boolean {
    return this.#calls.withdraw(call);
  }

  /** As `withdraw`; the node need not send any more either. */
  unwatch(call: Call): void {
    if (this.withdraw(call)) this.#connection?.send(KIND.unwatch, call.callId);
  }

  /** Dials now, if it waits to. */
  retryNow(): void {
    this.#link.retryNow();
  }

  /** All calls are lost. */
  close(): void {
    this.#connection = undefined;
    this.#link.close();
    this.#calls.lost(undefined);
  }

  #opened(connection: Connection): void {
    try {
      this.#owner.greeted(connection);
      this.#connection = connection;
    } catch (thrown) {
      connection.close(asError(thrown));
    }
  }

  #read(connection: Connection, frames: readonly Frame[]): void {
    try {
      for (const frame of frames) {
        // A frame that is nobody's belongs to a call that timed out or was aborted.
        if (frame.kind === KIND.leader) this.#owner.heard(decodeNote(frame.payload));
        else this.#calls.take(frame);
      }
    } catch (thrown) {
      // A node that makes no sense is not listened to any further.
      connection.close(asError(thrown));
    }
  }

  #closed(connection: Connection, error: RaftctlError | undefined): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.#calls.lost(error);
  }
}
