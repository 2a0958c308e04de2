import type { Clock } from '../../base/index.js';
import { asError } from '../../base/index.js';
import {
  type Answer,
  type Call,
  callOf,
  type Operation,
  operationOf,
  type Question,
} from '../../verify/history/index.js';

/** What is typed, and not by a program: more than a day of it. */
const OPERATIONS_MAX = 100_000;
const CLIENT = 'console';

/** Operations of this console itself, one by one. */
export class TypedOperations {
  readonly #ended: Operation[] = [];
  readonly #open = new Set<Call>();
  #lines = 0;
  #isFull = false;

  /** No more is recorded. */
  get isFull(): boolean {
    return this.#isFull;
  }

  get count(): number {
    return this.#ended.length + this.#open.size;
  }

  /** Asks, and takes down what comes of it. */
  async record<T>(
    question: Question,
    clock: Clock,
    ask: () => Promise<T>,
    answerOf: (result: T) => Answer,
  ): Promise<T> {
    if (this.count >= OPERATIONS_MAX) this.#isFull = true;
    if (this.#isFull) return ask();
    this.#lines += 1;
    const call = callOf(question, { line: this.#lines, client: CLIENT, callMs: clock.now() });
    this.#open.add(call);
    try {
      const result = await ask();
      this.#end(call, operationOf(call, 'ok', answerOf(result), clock.now()));
      return result;
    } catch (thrown) {
      const { definite } = asError(thrown);
      this.#end(call, operationOf(call, definite ? 'failed' : 'unknown', null, clock.now()));
      throw thrown;
    }
  }

  /** What there is by now: what is open may have happened. */
  operations(): readonly Operation[] {
    return [...this.#ended, ...[...this.#open].map(unanswered)];
  }

  #end(call: Call, operation: Operation): void {
    this.#open.delete(call);
    // Behind the end of the record there are writes that are not in it: what is answered now may be of one of them.
    this.#ended.push(this.#isFull && operation.outcome !== 'failed' ? unanswered(call) : operation);
  }
}

const unanswered = (call: Call): Operation => operationOf(call, 'unknown', null, 0);
