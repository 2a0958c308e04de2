import { type RaftctlError, silent } from '../../base/index.js';
import {
  type AcceptHandlers,
  type Address,
  createTransport,
  type Frame,
  type ServerSocket,
  type Socket,
  type Transport,
} from '../../transport/index.js';
import type { Medium, NetworkHost } from './medium.js';
import { MemoryServer } from './memory-server.js';
import { MemorySocket, type SocketEnd, systemError } from './memory-socket.js';
import { type NetworkFaults, retransmittedAt } from './network-faults.js';

/** TCP repeats a lost dial after 1, 3 and 7 s. */
const SYN_RTO_MS = 1_000;

/**
 * A network without sockets, a function of its scheduler and its random: byte streams in memory under the transport
 * that ships, one `Transport` per name.
 *
 *     const network = createMemoryNetwork({ clock, scheduler, random });
 *     const transport = network.transport('node-01');
 *     network.faults = { loses: (from) => from === 'node-01' };
 */
export function createMemoryNetwork(options: NetworkHost): MemoryNetwork {
  return new MemoryNetwork(options);
}

export class MemoryNetwork implements Medium {
  faults: NetworkFaults = {};
  /** Sees every batch of a host's frames as it is written, whatever becomes of it. */
  watch: ((from: string, to: string, frames: readonly Frame[], waitingBytes: number) => void) | undefined;
  /** Sees every chunk that a host is about to read, and how much waits for whom it is from. */
  watchReads: ((reader: string, of: string, waitingBytes: number) => void) | undefined;
  /** Told when one side ends a connection because the other does not keep to the protocol. */
  accused: ((by: string, of: string, reason: RaftctlError) => void) | undefined;
  /** The network's own clock, and the host of transports that bring none. */
  readonly #options: NetworkHost;
  readonly #servers = new Map<string, MemoryServer>();
  readonly #sockets = new Set<MemorySocket>();
  #lastPort = 40_000;

  constructor(options: NetworkHost) {
    this.#options = options;
  }

  transport(name: string, host: NetworkHost = this.#options): Transport {
    const { clock, scheduler, random, atEndOfTurn } = host;
    return createTransport({
      clock,
      random,
      emit: silent,
      scheduler: atEndOfTurn === undefined ? scheduler : { defer: atEndOfTurn, after: scheduler.after.bind(scheduler) },
      network: {
        listen: (address, handlers) => this.#listen(name, host, address, handlers),
        dial: (address) => this.#dial(name, host, address),
      },
    });
  }

  /**
   * The process is gone at once: its handlers hear nothing, dials are refused. The others see their connections end,
   * after `unnoticedMs`: a machine that lost its power says no goodbye.
   */
  crash(name: string, unnoticedMs = 0): void {
    for (const [address, server] of [...this.#servers]) if (server.name === name) this.#servers.delete(address);
    for (const socket of [...this.#sockets]) if (socket.name === name) socket.vanish(unnoticedMs);
  }

  /** Both sides of every connection between the two see it end. */
  reset(one: string, other: string): void {
    for (const socket of [...this.#sockets]) {
      const { name, otherName } = socket;
      if ((name === one && otherName === other) || (name === other && otherName === one)) socket.breakOff();
    }
  }

  now(): number {
    return this.#options.clock.now();
  }

  arrivalOf(from: string, to: string, notBefore: number): number | undefined {
    if (this.faults.loses?.(from, to) === true) return undefined;
    return this.safeArrivalOf(from, to, notBefore);
  }

  safeArrivalOf(from: string, to: string, notBefore: number): number {
    const until = this.faults.silence?.(from, to)?.until ?? 0;
    return Math.max(notBefore, until, this.now() + (this.faults.delayMs?.(from, to) ?? 0));
  }

  deliver(host: NetworkHost, at: number, run: () => void): void {
    const ms = at - this.now();
    if (host.arriveAt !== undefined) host.arriveAt(at, run);
    else if (ms > 0) host.scheduler.after(ms, run);
    else host.scheduler.defer(run);
  }

  written(from: string, to: string, frames: readonly Frame[], waitingBytes: number): void {
    this.watch?.(from, to, frames, waitingBytes);
  }

  reads(reader: string, of: string, waitingBytes: number): void {
    this.watchReads?.(reader, of, waitingBytes);
  }

  /** What waits for all others of whom `isCounted` says so, with what the kernel has taken of it left out. */
  waitingBytes(name: string, isCounted: (other: string) => boolean): number {
    let bytes = 0;
    for (const socket of this.#sockets) {
      if (socket.name === name && isCounted(socket.otherName)) bytes += socket.writableLength;
    }
    return bytes;
  }

  refused(by: string, of: string, reason: RaftctlError): void {
    if (reason.code === 'bad-request') this.accused?.(by, of, reason);
  }

  #listen(name: string, host: NetworkHost, address: Address, handlers: AcceptHandlers): Promise<ServerSocket> {
    if (host.isAlive === false) return new Promise(() => {});
    const port = address.port === 0 ? this.#nextPort() : address.port;
    const where = `${address.host}:${port}`;
    if (this.#servers.has(where)) return Promise.reject(systemError('EADDRINUSE', address.host, port));
    const server = new MemoryServer({ name, host, port, handlers, closed: () => this.#servers.delete(where) });
    this.#servers.set(where, server);
    return Promise.resolve(server);
  }

  #dial(from: string, host: NetworkHost, { host: remoteAddress, port: remotePort }: Address): Socket {
    const where = `${remoteAddress}:${remotePort}`;
    const localPort = this.#nextPort();
    const near = this.#socket({
      medium: this,
      name: from,
      host,
      localAddress: from,
      localPort,
      remoteAddress,
      remotePort,
      // Who will listen there is not known for certain yet; the host is its name.
      otherName: this.#servers.get(where)?.name ?? remoteAddress,
    });
    this.#arrive(from, near.otherName, host, () => {
      if (near.destroyed) return;
      const server = this.#servers.get(where);
      if (server === undefined || this.faults.refuses?.(from, near.otherName) === true) {
        const refused = systemError('ECONNREFUSED', remoteAddress, remotePort);
        this.#arrive(near.otherName, from, host, () => near.failed(refused));
        return;
      }
      const far = this.#socket({
        medium: this,
        name: server.name,
        host: server.host,
        localAddress: remoteAddress,
        localPort: remotePort,
        remoteAddress: from,
        remotePort: localPort,
        otherName: from,
      });
      near.join(far);
      far.join(near);
      this.deliver(server.host, this.now(), () => server.accept(far));
      this.#arrive(server.name, from, host, () => near.connected());
    });
    return near;
  }

  #socket(end: SocketEnd): MemorySocket {
    const socket = new MemorySocket(end);
    this.#sockets.add(socket);
    socket.gone = () => this.#sockets.delete(socket);
    return socket;
  }

  #arrive(from: string, to: string, host: NetworkHost, run: () => void): void {
    const silence = this.faults.silence?.(from, to);
    const taken = silence === undefined ? 0 : retransmittedAt(this.now(), { ...silence, rtoMs: SYN_RTO_MS });
    const at = this.arrivalOf(from, to, taken);
    if (at !== undefined) this.deliver(host, at, run);
  }

  #nextPort(): number {
    this.#lastPort += 1;
    return this.#lastPort;
  }
}
