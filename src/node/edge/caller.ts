import type { Connection } from '../../transport/index.js';
import type { Result } from '../result.js';
import { type AnswerContext, WireOrigin } from './wire-origin.js';

export interface CallerContext extends AnswerContext {
  /** Something waits on that connection for the end of the turn. */
  readonly unflushed: Set<Connection>;
}

/** A client or a supervisor: its connection, and the streams that end with it. */
export class Caller {
  readonly connection: Connection;
  readonly context: CallerContext;
  /** By call id. */
  readonly watches = new Map<number, CallerOrigin>();
  /** There is one; another replaces it. */
  subscription: CallerOrigin | undefined;

  constructor(connection: Connection, context: CallerContext) {
    this.connection = connection;
    this.context = context;
  }

  /** Answers that wait until it has read others. */
  readonly #held: ((now: number) => void)[] = [];

  hold(answer: (now: number) => void): void {
    this.#held.push(answer);
  }

  /** It has read: what waits goes on, as far as it goes. */
  goOn(now: number): void {
    let nth = 0;
    for (; nth < this.#held.length && !this.connection.isFull; nth += 1) this.#held[nth]!(now);
    this.#held.splice(0, nth);
  }

  get streams(): CallerOrigin[] {
    return this.subscription === undefined ? [...this.watches.values()] : [...this.watches.values(), this.subscription];
  }

  /** Queues a frame for the end of the turn; false when the connection is closed or does not read. */
  send(kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean {
    this.context.unflushed.add(this.connection);
    return this.connection.send(kind, callId, ...parts);
  }
}

/** One request of a client or a supervisor: what answers it goes out under its id. */
export class CallerOrigin extends WireOrigin {
  readonly from = 'client';
  readonly #caller: Caller;
  readonly #callId: number;

  constructor(caller: Caller, callId: number) {
    super();
    this.#caller = caller;
    this.#callId = callId;
  }

  get name(): string {
    return this.#caller.connection.remoteAddress;
  }

  get isFull(): boolean {
    return this.#caller.connection.isFull;
  }

  whenRoom(answer: (now: number) => void): void {
    this.#caller.hold(answer);
  }

  protected get context(): AnswerContext {
    return this.#caller.context;
  }

  override respond(result: Result): boolean {
    // A failure is the last that a watch hears.
    const { watches } = this.#caller;
    if (result.type === 'failed' && watches.get(this.#callId) === this) watches.delete(this.#callId);
    return super.respond(result);
  }

  protected send(kind: number, ...parts: readonly Uint8Array[]): boolean {
    return this.#caller.send(kind, this.#callId, ...parts);
  }
}
