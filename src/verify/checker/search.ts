import type { Clock } from '../../base/index.js';
import { Memo } from './memo.js';
import type { Problem } from './problem.js';
import { ABSENT, holds, UNCHANGED } from './step.js';
import { Supply } from './supply.js';
import { Timeline } from './timeline.js';
import { UnknownWrites } from './unknown-writes.js';

/** Where a search gives up. */
export interface SearchLimits {
  readonly steps: number;
  /** Bytes of the memo. */
  readonly memory: number;
  readonly clock: Clock;
  /** On `clock`. */
  readonly deadline: number;
}

export type SearchLimit = 'steps' | 'memory' | 'time';

export interface SearchResult {
  readonly verdict: 'linearizable' | 'violation' | 'undecided';
  readonly steps: number;
  /** What ended it undecided. */
  readonly limit?: SearchLimit;
}

/** Looks for an order of the operations in which every answer is right and nothing is moved out of its time. */
export function search(problem: Problem, limits: SearchLimits): SearchResult {
  return problem.isPossible ? new Search(problem).run(limits) : { verdict: 'violation', steps: 0 };
}

const NONE = -1;
const STEPS_PER_LOOK_AT_THE_CLOCK = 1 << 12;

/** A row of the memo: value, value before an unknown write, how many candidates, the candidates, used unknown writes. */
const CANDIDATES_AT = 3;

/**
 * The search of Wing and Gong with Lowe's memo: depth first, at each position one of the operations that were called
 * before the first return comes next. What keeps it short:
 *
 * - *Observers are taken greedily.* An operation that changes nothing and fits the value now is placed now. Wherever an
 *   order has it later, it may as well stand here, so this is no choice and is never undone on its own.
 * - *The memo is exact and small.* What is called and not placed (at most one operation per client) says what is placed:
 *   all others that were called before the first return of one of these.
 * - *An unknown write is only placed right before an operation that needs it*, one that the value before it does not
 *   fit. In the order with the fewest unknown writes, each as late as possible, they all stand like this: if the next
 *   operation fitted the old value too, an observer could stand before the write, and behind any other the write could
 *   be left out.
 * - *A value is not given up while it is needed*: if an operation that must find it returns before anything is called
 *   that could write it again, this way is a dead end at once.
 */
class Search {
  readonly #problem: Problem;
  readonly #timeline: Timeline;
  readonly #unknown: UnknownWrites;
  readonly #memo = new Memo();
  /** By required operation: how many unknown writes were called before it returned. */
  readonly #unknownCalled: Int32Array;
  readonly #supply: Supply;
  /** Required operations in the order in which they were placed. */
  readonly #placed: Int32Array;
  #placedCount = 0;
  /** What is called and not placed, at the position that is being entered. */
  readonly #pending: number[] = [];
  readonly #path: Frame[] = [];
  #depth = 0;
  #steps = 0;

  constructor(problem: Problem) {
    const { required, optional, valueCount } = problem;
    this.#problem = problem;
    const byReturn = orderByReturn(required.return);
    this.#timeline = new Timeline(required.call, required.return, byReturn);
    this.#supply = new Supply(required, byReturn, valueCount);
    this.#unknown = new UnknownWrites(optional);
    this.#unknownCalled = countCalled(optional.call, required.return);
    this.#placed = new Int32Array(required.length);
  }

