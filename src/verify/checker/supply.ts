import type { Steps } from './problem.js';
import { CONDITIONS, UNCHANGED } from './step.js';

/**
 * By value, what is not placed yet: the operations that write it, by call, and those that must find it, by return.
 * Tells a dead end long before time comes to it.
 */
export class Supply {
  readonly #steps: Steps;
  readonly #writers: ChainsByValue;
  readonly #seekers: ChainsByValue;

  constructor(steps: Steps, byReturn: readonly number[], valueCount: number) {
    this.#steps = steps;
    this.#writers = new ChainsByValue(steps.length, valueCount);
    this.#seekers = new ChainsByValue(steps.length, valueCount);
    for (let nth = 0; nth < steps.length; nth += 1) {
      if (steps.next[nth] !== UNCHANGED) this.#writers.append(nth, steps.next[nth]!);
    }
    for (const nth of byReturn) {
      if (steps.condition[nth] === CONDITIONS.equal) this.#seekers.append(nth, steps.operand[nth]!);
    }
  }

  /** When the value must have been written again, once it is given up. Infinity: nothing must find it any more. */
  neededUntil(value: number): number {
    const seeker = this.#seekers.first(value);
    return seeker === undefined ? Number.POSITIVE_INFINITY : this.#steps.return[seeker]!;
  }

  /** The earliest call of what is left to write the value. Infinity: nothing is. */
  writtenFrom(value: number): number {
    const writer = this.#writers.first(value);
    return writer === undefined ? Number.POSITIVE_INFINITY : this.#steps.call[writer]!;
  }

  lift(nth: number): void {
    if (this.#steps.next[nth] !== UNCHANGED) this.#writers.lift(nth);
    if (this.#steps.condition[nth] === CONDITIONS.equal) this.#seekers.lift(nth);
  }

  /** Undoes the last `lift` that is not undone. */
  putBack(nth: number): void {
    if (this.#steps.next[nth] !== UNCHANGED) this.#writers.putBack(nth);
    if (this.#steps.condition[nth] === CONDITIONS.equal) this.#seekers.putBack(nth);
  }
}

/** A doubly linked ring of operations for each value; `count + value` is its head. */
class ChainsByValue {
  readonly #count: number;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  constructor(count: number, valueCount: number) {
    this.#count = count;
    this.#next = new Int32Array(count + valueCount);
    this.#previous = new Int32Array(count + valueCount);
    for (let head = count; head < count + valueCount; head += 1) {
      this.#next[head] = head;
      this.#previous[head] = head;
    }
  }

  append(nth: number, value: number): void {
    const head = this.#count + value;
    this.#next[nth] = head;
    this.#previous[nth] = this.#previous[head]!;
    this.putBack(nth);
  }

  first(value: number): number | undefined {
    const first = this.#next[this.#count + value]!;
    return first < this.#count ? first : undefined;
  }

  lift(nth: number): void {
    this.#next[this.#previous[nth]!] = this.#next[nth]!;
    this.#previous[this.#next[nth]!] = this.#previous[nth]!;
  }

  putBack(nth: number): void {
    this.#next[this.#previous[nth]!] = nth;
    this.#previous[this.#next[nth]!] = nth;
  }
}
