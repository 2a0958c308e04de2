import type { Clock, Scheduler, Timer } from './time.js';

/** Two runs are at least this far apart, however many operations end near each other. */
const GAP_MS = 2;

/**
 * One timer for everything that waits. It is set to the earliest time that anybody asked for; with equal timeouts that
 * is the oldest operation's, so a busy client looks at its operations once per timeout, not once per operation.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #run: (now: number) => void;
  #at = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(clock: Clock, scheduler: Scheduler, run: (now: number) => void) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#run = run;
  }

  /** Runs at `time` or before. Infinity: never. */
  notLaterThan(time: number): void {
    if (time >= this.#at) return;
    this.cancel();
    this.#at = time;
    const ms = Math.max(GAP_MS, time - this.#clock.now());
    // A process that was stopped reads what came meanwhile before it believes that nothing came.
    this.#timer = this.#scheduler.after(ms, () => this.#scheduler.defer(() => this.#ring(time)));
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }

  #ring(time: number): void {
    // Cancelled, or set to another time, since its timer fired.
    if (time !== this.#at) return;
    this.cancel();
    this.#run(this.#clock.now());
  }
}
