import { assert, asTerm, type LogIndex, type Term } from '../base/index.js';
import type { Entry, TermRun } from '../raft/entry.js';

/** A stretch of records that lie one behind the other in a segment, of consecutive entries of one term. */
export interface Stretch {
  readonly first: number;
  readonly count: number;
  readonly term: Term;
  readonly segment: number;
  readonly offset: number;
  /** Bytes in the file; more than `count` records need if the log was truncated in the middle of the stretch. */
  readonly bytes: number;
}

/** A stretch is at most about this long, so that reading from its middle wastes little. */
const STRETCH_BYTES = 64 * 1024;
const SIZE_MIN = 64;

/**
 * Where each entry of the log lies, without a record per entry: stretches in parallel typed arrays, 28 bytes each, in
 * the order of the log. A batch of 256 small entries is one or two stretches.
 */
export class EntryIndex {
  readonly #before: { index: number; term: Term };
  #last: number;
  #count = 0;
  #first = new Float64Array(SIZE_MIN);
  #term = new Float64Array(SIZE_MIN);
  #segment = new Uint32Array(SIZE_MIN);
  #offset = new Uint32Array(SIZE_MIN);
  #bytes = new Uint32Array(SIZE_MIN);

  constructor(before: { readonly index: LogIndex; readonly term: Term }) {
    this.#before = { ...before };
    this.#last = before.index;
  }

  /** The entry before the first one that is kept. */
  get before(): { readonly index: number; readonly term: Term } {
    return this.#before;
  }

  get last(): number {
    return this.#last;
  }

  get lastTerm(): Term {
    return this.#count === 0 ? this.#before.term : asTerm(this.#term[this.#count - 1]!);
  }

  /** The term of an entry in [before, last]. */
  termAt(index: number): Term {
    assert(index >= this.#before.index && index <= this.#last, () => `no entry ${index} up to ${this.#last}`);
    return index === this.#before.index ? this.#before.term : asTerm(this.#term[this.#find(index)]!);
  }

  /** Forgets all entries from `first` on. Below the first kept entry, the one before it is `termBefore`'s. */
  truncate(first: number, termBefore: Term): void {
    if (first > this.#last) return;
    while (this.#count > 0 && this.#first[this.#count - 1]! >= first) this.#count -= 1;
    this.#last = first - 1;
    if (this.#last < this.#before.index) {
      this.#before.index = this.#last;
      this.#before.term = termBefore;
    }
  }

  /** Forgets all entries: the log begins anew behind `before`. */
  restart(before: { readonly index: LogIndex; readonly term: Term }): void {
    this.#before.index = before.index;
    this.#before.term = before.term;
    this.#last = before.index;
    this.#count = 0;
    this.#resize(SIZE_MIN);
  }

  /** Forgets the entries that lie in segments before `segment`: those files are about to go, whole. */
  dropBefore(segment: number): void {
    let gone = 0;
    while (gone < this.#count && this.#segment[gone]! < segment) gone += 1;
    if (gone === 0) return;
    this.#before.index = this.#endOf(gone - 1);
    this.#before.term = asTerm(this.#term[gone - 1]!);
    this.#dropFirst(gone);
  }

  /** Adds the entries after the last one; record i has `lengthOf(i)` bytes and they lie at `offset`, one by one. */
  add(runs: readonly TermRun[], segment: number, offset: number, lengthOf: (i: number) => number): void {
    let entry = 0;
    let at = offset;
    for (const { term, count } of runs) {
      let stretchFirst = this.#last + 1;
      let stretchAt = at;
      for (let i = 0; i < count; i += 1) {
        at += lengthOf(entry);
        entry += 1;
        this.#last += 1;
        if (at - stretchAt >= STRETCH_BYTES || i === count - 1) {
          this.#push(stretchFirst, term, segment, stretchAt, at - stretchAt);
          stretchFirst = this.#last + 1;
          stretchAt = at;
        }
      }
    }
  }

  /** The stretches that cover [first, last], the first of them whole, until they hold more than `bytesMax`. */
  stretches(first: number, last: number, bytesMax: number): Stretch[] {
    assert(first > this.#before.index && first <= last && last <= this.#last, () => {
      return `entries ${first} to ${last} of a log from ${this.#before.index + 1} to ${this.#last}`;
    });
    const found: Stretch[] = [];
    let bytes = 0;
    const from = this.#find(first);
    for (let i = from; i < this.#count && this.#first[i]! <= last; i += 1) {
      const stretch = this.#stretch(i);
      found.push(stretch);
      // The first one may hold entries before `first`: it does not count.
      if (i > from) bytes += stretch.bytes;
      if (bytes > bytesMax) break;
    }
    return found;
  }

  /** The terms of all kept entries, as runs. */
  runs(): TermRun[] {
    const runs: { term: Term; count: number }[] = [];
    for (let i = 0; i < this.#count; i += 1) {
      const { term, count } = this.#stretch(i);
      const last = runs.at(-1);
      if (last?.term === term) last.count += count;
      else runs.push({ term, count });
    }
    return runs;
  }

  /** The last entry of stretch `i`. */
  #endOf(i: number): number {
    return i + 1 < this.#count ? this.#first[i + 1]! - 1 : this.#last;
  }

  #stretch(i: number): Stretch {
    const first = this.#first[i]!;
    return {
      first,
      count: this.#endOf(i) - first + 1,
      term: asTerm(this.#term[i]!),
      segment: this.#segment[i]!,
      offset: this.#offset[i]!,
      bytes: this.#bytes[i]!,
    };
  }

  /** The stretch that holds `index`, by bisection. */
  #find(index: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#first[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #push(first: number, term: Term, segment: number, offset: number, bytes: number): void {
    const i = this.#count;
    if (i === this.#first.length) this.#grow();
    this.#first[i] = first;
    this.#term[i] = term;
    this.#segment[i] = segment;
    this.#offset[i] = offset;
    this.#bytes[i] = bytes;
    this.#count += 1;
  }

  #dropFirst(gone: number): void {
    this.#count -= gone;
    const to = gone + this.#count;
    for (const column of [this.#first, this.#term, this.#segment, this.#offset, this.#bytes]) {
      column.copyWithin(0, gone, to);
    }
    if (this.#first.length > SIZE_MIN && this.#count < this.#first.length / 8) this.#resize(this.#first.length / 4);
  }

  #grow(): void {
    this.#resize(this.#first.length * 2);
  }

  #resize(size: number): void {
    const [first, term, segment, offset, bytes] = [this.#first, this.#term, this.#segment, this.#offset, this.#bytes];
    this.#first = new Float64Array(size);
    this.#term = new Float64Array(size);
    this.#segment = new Uint32Array(size);
    this.#offset = new Uint32Array(size);
    this.#bytes = new Uint32Array(size);
    this.#first.set(first.subarray(0, this.#count));
    this.#term.set(term.subarray(0, this.#count));
    this.#segment.set(segment.subarray(0, this.#count));
    this.#offset.set(offset.subarray(0, this.#count));
    this.#bytes.set(bytes.subarray(0, this.#count));
  }
}

/** For `EntryIndex.add` of entries in memory. */
export const lengthsOf =
  (entries: readonly Entry[]) =>
  (i: number): number =>
    entries[i]!.length;
