import { assert, Backoff, type RaftctlError, type Random } from '../base/index.js';
import { putSession, withoutSession } from '../kv/command.js';
import type { Call } from '../transport/calls.js';
import type { Frame } from '../transport/transport.js';
import { WRITE_HEADER_BYTES } from '../wire/client-codec.js';
import type { Endpoint, Route } from './endpoint.js';
import type { ClientSession } from './session.js';
import type { Via } from './types.js';
import type { Verb } from './verbs.js';

/** Part of the time is kept back, so that a node's reason arrives before the client's own timeout does. */
const MARGIN_SHARE = 0.1;
const MARGIN_MS_MIN = 5;
const MARGIN_MS_MAX = 200;
const RETRY_BACKOFF = { firstMs: 5, maxMs: 250, factor: 2, jitter: 0.5 };

const marginOf = (ms: number): number => Math.min(MARGIN_MS_MAX, Math.max(MARGIN_MS_MIN, ms * MARGIN_SHARE));

/** How long a node may keep a request that has `remainingMs` left. */
export const nodeTimeoutOf = (remainingMs: number): number =>
  Math.max(1, Math.floor(remainingMs - marginOf(remainingMs)));

export interface OperationStart<Result> {
  readonly verb: Verb<Result>;
  /** Encoded for the full timeout. */
  readonly payload: Buffer;
  /** It has room for a session, and is not to be sent before it has one. */
  readonly isInSession?: boolean;
  /** The longest value in it; 0 for a read. */
  readonly valueBytes: number;
  readonly timeoutMs: number;
  /** A method, so that operations of all verbs fit in one table: results go only to the caller of their verb. */
  resolve(result: Result): void;
  reject(error: RaftctlError): void;
}

/** Where an operation is. */
export type OperationState =
  /** Waits for a change of links or leader. */
  | { readonly type: 'unrouted' }
  /** In flight on a channel. */
  | Route
  /** Refused for now: tried again at this time. */
  | { readonly type: 'backing-off'; readonly until: number }
  | { readonly type: 'settled' };

const UNROUTED: OperationState = { type: 'unrouted' };
const SETTLED: OperationState = { type: 'settled' };

/** Who moves operations, told what comes of one that is in flight. */
export interface OperationOwner {
  /** Throws when the answer makes no sense. */
  answered(operation: Operation, route: Route, frame: Frame): void;
  overdue(operation: Operation): void;
  /** No error: the connection ended in good order. */
  lost(operation: Operation, route: Route, error: RaftctlError | undefined): void;
}

/** One call of the library, from its start until its promise settles. */
export class Operation implements Call {
  callId = 0;
  readonly verb: Verb<unknown>;
  readonly via: Via | undefined;
  readonly valueBytes: number;
  readonly timeoutMs: number;
  readonly deadline: number;
  /** What a node said to the last try. */
  refusal: RaftctlError | undefined;
  /** An earlier try has had no answer that says what became of it. */
  isInDoubt = false;
  /** Told when it settles, if anybody needs to know. */
  onSettled: (() => void) | undefined;
  /** Who failed the last try: somebody else is asked if there is a choice. */
  avoid: Endpoint | undefined;
  /** How many dials had failed, over all endpoints, when it began to wait for one: a later failure is news. */
  waitingSince: number | undefined;
  #state: OperationState = UNROUTED;
  #payload: Buffer;
  #lacksSession: boolean;
  #session: ClientSession | undefined;
  #sequence = 0;
  #backoff: Backoff | undefined;
  readonly #owner: OperationOwner;
  readonly #caller: OperationStart<unknown>;

  constructor(start: OperationStart<unknown>, via: Via | undefined, now: number, owner: OperationOwner) {
    this.verb = start.verb;
    this.via = via;
    this.valueBytes = start.valueBytes;
    this.timeoutMs = start.timeoutMs;
    this.deadline = now + start.timeoutMs;
    this.#payload = start.payload;
    this.#lacksSession = start.isInSession === true;
    this.#owner = owner;
    this.#caller = start;
  }

  get state(): OperationState {
    return this.#state;
  }

  // ── its session ──

  /** It has to have a place in one before it is sent. */
  get lacksSession(): boolean {
    return this.#lacksSession;
  }

  /** Where it can be run once only, however often it is sent. */
  get session(): ClientSession | undefined {
    return this.#session;
  }

  /** It may be sent again although nobody knows whether it happened. */
  get isRepeatable(): boolean {
    return !this.verb.isWrite || this.#session !== undefined;
  }

  enter(session: ClientSession): void {
    // Bytes that were sent before are not ours to change.
    if (this.#session !== undefined) this.#payload = Buffer.from(this.#payload);
    this.#session = session;
    this.#sequence = session.take();
    const { id, lowest } = session;
    putSession(this.#payload, WRITE_HEADER_BYTES, { session: id, sequence: this.#sequence, lowest });
    this.#lacksSession = false;
  }

  /** It needs another one. Nothing has happened under the one that it has. */
  renewSession(): void {
    this.#lacksSession = true;
  }

  leaveSessions(): void {
    this.#payload = withoutSession(this.#payload, WRITE_HEADER_BYTES);
    this.#session = undefined;
    this.#lacksSession = false;
  }

  // ── moves ──

  unroute(): void {
    this.#become(UNROUTED);
  }

  sent(route: Route): void {
    this.#become(route);
  }

  backOff(until: number): void {
    this.#become({ type: 'backing-off', until });
  }

  /** Throws `bad-request` when the answer is not one; the operation has not settled then. */
  answer(reply: Buffer, { node }: Endpoint): void {
    const result = this.verb.decode(reply, node, this.#payload);
    this.#become(SETTLED);
    this.#caller.resolve(result);
  }

  fail(error: RaftctlError): void {
    this.#become(SETTLED);
    this.#caller.reject(error);
  }

  /** The one place that changes the state. */
  #become(state: OperationState): void {
    assert(this.#state !== SETTLED, 'an operation settles once');
    this.#state = state;
    if (state !== SETTLED) return;
    this.#session?.acknowledge(this.#sequence);
    this.onSettled?.();
  }

  // ── from the channel ──

  take(frame: Frame): void {
    this.#owner.answered(this, this.#route(), frame);
  }

  /** News is for watches: it answers nothing. */
  news(frame: Frame): void {
    this.#owner.answered(this, this.#route(), frame);
  }

  overdue(): void {
    this.#owner.overdue(this);
  }

  lost(error: RaftctlError | undefined): void {
    this.#owner.lost(this, this.#route(), error);
  }

  #route(): Route {
    assert(this.#state.type === 'routed', 'an operation is in flight while a channel knows it');
    return this.#state;
  }

  /** What to send now: the node's bound shrinks with the time that is left. */
  payloadFor(now: number): Buffer {
    const wanted = nodeTimeoutOf(this.deadline - now);
    // A first try goes out as it was encoded, a fraction of a millisecond ago.
    if (wanted + 1 >= this.#payload.readUInt32LE(0)) return this.#payload;
    // Bytes that were sent before are not ours to change.
    this.#payload = Buffer.from(this.#payload);
    this.#payload.writeUInt32LE(wanted, 0);
    return this.#payload;
  }

  /** Too little time left for another try to be worth it: its answer might come after the deadline. */
  isNearlyOver(now: number): boolean {
    return this.deadline - now < 2 * marginOf(this.timeoutMs);
  }

  retryDelayMs(random: Random): number {
    this.#backoff ??= new Backoff(RETRY_BACKOFF, random);
    return this.#backoff.nextMs();
  }
}
