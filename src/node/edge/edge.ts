import { type NodeId, RaftctlError } from '../../base/index.js';
import type { Connection, Frame } from '../../transport/index.js';
import { KIND } from '../../wire/index.js';
import type { Origin } from '../origin.js';
import type { Request } from '../request.js';
import { failed } from '../result.js';
import { Caller, type CallerContext, CallerOrigin } from './caller.js';
import { decodeRequest } from './decode-request.js';
import { decodeForwarded, ForwardOrigin, type Relay } from './forwarding.js';
import { onceForAll } from './wire-origin.js';

interface EdgeOptions {
  /** Serves a request; `now` is when it arrived, in monotonic milliseconds. */
  readonly serve: (request: Request, origin: Origin, now: number) => void;
  readonly relay: Relay;
  /** The leader as this node knows it. */
  readonly leader: () => NodeId | null;
}

const WATCHES_PER_CONNECTION_MAX = 1_024;

/**
 * Frames ⇄ requests and results. What serves a request knows no frames; what sends frames knows nothing of requests
 * but here. What cannot be understood of a request is answered under its call id, and the connection goes on; frames
 * that nobody of that role sends are thrown as `bad-request`, and end it.
 */
export class Edge {
  readonly #options: EdgeOptions;
  readonly #context: CallerContext;
  readonly #callers = new Map<Connection, Caller>();

  constructor(options: EdgeOptions) {
    this.#options = options;
    this.#context = { leader: options.leader, encodeNews: onceForAll(), unflushed: new Set() };
  }

  /** Frames of a client or a supervisor. */
  receive(connection: Connection, frames: readonly Frame[], now: number): void {
    const caller = this.#callerOf(connection);
    for (const frame of frames) this.#receive(caller, frame, now);
  }

  /** A `forward` of another node. Throws `bad-request` for what no node sends. */
  receiveForwarded(from: NodeId, { callId, payload }: Frame, now: number): void {
    const origin = new ForwardOrigin(from, callId, this.#options.relay, this.#context);
    this.#options.serve(decodeForwarded(payload), origin, now);
  }

  /** What answers no request. */
  push(connection: Connection, kind: number, payload: Uint8Array): void {
    this.#callerOf(connection).send(kind, 0, payload);
  }

  /** The connection was full, and has read. */
  drained(connection: Connection, now: number): void {
    this.#callers.get(connection)?.goOn(now);
  }

  /** The connection is closed, and takes its streams along. */
  closed(connection: Connection, now: number): void {
    const caller = this.#callers.get(connection);
    if (caller === undefined) return;
    this.#callers.delete(connection);
    for (const stream of caller.streams) this.#cancel(stream, now);
  }

  /** Everything said in this turn leaves now, in one write per connection. */
  flush(): void {
    const { unflushed } = this.#context;
    for (const connection of unflushed) connection.flush();
    unflushed.clear();
  }

  #receive(caller: Caller, { kind, callId, payload }: Frame, now: number): void {
    if (kind === KIND.unwatch) {
      this.#unwatch(caller, callId, now);
      return;
    }
    const origin = new CallerOrigin(caller, callId);
    const request = this.#decode(caller, origin, kind, payload);
    if (request === undefined) return;
    if (request.type === 'watch' && !this.#mayWatch(caller, callId, origin)) return;
    if (request.type === 'subscribe-events') {
      if (caller.subscription !== undefined) this.#cancel(caller.subscription, now);
      caller.subscription = origin;
    }
    this.#options.serve(request, origin, now);
  }

  /** Undefined: answered. */
  #decode({ connection }: Caller, origin: Origin, kind: number, payload: Buffer): Request | undefined {
    const { role } = connection.peer;
    let request: Request | undefined;
    try {
      request = decodeRequest(role, kind, payload);
    } catch (error) {
      if (!(error instanceof RaftctlError)) throw error;
      origin.respond(failed(error));
      return undefined;
    }
    if (request !== undefined) return request;
    throw new RaftctlError('bad-request', `a frame of kind ${kind}, which no ${role} sends`);
  }

  #mayWatch({ watches }: Caller, callId: number, origin: CallerOrigin): boolean {
    if (watches.has(callId)) throw new RaftctlError('bad-request', `a second watch under the call id ${callId}`);
    if (watches.size >= WATCHES_PER_CONNECTION_MAX) {
      const message = `the connection has ${WATCHES_PER_CONNECTION_MAX} watches, which is the most`;
      const hint = 'watch a prefix, or use another connection';
      origin.respond(failed(new RaftctlError('bad-request', message, { hint })));
      return false;
    }
    watches.set(callId, origin);
    return true;
  }

  #unwatch({ watches }: Caller, callId: number, now: number): void {
    const stream = watches.get(callId);
    if (stream === undefined) return;
    watches.delete(callId);
    this.#cancel(stream, now);
  }

  #cancel(stream: Origin, now: number): void {
    this.#options.serve({ type: 'cancel', stream }, stream, now);
  }

  #callerOf(connection: Connection): Caller {
    const known = this.#callers.get(connection);
    if (known !== undefined) return known;
    const caller = new Caller(connection, this.#context);
    this.#callers.set(connection, caller);
    return caller;
  }
}
