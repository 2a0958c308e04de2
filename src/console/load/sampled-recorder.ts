import { crc32OfLatin1 } from '../../base/crc32.js';
import type { Clock } from '../../base/index.js';
import { historyLine, type Operation } from '../../verify/history/index.js';
import type { OperationRecorder } from '../../verify/load/index.js';

/** More than so many in a second, and half of the keys are left out from then on. */
const PER_SECOND_MAX = 4_000;
const SHARES = 1 << 20;

/**
 * Records the operations on some keys: all keys as long as there are not too many operations. What a key's operations
 * were until it is left out stays: a write that had been called by then and was not answered may have happened, and
 * nothing is known of a read.
 */
export class SampledRecorder implements OperationRecorder {
  readonly #clock: Clock;
  #lines: string[] = [];
  /** Keys are recorded whose checksum falls below it. */
  #share = SHARES;
  #second = 0;
  #inSecond = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wants(key: string): boolean {
    return crc32OfLatin1(key) % SHARES < this.#share;
  }

  record(operation: Operation): void {
    this.#count();
    if (this.wants(operation.key)) this.#lines.push(historyLine(operation, 0n));
    else if (operation.type !== 'get' && operation.outcome !== 'failed')
      this.#lines.push(historyLine(opened(operation), 0n));
  }

  /** What has been recorded since the last time. */
  take(): { readonly count: number; readonly lines: string } {
    const taken = this.#lines;
    this.#lines = [];
    return { count: taken.length, lines: taken.join('\n') };
  }

  #count(): void {
    const second = Math.floor(this.#clock.now() / 1e3);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    this.#inSecond += 1;
    if (this.#inSecond <= PER_SECOND_MAX) return;
    this.#inSecond = 0;
    this.#share = Math.floor(this.#share / 2);
  }
}

const opened = (operation: Operation): Operation => ({
  ...operation,
  outcome: 'unknown',
  return: Number.POSITIVE_INFINITY,
  revision: null,
});
