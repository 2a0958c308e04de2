import type { Operation } from '../history/index.js';
import { decide } from './decide.js';
import { PartValues } from './part-values.js';
import { ROLES, type Role } from './problem.js';
import type { SearchLimits } from './search.js';
import { mayWrite } from './values.js';

/** The smallest bad part that was found. */
export interface BadPart {
  /** By operation: what is still required of it. `asAnswered` and `effectOnly` are the part; no order explains it. */
  readonly roles: Uint8Array;
  /** No operation of it can be weakened further; else the limits ended it. */
  readonly isSmallest: boolean;
}

/**
 * Shrinks operations of one key that no order explains. Each change is one that every order of the whole would survive,
 * so the part is as bad as the whole:
 *
 * - an observer is left out;
 * - a write loses its condition (a cas becomes a put of its new value);
 * - a write becomes one of unknown outcome. It then may stand anywhere after its call or nowhere: what is left is wrong
 *   whatever the others did;
 * - a write is left out that is certainly followed by another one before anything whose answer still counts.
 *
 * A write of a value that somebody in the part found stays in it, so that the part does not look wrong for want of it.
 */
export function shrink(operations: readonly Operation[], limits: SearchLimits): BadPart {
  return new Shrinking(operations, limits).run();
}

const TRY_STEPS = 200_000;
const FOCUS_MIN = 4;

class Shrinking {
  readonly #operations: readonly Operation[];
  readonly #limits: SearchLimits;
  #roles: Uint8Array;
  /** Of the part as `#roles` has it. */
  #values: PartValues;
  #isOutOfTime = false;

  constructor(operations: readonly Operation[], limits: SearchLimits) {
    this.#operations = operations;
    this.#limits = { ...limits, steps: Math.min(limits.steps, TRY_STEPS) };
    this.#roles = new Uint8Array(operations.length).fill(ROLES.asAnswered);
    this.#values = new PartValues(operations, this.#roles);
  }

  run(): BadPart {
    this.#cutAtFirstBadReturn();
    this.#focusOnTheEnd();
    for (let size = this.#part().length; size >= 1 && !this.#isOutOfTime; size = size === 1 ? 0 : (size + 1) >>> 1) {
      this.#weakenInChunks(size);
    }
    let isSmaller = true;
    while (isSmaller && !this.#isOutOfTime) {
      const roles = Uint8Array.from(this.#roles);
      const hasForgotten = this.#leaveOutThePast(roles) && this.#keepIfBad(roles);
      isSmaller = this.#weakenInChunks(1) || hasForgotten;
    }
    return { roles: this.#roles, isSmallest: !this.#isOutOfTime };
  }

  /** What happened after the first return that no order reaches does not matter. */
  #cutAtFirstBadReturn(): void {
    const returns = this.#operations.filter(({ outcome }) => outcome === 'ok').map((operation) => operation.return);
    returns.sort((left, right) => left - right);
    let low = 0;
    let high = returns.length - 1;
    while (low < high && !this.#isOutOfTime) {
      const middle = (low + high) >>> 1;
      if (this.#keepIfBad(this.#cutAfter(returns[middle]!))) high = middle;
      else low = middle + 1;
    }
  }

  #cutAfter(time: number): Uint8Array {
    return Uint8Array.from(this.#operations, (operation) => {
      if (operation.call > time) return ROLES.leftOut;
      return operation.return > time ? weakest(operation) : ROLES.asAnswered;
    });
  }

