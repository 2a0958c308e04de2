import { asRevision, Backoff, RaftctlError, type Random, type Revision, type Timer } from '../base/index.js';
import { decodeWatchEvents, encodeWatch } from '../wire/watch-codec.js';
import type { Channel } from './channel.js';
import type { Endpoint } from './endpoint.js';
import type { KeyEvent, Via, Watch, WatchStart } from './types.js';
import { owned } from './verbs.js';
import { WatchBuffer } from './watch-buffer.js';

/** Where a watch is. `watches.ts` moves it. */
export type WatchState =
  /** For a node that takes it. */
  | { readonly type: 'waiting' }
  /** On a node: asked for, or going on. */
  | { readonly type: 'open'; readonly channel: Channel; readonly callId: number }
  /** Whoever iterates is too slow: no node is asked until they have read what there is. */
  | { readonly type: 'paused' }
  | { readonly type: 'ended' };

export interface WatchCallStart {
  readonly key: Uint8Array;
  readonly isPrefix: boolean;
  /** 0: from the next revision on. */
  readonly from: number;
  readonly via: Via | undefined;
  readonly timeoutMs: number;
  readonly random: Random;
}

const RETRY_BACKOFF = { firstMs: 5, maxMs: 250, factor: 2, jitter: 0.5 };

/** One watch of the library, over all nodes it is on in turn: what was seen, and who iterates. */
export class WatchCall implements Watch {
  readonly started: Promise<WatchStart>;
  readonly via: Via | undefined;
  readonly timeoutMs: number;
  readonly buffer = new WatchBuffer();
  /** Nodes that no longer have the revision that is asked for; emptied when it moves on. */
  readonly goneAt = new Set<Endpoint>();
  /** What the last of them said. */
  gone: RaftctlError | undefined;
  state: WatchState = { type: 'waiting' };
  /** Until a node takes it. */
  deadline: Timer | undefined;
  retry: Timer | undefined;
  avoid: Endpoint | undefined;
  waitingSince: number | undefined;
  /** Told when whoever iterates has read on, or leaves. */
  onRead: (() => void) | undefined;
  onLeft: (() => void) | undefined;
  /** Lets go of the caller's signal. */
  release: (() => void) | undefined;
  readonly #key: Uint8Array;
  readonly #isPrefix: boolean;
  readonly #backoff: Backoff;
  /** The first revision not seen; 0: not known yet. */
  #next: Revision;
  #start: (start: WatchStart) => void = () => {};
  #failStart: (error: RaftctlError) => void = () => {};

  constructor({ key, isPrefix, from, via, timeoutMs, random }: WatchCallStart) {
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
    this.onRead?.();
    return event;
  }

  async return(): Promise<IteratorResult<KeyEvent, undefined>> {
    this.onLeft?.();
    return { done: true, value: undefined };
  }

  // ── for `watches.ts` ──

  /** What to ask of a node: to go on where the last one stopped. */
  payload(): Buffer {
    return encodeWatch(this.#next, this.#isPrefix, this.#key);
  }

  /** Throws `bad-request` when it is not what was asked for. */
  take(payload: Buffer, { label, node }: Endpoint): void {
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

  fail(error: RaftctlError): void {
    this.#failStart(error);
    this.buffer.fail(error);
  }

  stop(): void {
    this.#failStart(new RaftctlError('closed', 'watch: nobody iterates any more'));
    this.buffer.stop();
  }
}
