import type { AcceptHandlers, ServerSocket } from '../../transport/index.js';
import type { NetworkHost } from './medium.js';
import type { MemorySocket } from './memory-socket.js';

export interface MemoryServerOptions {
  readonly name: string;
  readonly host: NetworkHost;
  readonly port: number;
  readonly handlers: AcceptHandlers;
  /** Its address is free again. */
  readonly closed: () => void;
}

/** Where a name accepts connections, until its process ends or closes it. */
export class MemoryServer implements ServerSocket {
  readonly name: string;
  readonly host: NetworkHost;
  readonly port: number;
  readonly #options: MemoryServerOptions;
  readonly #open = new Set<MemorySocket>();
  #done: (() => void) | undefined;

  constructor(options: MemoryServerOptions) {
    this.name = options.name;
    this.host = options.host;
    this.port = options.port;
    this.#options = options;
  }

  accept(socket: MemorySocket): void {
    if (socket.destroyed) return;
    if (this.#done !== undefined) {
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      if (this.#open.size === 0) this.#done?.();
    });
    this.#options.handlers.accepted(socket);
  }

  close(done: () => void): void {
    this.#done = done;
    this.#options.closed();
    if (this.#open.size === 0) this.host.scheduler.defer(done);
  }
}
