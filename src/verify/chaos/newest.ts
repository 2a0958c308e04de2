/** Keeps the newest of what is added, and counts what is gone. */
export class Newest<T> {
  readonly #max: number;
  #items: T[] = [];
  #gone = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(items: readonly T[]): void {
    for (const item of items) this.#items.push(item);
    // Now and then, not for each of them.
    if (this.#items.length >= 2 * this.#max) this.#trim();
  }

  /** Oldest first. */
  get items(): readonly T[] {
    this.#trim();
    return this.#items;
  }

  /** How many older ones there were. */
  get gone(): number {
    this.#trim();
    return this.#gone;
  }

  #trim(): void {
    const over = this.#items.length - this.#max;
    if (over <= 0) return;
    this.#items = this.#items.slice(over);
    this.#gone += over;
  }
}
