import { RaftctlError, type Scheduler, type Timer } from '../base/index.js';
import type { Frame } from '../transport/transport.js';
import { decodeError } from '../wire/client-codec.js';
import { KIND } from '../wire/kinds.js';
import type { Channel } from './channel.js';
import type { Router } from './router.js';
import type { WatchCall } from './watch-call.js';

interface WatchesParts {
  readonly router: Router;
  readonly scheduler: Scheduler;
}

/** With so much unread the nodes are not asked for more; they keep the past for a while. */
const BUFFER_BYTES_MAX = 8 << 20;

/**
 * Moves watches: to a node, to another one when it ends, and to their end.
 *
 *     start ──route──▶ open ──node lost or stopping; the leader changed──▶ waiting ──route──▶ open
 *                       │  ▲                                                 │ deadline, abort, close,
 *      too much unread  ▼  │ read                                            │ the revision is gone everywhere
 *                      paused                                                └──▶ ended
 *
 * Each time it goes on behind the last revision that it was told of: nothing is missed and nothing comes twice.
 */
export class Watches {
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
    call.onRead = () => {
      if (call.state.type === 'paused' && call.buffer.bytes === 0) this.#open(call);
    };
    call.onLeft = () => {
      this.#end(call);
      call.stop();
    };
    call.release = () => signal?.removeEventListener('abort', abort);
    this.#calls.add(call);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    else this.#open(call);
  }

  /** A watch has no node, or follows the leader and is elsewhere. */
  get isUnsettled(): boolean {
    for (const call of this.#calls) if (call.state.type === 'waiting' || this.#isAstray(call)) return true;
    return false;
  }

  /** Links or the leader changed. */
  routeAgain(): void {
    for (const call of [...this.#calls]) {
      if (call.state.type === 'waiting' && call.retry === undefined) this.#open(call);
    }
    this.followLeader();
  }

  /** Watches that go to the leader go to the new one: the old one may be stopped or cut off, and hear of nothing. */
  followLeader(): void {
    const { leader } = this.#parts.router;
    // Its welcome may be the first to tell that it leads: then it is not connected yet, and soon will be.
    if (leader === null || !this.#parts.router.isConnected(leader)) return;
    for (const call of [...this.#calls]) {
      if (!this.#isAstray(call)) continue;
      this.#leave(call);
      this.#open(call);
    }
  }

  #isAstray({ via, state, goneAt }: WatchCall): boolean {
    const { leader } = this.#parts.router;
    if (state.type !== 'open' || leader === null || (via !== undefined && via !== 'leader')) return false;
    if (state.channel.endpoint.node === leader) return false;
    // A follower that is behind may still bring what the leader has forgotten.
    for (const { node } of goneAt) if (node === leader) return false;
    return true;
  }

  // ── what channels tell ──

  heard(channel: Channel, call: WatchCall, frame: Frame): void {
    if (frame.kind === KIND.watchEvents) {
      call.take(frame.payload, channel.endpoint);
      this.#settled(call);
      if (call.buffer.bytes > BUFFER_BYTES_MAX) this.#pause(call);
    } else if (frame.kind === KIND.error) this.#refused(channel, call, decodeError(frame.payload).error);
    else
      throw new RaftctlError(
        'bad-request',
        `${channel.endpoint.label} answered a watch with a frame of kind ${frame.kind}`,
      );
  }

  lost(channel: Channel, calls: readonly WatchCall[]): void {
    for (const call of calls) {
      call.avoid = channel.endpoint;
      this.#open(call);
    }
  }

  close(): void {
    for (const call of [...this.#calls]) this.#fail(call, closed());
  }

  // ── moves ──

  #open(call: WatchCall): void {
    call.state = { type: 'waiting' };
    call.deadline ??= this.#after(call.timeoutMs, () => this.#fail(call, this.#overdue(call)));
    const route = call.goneAt.size === 0 ? this.#parts.router.route(call) : this.#routeToPast(call);
    if (route === undefined) this.#parts.router.wake(call);
    else if (route instanceof RaftctlError) this.#fail(call, route);
    else {
      const callId = route.watch(call, call.payload());
      if (callId === undefined) this.#retryLater(call);
      else call.state = { type: 'open', channel: route, callId };
    }
  }

  /** Somebody who has not said yet that the revision is gone. */
  #routeToPast(call: WatchCall): Channel | RaftctlError | undefined {
    const left = this.#parts.router.fitting(call.via).filter((endpoint) => !call.goneAt.has(endpoint));
    for (const endpoint of left) {
      const channel = endpoint.nextChannel();
      if (channel !== undefined) return channel;
    }
    // Those that were not reached are not waited for, but those that are just being dialed are.
    return left.some(({ failure }) => failure === undefined) ? undefined : call.gone!;
  }

  #refused(channel: Channel, call: WatchCall, error: RaftctlError): void {
    if (error.code === 'revision-gone') {
      call.goneAt.add(channel.endpoint);
      call.gone = error;
      this.#open(call);
    } else if (error.code === 'shutting-down') {
      call.avoid = channel.endpoint;
      this.#retryLater(call);
    } else this.#fail(call, error);
  }

  #retryLater(call: WatchCall): void {
    call.state = { type: 'waiting' };
    call.deadline ??= this.#after(call.timeoutMs, () => this.#fail(call, this.#overdue(call)));
    call.retry = this.#after(call.retryDelayMs(), () => {
      call.retry = undefined;
      if (call.state.type === 'waiting') this.#open(call);
    });
  }

  /** A node watches. */
  #settled(call: WatchCall): void {
    call.deadline?.cancel();
    call.deadline = undefined;
    call.waitingSince = undefined;
    call.avoid = undefined;
  }

  #pause(call: WatchCall): void {
    this.#leave(call);
    call.state = { type: 'paused' };
  }

  #fail(call: WatchCall, error: RaftctlError): void {
    if (!this.#calls.has(call)) return;
    this.#end(call);
    call.fail(error);
  }

  #end(call: WatchCall): void {
    this.#calls.delete(call);
    this.#leave(call);
    call.state = { type: 'ended' };
    call.deadline?.cancel();
    call.retry?.cancel();
    call.release?.();
  }

  #leave({ state }: WatchCall): void {
    if (state.type === 'open') state.channel.unwatch(state.callId);
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
    if (state.type === 'open') {
      const { label } = state.channel.endpoint;
      return new RaftctlError('timeout', `watch: no answer from ${label} within ${timeoutMs} ms`, { definite: true });
    }
    const reasons = this.#parts.router.describeFailures();
    return new RaftctlError('unreachable', `watch: no node took it within ${timeoutMs} ms: ${reasons}`);
  }
}

export const closed = (): RaftctlError => new RaftctlError('closed', 'watch: the client is closed');
