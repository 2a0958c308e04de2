import type { Clock, Scheduler } from '../base/index.js';

/** Keeps requests that wait for others. */
export interface Waiters {
  readonly waiting: number;
  /** Ends the waiting of those whose time is up, in monotonic milliseconds. */
  sweep(now: number): void;
}

interface SweepOptions {
  readonly waiters: readonly Waiters[];
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly everyMs: number;
  readonly isOver: () => boolean;
  readonly wake: () => void;
}

/** Nobody waits longer than it said: a sweep stands only while somebody waits. */
export class Sweep {
  readonly #options: SweepOptions;
  #isDue = false;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** Requests that wait for others, wherever they are. */
  get waiting(): number {
    let waiting = 0;
    for (const waiters of this.#options.waiters) waiting += waiters.waiting;
    return waiting;
  }

  /** Once a turn. */
  arm(): void {
    if (this.#isDue || this.waiting === 0) return;
    const { waiters, clock, scheduler, everyMs, isOver, wake } = this.#options;
    this.#isDue = true;
    scheduler.after(everyMs, () => {
      this.#isDue = false;
      if (isOver()) return;
      const now = clock.now();
      for (const each of waiters) each.sweep(now);
      wake();
    });
  }
}
