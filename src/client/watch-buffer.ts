import type { RaftctlError } from '../base/index.js';
import type { KeyEvent } from './types.js';

interface Reader {
  readonly resolve: (result: IteratorResult<KeyEvent, undefined>) => void;
  readonly reject: (error: RaftctlError) => void;
}

/** What an event costs besides its key and value. */
const EVENT_OVERHEAD_BYTES = 128;
/** Shifting an array of n costs n: done once per so many. */
const SHIFT_EVENTS = 4_096;

/** Events between a connection and whoever iterates over them: those that arrived, or those who wait, never both. */
export class WatchBuffer {
  #events: KeyEvent[] = [];
  #taken = 0;
  #readers: Reader[] = [];
  #bytes = 0;
  /** Undefined: it goes on. Null: it ended in good order. */
  #end: RaftctlError | null | undefined;

  /** Memory of what waits to be read, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  push(events: readonly KeyEvent[]): void {
    for (const event of events) {
      const reader = this.#readers.shift();
      if (reader === undefined) {
        this.#events.push(event);
        this.#bytes += sizeOf(event);
      } else reader.resolve({ done: false, value: event });
    }
  }

  next(): Promise<IteratorResult<KeyEvent, undefined>> {
    const event = this.#take();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#end === null) return Promise.resolve({ done: true, value: undefined });
    if (this.#end !== undefined) {
      // Told once; after it the iteration is over, as after any failure.
      const error = this.#end;
      this.#end = null;
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** The reader leaves: what is left is not wanted. */
  stop(): void {
    this.#events = [];
    this.#taken = 0;
    this.#bytes = 0;
    this.#finish(null);
  }

  /** What arrived can still be read, then the error is met. */
  fail(error: RaftctlError): void {
    this.#finish(error);
  }

  #finish(end: RaftctlError | null): void {
    const [first, ...others] = this.#readers;
    this.#readers = [];
    this.#end = end;
    if (first === undefined) return;
    if (end === null) first.resolve({ done: true, value: undefined });
    else {
      this.#end = null;
      first.reject(end);
    }
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }

  #take(): KeyEvent | undefined {
    const event = this.#events[this.#taken];
    if (event === undefined) return undefined;
    this.#taken += 1;
    this.#bytes -= sizeOf(event);
    if (this.#taken === this.#events.length || this.#taken >= SHIFT_EVENTS) {
      this.#events = this.#events.slice(this.#taken);
      this.#taken = 0;
    }
    return event;
  }
}

const sizeOf = ({ key, value }: KeyEvent): number => EVENT_OVERHEAD_BYTES + key.length + value.length;
