import type { Clock, Scheduler, Timer } from '../../src/base/index.js';

/** A clock and a scheduler that stand still until told. Timers and deferred calls run in the order of their time. */
export class ManualTime implements Clock, Scheduler {
  #now: number;
  #timers: { readonly at: number; readonly run: () => void; cancelled: boolean }[] = [];
  #deferred: (() => void)[] = [];

  constructor(now = 1_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  defer(run: () => void): void {
    this.#deferred.push(run);
  }

  after(ms: number, run: () => void): Timer {
    const timer = { at: this.#now + ms, run, cancelled: false };
    this.#timers.push(timer);
    return {
      cancel: () => {
        timer.cancelled = true;
      },
    };
  }

  /** When timers are due, in milliseconds from now, soonest first. */
  get pending(): number[] {
    return this.#live()
      .map((timer) => timer.at - this.#now)
      .sort((a, b) => a - b);
  }

  /** Lets `ms` pass without running anything: a stopped process, a sleeping laptop. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Runs what is deferred, and what that defers, until nothing is left. */
  turn(): void {
    while (this.#deferred.length > 0) this.#deferred.shift()!();
  }

  /** Lets `ms` pass, running timers at their times and deferred calls in between. */
  advance(ms: number): void {
    const end = this.#now + ms;
    this.turn();
    for (;;) {
      const next = this.#live()
        .filter((timer) => timer.at <= end)
        .sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      next.cancelled = true;
      next.run();
      this.turn();
    }
    this.#now = end;
  }

  #live() {
    this.#timers = this.#timers.filter((timer) => !timer.cancelled);
    return this.#timers;
  }
}
