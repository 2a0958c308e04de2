import type { NodeId, RaftctlError } from '../base/index.js';
import type { Connection } from '../transport/index.js';
import { encodeError, KIND } from '../wire/index.js';
import type { Answers, Call } from './call.js';

interface RepliesOptions {
  /** The way back to a node that forwarded a call. */
  readonly relay: (node: NodeId, callId: number, kind: number, parts: readonly Uint8Array[]) => void;
  /** Goes along with errors, so that a client finds the leader without asking. */
  readonly leader: () => NodeId | null;
}

/** Everything that goes to clients: queued on their connections during a turn, written once at its end. */
export class Replies implements Answers {
  readonly #options: RepliesOptions;
  readonly #unflushed = new Set<Connection>();

  constructor(options: RepliesOptions) {
    this.#options = options;
  }

  answer({ origin, callId }: Call, kind: number, ...parts: readonly Uint8Array[]): void {
    if (origin.type === 'peer') this.#options.relay(origin.node, callId, kind, parts);
    else this.send(origin.connection, kind, callId, ...parts);
  }

  fail(call: Call, error: RaftctlError): void {
    this.answer(call, KIND.error, encodeError(error, this.#options.leader()));
  }

  /** What answers no call, or not the last time. False: this connection takes nothing more for now. */
  send(connection: Connection, kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean {
    this.#unflushed.add(connection);
    return connection.send(kind, callId, ...parts);
  }

  flush(): void {
    for (const connection of this.#unflushed) connection.flush();
    this.#unflushed.clear();
  }
}
