import { asRevision, assert, Backoff, RaftctlError, type Random, type Revision, type Timer } from '../base/index.js';
import type { Call } from '../transport/calls.js';
import type { Frame } from '../transport/transport.js';
import { decodeWatchEvents, encodeWatch } from '../wire/watch-codec.js';
import type { Endpoint, Route } from './endpoint.js';
import type { KeyEvent, Via, Watch, WatchStart } from './types.js';
import { owned } from './verbs.js';
import { WatchBuffer } from './watch-buffer.js';

/** Where a watch is. `watches.ts` moves it. */
export type WatchState =
  /** For a change of links or leader. */
  | { readonly type: 'unrouted' }
  /** On a node: asked for, or going on. */
  | Route
  /** Refused for now: tried again when the timer fires. */
  | { readonly type: 'backing-off'; readonly timer: Timer }
  /** Whoever iterates is too slow: no node is asked until they have read what there is. */
  | { readonly type: 'paused' }
  | { readonly type: 'ended' };

/** Who moves watches, told what comes of one that is on a node, and of whoever iterates. */
export interface WatchOwner {
  /** Events. Throws when they make no sense; the watch is still on the node then. */
  heard(call: WatchCall, route: Route, frame: Frame): void;
  /** The node has ended it, and says why. Throws when that makes no sense. */
  ended(call: WatchCall, route: Route, frame: Frame): void;
  lost(call: WatchCall, route: Route): void;
  /** Whoever iterates has read on. */
  read(call: WatchCall): void;
  left(call: WatchCall): void;
}

export interface WatchCallStart {
  readonly key: Uint8Array;
  readonly isPrefix: boolean;
  /** 0: from the next revision on. */
  readonly from: number;
  readonly via: Via | undefined;
  readonly timeoutMs: number;
  readonly random: Random;
  readonly owner: WatchOwner;
}

const RETRY_BACKOFF = { firstMs: 5, maxMs: 250, factor: 2, jitter: 0.5 };

const UNROUTED: WatchState = { type: 'unrouted' };
const PAUSED: WatchState = { type: 'paused' };
const ENDED: WatchState = { type: 'ended' };

/** One watch of the library, over all nodes it is on in turn: what was seen, and who iterates. */
export class WatchCall implements Watch, Call {
  callId = 0;
  /** A watch may go on for ever. What is bounded is how long it may be without a node. */
  readonly deadline = Number.POSITIVE_INFINITY;
  readonly started: Promise<WatchStart>;
  readonly via: Via | undefined;
  readonly timeoutMs: number;
  readonly buffer = new WatchBuffer();
  /** Nodes that no longer have the revision that is asked for; emptied when it moves on. */
  readonly goneAt = new Set<Endpoint>();
  /** What the last of them said. */
  gone: RaftctlError | undefined;
  /** Runs until a node takes it. */
  patience: Timer | undefined;
  avoid: Endpoint | undefined;
  waitingSince: number | undefined;
  /** Lets go of the caller's signal. */
  release: (() => void) | undefined;
  #state: WatchState = UNROUTED;
  readonly #owner: WatchOwner;
  readonly #key: Uint8Array;
  readonly #isPrefix: boolean;
  readonly #backoff: Backoff;
  /** The first revision not seen; 0: not known yet. */
  #next: Revision;
  #start: (start: WatchStart) => void = () => {};
  #failStart: (error: RaftctlError) => void = () => {};

  constructor({ key, isPrefix, from, via, timeoutMs, random, owner }: WatchCallStart) {
    this.#owner = owner;
    // A copy: it is asked again long after the caller has gone on.
    this.#key = Buffer.from(key);
    this.#isPrefix = isPrefix;
    this.#next = asRevision(from);
    this.via = via;
    this.timeoutMs = timeoutMs;
    this.#backoff = new Backoff(RETRY_BACKOFF, random);
    this.started = new Promise((resolve, reject) => {
      this.#start = resolve;
      this.#failStart = reject;
    });
    // Whoever iterates meets the failure; not everybody asks when it began.
    this.started.catch(() => {});
  }

  // ── for whoever iterates ──

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<KeyEvent, undefined>> {
    const event = this.buffer.next();
    this.#owner.read(this);
    return event;
  }

  async return(): Promise<IteratorResult<KeyEvent, undefined>> {
    this.#owner.left(this);
    return { done: true, value: undefined };
  }

  // ── from the channel ──

  news(frame: Frame): void {
    this.#owner.heard(this, this.#route(), frame);
  }

  take(frame: Frame): void {
    this.#owner.ended(this, this.#route(), frame);
  }

  overdue(): void {
    assert(false, 'a watch has no deadline');
  }

  lost(): void {
    this.#owner.lost(this, this.#route());
  }

  #route(): Route {
    assert(this.#state.type === 'routed', 'a watch is on a node while a channel knows it');
    return this.#state;
  }

  // ── moves, for `watches.ts` ──

  get state(): WatchState {
    return this.#state;
  }

  unroute(): void {
    this.#become(UNROUTED);
  }

  sent(route: Route): void {
    this.#become(route);
  }

  backOff(timer: Timer): void {
    this.#become({ type: 'backing-off', timer });
  }

  pause(): void {
    this.#become(PAUSED);
  }

  /** Whoever iterates reads what has arrived, and then meets the error. */
  fail(error: RaftctlError): void {
    this.#become(ENDED);
    this.#failStart(error);
    this.buffer.fail(error);
  }

  stop(): void {
    if (this.#state !== ENDED) this.#become(ENDED);
    this.#failStart(new RaftctlError('closed', 'watch: nobody iterates any more'));
    this.buffer.stop();
  }

  /** The one place that changes the state: what belonged to the state before is let go. */
  #become(state: WatchState): void {
    const before = this.#state;
    assert(before !== ENDED, 'a watch ends once');
    this.#state = state;
    if (before.type === 'routed') before.channel.unwatch(this);
    if (before.type === 'backing-off') before.timer.cancel();
    if (state !== ENDED) return;
    this.patience?.cancel();
    this.release?.();
  }

  // ── for `watches.ts` ──

  /** What to ask of a node: to go on where the last one stopped. */
  payload(): Buffer {
    return encodeWatch(this.#next, this.#isPrefix, this.#key);
  }

  /** Events. Throws `bad-request` when they are not what was asked for. */
  deliver(payload: Buffer, { label, node }: Endpoint): void {
    const { upTo, events } = decodeWatchEvents(payload);
    const first = events[0]?.modRevision ?? this.#next;
    if (upTo + 1 < this.#next || first < this.#next) {
      throw new RaftctlError(
        'bad-request',
        `${label} sent events of revision ${first}, expected ${this.#next} or later`,
      );
    }
    // Whoever had forgotten what was asked for then may well have what is asked for now.
    if (upTo >= this.#next) this.goneAt.clear();
    this.#next = asRevision(upTo + 1);
    // The first batch is empty: it says from where the node watches.
    this.#start({ revision: this.#next, node });
    this.#backoff.reset();
    this.buffer.push(events.map((event) => ({ type: event.type, ...owned(event) })));
  }

  retryDelayMs(): number {
    return this.#backoff.nextMs();
  }
}
