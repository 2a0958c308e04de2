import { type Clock, RaftctlError, type Random, type Scheduler, silent } from '../../base/index.js';
import { checkCluster } from '../../transport/handshake.js';
import {
  type Attempt,
  type AttemptOutcome,
  type Connection,
  type ConnectionHandlers,
  DialedLink,
  type DialFailure,
  type DialOptions,
  type Frame,
  type Hello,
  type Listener,
  type ListenOptions,
  type Transport,
} from '../../transport/index.js';

/** One way that a batch of frames, or a part of it, takes. */
export interface Passage {
  readonly frames: readonly Frame[];
  readonly delayMs: number;
  /** It may arrive before what was sent earlier, as if over another connection. */
  readonly overtakes: boolean;
}

/** What the network does to what goes from one named transport to another. Asked for every batch of frames. */
export interface NetworkFaults {
  /** Milliseconds on the way. One direction of a connection keeps its order. */
  delayMs?(from: string, to: string): number;
  /** It disappears, and the connection stays: a cut direction loses everything. */
  loses?(from: string, to: string): boolean;
  /** A dial is refused although somebody listens. */
  refuses?(from: string, to: string): boolean;
  /** What becomes of a batch of frames of a connection; instead of `delayMs` and `loses`. */
  passages?(from: string, to: string, frames: readonly Frame[]): readonly Passage[];
}

/** A process as the network sees it. */
export interface NetworkHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Something arrives at a time of the network's clock. Left out: its scheduler says when. */
  arriveAt?(at: number, run: () => void): void;
  /** When the process's present turn is over. Left out: what is deferred runs then. */
  atEndOfTurn?(run: () => void): void;
}

