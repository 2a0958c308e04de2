import { assert, type LogIndex } from '../base/index.js';

export interface InflightLimits {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * The appends on their way to one follower, oldest first: a ring of (last index, bytes). Bounded by messages and by
 * bytes; the message that crosses the byte bound still goes, so one large entry can always travel.
 *
 *     add(5, 100)  add(9, 200)  add(12, 50)     count 3, bytes 350
 *     freeTo(9)                                 count 1, bytes 50: an ack is cumulative
 */
export class Inflights {
  readonly #limits: InflightLimits;
  readonly #lastIndexes: Float64Array;
  readonly #sizes: Float64Array;
  #start = 0;
  #count = 0;
  #bytes = 0;

  constructor(limits: InflightLimits) {
    assert(limits.messages >= 1 && limits.bytes >= 1, 'an inflight window needs room for one message');
    this.#limits = limits;
    this.#lastIndexes = new Float64Array(limits.messages);
    this.#sizes = new Float64Array(limits.messages);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#count >= this.#limits.messages || this.#bytes >= this.#limits.bytes;
  }

  /** One more message left, whose last entry is `lastIndex`. */
  add(lastIndex: LogIndex, bytes: number): void {
    assert(!this.full, 'an append was sent through a full window');
    const slot = (this.#start + this.#count) % this.#limits.messages;
    this.#lastIndexes[slot] = lastIndex;
    this.#sizes[slot] = bytes;
    this.#count += 1;
    this.#bytes += bytes;
  }

  /** Everything up to `index` has arrived. */
  freeTo(index: LogIndex): void {
    while (this.#count > 0 && this.#lastIndexes[this.#start]! <= index) {
      this.#bytes -= this.#sizes[this.#start]!;
      this.#start = (this.#start + 1) % this.#limits.messages;
      this.#count -= 1;
    }
  }
}