  /** Most violations are among the last operations, and writes that what they found may come from. */
  #focusOnTheEnd(): void {
    const part = this.#part();
    for (let size = FOCUS_MIN; size < part.length / 2 && !this.#isOutOfTime; size *= 2) {
      const roles = Uint8Array.from(this.#roles);
      const others = part.slice(0, -size);
      for (const nth of others) roles[nth] = mayWrite(this.#operations[nth]!) ? ROLES.effectOnly : ROLES.leftOut;
      this.#leaveOutThePast(roles);
      if (this.#keepIfBad(roles)) return;
    }
  }

  /**
   * Leaves out writes that are certainly overwritten before the first operation whose answer counts. False: none are.
   */
  #leaveOutThePast(roles: Uint8Array): boolean {
    const horizon = this.#horizon(roles);
    const values = new PartValues(this.#operations, roles);
    let isAny = false;
    this.#operations.forEach((operation, nth) => {
      if (!isRequired(operation, roles[nth]!) || operation.return >= horizon || values.isNeeded(nth)) return;
      values.remove(nth);
      roles[nth] = ROLES.leftOut;
      isAny = true;
    });
    return isAny;
  }

  /** What returned before this time is overwritten, for each operation whose answer counts, before that one is called. */
  #horizon(roles: Uint8Array): number {
    const overwrites = this.#operations.filter((operation, nth) => {
      const role = roles[nth]!;
      return isRequired(operation, role) && (operation.type === 'put' || role === ROLES.effectOnly);
    });
    overwrites.sort((left, right) => left.return - right.return);
    let horizon = Number.POSITIVE_INFINITY;
    let lastCall = Number.NEGATIVE_INFINITY;
    let returned = 0;
    this.#operations.forEach((operation, nth) => {
      if (roles[nth] !== ROLES.asAnswered || operation.type === 'put') return;
      for (; returned < overwrites.length && overwrites[returned]!.return < operation.call; returned += 1) {
        lastCall = Math.max(lastCall, overwrites[returned]!.call);
      }
      horizon = Math.min(horizon, lastCall);
    });
    return horizon;
  }

  /** Observers first, then conditions, then whole writes: what is left needs the fewest values. */
  #weakenInChunks(size: number): boolean {
    const { asAnswered, effectOnly, optional, leftOut } = ROLES;
    const observers = this.#weaken(size, leftOut, (operation) => !mayWrite(operation));
    const conditions = this.#weaken(
      size,
      effectOnly,
      (operation, role) => role === asAnswered && hasCondition(operation),
    );
    const writes = this.#weaken(
      size,
      optional,
      (operation, _, nth) => mayWrite(operation) && !this.#values.isNeeded(nth),
    );
    return observers || conditions || writes;
  }

  #weaken(size: number, role: Role, isMeant: (operation: Operation, role: number, nth: number) => boolean): boolean {
    const meant = this.#part().filter((nth) => isMeant(this.#operations[nth]!, this.#roles[nth]!, nth));
    let hasWeakened = false;
    for (let at = 0; at < meant.length && !this.#isOutOfTime; at += size) {
      // Looked at again: what was weakened before may have left a value with this write alone.
      const chunk = meant.slice(at, at + size).filter((nth) => isMeant(this.#operations[nth]!, this.#roles[nth]!, nth));
      if (chunk.length === 0) continue;
      const roles = Uint8Array.from(this.#roles);
      for (const nth of chunk) roles[nth] = role;
      if (this.#keepIfBad(roles)) hasWeakened = true;
    }
    return hasWeakened;
  }

  #part(): number[] {
    const part: number[] = [];
    for (let nth = 0; nth < this.#roles.length; nth += 1) if (this.#roles[nth]! <= ROLES.effectOnly) part.push(nth);
    return part;
  }

  #keepIfBad(roles: Uint8Array): boolean {
    const { verdict } = decide(this.#operations, this.#limits, roles);
    if (this.#limits.clock.now() >= this.#limits.deadline) this.#isOutOfTime = true;
    if (verdict !== 'violation') return false;
    this.#roles = roles;
    this.#values = new PartValues(this.#operations, roles);
    return true;
  }
}

const isRequired = (operation: Operation, role: number): boolean =>
  role <= ROLES.effectOnly && operation.outcome === 'ok';

const hasCondition = (operation: Operation): boolean => operation.type !== 'put' && mayWrite(operation);

const weakest = (operation: Operation): Role => (mayWrite(operation) ? ROLES.optional : ROLES.leftOut);
