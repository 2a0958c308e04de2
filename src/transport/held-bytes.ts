import type { Clock } from '../base/index.js';
import type { Connection } from './transport.js';

/** A connection as those see it who hold something for it. */
interface Holding extends Pick<Connection, 'peer' | 'flush'> {
  readonly heldBytes: number;
  /** How long it let something wait. */
  heldMs(now: number): number;
  cut(why: string): void;
}

interface HeldBytesOptions {
  readonly bytesMax: number;
  readonly connections: ReadonlySet<Holding>;
  readonly clock: Clock;
}

/** They are counted whenever this part of the bound was added since. */
const COUNTED_PER_BOUND = 16;

/**
 * What is held in all for the connections of a listener: answers, events and news that wait for somebody to read them, and
 * halves of frames. Each connection has a bound of its own, but thousands of them together have all of the memory.
 *
 * Nobody tells what the kernel takes, so it is counted anew after every sixteenth of the bound: it is kept to within that
 * and one frame. A frame that finds room is taken whole.
 */
export class HeldBytes {
  readonly #options: HeldBytesOptions;
  readonly #step: number;
  #sinceCounted = 0;

  constructor(options: HeldBytesOptions) {
    this.#options = options;
    this.#step = options.bytesMax / COUNTED_PER_BOUND;
  }

  /** So many more are held. May cut any connection. */
  add(bytes: number): void {
    this.#sinceCounted += bytes;
    if (this.#sinceCounted < this.#step) return;
    this.#sinceCounted = 0;
    if (this.#count() <= this.#options.bytesMax) return;
    // Of what was queued in this turn the kernel has been offered nothing yet.
    for (const connection of this.#options.connections) connection.flush();
    this.#cutTheWorst();
  }

  #count(): number {
    let total = 0;
    for (const { heldBytes } of this.#options.connections) total += heldBytes;
    return total;
  }

  /** Who let most wait for longest: a crowd of those who have just asked is not to pay for those who never read. */
  #cutTheWorst(): void {
    const { bytesMax, connections, clock } = this.#options;
    const now = clock.now();
    const guilt = (one: Holding): number => one.heldBytes * (1 + one.heldMs(now));
    let total = this.#count();
    const worstFirst = [...connections]
      .filter(({ peer }) => peer.role !== 'peer')
      .map((connection) => ({ connection, guilt: guilt(connection) }))
      .sort((a, b) => b.guilt - a.guilt);
    for (const { connection } of worstFirst) {
      if (total <= bytesMax) return;
      const { heldBytes } = connection;
      connection.cut(
        `lets most wait: ${heldBytes} of ${total} bytes for ${Math.round(connection.heldMs(now))} ms, the most for all is ${bytesMax}`,
      );
      total -= heldBytes;
    }
  }
}
