import { assert, type LogIndex } from '../base/index.js';
import type { Entry } from '../raft/entry.js';

/**
 * The newest entries of the log, so that followers near the end and the state machine need no disk. Contiguous; bounded
 * by bytes, but entries that are not in the WAL yet are never dropped: the disk bounds those.
 */
export class EntryCache {
  readonly #bytesMax: number;
  #entries: Entry[] = [];
  /** Position of the oldest kept entry in `#entries`; the space before it is reclaimed now and then. */
  #start = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  #firstIndex(): number {
    return this.#entries[this.#start]?.index ?? Number.POSITIVE_INFINITY;
  }

  /** Takes entries as they enter the log; one below the end replaces it and what followed (truncation). */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    this.#truncateFrom(first.index);
    const last = this.#entries.at(-1);
    assert(last === undefined || last.index + 1 === first.index, () => `cache gap: ${last?.index} then ${first.index}`);
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entry.length;
    }
  }

  /** The log begins anew, behind something else. */
  clear(): void {
    this.#entries = [];
    this.#start = 0;
    this.#bytes = 0;
  }

  /** The entries (after, upTo], or undefined when some are no longer here. `bytesMax` cuts them short, behind the first. */
  range(after: number, upTo: number, bytesMax = Number.POSITIVE_INFINITY): readonly Entry[] | undefined {
    // A probe names no entries, and need not find the ones around it.
    if (upTo <= after) return [];
    const first = this.#firstIndex();
    if (after + 1 < first) return undefined;
    const from = this.#start + (after + 1 - first);
    const to = from + (upTo - after);
    if (to > this.#entries.length) return undefined;
    return this.#entries.slice(from, bytesMax === Number.POSITIVE_INFINITY ? to : this.#cut(from, to, bytesMax));
  }

  /** The end of what has `bytesMax` together, from position `from` on and up to `to`; at least one. */
  #cut(from: number, to: number, bytesMax: number): number {
    let end = from + 1;
    for (let bytes = this.#entries[from]!.length; end < to; end += 1) {
      bytes += this.#entries[end]!.length;
      if (bytes > bytesMax) break;
    }
    return end;
  }

  /** Forgets the oldest entries beyond the byte bound, none above `index`. */
  trim(index: number): void {
    while (this.#bytes > this.#bytesMax) {
      const oldest = this.#entries[this.#start];
      if (oldest === undefined || oldest.index > index) break;
      this.#bytes -= oldest.length;
      this.#start += 1;
    }
    // Shifting an array of n costs n: do it once per n trimmed.
    if (this.#start > 1024 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }

  #truncateFrom(index: LogIndex): void {
    if (index <= this.#firstIndex()) {
      this.clear();
      return;
    }
    while (this.#entries.length > this.#start && this.#entries.at(-1)!.index >= index) {
      this.#bytes -= this.#entries.pop()!.length;
    }
  }
}
