import { Backoff, type RaftctlError, type Random } from '../base/index.js';
import type { Channel } from './channel.js';
import type { Endpoint } from './endpoint.js';
import type { Waiting } from './pending.js';
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
  /** The longest value in it; 0 for a read. */
  readonly valueBytes: number;
  readonly timeoutMs: number;
  /** A method, so that operations of all verbs fit in one table: results go only to the caller of their verb. */
  resolve(result: Result): void;
  reject(error: RaftctlError): void;
}

/**
 * One call of the library, from its start until its promise settles. It is in flight on a channel, or it waits for a
 * route or for its next try; the client moves it.
 */
export class Operation implements Waiting {
  callId = 0;
  readonly verb: Verb<unknown>;
  readonly via: Via | undefined;
  readonly valueBytes: number;
  readonly timeoutMs: number;
  readonly deadline: number;
  /** Where it is in flight. */
  channel: Channel | undefined;
  /** What a node said to the last try. */
  refusal: RaftctlError | undefined;
  /** Told when it settles, if anybody needs to know. */
  onSettled: (() => void) | undefined;
  /** Who failed the last try: somebody else is asked if there is a choice. */
  avoid: Endpoint | undefined;
  /** Waits for this time; 0: for a change of connections or leader. */
  notBefore = 0;
  /** How many dials had failed, over all endpoints, when it began to wait for one: a later failure is news. */
  waitingSince: number | undefined;
  #payload: Buffer;
  #backoff: Backoff | undefined;
  readonly #caller: OperationStart<unknown>;

  constructor(start: OperationStart<unknown>, via: Via | undefined, now: number) {
    this.verb = start.verb;
    this.via = via;
    this.valueBytes = start.valueBytes;
    this.timeoutMs = start.timeoutMs;
    this.deadline = now + start.timeoutMs;
    this.#payload = start.payload;
    this.#caller = start;
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

  /** Throws `bad-request` when the answer is not one; the operation still waits then. */
  answer(reply: Buffer, endpoint: Endpoint): void {
    const result = this.verb.decode(reply, endpoint.node, this.#payload);
    this.#settled();
    this.#caller.resolve(result);
  }

  fail(error: RaftctlError): void {
    this.#settled();
    this.#caller.reject(error);
  }

  #settled(): void {
    this.channel = undefined;
    this.onSettled?.();
  }
}
