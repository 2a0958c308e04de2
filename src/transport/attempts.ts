import type { Timer } from '../base/index.js';
import { attempt } from './attempt.js';
import type { ConnectionContext } from './connection.js';
import type { Attempt, AttemptOutcome } from './link.js';
import type { ConnectionHandlers, DialOptions } from './transport.js';

/**
 * Dials, and as long as nobody has taken it, dials again beside it: when a network comes back, TCP may not try for
 * seconds. The first outcome of any of them is the outcome, and ends the others.
 */
export class Attempts implements Attempt {
  readonly #dial: () => Attempt;
  readonly #context: ConnectionContext;
  readonly #redialMs: number | undefined;
  #dialing: Attempt[] = [];
  #timer: Timer | undefined;

  constructor(options: DialOptions, handlers: ConnectionHandlers, outcome: AttemptOutcome, context: ConnectionContext) {
    this.#context = context;
    this.#redialMs = options.redialUntakenMs;
    this.#dial = () => {
      const own: Attempt = attempt(
        options,
        handlers,
        {
          reached: () => this.#wait(undefined),
          greeted: (connection) => {
            this.#endAllBut(own);
            outcome.greeted(connection);
          },
          failed: (failure) => {
            this.#endAllBut(own);
            outcome.failed(failure);
          },
        },
        context,
      );
      return own;
    };
    this.#dialOnce();
  }

  cancel(): void {
    this.#endAllBut(undefined);
  }

  #dialOnce(): void {
    this.#dialing.push(this.#dial());
    this.#wait(this.#redialMs);
  }

  /** Undefined: somebody is there, and has until the end of its handshake. */
  #wait(ms: number | undefined): void {
    this.#timer?.cancel();
    this.#timer = ms === undefined ? undefined : this.#context.scheduler.after(ms, () => this.#dialOnce());
  }

  #endAllBut(one: Attempt | undefined): void {
    this.#wait(undefined);
    for (const other of this.#dialing) if (other !== one) other.cancel();
    this.#dialing = [];
  }
}
