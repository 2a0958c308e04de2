import type { Clock, Scheduler, Timer } from '../../base/index.js';
import type { MergedEvent } from '../../diagnostics/index.js';

/**
 * By the monotonic clock of the machine, that all its processes share: the wall clock can be set back. The stream's own
 * order is the one in which the supervisor heard of things, and nodes tell in batches of their own.
 */
export const inOrderOfTime = (events: readonly MergedEvent[]): MergedEvent[] =>
  [...events].sort((one, other) => one.time - other.time);

/** Puts events that come late back in their place: each is held back for `holdMs`, for those that happened before it. */
export class TimeOrder {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #holdMs: number;
  readonly #print: (events: readonly MergedEvent[]) => void;
  #held: MergedEvent[] = [];
  #timer: Timer | null = null;

  constructor(clock: Clock, scheduler: Scheduler, holdMs: number, print: (events: readonly MergedEvent[]) => void) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#holdMs = holdMs;
    this.#print = print;
  }

  push(events: readonly MergedEvent[]): void {
    this.#held.push(...events);
    if (this.#holdMs === 0) this.#release(Number.POSITIVE_INFINITY);
    else this.#schedule();
  }

  /** Prints what is held, now. */
  finish(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#release(Number.POSITIVE_INFINITY);
  }

  #schedule(): void {
    if (this.#timer !== null || this.#held.length === 0) return;
    const oldest = this.#held.reduce((least, { time }) => Math.min(least, time), Number.POSITIVE_INFINITY);
    this.#timer = this.#scheduler.after(Math.max(0, oldest + this.#holdMs - this.#clock.now()), () => {
      this.#timer = null;
      this.#release(this.#clock.now() - this.#holdMs);
      this.#schedule();
    });
  }

  /** Those that happened at `upTo` or before it. */
  #release(upTo: number): void {
    const due = inOrderOfTime(this.#held.filter(({ time }) => time <= upTo));
    this.#held = this.#held.filter(({ time }) => time > upTo);
    if (due.length > 0) this.#print(due);
  }
}
