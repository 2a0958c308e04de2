import {
  asError,
  type Clock,
  type LogIndex,
  RaftctlError,
  type Scheduler,
  type Term,
  type Timer,
} from '../../base/index.js';
import type { StateCopy } from '../../kv/index.js';
import type { Connection, DialOptions, Frame, Link, Transport } from '../../transport/index.js';
import {
  decodeSnapshotInstalled,
  decodeSnapshotReceived,
  encodeSnapshotBegin,
  encodeSnapshotEnd,
  encodeSnapshotPart,
  KIND,
  snapshotChecksum,
} from '../../wire/index.js';

type SendingEnd =
  | { readonly type: 'installed'; readonly index: LogIndex; readonly bytes: number }
  | { readonly type: 'failed'; readonly error: RaftctlError };

interface SendingOptions {
  readonly transport: Transport;
  /** Whom to dial, and what to say; without handlers. */
  readonly dial: Omit<DialOptions, 'handlers' | 'changed' | 'certainlyGone'>;
  readonly copy: StateCopy;
  readonly term: Term;
  readonly partBytes: number;
  /** It fails when nothing is heard for so long. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Once, unless cancelled. */
  readonly ended: (end: SendingEnd) => void;
}

/** Parts on their way, at most: what both sides hold in memory. */
const WINDOW_PARTS = 4;

/** One attempt to send the state to one follower, over a connection of its own: it delays nothing else. */
export class Sending {
  readonly #options: SendingOptions;
  readonly #link: Link;
  #connection: Connection | undefined;
  #sentBytes = 0;
  #receivedBytes = 0;
  #checksum = snapshotChecksum();
  #isReading = false;
  #isOver = false;
  #heardAt: number;
  #timer: Timer | undefined;

  constructor(options: SendingOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#link = options.transport.dial({
      ...options.dial,
      handlers: { frames: (_, frames) => this.#heard(frames) },
      changed: (state) => {
        if (state.type === 'connected') this.#begin(state.connection);
        else if (state.type === 'broken') this.#end({ type: 'failed', error: state.error });
      },
    });
    this.#watch();
  }

  /** Bytes that the follower has in its file. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get bytes(): number {
    return this.#options.copy.bytes;
  }

  /** Nobody is told how it ended. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#link.close();
  }

  #begin(connection: Connection): void {
    const { term, copy } = this.#options;
    this.#connection = connection;
    connection.send(KIND.snapshotBegin, 0, encodeSnapshotBegin({ term, bytes: copy.bytes }));
    this.#sendOn();
  }

  /** As long as the window has room, a part after the other. */
  #sendOn(): void {
    const { copy, partBytes } = this.#options;
    const left = copy.bytes - this.#sentBytes;
    const isFull = this.#sentBytes - this.#receivedBytes >= WINDOW_PARTS * partBytes;
    if (this.#isReading || this.#isOver || left === 0 || isFull) return;
    this.#isReading = true;
    const data = Buffer.allocUnsafeSlow(Math.min(left, partBytes));
    copy.read(data, this.#sentBytes).then(
      () => {
        this.#isReading = false;
        this.#send(data);
      },
      (error: unknown) => this.#end({ type: 'failed', error: asError(error) }),
    );
  }

  #send(data: Buffer): void {
    const connection = this.#connection!;
    if (this.#isOver) return;
    connection.send(KIND.snapshotPart, 0, ...encodeSnapshotPart({ offset: this.#sentBytes, data }));
    this.#sentBytes += data.length;
    this.#checksum = snapshotChecksum(data, this.#checksum);
    if (this.#sentBytes === this.#options.copy.bytes) {
      connection.send(KIND.snapshotEnd, 0, encodeSnapshotEnd(this.#checksum));
    }
    connection.flush();
    this.#sendOn();
  }

  #heard(frames: readonly Frame[]): void {
    this.#heardAt = this.#options.clock.now();
    try {
      for (const { kind, payload } of frames) {
        if (kind === KIND.snapshotReceived) this.#receivedBytes = this.#receivedIn(payload);
        else if (kind === KIND.snapshotInstalled) {
          const index = decodeSnapshotInstalled(payload);
          this.#end({ type: 'installed', index, bytes: this.#options.copy.bytes });
        } else throw new RaftctlError('bad-request', `a frame of kind ${kind} in answer to a snapshot`);
      }
    } catch (error) {
      this.#end({ type: 'failed', error: asError(error) });
    }
    this.#sendOn();
  }

  #receivedIn(payload: Buffer): number {
    const bytes = decodeSnapshotReceived(payload);
    if (bytes <= this.#sentBytes) return Math.max(bytes, this.#receivedBytes);
    throw new RaftctlError('bad-request', `${bytes} bytes were received, of ${this.#sentBytes} that were sent`);
  }

  /** Whoever stops answering, or hears nothing of what is sent, gets a new attempt. */
  #watch(): void {
    const { clock, scheduler, patienceMs } = this.#options;
    const leftMs = this.#heardAt + patienceMs - clock.now();
    this.#timer = scheduler.after(Math.max(1, leftMs), () => {
      if (clock.now() - this.#heardAt < patienceMs) this.#watch();
      else {
        const message = `nothing was heard for ${patienceMs} ms, with ${this.#receivedBytes} of ${this.bytes} bytes sent`;
        this.#end({ type: 'failed', error: new RaftctlError('timeout', message) });
      }
    });
  }

  #end(end: SendingEnd): void {
    if (this.#isOver) return;
    this.cancel();
    this.#options.ended(end);
  }
}
