/** What the process knows of time. Everything outside `base/real` is handed one, so that a simulator can own it. */
export interface Clock {
  /** Monotonic milliseconds with a fraction. One origin for all processes of a machine (its boot), so they compare. */
  now(): number;
  /** Milliseconds since the epoch, for people to read. Never used to decide anything. */
  wall(): number;
}

export interface Timer {
  cancel(): void;
}

/** When code runs next. */
export interface Scheduler {
  /** Runs once this turn of the event loop has read its sockets: the place where what piled up becomes one batch. */
  defer(run: () => void): void;
  /** Runs after `ms` milliseconds, unless cancelled. */
  after(ms: number, run: () => void): Timer;
}
