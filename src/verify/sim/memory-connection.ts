import { RaftctlError } from '../../base/index.js';
import type { Connection, ConnectionHandlers, Frame, Hello } from '../../transport/index.js';
import type { MemoryNetwork, NetworkHost } from './memory-network.js';

/** What one end is made of. */
export interface EndOptions {
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
export class MemoryConnection implements Connection {
  gone: () => void = () => {};
  readonly id: number;
  readonly name: string;
  readonly peer: Hello;
  readonly agreement: Connection['agreement'] = { version: 2, features: new Set() };
  readonly remoteAddress: string;
  readonly #options: EndOptions;
  #other: MemoryConnection | undefined;
  #queue: Frame[] = [];
  #queuedBytes = 0;
  #isOpen = true;
  #lastArrival = 0;
  /** Something was lost: nothing behind it is handed over. */
  #hasHole = false;
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
    if (this.#hasHole) return;
    const fate = faults.passages(name, to, frames);
    if ('brokenAfterMs' in fate) {
      this.#hasHole = true;
      this.breakOff(fate.brokenAfterMs);
      this.#other!.breakOff(fate.brokenAfterMs);
      return;
    }
    for (const { frames: taken, delayMs, overtakes } of fate) {
      const at = network.options.clock.now() + delayMs;
      this.#carry(taken, overtakes ? at : Math.max(at, this.#lastArrival), overtakes);
    }
  }

  close(reason?: RaftctlError): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#end();
    if (reason?.code === 'bad-request') this.#options.network.accused?.(this.name, this.otherName, reason);
    this.#options.host.scheduler.defer(() => this.#options.handlers.closed?.(this, reason));
    this.#tellEnd(reason);
  }

  /** The connection is reset on the way. */
  breakOff(afterMs = 0): void {
    const { network, name, host } = this.#options;
    const why = `the connection between ${name} and ${this.otherName} was reset`;
    network.deliver(host, network.options.clock.now() + afterMs, () => this.#whenBegun(() => this.#lost(why)));
  }

  vanish(unnoticedMs = 0): void {
    this.#end();
    this.#tellEnd(`${this.name} is gone`, unnoticedMs);
  }

  #flushLater(): void {
    const { host } = this.#options;
    const flush = (): void => this.flush();
    if (host.atEndOfTurn === undefined) host.scheduler.defer(flush);
    else host.atEndOfTurn(flush);
  }

  #lost(reason: RaftctlError | string | undefined): void {
    if (!this.#isOpen) return;
    this.#end();
    this.#options.handlers.closed?.(this, typeof reason === 'string' ? new RaftctlError('closed', reason) : reason);
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

  #tellEnd(reason: RaftctlError | string | undefined, unnoticedMs = 0): void {
    const { network } = this.#options;
    const at = network.safeArrivalOf(this.name, this.otherName, this.#lastArrival) + unnoticedMs;
    this.#deliver(at, (other) => other.#lost(reason));
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