/** The network's own clock, and the host of transports that bring none. */
export type MemoryNetworkOptions = NetworkHost;

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
  /** Sees every batch of frames as it leaves, whatever becomes of it. */
  watch: ((from: string, to: string, frames: readonly Frame[]) => void) | undefined;
  readonly options: MemoryNetworkOptions;
  readonly #listeners = new Map<string, MemoryListener>();
  readonly #ends = new Set<MemoryConnection>();
  readonly #dials = new Set<{ readonly to: string; readonly cut: () => void }>();
  #lastId = 0;
  #lastPort = 40_000;

  constructor(options: MemoryNetworkOptions) {
    this.options = options;
  }

  transport(name: string, host: NetworkHost = this.options): Transport {
    const { clock, scheduler, random } = host;
    return {
      listen: (options) => this.#listen(name, host, options),
      dial: (options) =>
        new DialedLink(options, {
          clock,
          scheduler,
          random,
          emit: silent,
          attempt: (dial, handlers, outcome) => this.#attempt(name, host, dial, handlers, outcome),
        }),
    };
  }

  /**
   * The process is gone at once: its handlers hear nothing, dials are refused. The others see their connections end,
   * after `unnoticedMs`: a machine that lost its power says no goodbye.
   */
  crash(name: string, unnoticedMs = 0): void {
    for (const listener of [...this.#listeners.values()]) if (listener.name === name) listener.remove();
    for (const end of [...this.#ends]) if (end.name === name) end.vanish(unnoticedMs);
    for (const dial of [...this.#dials]) if (dial.to === name) dial.cut();
  }

  /** Both sides of every connection between the two see it end. */
  reset(one: string, other: string): void {
    for (const end of [...this.#ends]) {
      if (end.name === one && end.otherName === other) end.breakOff();
      else if (end.name === other && end.otherName === one) end.breakOff();
    }
  }

  /** When what is sent now arrives, if it does: not before `notBefore`, so that order is kept. */
  arrivalOf(from: string, to: string, notBefore: number): number | undefined {
    if (this.faults.loses?.(from, to) === true) return undefined;
    return this.safeArrivalOf(from, to, notBefore);
  }

  /** The end of a connection is the kernels' business: late perhaps, never lost. */
  safeArrivalOf(from: string, to: string, notBefore: number): number {
    return Math.max(notBefore, this.options.clock.now() + (this.faults.delayMs?.(from, to) ?? 0));
  }

  deliver(host: NetworkHost, at: number, run: () => void): void {
    const ms = at - this.options.clock.now();
    if (host.arriveAt !== undefined) host.arriveAt(at, run);
    else if (ms > 0) host.scheduler.after(ms, run);
    else host.scheduler.defer(run);
  }

  async #listen(name: string, host: NetworkHost, options: ListenOptions): Promise<Listener> {
    this.#lastPort += 1;
    const port = options.port === 0 ? this.#lastPort : options.port;
    const address = `${options.host}:${port}`;
    if (this.#listeners.has(address)) throw new RaftctlError('port-taken', `cannot listen on ${address}: it is taken`);
    const listener = new MemoryListener(name, host, port, options, () => this.#listeners.delete(address));
    this.#listeners.set(address, listener);
    return listener;
  }

  #attempt(
    from: string,
    host: NetworkHost,
    dial: DialOptions,
    handlers: ConnectionHandlers,
    outcome: AttemptOutcome,
  ): Attempt {
    const address = `${dial.host}:${dial.port}`;
    // Who will listen there is not known for certain yet; the host is its name.
    const to = this.#listeners.get(address)?.name ?? dial.host;
    let isOver = false;
    let near: MemoryConnection | undefined;
    const finish = (run: () => void): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      this.#dials.delete(dialing);
      run();
    };
    const fail = (failure: Partial<DialFailure> & Pick<DialFailure, 'error'>): void =>
      finish(() => {
        near?.vanish();
        outcome.failed({ cutShort: false, refusedBy: [], ...failure });
      });
    const cutShort = new RaftctlError('unreachable', `${address} ended the connection before it greeted`);
    const dialing = { to, cut: () => this.#arrive(to, from, host, () => fail({ error: cutShort, cutShort: true })) };
    this.#dials.add(dialing);
    const silence = new RaftctlError('unreachable', `${address} did not greet within ${dial.handshakeTimeoutMs} ms`);
    const timer = host.scheduler.after(dial.handshakeTimeoutMs, () => fail({ error: silence }));
    const hello = dial.hello();
    this.#arrive(from, to, host, () => {
      const listener = this.#listeners.get(address);
      if (isOver) return;
      if (listener === undefined || this.faults.refuses?.(from, to) === true) {
        fail({ error: new RaftctlError('unreachable', `nothing listens at ${address}`), refusedBy: [address] });
        return;
      }
      this.deliver(listener.host, this.options.clock.now(), () => {
        const welcome = listener.options.hello();
        const refusal = listener.judge(hello, welcome);
        if (refusal !== undefined) {
          this.#arrive(to, from, host, () => fail({ error: refusal }));
          return;
        }
        if (isOver) return;
        const [dialed, far] = this.#connect({
          from,
          host,
          to: listener.name,
          address,
          hello,
          welcome,
          dial,
          handlers,
          listener,
        });
        near = dialed;
        far.open();
        this.#arrive(to, from, host, () =>
          finish(() => {
            outcome.greeted(dialed);
            dialed.begin();
          }),
        );
      });
    });
    return { cancel: () => finish(() => near?.vanish()) };
  }

  #arrive(from: string, to: string, host: NetworkHost, run: () => void): void {
    const at = this.arrivalOf(from, to, 0);
    if (at !== undefined) this.deliver(host, at, run);
  }

  #connect(pair: {
    readonly from: string;
    readonly host: NetworkHost;
    readonly to: string;
    readonly address: string;
    readonly hello: Hello;
    readonly welcome: Hello;
    readonly dial: DialOptions;
    readonly handlers: ConnectionHandlers;
    readonly listener: MemoryListener;
  }): [MemoryConnection, MemoryConnection] {
    const { from, host, to, address, hello, welcome, dial, handlers, listener } = pair;
    const end = (name: string, at: NetworkHost, rest: Omit<EndOptions, 'network' | 'id' | 'name' | 'host'>) =>
      new MemoryConnection({ network: this, id: this.#nextId(), name, host: at, ...rest });
    const near = end(from, host, {
      peer: welcome,
      remoteAddress: address,
      maxQueuedBytes: dial.maxQueuedBytes,
      handlers,
    });
    const far = end(to, listener.host, {
      peer: hello,
      remoteAddress: from,
      maxQueuedBytes: listener.options.maxQueuedBytes,
      handlers: listener.handlers,
    });
    near.join(far);
    far.join(near);
    for (const one of [near, far]) {
      this.#ends.add(one);
      one.gone = () => this.#ends.delete(one);
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
  readonly host: NetworkHost;
  readonly port: number;
  readonly options: ListenOptions;
  readonly remove: () => void;
  readonly handlers: ConnectionHandlers;

  constructor(name: string, host: NetworkHost, port: number, options: ListenOptions, remove: () => void) {
    this.name = name;
    this.host = host;
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

interface EndOptions {
  readonly network: MemoryNetwork;
  readonly id: number;
  readonly name: string;
  readonly host: NetworkHost;
  readonly peer: Hello;
  readonly remoteAddress: string;
  readonly maxQueuedBytes: number;
  readonly handlers: ConnectionHandlers;
}

/** One of the two ends. Frames arrive as copies, a batch per flush. */
class MemoryConnection implements Connection {
  gone: () => void = () => {};
  readonly id: number;
  readonly name: string;
  readonly peer: Hello;
  readonly remoteAddress: string;
  readonly #options: EndOptions;
  #other: MemoryConnection | undefined;
  #queue: Frame[] = [];
  #queuedBytes = 0;
  #isOpen = true;
  #lastArrival = 0;
  /** What arrived before the welcome did. */
  #early: (() => void)[] | undefined = [];

  constructor(options: EndOptions) {
    this.#options = options;
    this.id = options.id;
    this.name = options.name;
    this.peer = options.peer;
    this.remoteAddress = options.remoteAddress;
  }

  get otherName(): string {
    return this.#other!.name;
  }

  join(other: MemoryConnection): void {
    this.#other = other;
  }

  open(): void {
    this.#options.handlers.opened?.(this);
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
    if (!this.#isOpen || this.#queuedBytes >= this.#options.maxQueuedBytes) return false;
    if (this.#queue.length === 0) this.#flushLater();
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
    const { network, name } = this.#options;
    const { watch, faults } = network;
    const to = this.otherName;
    watch?.(name, to, frames);
    if (!this.#isOpen) return;
    if (faults.passages === undefined) {
      const at = network.arrivalOf(name, to, this.#lastArrival);
      if (at !== undefined) this.#carry(frames, at);
      return;
    }
    for (const { frames: taken, delayMs, overtakes } of faults.passages(name, to, frames)) {
      const at = network.options.clock.now() + delayMs;
      this.#carry(taken, overtakes ? at : Math.max(at, this.#lastArrival), overtakes);
    }
  }

  close(reason?: RaftctlError): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#end();
    this.#options.host.scheduler.defer(() => this.#options.handlers.closed?.(this, reason));
    this.#tellEnd(reason);
  }

  /** The connection is reset on the way. */
  breakOff(): void {
    const { network, name, host } = this.#options;
    const error = new RaftctlError('closed', `the connection between ${name} and ${this.otherName} was reset`);
    network.deliver(host, network.options.clock.now(), () => this.#whenBegun(() => this.#lost(error)));
  }

  vanish(unnoticedMs = 0): void {
    this.#end();
    this.#tellEnd(new RaftctlError('closed', `${this.name} is gone`), unnoticedMs);
  }

  #flushLater(): void {
    const { host } = this.#options;
    const flush = (): void => this.flush();
    if (host.atEndOfTurn === undefined) host.scheduler.defer(flush);
    else host.atEndOfTurn(flush);
  }

  #lost(reason: RaftctlError | undefined): void {
    if (!this.#isOpen) return;
    this.#end();
    this.#options.handlers.closed?.(this, reason);
  }

  #end(): void {
    this.#isOpen = false;
    this.#queue = [];
    this.gone();
  }

  #carry(frames: readonly Frame[], at: number, overtakes = false): void {
    if (!overtakes) this.#lastArrival = at;
    this.#deliver(at, (other) => {
      if (other.#isOpen) other.#options.handlers.frames(other, frames);
    });
  }

  #tellEnd(error: RaftctlError | undefined, unnoticedMs = 0): void {
    const { network } = this.#options;
    const at = network.safeArrivalOf(this.name, this.otherName, this.#lastArrival) + unnoticedMs;
    this.#deliver(at, (other) => other.#lost(error));
  }

  #deliver(at: number, event: (other: MemoryConnection) => void): void {
    const { network } = this.#options;
    network.deliver(this.#other!.#options.host, at, () => this.#arrive(event));
  }

  #arrive(event: (other: MemoryConnection) => void): void {
    const other = this.#other!;
    other.#whenBegun(() => event(other));
  }

  #whenBegun(event: () => void): void {
    if (this.#early === undefined) event();
    else this.#early.push(event);
  }
}
