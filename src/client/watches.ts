import { RaftctlError, type Scheduler, type Timer } from '../base/index.js';
import type { Frame } from '../transport/transport.js';
import { decodeError } from '../wire/client-codec.js';
import { KIND } from '../wire/kinds.js';
import { saidByNode } from './codes.js';
import type { Endpoint, Route } from './endpoint.js';
import type { Router } from './router.js';
import type { WatchCall, WatchOwner } from './watch-call.js';

interface WatchesParts {
  readonly router: Router;
  readonly scheduler: Scheduler;
}

/** With so much unread the nodes are not asked for more; they keep the past for a while. */
const BUFFER_BYTES_MAX = 8 << 20;

/**
 * Moves watches: to a node, to another one when it ends, and to their end.
 *
 *     start ──route──▶ routed ──node lost; the leader changed──▶ unrouted ──route──▶ routed
 *                       │ ▲ │                                    │ no node in time, abort, close,
 *      too much unread  ▼ │ │ node stopping                      │ the revision is gone everywhere
 *                   paused │ └──▶ backing off ──time──▶ routed   └──▶ ended
 *                       └──┘ read
 *
 * Each time it goes on behind the last revision that it was told of: nothing is missed and nothing comes twice.
 */
export class Watches implements WatchOwner {
  readonly #parts: WatchesParts;
  readonly #calls = new Set<WatchCall>();

  constructor(parts: WatchesParts) {
    this.#parts = parts;
  }

  start(call: WatchCall, signal: AbortSignal | undefined): void {
    const abort = (): void => {
      const error = new RaftctlError('aborted', 'watch: aborted', { definite: true, cause: signal?.reason });
      this.#fail(call, error);
    };
    call.release = () => signal?.removeEventListener('abort', abort);
    this.#calls.add(call);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    else this.#open(call);
  }

  /** A watch has no node, or follows the leader and is elsewhere. */
  get isUnsettled(): boolean {
    for (const call of this.#calls) if (call.state.type === 'unrouted' || this.#isAstray(call)) return true;
    return false;
  }

  /** Links or the leader changed. */
  routeAgain(): void {
    for (const call of [...this.#calls]) {
      if (call.state.type === 'unrouted') this.#open(call);
    }
    this.followLeader();
  }

  /** Watches that go to the leader go to the new one: the old one may be stopped or cut off, and hear of nothing. */
  followLeader(): void {
    const { leader } = this.#parts.router;
    // Its welcome may be the first to tell that it leads: then it is not connected yet, and soon will be.
    if (leader === null || !this.#parts.router.isConnected(leader)) return;
    for (const call of [...this.#calls]) {
      if (this.#isAstray(call)) this.#open(call);
    }
  }

  #isAstray({ via, state, goneAt }: WatchCall): boolean {
    const { leader } = this.#parts.router;
    if (state.type !== 'routed' || leader === null || (via !== undefined && via !== 'leader')) return false;
    if (state.endpoint.node === leader) return false;
    // A follower that is behind may still bring what the leader has forgotten.
    for (const { node } of goneAt) if (node === leader) return false;
    return true;
  }

  // ── what watches tell ──

  heard(call: WatchCall, { endpoint }: Route, frame: Frame): void {
    call.deliver(frame.payload, endpoint);
    this.#settled(call);
    if (call.buffer.bytes > BUFFER_BYTES_MAX) call.pause();
  }

  ended(call: WatchCall, route: Route, frame: Frame): void {
    const { endpoint } = route;
    let error: RaftctlError;
    try {
      if (frame.kind !== KIND.error) throw strangeAnswer(endpoint, frame.kind);
      ({ error } = decodeError(frame.payload));
    } catch (thrown) {
      this.lost(call, route);
      throw thrown;
    }
    this.#refused(call, endpoint, error);
  }

  lost(call: WatchCall, { endpoint }: Route): void {
    call.avoid = endpoint;
    this.#open(call);
  }

  read(call: WatchCall): void {
    if (call.state.type === 'paused' && call.buffer.bytes === 0) this.#open(call);
  }

  left(call: WatchCall): void {
    this.#calls.delete(call);
    call.stop();
  }

  close(): void {
    for (const call of [...this.#calls]) this.#fail(call, closed());
  }

  // ── moves ──

  #open(call: WatchCall): void {
    call.unroute();
    this.#limitPatience(call);
    const route = call.goneAt.size === 0 ? this.#parts.router.route(call) : this.#routeToPast(call);
    if (route === undefined) this.#parts.router.wake(call);
    else if (route instanceof RaftctlError) this.#fail(call, route);
    else if (route.channel.send(KIND.watch, call, call.payload())) call.sent(route);
    else this.#retryLater(call);
  }

  /** Somebody who has not said yet that the revision is gone. */
  #routeToPast(call: WatchCall): Route | RaftctlError | undefined {
    const left = this.#parts.router.fitting(call.via).filter((endpoint) => !call.goneAt.has(endpoint));
    for (const endpoint of left) {
      const route = endpoint.nextRoute();
      if (route !== undefined) return route;
    }
    // Those that were not reached are not waited for, but those that are just being dialed are.
    return left.some(({ failure }) => failure === undefined) ? undefined : call.gone!;
  }

  #refused(call: WatchCall, endpoint: Endpoint, error: RaftctlError): void {
    if (error.code === 'revision-gone') {
      call.goneAt.add(endpoint);
      call.gone = error;
      this.#open(call);
    } else if (error.code === 'shutting-down') {
      call.avoid = endpoint;
      this.#retryLater(call);
    } else this.#fail(call, saidByNode(error));
  }

  #retryLater(call: WatchCall): void {
    this.#limitPatience(call);
    call.backOff(this.#after(call.retryDelayMs(), () => this.#open(call)));
  }

  #limitPatience(call: WatchCall): void {
    call.patience ??= this.#after(call.timeoutMs, () => this.#fail(call, this.#overdue(call)));
  }

  /** A node watches. */
  #settled(call: WatchCall): void {
    call.patience?.cancel();
    call.patience = undefined;
    call.waitingSince = undefined;
    call.avoid = undefined;
  }

  #fail(call: WatchCall, error: RaftctlError): void {
    if (this.#calls.delete(call)) call.fail(error);
  }

  /** As everywhere: a process that was stopped reads what came meanwhile before it believes that nothing came. */
  #after(ms: number, run: () => void): Timer {
    let isOff = false;
    const timer = this.#parts.scheduler.after(ms, () => {
      this.#parts.scheduler.defer(() => {
        if (!isOff) run();
      });
    });
    return {
      cancel: () => {
        isOff = true;
        timer.cancel();
      },
    };
  }

  #overdue({ state, timeoutMs }: WatchCall): RaftctlError {
    if (state.type === 'routed') {
      const { label } = state.endpoint;
      return new RaftctlError('timeout', `watch: no answer from ${label} within ${timeoutMs} ms`, { definite: true });
    }
    const reasons = this.#parts.router.describeFailures();
    return new RaftctlError('unreachable', `watch: no node took it within ${timeoutMs} ms: ${reasons}`);
  }
}

export const closed = (): RaftctlError => new RaftctlError('closed', 'watch: the client is closed');

const strangeAnswer = ({ label }: Endpoint, kind: number): RaftctlError =>
  new RaftctlError('bad-request', `${label} answered a watch with a frame of kind ${kind}`);
