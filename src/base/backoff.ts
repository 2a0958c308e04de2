import type { Random } from './random.js';

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Each delay is this many times the one before. */
  readonly factor: number;
  /** 0.2 spreads a delay over ±20%. */
  readonly jitter: number;
}

/** Growing, jittered, capped delays between attempts. Knows nothing of timers: the caller waits. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  #attempts = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** Attempts since the last reset. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The delay before the next attempt, in milliseconds. */
  nextMs(): number {
    const { firstMs, maxMs, factor, jitter } = this.#options;
    const plain = Math.min(maxMs, firstMs * factor ** this.#attempts);
    this.#attempts += 1;
    return plain * (1 + jitter * (2 * this.#random.next() - 1));
  }

  reset(): void {
    this.#attempts = 0;
  }
}
