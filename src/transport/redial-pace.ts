import { Backoff, type Random } from '../base/index.js';
import type { DialOptions } from './transport.js';

/** After a broken connection the first attempts come quickly: they tell a dead process from a passing trouble. */
const QUICK_MS: readonly number[] = [2, 4, 8];
/** A connection that broke sooner has not lived. Whoever throws others out does it at once; a young process may die. */
const LIFE_MS = 100;
/** So many in a row that have not lived end the quick attempts: the other side takes us only to throw us out. */
const SHORT_LIVES_MAX = 3;

/** How long a link waits before it dials again. */
export class RedialPace {
  readonly #backoff: Backoff;
  #quickAttempts = QUICK_MS.length;
  #shortLives = 0;

  constructor(options: DialOptions['backoff'], random: Random) {
    this.#backoff = new Backoff(options, random);
  }

  /** One connection after the other did not live: nobody may hurry the next. */
  get isThrottled(): boolean {
    return this.#shortLives > SHORT_LIVES_MAX;
  }

  /** After an established connection broke. */
  afterBrokenMs(livedMs: number): number {
    this.#shortLives = livedMs >= LIFE_MS ? 0 : this.#shortLives + 1;
    if (this.isThrottled) return this.#backoff.nextMs();
    this.#quickAttempts = 0;
    this.#backoff.reset();
    return this.#quickMs();
  }

  /** After an attempt failed. One cut short may have met a process that is dying: look again soon. */
  afterFailedMs(cutShort: boolean): number {
    return cutShort ? this.#quickMs() : this.#backoff.nextMs();
  }

  reset(): void {
    this.#backoff.reset();
  }

  #quickMs(): number {
    const quick = QUICK_MS[this.#quickAttempts];
    this.#quickAttempts += 1;
    return quick ?? this.#backoff.nextMs();
  }
}
