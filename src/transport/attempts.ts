import { RaftctlError, type Timer } from '../base/index.js';
import { formatAddress } from './address.js';
import { attempt } from './attempt.js';
import type { ConnectionContext } from './connection.js';
import type { Attempt, AttemptOutcome, Dialing } from './link.js';
import type { ConnectionHandlers, DialOptions } from './transport.js';

/**
 * Dials, and as long as nobody has taken it, dials again beside it: when a network comes back, TCP may not try for
 * seconds. The first outcome of any of them is the outcome, and ends the others.
 *
 * Through a cut nobody is dialed: a machine that answers, or refuses, would be heard of through it. That fails when the
 * handshake's time is over.
 */
export class Attempts implements Dialing {
  readonly #options: DialOptions;
  readonly #outcome: AttemptOutcome;
  readonly #dial: () => Attempt;
  readonly #context: ConnectionContext;
  #dialing: Attempt[] = [];
  #timer: Timer | undefined;

  constructor(options: DialOptions, handlers: ConnectionHandlers, outcome: AttemptOutcome, context: ConnectionContext) {
    this.#options = options;
    this.#outcome = outcome;
    this.#context = context;
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
    this.#begin();
  }

  cancel(): void {
    this.#endAllBut(undefined);
  }

  again(): void {
    this.cancel();
    this.#begin();
  }

  #begin(): void {
    const { faults } = this.#context;
    const { expected, handshakeTimeoutMs } = this.#options;
    const lateMs = faults.roundTripMs(expected);
    if (faults.isCut(expected)) this.#wait(handshakeTimeoutMs, () => this.#cutOff());
    else if (lateMs > 0) this.#wait(lateMs, () => this.#dialOnce());
    else this.#dialOnce();
  }

  #cutOff(): void {
    const { expected } = this.#options;
    const message = `${formatAddress(this.#options)} cannot be reached: the link to ${expected} is cut`;
    this.#outcome.failed({ error: new RaftctlError('unreachable', message), cutShort: false, refusedBy: [] });
  }

  #dialOnce(): void {
    this.#dialing.push(this.#dial());
    this.#wait(this.#options.redialUntakenMs);
  }

  /** Undefined: somebody is there, and has until the end of its handshake. */
  #wait(ms: number | undefined, then = () => this.#dialOnce()): void {
    this.#timer?.cancel();
    this.#timer = ms === undefined ? undefined : this.#context.scheduler.after(ms, then);
  }

  #endAllBut(one: Attempt | undefined): void {
    this.#wait(undefined);
    for (const other of this.#dialing) if (other !== one) other.cancel();
    this.#dialing = [];
  }
}
