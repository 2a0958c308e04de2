import type { Host } from './host.js';

/** The exit code of what was interrupted, as a shell has it for SIGINT. */
export const INTERRUPTED = 130;

/**
 * What signals do to what runs: the first one ends it politely, a second Ctrl-C forces. A terminal that is closed says
 * SIGHUP once for itself and once for the shell in it, and service managers repeat themselves: that is no haste, and
 * what there is to be cleaned up is cleaned up.
 */
export class Interrupts {
  readonly #polite = new AbortController();
  readonly #force = new AbortController();
  readonly #stopListening: () => void;
  /** Set where processes and files of our own must be cleaned up in any case: `force` hurries, and nothing else. */
  cleansUp = false;

  constructor(host: Host) {
    this.#stopListening = host.onSignal((signal) => {
      if (this.signal.aborted && signal === 'SIGINT') {
        if (!this.cleansUp || this.force.aborted) host.exit(INTERRUPTED);
        this.#force.abort();
      }
      this.abort();
    });
  }

  get signal(): AbortSignal {
    return this.#polite.signal;
  }

  get force(): AbortSignal {
    return this.#force.signal;
  }

  /** Ends it politely for another reason than a signal. */
  abort(): void {
    this.#polite.abort();
  }

  close(): void {
    this.#stopListening();
  }
}
