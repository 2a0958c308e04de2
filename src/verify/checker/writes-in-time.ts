import type { Steps } from './problem.js';
import { UNCHANGED } from './step.js';

/** The required writes, as they stand now, by call and by return. */
export class WritesInTime {
  readonly #next: readonly number[];
  readonly #byCall: readonly number[];
  readonly #calls: Float64Array;
  /** By place in `byCall`: the first return from here on. */
  readonly #firstReturn: Float64Array;
  readonly #byReturn: readonly number[];
  readonly #returns: Float64Array;
  /** By place in `byReturn`: who has the last call up to here; and who, among those that write another value. */
  readonly #lastCalled: Int32Array;
  readonly #lastOther: Int32Array;
  readonly #call: Float64Array;

  constructor({ next, call, return: returns }: Steps) {
    const writes: number[] = [];
    for (let nth = 0; nth < next.length; nth += 1) if (next[nth] !== UNCHANGED) writes.push(nth);
    const count = writes.length;
    this.#next = next;
    this.#call = Float64Array.from(call);
    this.#byCall = [...writes].sort((left, right) => call[left]! - call[right]!);
    this.#byReturn = writes.sort((left, right) => returns[left]! - returns[right]!);
    this.#calls = Float64Array.from(this.#byCall, (nth) => call[nth]!);
    this.#returns = Float64Array.from(this.#byReturn, (nth) => returns[nth]!);
    this.#firstReturn = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
    for (let at = count - 1; at >= 0; at -= 1) {
      this.#firstReturn[at] = Math.min(this.#firstReturn[at + 1]!, returns[this.#byCall[at]!]!);
    }
    this.#lastCalled = new Int32Array(count);
    this.#lastOther = new Int32Array(count);
    this.#fillLastCalled();
  }

  firstReturnOfThoseCalledAfter(time: number): number {
    return this.#firstReturn[firstAfter(this.#calls, time)]!;
  }

  /** Those that write `except` do not count. */
  lastCallOfThoseReturnedBefore(time: number, except?: number): number {
    const at = firstFrom(this.#returns, time) - 1;
    if (at < 0) return Number.NEGATIVE_INFINITY;
    const last = this.#lastCalled[at]!;
    const counting = this.#next[last] === except ? this.#lastOther[at]! : last;
    return counting < 0 ? Number.NEGATIVE_INFINITY : this.#call[counting]!;
  }

  calledBetween(from: number, to: number): readonly number[] {
    return this.#byCall.slice(firstAfter(this.#calls, from), firstFrom(this.#calls, to));
  }

  returnedBetween(from: number, to: number): readonly number[] {
    return this.#byReturn.slice(firstAfter(this.#returns, from), firstFrom(this.#returns, to));
  }

  #fillLastCalled(): void {
    let last = -1;
    let other = -1;
    for (let at = 0; at < this.#byReturn.length; at += 1) {
      const nth = this.#byReturn[at]!;
      const isLast = last < 0 || this.#call[nth]! > this.#call[last]!;
      if (isLast && last >= 0 && this.#next[nth] !== this.#next[last]) other = last;
      const isOther = !isLast && this.#next[nth] !== this.#next[last];
      if (isOther && (other < 0 || this.#call[nth]! > this.#call[other]!)) other = nth;
      if (isLast) last = nth;
      this.#lastCalled[at] = last;
      this.#lastOther[at] = other;
    }
  }
}

/** Who writes a value, unknown writes among them, by return. */
export class WritersByValue {
  readonly #byValue = new Map<number, { readonly returns: number[]; readonly firstCall: number[] }>();

  constructor(required: Steps, optional: Steps) {
    const writes: { readonly value: number; readonly call: number; readonly returned: number }[] = [];
    for (const steps of [required, optional]) {
      for (let nth = 0; nth < steps.length; nth += 1) {
        if (steps.next[nth] === UNCHANGED) continue;
        writes.push({ value: steps.next[nth]!, call: steps.call[nth]!, returned: steps.return[nth]! });
      }
    }
    writes.sort((left, right) => (left.returned < right.returned ? -1 : left.returned > right.returned ? 1 : 0));
    for (const { value, call, returned } of writes) {
      let writers = this.#byValue.get(value);
      if (writers === undefined) {
        writers = { returns: [], firstCall: [] };
        this.#byValue.set(value, writers);
      }
      writers.returns.push(returned);
      writers.firstCall.push(call);
    }
    for (const { firstCall } of this.#byValue.values()) {
      for (let at = firstCall.length - 2; at >= 0; at -= 1)
        firstCall[at] = Math.min(firstCall[at]!, firstCall[at + 1]!);
    }
  }

  /** One of them returned no earlier than `returned`, and was called no later than `called`. */
  has(value: number, returned: number, called: number): boolean {
    const writers = this.#byValue.get(value);
    if (writers === undefined) return false;
    const at = firstFrom(writers.returns, returned);
    return at < writers.returns.length && writers.firstCall[at]! <= called;
  }
}

type Ascending = Float64Array | readonly number[];

/** Where the first number stands that is not below `bound`. */
function firstFrom(numbers: Ascending, bound: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the first number stands that is above `bound`. */
function firstAfter(numbers: Ascending, bound: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
