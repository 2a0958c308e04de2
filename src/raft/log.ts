import { asIndex, assert, type LogIndex, type Term } from '../base/index.js';
import type { RestoredLog } from './config.js';
import { Durability } from './durability.js';
import type { Entry, TermRun } from './entry.js';

/** A run of entries of one term: where it starts. It ends where the next one starts. */
interface Run {
  readonly term: Term;
  readonly first: LogIndex;
}

const CAPACITY_MIN = 1024;

/**
 * What the algorithm knows of the log: the terms, as runs; the length of each record; how far it is durable, committed
 * and applied. The entries themselves are the host's.
 *
 * Lengths are kept as running totals in a ring, so that the bytes of any range are one subtraction and cutting a range
 * by bytes is a binary search. `ends[i]` is the total up to and including entry i:
 *
 *     before = (4, t1)   entries  5:30 B  6:10 B  7:10 B
 *     ends     4:0  5:30  6:40  7:50              bytesBetween(5, 7) = 50 − 30 = 20
 *     runs     {t1, first 5} {t3, first 7}        termAt(6) = t1
 *
 * Invariant: before.index <= appliedIndex <= commitIndex <= lastIndex, persistedIndex <= lastIndex.
 */
export class RaftLog {
  readonly durability: Durability;
  /** The entry before the first one kept: (0, 0) until the log is trimmed. */
  #before: { readonly index: LogIndex; readonly term: Term };
  readonly #runs: Run[] = [];
  #ends = new Float64Array(CAPACITY_MIN);
  #mask = CAPACITY_MIN - 1;
  #lastIndex: LogIndex;
  #commitIndex: LogIndex;
  #appliedIndex: LogIndex;

