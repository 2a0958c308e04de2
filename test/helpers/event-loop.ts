import type { Clock, Scheduler, Timer } from '../../src/base/index.js';
import type { ManualTime } from './manual-time.js';

/** Its day began with the test: the time of day in logs is the same wherever they are written. */
export function clockOf(time: ManualTime): Clock {
  const midnight = new Date(2001, 0, 1).getTime();
  return { now: () => time.now(), wall: () => midnight + time.now() };
}

/** The clock and the event loop of one process: it can be stopped, goes on where it was, and ends once. */
export class EventLoop implements Clock, Scheduler {
  readonly now: () => number;
  readonly wall: () => number;
  readonly #time: ManualTime;
  #state: 'running' | 'stopped' | 'ended' = 'running';
  #held: (() => void)[] = [];

  constructor(time: ManualTime) {
    const { now, wall } = clockOf(time);
    this.now = now;
    this.wall = wall;
    this.#time = time;
  }

  defer(run: () => void): void {
    this.#time.defer(() => this.#happens(run));
  }

  after(ms: number, run: () => void): Timer {
    let cancelled = false;
    const timer = this.#time.after(ms, () => this.#happens(() => cancelled || run()));
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped';
  }

  resume(): void {
    if (this.#state === 'stopped') this.#state = 'running';
    for (const run of this.#held.splice(0)) this.defer(run);
  }

  end(): void {
    this.#state = 'ended';
    this.#held = [];
  }

  #happens(run: () => void): void {
    if (this.#state === 'running') run();
    else if (this.#state === 'stopped') this.#held.push(run);
  }
}
