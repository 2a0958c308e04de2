/**
 * Calls and returns of the operations that are not placed yet, in order of time: a doubly linked list, as Wing, Gong and
 * Lowe use it. What is placed is lifted out of it and put back in reverse order, each in constant time.
 *
 * Operation i is called at event i and returns at event n + i; event 2n is the head. A call and a return at the same time
 * are concurrent, so the call stands first.
 */
export class Timeline {
  readonly #count: number;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  /** The operations must be ordered by call; `byReturn` is their order by return. */
  constructor(call: readonly number[], answered: readonly number[], byReturn: readonly number[]) {
    const count = call.length;
    this.#count = count;
    this.#next = new Int32Array(2 * count + 1);
    this.#previous = new Int32Array(2 * count + 1);
    let last = this.head;
    const append = (event: number) => {
      this.#next[last] = event;
      this.#previous[event] = last;
      last = event;
    };
    for (let called = 0, returned = 0; returned < count; ) {
      const ends = byReturn[returned]!;
      if (called < count && call[called]! <= answered[ends]!) {
        append(called);
        called += 1;
      } else {
        append(count + ends);
        returned += 1;
      }
    }
    append(this.head);
  }

  get head(): number {
    return 2 * this.#count;
  }

  /** The event behind this one; the first, behind the head; the head, behind the last. */
  after(event: number): number {
    return this.#next[event]!;
  }

  get isEmpty(): boolean {
    return this.#next[this.head] === this.head;
  }

  lift(operation: number): void {
    this.#unlink(operation);
    this.#unlink(this.#count + operation);
  }

  /** Undoes the last `lift` that is not undone. */
  putBack(operation: number): void {
    this.#link(this.#count + operation);
    this.#link(operation);
  }

  #unlink(event: number): void {
    const next = this.#next[event]!;
    const previous = this.#previous[event]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #link(event: number): void {
    this.#next[this.#previous[event]!] = event;
    this.#previous[this.#next[event]!] = event;
  }
}
