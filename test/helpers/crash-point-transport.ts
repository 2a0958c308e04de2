import type { RaftctlError } from '../../src/base/index.js';
import type { Connection, Hello, Transport } from '../../src/transport/index.js';
import { decodeOkWrite, KIND } from '../../src/wire/index.js';
import { type CrashPoints, die } from './crash-point-process.js';

/** Which write was answered: revisions are unique. */
export interface ReplyFacts {
  readonly revision: number;
}

/** A transport on which the process dies before or after it tells a client that its write is done. */
export function crashingTransport(transport: Transport, points: CrashPoints): Transport {
  return {
    dial: (options) => transport.dial(options),
    setFaults: (links) => transport.setFaults(links),
    listen(options) {
      const wrapped = new WeakMap<Connection, Connection>();
      const wrap = (connection: Connection): Connection => {
        const known = wrapped.get(connection) ?? new CrashingConnection(connection, points);
        wrapped.set(connection, known);
        return known;
      };
      const { opened, frames, drained, closed } = options.handlers;
      return transport.listen({
        ...options,
        handlers: {
          opened: (connection) => opened?.(wrap(connection)),
          frames: (connection, received) => frames(wrap(connection), received),
          drained: (connection) => drained?.(wrap(connection)),
          closed: (connection, error) => closed?.(wrap(connection), error),
        },
      });
    },
  };
}

class CrashingConnection implements Connection {
  readonly id: number;
  readonly peer: Hello;
  readonly agreement: Connection['agreement'];
  readonly remoteAddress: string;
  readonly #connection: Connection;
  readonly #points: CrashPoints;

  constructor(connection: Connection, points: CrashPoints) {
    this.id = connection.id;
    this.peer = connection.peer;
    this.agreement = connection.agreement;
    this.remoteAddress = connection.remoteAddress;
    this.#connection = connection;
    this.#points = points;
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes;
  }

  get isFull(): boolean {
    return this.#connection.isFull;
  }

  send(kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean {
    const reply = this.peer.role === 'client' && kind === KIND.okWrite ? writeIn(parts) : undefined;
    if (reply !== undefined && this.#points.reached('before-reply', reply)) die();
    const sent = this.#connection.send(kind, callId, ...parts);
    if (sent && reply !== undefined && this.#points.reached('after-reply', reply)) this.#dieOnceItLeft();
    return sent;
  }

  /** The kernel delivers what it has taken, whatever becomes of the process. */
  #dieOnceItLeft(): void {
    this.#connection.flush();
    if (this.#connection.queuedBytes === 0) die();
    setImmediate(() => this.#dieOnceItLeft());
  }

  flush(): void {
    this.#connection.flush();
  }

  close(reason?: RaftctlError): void {
    this.#connection.close(reason);
  }
}

/** Undefined for a cas that changed nothing. */
function writeIn(parts: readonly Uint8Array[]): ReplyFacts | undefined {
  const { succeeded, revision } = decodeOkWrite(Buffer.concat(parts));
  return succeeded ? { revision } : undefined;
}
