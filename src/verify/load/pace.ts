/** When the next operations of an even rate are due. What nobody was free to send is not made up for without end. */
export class Pace {
  readonly #perMs: number;
  readonly #debtMax: number;
  readonly #startedAt: number;
  #sent = 0;

  /** `debtMax`: so many at most are sent at once after a pause. */
  constructor(ratePerSecond: number, debtMax: number, now: number) {
    this.#perMs = ratePerSecond / 1e3;
    this.#debtMax = debtMax;
    this.#startedAt = now;
  }

  due(now: number): number {
    // The first is due at once.
    const owed = Math.floor((now - this.#startedAt) * this.#perMs) + 1 - this.#sent;
    if (owed > this.#debtMax) this.#sent += owed - this.#debtMax;
    return Math.min(owed, this.#debtMax);
  }

  sent(count: number): void {
    this.#sent += count;
  }

  /** Milliseconds until the next one is due. */
  waitMs(now: number): number {
    return Math.max(0, this.#startedAt + this.#sent / this.#perMs - now);
  }
}
