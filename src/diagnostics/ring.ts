import { assert } from '../base/index.js';

/** The last `capacity` items of an endless list whose items are numbered from 1. Grows only as far as it is used. */
export class Ring<T> {
  readonly #capacity: number;
  readonly #slots: T[] = [];
  #last = 0;

  constructor(capacity: number) {
    assert(Number.isInteger(capacity) && capacity > 0, () => `a ring of ${capacity} items`);
    this.#capacity = capacity;
  }

  /** The number of the newest item; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** The number of the oldest item still held; last + 1 when there is none. */
  get first(): number {
    return Math.max(1, this.#last - this.#capacity + 1);
  }

  /** Adds an item in place of the oldest, and answers its number. */
  push(item: T): number {
    this.#slots[this.#last % this.#capacity] = item;
    this.#last += 1;
    return this.#last;
  }

  at(number: number): T {
    assert(number >= this.first && number <= this.#last, () => `item ${number} of ${this.first}..${this.#last}`);
    return this.#slots[(number - 1) % this.#capacity]!;
  }
}
