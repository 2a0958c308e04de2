import type { Scheduler } from '../base/index.js';

interface Flushable {
  flush(): void;
}

/** One flush per turn for every connection that was sent something, however often. */
export class FlushAtTurnEnd {
  readonly #scheduler: Scheduler;
  #waiting: Flushable[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  add(connection: Flushable): void {
    if (this.#waiting.length === 0) this.#scheduler.defer(() => this.#flush());
    this.#waiting.push(connection);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const connection of waiting) connection.flush();
  }
}
