import type { CrashBook, CrashPoint } from './crash-point.js';

/** Whatever a process says too early, in the middle of what it is doing, is out within this time. */
const HOLD_MS = 50;

/** The crash points of this process. */
export class CrashPoints {
  readonly #book: CrashBook;
  /** Of memberships that are in the log, and not durable yet: the indexes of their entries. */
  readonly memberships: number[] = [];
  #passed = 0;
  #dying = false;

  constructor(book: CrashBook) {
    this.#book = book;
  }

  /** Reaches a point. True: the time has come, and whoever asked must die; the order is used up. */
  reached(point: CrashPoint, facts: object): boolean {
    if (this.#dying) return false;
    const [order, ...later] = this.#book.orders();
    if (order?.point !== point) return false;
    this.#passed += 1;
    if (this.#passed < order.nth) return false;
    this.#dying = true;
    this.#book.record({ point, pid: process.pid, facts });
    this.#book.arm(later);
    return true;
  }
}

/** At once, in the middle of whatever runs: nothing is cleaned up and nobody is told. */
export function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('SIGKILL did not end the process');
}

/**
 * Something is under way and never ends, as on a disk that takes its time: all else goes on until the process dies of
 * it. A node that does not wait for its disk has said by then what it should not.
 */
export function dieInTheMiddle(): void {
  setTimeout(die, HOLD_MS);
}
