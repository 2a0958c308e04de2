import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { RaftctlError, Scheduler, Timer } from '../../src/base/index.js';
import { type Emit, seededRandom, silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { FrameSplitter } from '../../src/transport/frames.js';
import {
  type Connection,
  type ConnectionHandlers,
  createTcpTransport,
  type DialOptions,
  type Frame,
  type Hello,
  type Link,
  type LinkState,
  type Listener,
  type ListenOptions,
  type Transport,
} from '../../src/transport/index.js';
import { ManualTime } from '../helpers/manual-time.js';

export const CLUSTER = '0123456789abcdef0123456789abcdef';
export const OTHER_CLUSTER = 'f'.repeat(32);
const note = Buffer.alloc(0);
export const peer = (node: string, instance: string): Hello => ({
  role: 'peer',
  clusterId: CLUSTER,
  node,
  instance,
  note,
});
export const client = (): Hello => ({ role: 'client', clusterId: CLUSTER, node: '', instance: '', note });

/** Resolves conditions as soon as something noted makes them true. */
class Watch {
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  noted(): void {
    for (const waiter of this.#waiting) if (waiter.holds()) waiter.resolve();
    this.#waiting = this.#waiting.filter(({ holds }) => !holds());
  }

  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }));
  }
}

/** Handlers that remember everything, and can be waited on. */
export class Log extends Watch implements ConnectionHandlers {
  readonly open: Connection[] = [];
  readonly received: Frame[] = [];
  readonly reads: number[] = [];
  readonly ended: { readonly connection: Connection; readonly error: RaftctlError | undefined }[] = [];
  readonly states: LinkState['type'][] = [];
  readonly gone: string[] = [];

  opened(connection: Connection): void {
    this.open.push(connection);
    this.noted();
  }

  frames(_connection: Connection, frames: readonly Frame[]): void {
    this.received.push(...frames);
    this.reads.push(frames.length);
    this.noted();
  }

  closed(connection: Connection, error: RaftctlError | undefined): void {
    this.ended.push({ connection, error });
    this.noted();
  }

  changed(state: LinkState): void {
    this.states.push(state.type);
    this.noted();
  }

  certainlyGone(instance: string): void {
    this.gone.push(instance);
    this.noted();
  }

  count(state: LinkState['type']): number {
    return this.states.filter((each) => each === state).length;
  }
}

/** Real turns of the event loop, but timers that fire when the test says so. */
export class StagedTimers extends Watch implements Scheduler {
  readonly time = new ManualTime();
  readonly defer = realScheduler.defer;

  after(ms: number, run: () => void): Timer {
    const timer = this.time.after(ms, run);
    this.noted();
    return timer;
  }

  /** Once a timer of `ms` is set, lets it fire. */
  async fire(ms: number): Promise<void> {
    await this.until(() => this.time.pending.includes(ms));
    this.time.advance(ms);
  }
}

export function tcp(scheduler: Scheduler = realScheduler, emit: Emit = silent): Transport {
  return createTcpTransport({ clock: realClock, scheduler, random: seededRandom(1), emit });
}

export function listenOptions(handlers: ConnectionHandlers, overrides: Partial<ListenOptions> = {}): ListenOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    hello: () => peer('node-01', 'first'),
    maxFrameBytes: () => 1 << 21,
    handshakeTimeoutMs: 3_000,
    maxConnections: 100,
    maxQueuedBytes: 1 << 24,
    handlers,
    ...overrides,
  };
}

export function dialOptions(port: number, log: Log, overrides: Partial<DialOptions> = {}): DialOptions {
  return {
    host: '127.0.0.1',
    port,
    hello: () => peer('node-02', 'dialer'),
    maxFrameBytes: 1 << 21,
    handshakeTimeoutMs: 3_000,
    maxQueuedBytes: 1 << 24,
    backoff: { firstMs: 5, maxMs: 20, factor: 2, jitter: 0 },
    handlers: log,
    changed: (state) => log.changed(state),
    certainlyGone: (instance) => log.certainlyGone(instance),
    ...overrides,
  };
}

/** What a test opened, ended behind it. */
export class Stage {
  readonly #ends: (() => unknown)[] = [];

  async listen(log: Log, overrides: Partial<ListenOptions> = {}, transport: Transport = tcp()): Promise<Listener> {
    const listener = await transport.listen(listenOptions(log, overrides));
    this.#ends.push(() => listener.close());
    return listener;
  }

  dial(port: number, log: Log, overrides: Partial<DialOptions> = {}, transport: Transport = tcp()): Link {
    const link = transport.dial(dialOptions(port, log, overrides));
    this.#ends.push(() => link.close());
    return link;
  }

  /** A socket without raftctl around it. */
  async stranger(port: number): Promise<Stranger> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#ends.push(() => socket.destroy());
    await once(socket, 'connect');
    return new Stranger(socket);
  }

  later(end: () => unknown): void {
    this.#ends.push(end);
  }

  async clear(): Promise<void> {
    // Dialers first, so that no listener waits for words to be read.
    await Promise.all(
      this.#ends
        .splice(0)
        .reverse()
        .map((end) => end()),
    );
  }
}

export class Stranger extends Watch {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  #isOver = false;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.noted();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isOver = true;
      this.noted();
    });
  }

  /** Everything heard up to the end of the connection. */
  async heard(): Promise<Buffer> {
    await this.until(() => this.#isOver);
    return Buffer.concat(this.#chunks);
  }

  /** The first frame heard. */
  async answer(): Promise<Frame> {
    await this.until(() => this.#firstFrame() !== undefined || this.#isOver);
    const frame = this.#firstFrame();
    if (frame === undefined) throw new Error('the connection ended without a whole frame');
    return frame;
  }

  #firstFrame(): Frame | undefined {
    const splitter = new FrameSplitter(1 << 20);
    splitter.push(Buffer.concat(this.#chunks));
    return splitter.next();
  }
}
