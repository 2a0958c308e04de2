import { asIndex, type LogIndex, type Term } from '../base/index.js';

interface Write {
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  overwritten: boolean;
}

/**
 * What of the log is durable here. Writes become durable in the order in which they were handed out, so the mark moves
 * when one completes; a truncation lowers it.
 *
 * Comparing a completed write's (index, term) with the log is not enough: entry 5 of term 2 may be replaced by one of
 * term 3 and then by the same entry of term 2 again, all while the first write is still on its way. When that first
 * write completes, (5, 2) is in the log, yet the second write is about to erase it from the disk. Hence the queue: a
 * write that anything has overwritten says nothing.
 */
export class Durability {
  readonly #writes: Write[] = [];
  #persistedIndex: LogIndex;

  constructor(persistedIndex: LogIndex) {
    this.#persistedIndex = persistedIndex;
  }

  /** Every entry up to here is synced on this node. */
  get persistedIndex(): LogIndex {
    return this.#persistedIndex;
  }

  /** Are entries on their way to the disk? */
  get writing(): boolean {
    return this.#writes.length > 0;
  }

  /** Entries up to `lastIndex` were handed to the host, to be written. */
  handedOut(lastIndex: LogIndex, lastTerm: Term): void {
    this.#writes.push({ lastIndex, lastTerm, overwritten: false });
  }

  /** The log was cut: `firstIndex` and all that followed are gone. */
  truncated(firstIndex: LogIndex): void {
    this.#persistedIndex = asIndex(Math.min(this.#persistedIndex, firstIndex - 1));
    for (const write of this.#writes) if (write.lastIndex >= firstIndex) write.overwritten = true;
  }

  /** A snapshot takes the place of the log, once it is written itself. What was `committed` by then is part of it. */
  restored(committed: LogIndex): void {
    this.#persistedIndex = asIndex(Math.min(this.#persistedIndex, committed));
    for (const write of this.#writes) write.overwritten = true;
  }

  /** The write that ended with (index, term) is synced, and so is every earlier one. Returns whether the mark moved. */
  completed(index: LogIndex, term: Term): boolean {
    const position = this.#writes.findIndex((write) => write.lastIndex === index && write.lastTerm === term);
    if (position < 0) return false;
    const { overwritten } = this.#writes[position]!;
    this.#writes.splice(0, position + 1);
    if (overwritten || index <= this.#persistedIndex) return false;
    this.#persistedIndex = index;
    return true;
  }
}
