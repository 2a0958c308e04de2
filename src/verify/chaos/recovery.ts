import type { Operation } from '../history/index.js';
import { isWrite } from '../history/index.js';

/** Of an acknowledged write, in milliseconds of the run's clock. */
interface Acknowledged {
  readonly callMs: number;
  readonly returnMs: number;
}

/** When writes were acknowledged: how soon after a fault, and how long not at all. */
export class Acknowledgements {
  /** By call. */
  readonly #writes: readonly Acknowledged[];
  /** The earliest return of this one and all behind it. */
  readonly #earliest: readonly number[];
  /** Sorted. */
  readonly #returns: readonly number[];

  constructor(operations: readonly Operation[]) {
    const writes = operations
      .filter((operation) => operation.outcome === 'ok' && isWrite(operation))
      .map((operation) => ({ callMs: operation.call / 1e6, returnMs: operation.return / 1e6 }))
      .sort((one, other) => one.callMs - other.callMs);
    const earliest = writes.map(({ returnMs }) => returnMs);
    for (let nth = earliest.length - 2; nth >= 0; nth -= 1)
      earliest[nth] = Math.min(earliest[nth]!, earliest[nth + 1]!);
    this.#writes = writes;
    this.#earliest = earliest;
    this.#returns = writes.map(({ returnMs }) => returnMs).sort((one, other) => one - other);
  }

  /** Until the first write was acknowledged that was called after that moment; null: none was. */
  afterMs(momentMs: number): number | null {
    const nth = firstWhere(this.#writes, ({ callMs }) => callMs >= momentMs);
    return nth === this.#writes.length ? null : this.#earliest[nth]! - momentMs;
  }

  /** The longest time without an acknowledged write that touches this stretch. */
  longestGapMs(beginMs: number, endMs: number): number {
    let longest = 0;
    let before = beginMs;
    for (
      let nth = Math.max(0, firstWhere(this.#returns, (at) => at >= beginMs) - 1);
      nth < this.#returns.length;
      nth += 1
    ) {
      const at = this.#returns[nth]!;
      if (at > beginMs) longest = Math.max(longest, at - before);
      before = at;
      if (at >= endMs) return longest;
    }
    return Math.max(longest, endMs - before);
  }
}

/** Where it begins to hold, by bisection; the length where it never does. */
function firstWhere<T>(list: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
