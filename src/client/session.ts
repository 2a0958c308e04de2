import { assert, type LogIndex } from '../base/index.js';
import { SESSION_WINDOW } from '../kv/command.js';

/** A session of this client: which of its sequences are given out, and which of those are over. */
export class ClientSession {
  readonly id: LogIndex;
  #next = 1;
  #lowest = 1;
  /** By the low bits of a sequence, whether it is over. */
  readonly #over = new Uint8Array(SESSION_WINDOW);

  constructor(id: LogIndex) {
    this.id = id;
  }

  /** The lowest sequence whose outcome is not known yet: the cluster keeps the results from here on. */
  get lowest(): number {
    return this.#lowest;
  }

  get isFull(): boolean {
    return this.#next - this.#lowest >= SESSION_WINDOW;
  }

  take(): number {
    assert(!this.isFull, () => `session ${this.id} has no sequence to give`);
    const sequence = this.#next;
    this.#next += 1;
    this.#over[sequence % SESSION_WINDOW] = 0;
    return sequence;
  }

  /** Its outcome is known, or nobody wants to know any more. Only then it may be forgotten. */
  acknowledge(sequence: number): void {
    this.#over[sequence % SESSION_WINDOW] = 1;
    while (this.#lowest < this.#next && this.#over[this.#lowest % SESSION_WINDOW] === 1) this.#lowest += 1;
  }
}
