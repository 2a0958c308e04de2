import { Problem, Steps } from './problem.js';
import { ABSENT, CONDITIONS, UNCHANGED } from './step.js';
import { WritersByValue, WritesInTime } from './writes-in-time.js';

/**
 * The same problem with every bound that `Bounds` finds. Costs more than the search of an ordinary history, and saves
 * the search of a hard one.
 */
export function narrowed({ required, optional, isPossible, valueCount }: Problem): Problem {
  const steps = byCall(required);
  const bounds = new Bounds(steps, optional, valueCount);
  return isPossible && bounds.narrow()
    ? new Problem(byCall(steps), optional, true, valueCount)
    : new Problem(steps, optional, false, valueCount);
}

function byCall(steps: Steps): Steps {
  const { call } = steps;
  const sorted = new Steps();
  for (const nth of Array.from(call.keys()).sort((left, right) => call[left]! - call[right]!))
    sorted.pushFrom(steps, nth);
  return sorted;
}

/**
 * Narrows the times in which the required operations can have taken effect, by what must hold in every order. It decides
 * most violations without a search, and leaves the search of a valid history less to try.
 *
 * 1. *A value with one writer is held once* (Gibbons and Korach's zones): from its writer to the last who found it, no
 *    other write can stand. A write that is after one of them is after all of them; one before, before all.
 * 2. *Whoever finds a value has it from a writer that was not overwritten before*: writer, overwriting write and finder
 *    must not follow one another in time for every writer there is.
 *
 * Every bound follows from the times alone, so it holds for the unknown writes too: they may be placed anywhere.
 */
class Bounds {
  readonly #required: Steps;
  readonly #optional: Steps;
  readonly #zones: readonly Zone[];
  #hasChanged = false;

  constructor(required: Steps, optional: Steps, valueCount: number) {
    this.#required = required;
    this.#optional = optional;
    this.#zones = zonesOf(required, optional, valueCount);
  }

  /** Narrows `call` and `return` of the required steps in place. False: no order can exist. */
  narrow(): boolean {
    if (this.#zones.some(({ takers }) => takers > 1)) return false;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      this.#hasChanged = false;
      const writes = new WritesInTime(this.#required);
      for (const zone of this.#zones) if (!this.#narrowZone(zone, writes)) return false;
      if (!this.#hasChanged) break;
    }
    return this.#everyFindHasAWriter();
  }

  #narrowZone({ members, writer, taker }: Zone, writes: WritesInTime): boolean {
    const { call, return: returns } = this.#required;
    let firstReturn = Number.POSITIVE_INFINITY;
    let lastCall = Number.NEGATIVE_INFINITY;
    for (const nth of members) {
      firstReturn = Math.min(firstReturn, returns[nth]!);
      lastCall = Math.max(lastCall, call[nth]!);
    }
    const from = Math.max(call[writer]!, writes.lastCallOfThoseReturnedBefore(lastCall));
    const to = Math.min(
      taker < 0 ? Number.POSITIVE_INFINITY : returns[taker]!,
      writes.firstReturnOfThoseCalledAfter(firstReturn),
    );
    for (const nth of members) this.#bound(nth, from, to);
    this.#bound(writer, from, firstReturn);
    if (taker >= 0) this.#bound(taker, lastCall, to);
    for (const nth of members) if (call[nth]! > returns[nth]!) return false;
    return firstReturn >= lastCall || this.#keepOut(members, firstReturn, lastCall, writes);
  }

  /** The value was certainly held from `from` to `to`: writes called in between come after it, returned ones before. */
  #keepOut(members: readonly number[], from: number, to: number, writes: WritesInTime): boolean {
    for (const nth of writes.calledBetween(from, to)) {
      if (members.includes(nth)) continue;
      if (this.#required.return[nth]! < to) return false;
      this.#bound(nth, to, Number.POSITIVE_INFINITY);
    }
    for (const nth of writes.returnedBetween(from, to)) {
      if (!members.includes(nth)) this.#bound(nth, Number.NEGATIVE_INFINITY, from);
    }
    return true;
  }

  #bound(nth: number, from: number, to: number): void {
    const { call, return: returns } = this.#required;
    if (from > call[nth]!) {
      call[nth] = from;
      this.#hasChanged = true;
    }
    if (to < returns[nth]!) {
      returns[nth] = to;
      this.#hasChanged = true;
    }
  }

  #everyFindHasAWriter(): boolean {
    const { length, condition, operand, call, return: returns } = this.#required;
    const writes = new WritesInTime(this.#required);
    const writers = new WritersByValue(this.#required, this.#optional);
    for (let nth = 0; nth < length; nth += 1) {
      if (call[nth]! > returns[nth]!) return false;
      if (condition[nth] !== CONDITIONS.equal) continue;
      const value = operand[nth]!;
      const overwritten = writes.lastCallOfThoseReturnedBefore(call[nth]!, value);
      if (value === ABSENT && overwritten === Number.NEGATIVE_INFINITY) continue;
      if (!writers.has(value, overwritten, returns[nth]!)) return false;
    }
    return true;
  }
}

/** Bounds follow from bounds; after a few rounds hardly any is new. */
const ROUNDS_MAX = 4;

/** A value with one writer. */
interface Zone {
  readonly writer: number;
  /** The writer and all who find the value. */
  readonly members: readonly number[];
  /** Who finds the value and writes another, -1 for nobody. There can be only one: `takers` counts them. */
  readonly taker: number;
  readonly takers: number;
}

function zonesOf(required: Steps, optional: Steps, valueCount: number): Zone[] {
  const writers = new Int32Array(valueCount);
  const writer = new Int32Array(valueCount);
  for (let nth = 0; nth < required.length; nth += 1) {
    const value = required.next[nth]!;
    if (value === UNCHANGED) continue;
    writers[value]! += 1;
    writer[value] = nth;
  }
  for (const value of optional.next) writers[value]! += 1;
  writers[ABSENT] = 0;
  const zones = new Map<number, { writer: number; members: number[]; taker: number; takers: number }>();
  for (let nth = 0; nth < required.length; nth += 1) {
    const value = required.operand[nth]!;
    if (required.condition[nth] !== CONDITIONS.equal || writers[value] !== 1) continue;
    let zone = zones.get(value);
    if (zone === undefined) {
      zone = { writer: writer[value]!, members: [writer[value]!], taker: -1, takers: 0 };
      zones.set(value, zone);
    }
    zone.members.push(nth);
    if (required.next[nth] === UNCHANGED) continue;
    zone.taker = nth;
    zone.takers += 1;
  }
  return [...zones.values()];
}
