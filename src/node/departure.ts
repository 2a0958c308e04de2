import type { Clock, Scheduler, Timer } from '../base/index.js';
import type { RawNode } from '../raft/index.js';

interface DepartureOptions {
  readonly raft: Pick<RawNode, 'role' | 'leader' | 'transferee' | 'transferLeadership'>;
  /** May the members be asked to take over: do all of them know how? */
  readonly mayHandOver: () => boolean;
  /** Requests that wait for others. */
  readonly waiting: () => number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** No longer than this, whatever still waits. Suggested: the longest election timeout. */
  readonly patienceMs: number;
  readonly wake: () => void;
}

/**
 * How a node leaves in good order: a leader hands over first (Diss. §3.10), so that nobody has to notice that it is gone,
 * and what others still owe an answer for gets one. Where nobody can take over there is nothing to wait for.
 *
 *     leads ──▶ hands over ──▶ follows the next leader, which answers what waits ──▶ over
 */
export class Departure {
  readonly #options: DepartureOptions;
  #over: (() => void) | undefined;
  #handedOver = false;
  #deadline = 0;
  #timer: Timer | undefined;

  constructor(options: DepartureOptions) {
    this.#options = options;
  }

  /** Nothing new is begun any more: another node is to be asked. A leader goes on until it has handed over. */
  get refuses(): boolean {
    return this.#over !== undefined && this.#options.raft.role !== 'leader';
  }

  /** Resolves when the node may go. */
  leave(): Promise<void> {
    const { raft, mayHandOver, clock, scheduler, patienceMs, wake } = this.#options;
    this.#deadline = clock.now() + patienceMs;
    this.#handedOver = raft.role === 'leader' && mayHandOver() && raft.transferLeadership().type === 'started';
    this.#timer = scheduler.after(patienceMs, wake);
    wake();
    return new Promise((resolve) => {
      this.#over = resolve;
    });
  }

  /** Once a turn, as the last thing of it. */
  run(): void {
    if (this.#over === undefined || this.#isWaiting()) return;
    this.#timer?.cancel();
    this.#over();
    this.#over = undefined;
  }

  #isWaiting(): boolean {
    const { raft, waiting, clock } = this.#options;
    if (clock.now() >= this.#deadline) return false;
    if (raft.role === 'leader') return raft.transferee !== null;
    // Deposed, and the next one has not been heard of; or it may still answer.
    return raft.leader === null ? this.#handedOver : waiting() > 0;
  }
}
