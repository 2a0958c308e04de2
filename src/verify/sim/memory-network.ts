import { type Clock, RaftctlError, type Random, type Scheduler, silent } from '../../base/index.js';
import {
  type Attempt,
  type AttemptOutcome,
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
import { type EndOptions, MemoryConnection } from './memory-connection.js';
import { MemoryListener } from './memory-listener.js';

/** One way that a batch of frames, or a part of it, takes. */
export interface Passage {
  readonly frames: readonly Frame[];
  readonly delayMs: number;
  /** It may arrive before what was sent earlier, as if over another connection. */
  readonly overtakes: boolean;
}

/** What becomes of a batch: the ways it takes, or the hole it leaves. */
export type Fate =
  | readonly Passage[]
  /**
   * It is lost as TCP loses: nothing behind a hole is ever handed over, and after a while both ends see a reset. Who is
   * promised an unbroken stream, as watches are, has that promise only with such a network.
   */
  | { readonly brokenAfterMs: number };

/** What the network does to what goes from one named transport to another. Asked for every batch of frames. */
export interface NetworkFaults {
  /** Milliseconds on the way. One direction of a connection keeps its order. */
  delayMs?(from: string, to: string): number;
  /** It disappears, and the connection stays: a cut direction loses everything. */
  loses?(from: string, to: string): boolean;
  /** A dial is refused although somebody listens. */
  refuses?(from: string, to: string): boolean;
  /** What becomes of a batch of frames of a connection; instead of `delayMs` and `loses`. */
  passages?(from: string, to: string, frames: readonly Frame[]): Fate;
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
  /** A process that ended computes to the end of its turn, and must not open a port any more. Left out: it lives. */
  readonly isAlive?: boolean;
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
  /** Told when one side ends a connection because the other does not keep to the protocol. */
  accused: ((by: string, of: string, reason: RaftctlError) => void) | undefined;
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
    if (host.isAlive === false) return new Promise(() => {});
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
    const unreachable = (why: string) => new RaftctlError('unreachable', `${address} ${why}`);
    const cutShort = () => fail({ error: unreachable('ended the connection before it greeted'), cutShort: true });
    const dialing = { to, cut: () => this.#arrive(to, from, host, cutShort) };
    this.#dials.add(dialing);
    const timer = host.scheduler.after(dial.handshakeTimeoutMs, () =>
      fail({ error: unreachable(`did not greet within ${dial.handshakeTimeoutMs} ms`) }),
    );
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