  constructor({ before, runs, lengths, applied }: RestoredLog) {
    this.#before = before;
    this.#lastIndex = before.index;
    this.#reserve(lengths.length);
    for (const length of lengths) this.#push(length);
    let first: number = before.index + 1;
    for (const { term, count } of runs) {
      assert(term >= this.lastTerm, 'restored terms must not fall');
      this.#runs.push({ term, first: asIndex(first) });
      first += count;
    }
    assert(first === this.#lastIndex + 1, () => `restored runs end at ${first - 1}, lengths at ${this.#lastIndex}`);
    assert(
      before.index <= applied && applied <= this.#lastIndex,
      () => `applied ${applied} is outside the restored log (${before.index}, ${this.#lastIndex}]`,
    );
    this.#commitIndex = applied;
    this.#appliedIndex = applied;
    this.durability = new Durability(this.#lastIndex);
  }

  get firstIndex(): LogIndex {
    return asIndex(this.#before.index + 1);
  }

  /** The entry before the first one: what an append of all that is kept would have as prevLogIndex and prevLogTerm. */
  get before(): { readonly index: LogIndex; readonly term: Term } {
    return this.#before;
  }

  get lastIndex(): LogIndex {
    return this.#lastIndex;
  }

  get lastTerm(): Term {
    return this.#runs.at(-1)?.term ?? this.#before.term;
  }

  get persistedIndex(): LogIndex {
    return this.durability.persistedIndex;
  }

  get commitIndex(): LogIndex {
    return this.#commitIndex;
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  /** The term of the entry at `index`; of the one before the log too. Undefined outside. */
  termAt(index: LogIndex): Term | undefined {
    if (index > this.#lastIndex || index < this.#before.index) return undefined;
    if (index === this.#before.index) return this.#before.term;
    return this.#runs[this.#runAt(index)]!.term;
  }

  /** Is a log that ends with (lastTerm, lastIndex) at least as up-to-date as this one? (§5.4.1) */
  isUpToDate(lastTerm: Term, lastIndex: LogIndex): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.#lastIndex);
  }

  /**
   * The highest index at or below `index` whose term is at most `term`: where two logs may agree at best (§5.3). Of what
   * is no longer kept nothing is known, and nothing is ruled out.
   */
  agreementAt(index: LogIndex, term: Term): LogIndex {
    if (index <= this.#before.index) return index;
    let at = asIndex(Math.min(index, this.#lastIndex));
    if (at === this.#before.index) return at;
    let run = this.#runAt(at);
    while (run >= 0 && this.#runs[run]!.term > term) {
      at = asIndex(this.#runs[run]!.first - 1);
      run -= 1;
    }
    return at;
  }

  /** Record bytes of the entries in (after, last]. */
  bytesBetween(after: LogIndex, last: LogIndex): number {
    return this.#ends[last & this.#mask]! - this.#ends[after & this.#mask]!;
  }

  /** The last entry to send so that (after, last] stays within `bytesMax`; at least one entry if there is one. */
  cutByBytes(after: LogIndex, bytesMax: number): LogIndex {
    if (this.bytesBetween(after, this.#lastIndex) <= bytesMax) return this.#lastIndex;
    let fits: number = after + 1;
    let exceeds: number = this.#lastIndex;
    while (exceeds - fits > 1) {
      const middle = Math.floor((fits + exceeds) / 2);
      if (this.bytesBetween(after, asIndex(middle)) <= bytesMax) fits = middle;
      else exceeds = middle;
    }
    return asIndex(fits);
  }

  /** Adds entries at the end. */
  append(entries: readonly Entry[]): void {
    this.#reserve(entries.length);
    let lastTerm = this.lastTerm;
    for (const { index, term, length } of entries) {
      assert(index === this.#lastIndex + 1, () => `appending ${index} after ${this.#lastIndex}`);
      if (term !== lastTerm || this.#runs.length === 0) {
        assert(term >= lastTerm, () => `appending term ${term} after term ${lastTerm} at ${index}`);
        this.#runs.push({ term, first: index });
        lastTerm = term;
      }
      this.#push(length);
    }
  }

  /** Removes `firstIndex` and all that follow. What is committed can never go (§5.4). */
  truncateFrom(firstIndex: LogIndex): void {
    assert(firstIndex > this.#commitIndex, () => `truncating ${firstIndex}, committed up to ${this.#commitIndex}`);
    if (firstIndex > this.#lastIndex) return;
    this.#lastIndex = asIndex(firstIndex - 1);
    while (this.#runs.length > 0 && this.#runs.at(-1)!.first >= firstIndex) this.#runs.pop();
    this.durability.truncated(firstIndex);
  }

  /**
   * Forgets the entries up to `index`, but for the term of that one (§7). Only what is applied can go: whoever needs it
   * gets the state instead.
   */
  compactTo(index: LogIndex): void {
    if (index <= this.#before.index) return;
    assert(index <= this.#appliedIndex, () => `compacting up to ${index}, applied up to ${this.#appliedIndex}`);
    const term = this.termAt(index)!;
    this.#before = { index, term };
    let gone = 0;
    while (gone < this.#runs.length && (this.#runs[gone + 1]?.first ?? this.#lastIndex + 1) <= index + 1) gone += 1;
    this.#runs.splice(0, gone);
    const [first] = this.#runs;
    if (first !== undefined && first.first <= index) this.#runs[0] = { term, first: asIndex(index + 1) };
    const needed = this.#lastIndex - index + 1;
    if (this.#ends.length > CAPACITY_MIN && needed < this.#ends.length / 8) this.#resize(this.#ends.length / 4);
  }

  /** The log is empty behind (index, term): everything up to there is in the state, durable and applied, or about to be. */
  restore(index: LogIndex, term: Term): void {
    assert(index > this.#commitIndex, () => `restoring to ${index}, committed up to ${this.#commitIndex}`);
    this.durability.restored(this.#commitIndex);
    this.#before = { index, term };
    this.#runs.length = 0;
    this.#ends = new Float64Array(CAPACITY_MIN);
    this.#mask = CAPACITY_MIN - 1;
    this.#lastIndex = index;
    this.#commitIndex = index;
    this.#appliedIndex = index;
  }

  /** Returns whether the commit index moved; it never falls. */
  commitTo(index: LogIndex): boolean {
    if (index <= this.#commitIndex) return false;
    assert(index <= this.#lastIndex, () => `committing ${index}, the log ends at ${this.#lastIndex}`);
    this.#commitIndex = index;
    return true;
  }

  appliedTo(index: LogIndex): void {
    assert(
      this.#appliedIndex <= index && index <= this.#commitIndex,
      () => `applied ${index}, before ${this.#appliedIndex}, committed ${this.#commitIndex}`,
    );
    this.#appliedIndex = index;
  }

  /** The kept entries' terms, as runs in order. */
  runs(): TermRun[] {
    return this.#runs.map(({ term, first }, at) => {
      const next = this.#runs[at + 1]?.first ?? this.#lastIndex + 1;
      return { term, count: next - first };
    });
  }

  /** Position in `#runs` of the run that holds `index`: the last one that starts at or before it. */
  #runAt(index: LogIndex): number {
    let low = 0;
    let high = this.#runs.length - 1;
    if (this.#runs[high]!.first <= index) return high;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#runs[middle]!.first <= index) low = middle;
      else high = middle;
    }
    return low;
  }

  #push(length: number): void {
    const total = this.#ends[this.#lastIndex & this.#mask]! + length;
    this.#lastIndex = asIndex(this.#lastIndex + 1);
    this.#ends[this.#lastIndex & this.#mask] = total;
  }

  /** Makes room for `more` entries; the slot of before.index counts too. */
  #reserve(more: number): void {
    const needed = this.#lastIndex - this.#before.index + 1 + more;
    if (needed <= this.#ends.length) return;
    let capacity = this.#ends.length;
    while (capacity < needed) capacity *= 2;
    this.#resize(capacity);
  }

  /** `capacity` is a power of two with room for all that is kept. */
  #resize(capacity: number): void {
    const ends = new Float64Array(capacity);
    for (let index: number = this.#before.index; index <= this.#lastIndex; index += 1) {
      ends[index & (capacity - 1)] = this.#ends[index & this.#mask]!;
    }
    this.#ends = ends;
    this.#mask = capacity - 1;
  }
}
