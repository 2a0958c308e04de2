import { type Clock, RaftctlError, type Random, type Scheduler, silent } from '../../src/base/index.js';
import { checkCluster } from '../../src/transport/handshake.js';
import {
  type Attempt,
  type AttemptOutcome,
  type Connection,
  type ConnectionHandlers,
  DialedLink,
  type DialOptions,
  type Frame,
  type Hello,
  type Listener,
  type ListenOptions,
  type Transport,
} from '../../src/transport/index.js';

/** What the network does to what goes from one named transport to another. Asked for every batch of frames. */
export interface NetworkFaults {
  /** Milliseconds on the way. One direction of a connection keeps its order. */
  delayMs?(from: string, to: string): number;
  /** It disappears, and the connection stays: a cut direction loses everything. */
  loses?(from: string, to: string): boolean;
}

export interface MemoryNetworkOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

/**
 * A network without sockets, a function of its scheduler and its random: the same links, handshake rules and frames as
 * TCP, one `Transport` per name.
 *
 *     const network = createMemoryNetwork({ clock, scheduler, random });
 *     const transport = network.transport('node-01');
 *     network.faults = { loses: (from) => from === 'node-01' };
 */
export function createMemoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  return new MemoryNetwork(options);
}

export class MemoryNetwork {
  faults: NetworkFaults = {};
  readonly options: MemoryNetworkOptions;
  readonly #listeners = new Map<string, MemoryListener>();
  readonly #ends = new Set<MemoryConnection>();
  #lastId = 0;
  #lastPort = 40_000;

  constructor(options: MemoryNetworkOptions) {
    this.options = options;
  }

  transport(name: string): Transport {
    const { clock, scheduler, random } = this.options;
    return {
      listen: (options) => this.#listen(name, options),
      dial: (options) =>
        new DialedLink(options, {
          clock,
          scheduler,
          random,
          emit: silent,
          attempt: (dial, handlers, outcome) => this.#attempt(name, dial, handlers, outcome),
        }),
    };
  }

