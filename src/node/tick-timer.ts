import type { Clock, Scheduler, Timer } from '../base/index.js';

interface TickTimerOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** More lateness than this is a gap: the machine slept or the process was stopped. Suggested two heartbeats. */
  readonly gapMs: number;
  /** Runs the node's next turn. */
  readonly wake: () => void;
}

/**
 * Turns the monotonic clock into the core's ticks (1 tick = 1 ms) without a free-running timer: one timer stands at the
 * core's next deadline. After a gap the time that passed is not believed, because messages that would have reset the
 * election timer still lie unread in the sockets: it counts as one tick, and the sockets are read first.
 */
export class TickTimer {
  readonly #options: TickTimerOptions;
  #countedTo: number;
  #timer: Timer | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  constructor(options: TickTimerOptions) {
    this.#options = options;
    this.#countedTo = options.clock.now();
  }

  /** Whole ticks since the last call. */
  passed(): number {
    const now = this.#options.clock.now();
    if (now - this.#armedFor > this.#options.gapMs) {
      this.stop();
      this.#countedTo = now;
      return 1;
    }
    const ticks = Math.floor(now - this.#countedTo);
    this.#countedTo += ticks;
    return ticks;
  }

  /** Makes sure that the node wakes within `ticks`. An earlier timer may stay: it finds nothing to do and re-arms. */
  arm(ticks: number): void {
    if (!Number.isFinite(ticks)) return;
    const at = this.#countedTo + ticks;
    if (this.#timer !== undefined && this.#armedFor <= at) return;
    this.#timer?.cancel();
    this.#armedFor = at;
    const delay = Math.max(1, Math.ceil(at - this.#options.clock.now()));
    this.#timer = this.#options.scheduler.after(delay, () => this.#fired());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #fired(): void {
    this.#timer = undefined;
    // The poll phase runs between a timer and what is deferred from it: sockets are read before the turn.
    this.#options.wake();
  }
}
