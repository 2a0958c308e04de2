import type { Operation } from '../history/index.js';
import { ROLES } from './problem.js';
import { foundSomething, valueFound, valueWritten } from './values.js';

/** Which values the operations of a part write and find. */
export class PartValues {
  readonly #operations: readonly Operation[];
  readonly #roles: Uint8Array;
  readonly #writers = new Map<string, number>();
  readonly #finders = new Map<string, number>();
  /** Of any value. */
  #allWriters = 0;
  #finderOfAny = 0;

  constructor(operations: readonly Operation[], roles: Uint8Array) {
    this.#operations = operations;
    this.#roles = roles;
    for (let nth = 0; nth < roles.length; nth += 1) if (roles[nth]! <= ROLES.effectOnly) this.#count(nth, 1);
  }

  /** Somebody in the part found what this operation writes, and nobody else in the part writes it. */
  isNeeded(nth: number): boolean {
    const value = valueWritten(this.#operations[nth]!);
    if (value === null || value === undefined) return false;
    if (this.#finderOfAny > 0 && this.#allWriters === 1) return true;
    const finders = this.#finders.get(value) ?? 0;
    const own = this.#roles[nth] === ROLES.asAnswered && valueFound(this.#operations[nth]!) === value ? 1 : 0;
    return finders > own && this.#writers.get(value) === 1;
  }

  /** To be called while the operation still has the role that it was counted with. */
  remove(nth: number): void {
    this.#count(nth, -1);
  }

  #count(nth: number, by: number): void {
    const operation = this.#operations[nth]!;
    const written = valueWritten(operation);
    if (typeof written === 'string') {
      this.#writers.set(written, (this.#writers.get(written) ?? 0) + by);
      this.#allWriters += by;
    }
    if (this.#roles[nth] !== ROLES.asAnswered) return;
    const found = valueFound(operation);
    if (typeof found === 'string') this.#finders.set(found, (this.#finders.get(found) ?? 0) + by);
    if (foundSomething(operation)) this.#finderOfAny += by;
  }
}