  /** The process is gone at once: its handlers hear nothing, the others see their connections end, dials are refused. */
  crash(name: string): void {
    for (const listener of [...this.#listeners.values()]) if (listener.name === name) listener.remove();
    for (const end of [...this.#ends]) if (end.name === name) end.vanish();
  }

  /** Carries frames from one name to another, unless they get lost. Answers when they arrive. */
  carry(from: string, to: string, notBefore: number, deliver: () => void): number {
    return this.faults.loses?.(from, to) === true ? notBefore : this.carrySafely(from, to, notBefore, deliver);
  }

  /** The end of a connection is the kernels' business: late perhaps, never lost. */
  carrySafely(from: string, to: string, notBefore: number, deliver: () => void): number {
    const { clock, scheduler } = this.options;
    const arrival = Math.max(notBefore, clock.now() + (this.faults.delayMs?.(from, to) ?? 0));
    if (arrival > clock.now()) scheduler.after(arrival - clock.now(), deliver);
    else scheduler.defer(deliver);
    return arrival;
  }

  async #listen(name: string, options: ListenOptions): Promise<Listener> {
    this.#lastPort += 1;
    const port = options.port === 0 ? this.#lastPort : options.port;
    const address = `${options.host}:${port}`;
    if (this.#listeners.has(address)) throw new RaftctlError('port-taken', `cannot listen on ${address}: it is taken`);
    const listener = new MemoryListener(name, port, options, () => this.#listeners.delete(address));
    this.#listeners.set(address, listener);
    return listener;
  }

  #attempt(from: string, dial: DialOptions, handlers: ConnectionHandlers, outcome: AttemptOutcome): Attempt {
    let isOver = false;
    let near: MemoryConnection | undefined;
    const finish = (run: () => void): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      run();
    };
    const fail = (error: RaftctlError, refusedBy: readonly string[] = []): void =>
      finish(() => {
        near?.vanish();
        outcome.failed({ error, cutShort: false, refusedBy });
      });
    const address = `${dial.host}:${dial.port}`;
    const silence = new RaftctlError('unreachable', `${address} did not greet within ${dial.handshakeTimeoutMs} ms`);
    const timer = this.options.scheduler.after(dial.handshakeTimeoutMs, () => fail(silence));
    const hello = dial.hello();
    const to = this.#listeners.get(address)?.name ?? address;
    this.carry(from, to, 0, () => {
      const listener = this.#listeners.get(address);
      if (listener === undefined) {
        fail(new RaftctlError('unreachable', `nothing listens at ${address}`), [address]);
        return;
      }
      const welcome = listener.options.hello();
      const refusal = listener.judge(hello, welcome);
      if (refusal !== undefined) {
        this.carry(to, from, 0, () => fail(refusal));
        return;
      }
      if (isOver) return;
      const [dialing, far] = this.#connect({ from, to, address, hello, welcome, dial, handlers, listener });
      near = dialing;
      far.open();
      this.carry(to, from, 0, () =>
        finish(() => {
          outcome.greeted(dialing);
          dialing.begin();
        }),
      );
    });
    return { cancel: () => finish(() => near?.vanish()) };
  }

  #connect(pair: {
    readonly from: string;
    readonly to: string;
    readonly address: string;
    readonly hello: Hello;
    readonly welcome: Hello;
    readonly dial: DialOptions;
    readonly handlers: ConnectionHandlers;
    readonly listener: MemoryListener;
  }): [MemoryConnection, MemoryConnection] {
    const { from, to, address, hello, welcome, dial, handlers, listener } = pair;
    const nearLimit = dial.maxQueuedBytes;
    const farLimit = listener.options.maxQueuedBytes;
    const near = new MemoryConnection(this, this.#nextId(), from, welcome, address, nearLimit, handlers);
    const far = new MemoryConnection(this, this.#nextId(), to, hello, from, farLimit, listener.handlers);
    near.join(far);
    far.join(near);
    for (const end of [near, far]) {
      this.#ends.add(end);
      end.gone = () => this.#ends.delete(end);
    }
    return [near, far];
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

class MemoryListener implements Listener {
  readonly connections = new Set<Connection>();
  readonly name: string;
  readonly port: number;
  readonly options: ListenOptions;
  readonly remove: () => void;
  readonly handlers: ConnectionHandlers;

  constructor(name: string, port: number, options: ListenOptions, remove: () => void) {
    this.name = name;
    this.port = port;
    this.options = options;
    this.remove = remove;
    this.handlers = {
      opened: (connection) => {
        this.connections.add(connection);
        options.handlers.opened?.(connection);
      },
      frames: (connection, frames) => options.handlers.frames(connection, frames),
      closed: (connection, error) => {
        this.connections.delete(connection);
        options.handlers.closed?.(connection, error);
      },
    };
  }

  judge(dialer: Hello, ours: Hello): RaftctlError | undefined {
    return checkCluster(dialer, ours) ?? this.options.admit?.(dialer);
  }

  async close(): Promise<void> {
    this.remove();
    for (const connection of this.connections) {
      connection.close(new RaftctlError('shutting-down', `${this.name} is shutting down`));
    }
  }
}

/** One of the two ends. Frames arrive as copies, a batch per flush. */
class MemoryConnection implements Connection {
  gone: () => void = () => {};
  readonly id: number;
  readonly name: string;
  readonly peer: Hello;
  readonly remoteAddress: string;
  readonly #network: MemoryNetwork;
  readonly #maxQueuedBytes: number;
  readonly #handlers: ConnectionHandlers;
  #other: MemoryConnection | undefined;
  #queue: Frame[] = [];
  #queuedBytes = 0;
  #isOpen = true;
  #lastArrival = 0;
  /** What arrived before the welcome did. */
  #early: (() => void)[] | undefined = [];

  constructor(
    network: MemoryNetwork,
    id: number,
    name: string,
    peer: Hello,
    remoteAddress: string,
    maxQueuedBytes: number,
    handlers: ConnectionHandlers,
  ) {
    this.#network = network;
    this.id = id;
    this.name = name;
    this.peer = peer;
    this.remoteAddress = remoteAddress;
    this.#maxQueuedBytes = maxQueuedBytes;
    this.#handlers = handlers;
  }

  join(other: MemoryConnection): void {
    this.#other = other;
  }

  open(): void {
    this.#handlers.opened?.(this);
    this.begin();
  }

  /** The handlers are ready to hear: first what came early. */
  begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) event();
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  send(kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean {
    if (!this.#isOpen || this.#queuedBytes >= this.#maxQueuedBytes) return false;
    if (this.#queue.length === 0) this.#network.options.scheduler.defer(() => this.flush());
    const payload = Buffer.concat(parts);
    this.#queue.push({ kind, callId, payload });
    this.#queuedBytes += payload.length + 9;
    return true;
  }

  flush(): void {
    if (!this.#isOpen || this.#queue.length === 0) return;
    const frames = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#carry((other) => {
      if (other.#isOpen) other.#handlers.frames(other, frames);
    });
  }

  close(reason?: RaftctlError): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#end();
    this.#network.options.scheduler.defer(() => this.#handlers.closed?.(this, reason));
    this.#tellEnd(reason);
  }

  vanish(): void {
    this.#end();
    this.#tellEnd(new RaftctlError('closed', `${this.name} is gone`));
  }

  #lost(reason: RaftctlError | undefined): void {
    if (!this.#isOpen) return;
    this.#end();
    this.#handlers.closed?.(this, reason);
  }

  #end(): void {
    this.#isOpen = false;
    this.#queue = [];
    this.gone();
  }

  #carry(arrive: (other: MemoryConnection) => void): void {
    const { name } = this.#other!;
    this.#lastArrival = this.#network.carry(this.name, name, this.#lastArrival, () => this.#arrive(arrive));
  }

  #tellEnd(error: RaftctlError | undefined): void {
    const { name } = this.#other!;
    const deliver = (): void => this.#arrive((other) => other.#lost(error));
    this.#network.carrySafely(this.name, name, this.#lastArrival, deliver);
  }

  #arrive(event: (other: MemoryConnection) => void): void {
    const other = this.#other!;
    if (other.#early === undefined) event(other);
    else other.#early.push(() => event(other));
  }
}
