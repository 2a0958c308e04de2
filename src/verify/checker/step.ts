import type { Operation } from '../history/index.js';

/**
 * What an operation does to the one value of its key, as the search sees it. Values are small numbers, 0 for "no such
 * key", which is also where every key begins.
 *
 *     put v                 any value  -> v
 *     get, answered v       equal to v
 *     cas e v, true         equal to e -> v            (an observer if e is v)
 *     cas e v, false        not e
 *     del, true             not 0      -> 0
 *     del, false            equal to 0
 */
export interface Step {
  readonly condition: Condition;
  /** The value that the condition speaks of. */
  readonly operand: number;
  /** The value afterwards; UNCHANGED makes it an observer. */
  readonly next: number;
}

export const CONDITIONS = { any: 0, equal: 1, notEqual: 2 } as const;
export type Condition = (typeof CONDITIONS)[keyof typeof CONDITIONS];

export const ABSENT = 0;
export const UNCHANGED = -1;

export const holds = (condition: number, operand: number, value: number): boolean =>
  condition === CONDITIONS.equal ? value === operand : condition === CONDITIONS.any || value !== operand;

/** Numbers the values of one key. */
export class ValueNumbers {
  readonly #numbers = new Map<string, number>();

  of(value: string | null): number {
    if (value === null) return ABSENT;
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = this.#numbers.size + 1;
      this.#numbers.set(value, number);
    }
    return number;
  }

  get count(): number {
    return this.#numbers.size + 1;
  }
}

const { any, equal, notEqual } = CONDITIONS;

/** The step of an operation that answered, or the effect that one of unknown outcome may have had: undefined for none. */
export function stepOf(operation: Operation, values: ValueNumbers): Step | undefined {
  const answered = operation.outcome === 'ok';
  switch (operation.type) {
    case 'put':
      return { condition: any, operand: ABSENT, next: values.of(operation.value) };
    case 'get':
      return answered ? { condition: equal, operand: values.of(operation.output), next: UNCHANGED } : undefined;
    case 'del':
      if (answered && !operation.output) return { condition: equal, operand: ABSENT, next: UNCHANGED };
      return { condition: notEqual, operand: ABSENT, next: ABSENT };
    case 'cas': {
      const operand = values.of(operation.expected);
      if (answered && !operation.output) return { condition: notEqual, operand, next: UNCHANGED };
      const next = values.of(operation.value);
      if (next !== operand) return { condition: equal, operand, next };
      return answered ? { condition: equal, operand, next: UNCHANGED } : undefined;
    }
  }
}

/** The same effect without its condition: whatever order explains the answer explains this too. */
export const unconditional = (step: Step): Step =>
  step.next === UNCHANGED ? step : { condition: any, operand: ABSENT, next: step.next };