  run(limits: SearchLimits): SearchResult {
    if (this.#enter(ABSENT, NONE, 0, NONE)) return { verdict: 'linearizable', steps: this.#steps };
    let look = STEPS_PER_LOOK_AT_THE_CLOCK;
    while (this.#depth > 0) {
      this.#steps += 1;
      if (this.#advance(this.#path[this.#depth - 1]!)) return { verdict: 'linearizable', steps: this.#steps };
      if (this.#steps < look) continue;
      look += STEPS_PER_LOOK_AT_THE_CLOCK;
      const limit = this.#reached(limits);
      if (limit !== undefined) return { verdict: 'undecided', steps: this.#steps, limit };
    }
    return { verdict: 'violation', steps: this.#steps };
  }

  #reached({ steps, memory, clock, deadline }: SearchLimits): SearchLimit | undefined {
    if (this.#steps >= steps) return 'steps';
    if (this.#memo.size * Int32Array.BYTES_PER_ELEMENT >= memory) return 'memory';
    return clock.now() >= deadline ? 'time' : undefined;
  }

  /** Tries the next candidate of a position, or leaves it when there is none. True: everything is placed. */
  #advance(frame: Frame): boolean {
    const nth = frame.tried;
    frame.tried += 1;
    if (nth < frame.candidateCount) return this.#tryRequired(frame, this.#memo.rows[frame.candidatesAt + nth]!);
    const unknown = nth - frame.candidateCount;
    if (unknown < this.#unknown.classCount) return this.#tryUnknown(frame, unknown);
    this.#depth -= 1;
    this.#undo(frame.placedBefore, frame.unknown);
    return false;
  }

  #tryRequired({ value, valueBefore }: Frame, nth: number): boolean {
    const { condition, operand, next } = this.#problem.required;
    const after = next[nth]!;
    if (after === UNCHANGED || !holds(condition[nth]!, operand[nth]!, value)) return false;
    if (valueBefore !== NONE && holds(condition[nth]!, operand[nth]!, valueBefore)) return false;
    const placedBefore = this.#placedCount;
    this.#place(nth);
    if (after !== value && this.#isStillNeeded(value)) {
      this.#undo(placedBefore, NONE);
      return false;
    }
    return this.#enter(after, NONE, placedBefore, NONE);
  }

  #tryUnknown(frame: Frame, nth: number): boolean {
    const { value, valueBefore } = frame;
    const after = this.#unknown.next[nth]!;
    const condition = this.#unknown.condition[nth]!;
    const operand = this.#unknown.operand[nth]!;
    if (after === value || after === valueBefore || !holds(condition, operand, value)) return false;
    if (valueBefore !== NONE && holds(condition, operand, valueBefore)) return false;
    if (!this.#unknown.isAvailable(nth, frame.unknownCalled) || !this.#isUseful(frame, nth)) return false;
    this.#unknown.use(nth);
    if (this.#isStillNeeded(value)) {
      this.#undo(this.#placedCount, nth);
      return false;
    }
    return this.#enter(after, value, this.#placedCount, nth);
  }

  /** Something can stand behind the unknown write that could not stand before it. */
  #isUseful({ value, candidatesAt, candidateCount }: Frame, nth: number): boolean {
    if (this.#unknown.feedsAnother[nth]) return true;
    const after = this.#unknown.next[nth]!;
    const { condition, operand } = this.#problem.required;
    const rows = this.#memo.rows;
    for (let at = candidatesAt; at < candidatesAt + candidateCount; at += 1) {
      const candidate = rows[at]!;
      const needs = condition[candidate]!;
      if (holds(needs, operand[candidate]!, after) && !holds(needs, operand[candidate]!, value)) return true;
    }
    return false;
  }

  /** The value is left for another one, and something must find it before anything is called that writes it again. */
  #isStillNeeded(value: number): boolean {
    const until = this.#supply.neededUntil(value);
    if (until === Number.POSITIVE_INFINITY || this.#supply.writtenFrom(value) <= until) return false;
    return this.#unknown.writtenFrom(value) > until;
  }

  /**
   * Comes to a new position, having placed what stands in `placed` from `placedBefore` on, or the unknown write
   * `unknown`. Takes it back if the search has been here. True: everything is placed.
   */
  #enter(value: number, valueBefore: number, placedBefore: number, unknown: number): boolean {
    const stop = this.#takeObservers(value);
    if (stop === NONE) return true;
    const observed = this.#placedCount > placedBefore;
    const from = valueBefore !== NONE && observed ? NONE : valueBefore;
    const pending = this.#pending;
    const at = this.#memo.draft(CANDIDATES_AT + pending.length + this.#unknown.wordCount);
    const { rows } = this.#memo;
    rows[at] = value;
    rows[at + 1] = from;
    rows[at + 2] = pending.length;
    for (let nth = 0; nth < pending.length; nth += 1) rows[at + CANDIDATES_AT + nth] = pending[nth]!;
    const length = CANDIDATES_AT + pending.length;
    if (!this.#memo.add(length + this.#unknown.writeUsed(rows, at + length))) {
      this.#undo(placedBefore, unknown);
      return false;
    }
    const frame = this.#nextFrame();
    frame.value = value;
    frame.valueBefore = from;
    frame.candidatesAt = at + CANDIDATES_AT;
    frame.candidateCount = pending.length;
    frame.unknownCalled = this.#unknownCalled[stop]!;
    frame.tried = 0;
    frame.placedBefore = placedBefore;
    frame.unknown = unknown;
    return false;
  }

  /**
   * Places every observer that fits, up to the first return of an operation that is not placed: that operation must be
   * among what comes next. Leaves in `pending` what was called before; answers the operation, NONE when none is left.
   */
  #takeObservers(value: number): number {
    const { length, condition, operand, next } = this.#problem.required;
    const timeline = this.#timeline;
    this.#pending.length = 0;
    let passed = timeline.head;
    for (let event = timeline.after(passed); event !== timeline.head; event = timeline.after(passed)) {
      if (event >= length) return event - length;
      if (next[event] === UNCHANGED && holds(condition[event]!, operand[event]!, value)) {
        this.#place(event);
      } else {
        this.#pending.push(event);
        passed = event;
      }
    }
    return NONE;
  }

  #place(nth: number): void {
    this.#timeline.lift(nth);
    this.#supply.lift(nth);
    this.#placed[this.#placedCount] = nth;
    this.#placedCount += 1;
  }

  #undo(placedBefore: number, unknown: number): void {
    while (this.#placedCount > placedBefore) {
      this.#placedCount -= 1;
      const nth = this.#placed[this.#placedCount]!;
      this.#timeline.putBack(nth);
      this.#supply.putBack(nth);
    }
    if (unknown !== NONE) this.#unknown.giveBack(unknown);
  }

  #nextFrame(): Frame {
    if (this.#depth === this.#path.length) this.#path.push(new Frame());
    this.#depth += 1;
    return this.#path[this.#depth - 1]!;
  }
}

/** A position on the way that is being tried. Frames are used again: a search makes millions of them. */
class Frame {
  value = ABSENT;
  /** The value before the unknown write that led here and is not needed by anything yet, else NONE. */
  valueBefore = NONE;
  candidatesAt = 0;
  candidateCount = 0;
  /** How many unknown writes were called before what must come next returned. */
  unknownCalled = 0;
  /** Candidates tried so far: the required ones, then the classes of unknown writes. */
  tried = 0;
  placedBefore = 0;
  unknown = NONE;
}

const orderByReturn = (answered: readonly number[]): number[] =>
  Array.from(answered.keys()).sort((left, right) => answered[left]! - answered[right]!);

/** For each of `times`: how many of the ascending `calls` are not after it. */
function countCalled(calls: readonly number[], times: readonly number[]): Int32Array {
  return Int32Array.from(times, (time) => {
    let low = 0;
    let high = calls.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (calls[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
