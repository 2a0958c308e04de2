import type { Clock, Scheduler } from '../../src/base/index.js';

/** Time that stands still until told to go on, and deferred work that runs when told to. */
export class ManualTime implements Clock, Scheduler {
  #now = 1_000;
  #deferred: (() => void)[] = [];
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  wall(): number {
    return 1_700_000_000_000 + this.#now;
  }

  defer(run: () => void): void {
    this.#deferred.push(run);
  }

  after(ms: number, run: () => void) {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    const cancel = () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
    return { cancel };
  }

  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Runs what was deferred, and what that defers, until nothing is left. */
  turn(): void {
    while (this.#deferred.length > 0) {
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const run of deferred) run();
    }
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter((timer) => timer.at <= this.#now);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#now);
    for (const timer of due) timer.run();
    this.turn();
  }
}
