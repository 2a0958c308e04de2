import type { Steps } from './problem.js';
import { CONDITIONS } from './step.js';

/**
 * The writes of unknown outcome that the search may use, in classes of equal effect. All of a class are open for ever
 * once they were called, so it does not matter which is taken: always the earliest that is left.
 */
export class UnknownWrites {
  readonly classCount: number;
  readonly condition: number[] = [];
  readonly operand: number[] = [];
  readonly next: number[] = [];
  /** By class: its effect is what another unknown write needs to find. */
  readonly feedsAnother: boolean[] = [];
  /** Numbers that `usedWords` takes at most: one bit a write. */
  readonly wordCount: number;
  /** By class: its members, as how many unknown writes were called before each. */
  readonly #ranks: number[][] = [];
  readonly #calls: readonly number[];
  readonly #classesByNext = new Map<number, number[]>();
  readonly #firstBit: number[] = [];
  readonly #used: number[] = [];
  readonly #words: Int32Array;

  /** The steps must be ordered by call. */
  constructor(steps: Steps) {
    this.#calls = steps.call;
    const classes = new Map<string, number>();
    for (let rank = 0; rank < steps.length; rank += 1) {
      const effect = `${steps.condition[rank]} ${steps.operand[rank]} ${steps.next[rank]}`;
      let found = classes.get(effect);
      if (found === undefined) {
        found = classes.size;
        classes.set(effect, found);
        this.condition.push(steps.condition[rank]!);
        this.operand.push(steps.operand[rank]!);
        this.next.push(steps.next[rank]!);
        this.#ranks.push([]);
        this.#used.push(0);
        const next = steps.next[rank]!;
        this.#classesByNext.set(next, [...(this.#classesByNext.get(next) ?? []), found]);
      }
      this.#ranks[found]!.push(rank);
    }
    this.classCount = classes.size;
    let bits = 0;
    for (let nth = 0; nth < this.classCount; nth += 1) {
      this.#firstBit.push(bits);
      bits += this.#ranks[nth]!.length;
      this.feedsAnother.push(this.#isNeeded(this.next[nth]!));
    }
    this.#words = new Int32Array((bits + 31) >>> 5);
    this.wordCount = this.#words.length;
  }

  /** There is one left among the first `called` unknown writes. */
  isAvailable(nth: number, called: number): boolean {
    const rank = this.#ranks[nth]![this.#used[nth]!];
    return rank !== undefined && rank < called;
  }

  /** The earliest call of what is left to write the value. Infinity: nothing is. */
  writtenFrom(value: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const nth of this.#classesByNext.get(value) ?? []) {
      const rank = this.#ranks[nth]![this.#used[nth]!];
      if (rank !== undefined) earliest = Math.min(earliest, this.#calls[rank]!);
    }
    return earliest;
  }

  use(nth: number): void {
    this.#flip(nth, this.#used[nth]!);
    this.#used[nth]! += 1;
  }

  giveBack(nth: number): void {
    this.#used[nth]! -= 1;
    this.#flip(nth, this.#used[nth]!);
  }

  /** Writes what is used to `target`, without the zeros at the end; answers how many numbers that are. */
  writeUsed(target: Int32Array, at: number): number {
    let length = this.#words.length;
    while (length > 0 && this.#words[length - 1] === 0) length -= 1;
    for (let nth = 0; nth < length; nth += 1) target[at + nth] = this.#words[nth]!;
    return length;
  }

  #flip(nth: number, member: number): void {
    const bit = this.#firstBit[nth]! + member;
    this.#words[bit >>> 5]! ^= 1 << (bit & 31);
  }

  #isNeeded(value: number): boolean {
    return this.operand.some((operand, nth) => operand === value && this.condition[nth] === CONDITIONS.equal);
  }
}
