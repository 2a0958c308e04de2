import type { Emit } from './emit.js';
import type { Scheduler, Timer } from './time.js';

/** So many lines in a window are said as they are. */
const BURST = 10;
const WINDOW_MS = 10_000;

/**
 * Warnings that strangers can cause, as many as they like: a burst is said in full, what is beyond it in the window is
 * said at debug only, and counted. The count follows when the window ends.
 */
export class LimitedWarnings {
  readonly #emit: Emit;
  readonly #scheduler: Scheduler;
  #window: Timer | undefined;
  #said = 0;
  #leftOut = 0;

  constructor(emit: Emit, scheduler: Scheduler) {
    this.#emit = emit;
    this.#scheduler = scheduler;
  }

  warn(event: string, fields: Parameters<Emit['emit']>[2]): void {
    this.#window ??= this.#scheduler.after(WINDOW_MS, () => this.close());
    this.#said += 1;
    if (this.#said > BURST) this.#leftOut += 1;
    this.#emit.emit(this.#said > BURST ? 'debug' : 'warn', event, fields);
  }

  /** Ends the window: says how much was left out of it. */
  close(): void {
    this.#window?.cancel();
    this.#window = undefined;
    const leftOut = this.#leftOut;
    this.#said = 0;
    this.#leftOut = 0;
    if (leftOut > 0) this.#emit.emit('warn', 'warnings-left-out', { count: leftOut, windowMs: WINDOW_MS });
  }
}
