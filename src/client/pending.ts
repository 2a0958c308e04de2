/** What waits for an answer carries the call id it was sent under. */
export interface Waiting {
  callId: number;
}

const SLOTS_MIN = 64;
/** Watches have the ids from here on: theirs are answered more than once. */
export const CALL_ID_END = 0x8000_0000;

/**
 * The requests of one connection that wait for their answers, by call id. A ring of slots: ids rise by one, so the slot
 * is a mask away. At most half of the slots are taken; an id whose slot is still held by a slow request is passed over.
 */
export class PendingTable<Request extends Waiting> {
  #slots: (Request | undefined)[] = new Array<Request | undefined>(SLOTS_MIN).fill(undefined);
  #lastId = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Gives the request its call id. Never 0: that is for what a node says unasked. */
  add(request: Request): void {
    if (2 * (this.#size + 1) > this.#slots.length) this.#grow();
    const mask = this.#slots.length - 1;
    do {
      this.#lastId = (this.#lastId + 1) % CALL_ID_END;
    } while (this.#lastId === 0 || this.#slots[this.#lastId & mask] !== undefined);
    request.callId = this.#lastId;
    this.#slots[this.#lastId & mask] = request;
    this.#size += 1;
  }

  /** The request that was sent under this id, which no longer waits from here on. Undefined: it waits no more. */
  take(callId: number): Request | undefined {
    const slot = callId & (this.#slots.length - 1);
    const request = this.#slots[slot];
    if (request?.callId !== callId) return undefined;
    this.#slots[slot] = undefined;
    this.#size -= 1;
    return request;
  }

  /** All that wait, in the order of their slots. */
  *[Symbol.iterator](): IterableIterator<Request> {
    for (const request of this.#slots) if (request !== undefined) yield request;
  }

  /** Empties the table; answers what it held, in the order sent. */
  drain(): Request[] {
    const requests = [...this].sort((a, b) => a.callId - b.callId);
    this.#slots = new Array<Request | undefined>(SLOTS_MIN).fill(undefined);
    this.#size = 0;
    return requests;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Array<Request | undefined>(2 * before.length).fill(undefined);
    const mask = this.#slots.length - 1;
    // Ids that differed in the low bits still do with one bit more.
    for (const request of before) if (request !== undefined) this.#slots[request.callId & mask] = request;
  }
}
