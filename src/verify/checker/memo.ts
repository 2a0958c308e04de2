/**
 * The positions that the search has been in, each once. A position is a row of numbers: the value, the operations that
 * are called and not placed, the unknown writes that were used. Compared number by number: a hash alone would one day
 * call a valid history wrong.
 *
 * Rows stand one behind the other in one array: hash, length, numbers. The search also reads its candidates there.
 */
export class Memo {
  #rows = new Int32Array(1 << 12);
  #end = 0;
  #slots = new Int32Array(1 << 10).fill(EMPTY);
  #count = 0;

  /** Where rows are read: the array is replaced when it grows, so take it anew after `add`. */
  get rows(): Int32Array {
    return this.#rows;
  }

  /** The memory in use, in numbers of four bytes. */
  get size(): number {
    return this.#rows.length + this.#slots.length;
  }

  /** Where the next row's numbers go, with room for `length` of them. */
  draft(length: number): number {
    const needed = this.#end + HEADER + length;
    if (needed > this.#rows.length) {
      const grown = new Int32Array(Math.max(needed, this.#rows.length * 2));
      grown.set(this.#rows);
      this.#rows = grown;
    }
    return this.#end + HEADER;
  }

  /** Keeps the row of `length` numbers that was written at `draft`. False: there is one like it already. */
  add(length: number): boolean {
    const hash = this.#hash(length);
    const rows = this.#rows;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let at = this.#slots[slot]!; at !== EMPTY; at = this.#slots[slot]!) {
      if (rows[at] === hash && rows[at + 1] === length && this.#isDraft(at, length)) return false;
      slot = (slot + 1) & mask;
    }
    rows[this.#end] = hash;
    rows[this.#end + 1] = length;
    this.#slots[slot] = this.#end;
    this.#end += HEADER + length;
    this.#count += 1;
    if (this.#count * 2 > this.#slots.length) this.#widen();
    return true;
  }

  #hash(length: number): number {
    const rows = this.#rows;
    const from = this.#end + HEADER;
    let hash = length;
    for (let at = from; at < from + length; at += 1) {
      hash = Math.imul(hash ^ rows[at]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85ebca77);
    return hash ^ (hash >>> 13);
  }

  #isDraft(at: number, length: number): boolean {
    const rows = this.#rows;
    const draft = this.#end + HEADER;
    const row = at + HEADER;
    for (let nth = 0; nth < length; nth += 1) if (rows[row + nth] !== rows[draft + nth]) return false;
    return true;
  }

  #widen(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(EMPTY);
    const mask = slots.length - 1;
    for (let at = 0; at < this.#end; at += HEADER + this.#rows[at + 1]!) {
      let slot = this.#rows[at]! & mask;
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      slots[slot] = at;
    }
    this.#slots = slots;
  }
}

/** A row begins with its hash and its length. */
const HEADER = 2;
const EMPTY = -1;
