import type { Operation } from '../history/index.js';
import { ABSENT, CONDITIONS, type Step, stepOf, UNCHANGED, unconditional, ValueNumbers } from './step.js';

/** How much of an operation is required of an order. Each is weaker than the one before (`shrink.ts`). */
export const ROLES = { asAnswered: 0, effectOnly: 1, optional: 2, leftOut: 3 } as const;
export type Role = (typeof ROLES)[keyof typeof ROLES];

/** The operations of one key as numbers, by call: what the search works on. */
export class Problem {
  /** Operations that every order must contain. */
  readonly required: Steps;
  /** Writes that may have happened or not, at any time after their call. */
  readonly optional: Steps;
  /** No value that was seen is missing a writer; else no order can exist, and there is nothing to search. */
  readonly isPossible: boolean;
  /** How many different values there are, "no such key" among them. */
  readonly valueCount: number;

  constructor(required: Steps, optional: Steps, isPossible: boolean, valueCount: number) {
    this.required = required;
    this.optional = optional;
    this.isPossible = isPossible;
    this.valueCount = valueCount;
  }
}

/** Steps with their times, a column each. */
export class Steps {
  readonly condition: number[] = [];
  readonly operand: number[] = [];
  readonly next: number[] = [];
  readonly call: number[] = [];
  readonly return: number[] = [];

  get length(): number {
    return this.call.length;
  }

  push({ condition, operand, next }: Step, call: number, answered: number): void {
    this.condition.push(condition);
    this.operand.push(operand);
    this.next.push(next);
    this.call.push(call);
    this.return.push(answered);
  }

  pushFrom(other: Steps, nth: number): void {
    this.condition.push(other.condition[nth]!);
    this.operand.push(other.operand[nth]!);
    this.next.push(other.next[nth]!);
    this.call.push(other.call[nth]!);
    this.return.push(other.return[nth]!);
  }
}

/** The problem of one key's operations, which are ordered by call. Failed ones must not be among them. */
export function problemOf(operations: readonly Operation[], roles?: Uint8Array): Problem {
  const values = new ValueNumbers();
  const steps = new Steps();
  for (let nth = 0; nth < operations.length; nth += 1) {
    const role = roles === undefined ? ROLES.asAnswered : roles[nth]!;
    if (role === ROLES.leftOut) continue;
    const operation = operations[nth]!;
    const step = stepOf(operation, values);
    if (step === undefined || (role === ROLES.optional && step.next === UNCHANGED)) continue;
    const answered =
      role === ROLES.optional || operation.outcome !== 'ok' ? Number.POSITIVE_INFINITY : operation.return;
    steps.push(role === ROLES.asAnswered ? step : unconditional(step), operation.call, answered);
  }
  return new Narrowing(steps, values.count).problem();
}

const isOptional = (steps: Steps, nth: number): boolean => steps.return[nth] === Number.POSITIVE_INFINITY;

/** What follows for the unknown outcomes without any search. */
class Narrowing {
  readonly #steps: Steps;
  readonly #valueCount: number;
  readonly #isDropped: Uint8Array;
  /** By value: how many steps write it, and the earliest call among them. */
  readonly #writers: Int32Array;
  readonly #firstWrite: Float64Array;
  /** By value: how many required (optional) steps need to find it, and the earliest return of the required ones. */
  readonly #needs: Int32Array;
  readonly #optionalNeeds: Int32Array;
  readonly #firstNeed: Float64Array;
  /** Required steps that need to find anything but some value. */
  #avoids = 0;

  constructor(steps: Steps, valueCount: number) {
    this.#steps = steps;
    this.#valueCount = valueCount;
    this.#isDropped = new Uint8Array(steps.length);
    this.#writers = new Int32Array(valueCount);
    this.#firstWrite = new Float64Array(valueCount).fill(Number.POSITIVE_INFINITY);
    this.#needs = new Int32Array(valueCount);
    this.#optionalNeeds = new Int32Array(valueCount);
    this.#firstNeed = new Float64Array(valueCount).fill(Number.POSITIVE_INFINITY);
    for (let nth = 0; nth < steps.length; nth += 1) this.#count(nth);
  }

  problem(): Problem {
    const unknown: number[] = [];
    for (let nth = 0; nth < this.#steps.length; nth += 1) if (isOptional(this.#steps, nth)) unknown.push(nth);
    let settled = 0;
    do {
      settled = 0;
      for (const nth of unknown) if (this.#isOpen(nth) && (this.#require(nth) || this.#forget(nth))) settled += 1;
    } while (settled > 0);
    const required = new Steps();
    const optional = new Steps();
    for (let nth = 0; nth < this.#steps.length; nth += 1) {
      if (this.#isDropped[nth] === 0) (isOptional(this.#steps, nth) ? optional : required).pushFrom(this.#steps, nth);
    }
    return new Problem(required, optional, this.#isPossible(required), this.#valueCount);
  }

  #isOpen(nth: number): boolean {
    return this.#isDropped[nth] === 0 && isOptional(this.#steps, nth);
  }

  #count(nth: number): void {
    const { condition, operand, next, call } = this.#steps;
    const value = operand[nth]!;
    const optional = isOptional(this.#steps, nth);
    if (next[nth] !== UNCHANGED) {
      this.#writers[next[nth]!]! += 1;
      this.#firstWrite[next[nth]!] = Math.min(this.#firstWrite[next[nth]!]!, call[nth]!);
    }
    if (condition[nth] === CONDITIONS.equal) {
      if (optional) this.#optionalNeeds[value]! += 1;
      else this.#need(value, this.#steps.return[nth]!);
    }
    if (condition[nth] === CONDITIONS.notEqual && !optional) this.#avoids += 1;
  }

  #need(value: number, before: number): void {
    this.#needs[value]! += 1;
    this.#firstNeed[value] = Math.min(this.#firstNeed[value]!, before);
  }

  /** Somebody saw the value, and nobody else can have written it: it happened, before the first who saw it returned. */
  #require(nth: number): boolean {
    const { condition, operand, next } = this.#steps;
    const value = next[nth]!;
    if (value === ABSENT || this.#writers[value] !== 1 || this.#needs[value] === 0) return false;
    const before = this.#firstNeed[value]!;
    this.#steps.return[nth] = before;
    if (condition[nth] === CONDITIONS.equal) {
      this.#optionalNeeds[operand[nth]!]! -= 1;
      this.#need(operand[nth]!, before);
    }
    return true;
  }

  /** Nobody needs the value, nor that the value changes: an order with it is an order without it. */
  #forget(nth: number): boolean {
    const { condition, operand, next } = this.#steps;
    const value = next[nth]!;
    if (this.#avoids > 0 || this.#needs[value]! > 0 || this.#optionalNeeds[value]! > 0) return false;
    this.#isDropped[nth] = 1;
    this.#writers[value]! -= 1;
    if (condition[nth] === CONDITIONS.equal) this.#optionalNeeds[operand[nth]!]! -= 1;
    return true;
  }

  /** Every value that was found has a writer that was called in time. */
  #isPossible({ length, condition, operand, call, return: answered }: Steps): boolean {
    for (let nth = 0; nth < length; nth += 1) {
      if (answered[nth]! < call[nth]!) return false;
      const value = operand[nth]!;
      if (condition[nth] !== CONDITIONS.equal || value === ABSENT) continue;
      if (this.#writers[value] === 0 || this.#firstWrite[value]! > answered[nth]!) return false;
    }
    return true;
  }
}
