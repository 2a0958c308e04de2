import type { Address } from './address.js';

/**
 * What the transport stands on: byte streams between addresses. `tcp-network.ts` is the real one, over node:net; the
 * simulator brings one in memory, and everything above it is the same code.
 */
export interface Network {
  /** Resolves once bound; rejects with the system's error. */
  listen(address: Address, handlers: AcceptHandlers): Promise<ServerSocket>;
  /** At once a socket, which tells `connect`, or `error` with the system's error, in a later turn. */
  dial(address: Address): Socket;
}

/** Called from the event loop, once `listen` has resolved. */
export interface AcceptHandlers {
  accepted(socket: Socket): void;
  /** A connection could not be taken; the next one may. */
  failed(error: Error): void;
}

export interface ServerSocket {
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Takes no more connections; `done` once all that were taken have closed. */
  close(done: () => void): void;
}

/**
 * One end of a byte stream: the part of node:net's socket that the transport uses, so that the real one is just that.
 * Events come from the event loop, never inside a call. `close` is the last, after `end` or `error` or neither.
 */
export interface Socket {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  /** Bytes that were written and that the kernel has not taken. */
  readonly writableLength: number;
  readonly destroyed: boolean;
  /**
   * Queues the bytes, which must not change any more. Answers whether more are welcome; they are taken anyhow, and once the
   * kernel has all of them, `drain` is told. Over TCP fewer than 64 KiB are always welcome.
   */
  write(bytes: Uint8Array): boolean;
  /** What is written between the two leaves as one. */
  cork(): void;
  uncork(): void;
  /** Nothing more is written after these; what was written is sent first. */
  end(): unknown;
  end(lastWords: Uint8Array): unknown;
  /** Closes at once, whatever is queued. */
  destroy(): unknown;
  /** Reads nothing more until `resume`. */
  pause(): unknown;
  /** Reads on, though nobody hears `data`. */
  resume(): unknown;
  on(event: 'data', heard: (chunk: Buffer) => void): this;
  on(event: 'error', heard: (error: Error) => void): this;
  on(event: 'connect' | 'end' | 'close' | 'drain', heard: () => void): this;
  once(event: 'connect' | 'close', heard: () => void): this;
  off(event: 'data', heard: (chunk: Buffer) => void): this;
  off(event: 'error', heard: (error: Error) => void): this;
  off(event: 'connect' | 'end' | 'close', heard: () => void): this;
}
