import type { Clock, Scheduler, Timer } from '../../base/index.js';

const WRITES_PER_SECOND = 20;
const LINES_PER_SECOND = 200;

/**
 * Bounds what may scroll by while somebody types: lines are written at most 20 times a second, and no more than 200 in a
 * second. What is over that is counted by its label and summed up: `… 1,832 lines (heartbeat-sent 1,790)`.
 */
export class LineFlow {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #write: (text: string) => void;
  #waiting: string[] = [];
  #timer: Timer | null = null;
  #lastWriteAt = Number.NEGATIVE_INFINITY;
  #windowAt = Number.NEGATIVE_INFINITY;
  #inWindow = 0;
  readonly #suppressed = new Map<string, number>();

  constructor(clock: Clock, scheduler: Scheduler, write: (text: string) => void) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#write = write;
  }

  push(line: string, label: string): void {
    const now = this.#clock.now();
    if (now - this.#windowAt >= 1_000) this.#openWindow(now);
    if (this.#inWindow >= LINES_PER_SECOND) {
      this.#suppressed.set(label, (this.#suppressed.get(label) ?? 0) + 1);
    } else {
      this.#inWindow += 1;
      this.#waiting.push(line);
    }
    this.#schedule(now);
  }

  /** Writes what waits, now: a result must not overtake what came before it. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length === 0) return;
    this.#lastWriteAt = this.#clock.now();
    this.#write(lines.join('\n'));
  }

  /** Writes everything, the summary of what was left out too. */
  finish(): void {
    this.#summarize();
    this.flush();
  }

  #openWindow(now: number): void {
    this.#summarize();
    this.#windowAt = now;
    this.#inWindow = 0;
  }

  #summarize(): void {
    const total = [...this.#suppressed.values()].reduce((sum, count) => sum + count, 0);
    if (total === 0) return;
    const [top] = [...this.#suppressed].sort((one, other) => other[1] - one[1]);
    this.#suppressed.clear();
    this.#waiting.push(`… ${thousands(total)} lines (${top![0]} ${thousands(top![1])})`);
  }

  #schedule(now: number): void {
    if (this.#timer) return;
    const nextWrite = this.#lastWriteAt + 1_000 / WRITES_PER_SECOND - now;
    const wait = this.#waiting.length > 0 ? Math.max(0, nextWrite) : Math.max(0, this.#windowAt + 1_000 - now);
    this.#timer = this.#scheduler.after(wait, () => {
      this.#timer = null;
      const later = this.#clock.now();
      if (later - this.#windowAt >= 1_000) this.#openWindow(later);
      this.flush();
      if (this.#suppressed.size > 0) this.#schedule(later);
    });
  }
}

const thousands = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
