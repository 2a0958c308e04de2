import { Alarm, type Clock, type NodeId, type Scheduler } from '../base/index.js';

interface UnansweredOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** How long a member may owe an answer. Suggested the shortest election timeout: several heartbeats. */
  readonly patienceMs: number;
  /** Nothing was heard from it for so long, `nth` times in a row, although it was asked. */
  readonly silent: (member: NodeId, nth: number) => void;
}

interface Debt {
  since: number;
  silences: number;
}

/**
 * Which members owe an answer. A connection that was cut without a word looks like any other: what is sent on it waits
 * for TCP to repeat it, ever more slowly. That nothing comes back is all there is to notice.
 */
export class Unanswered {
  readonly #options: UnansweredOptions;
  readonly #alarm: Alarm;
  readonly #debts = new Map<NodeId, Debt>();

  constructor(options: UnansweredOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, options.scheduler, (now) => this.#look(now));
  }

  /** It was sent something that wants an answer. */
  asked(member: NodeId): void {
    if (this.#debts.has(member)) return;
    const { clock, patienceMs } = this.#options;
    const since = clock.now();
    this.#debts.set(member, { since, silences: 0 });
    this.#alarm.notLaterThan(since + patienceMs);
  }

  /** It said something, or is somebody else now. */
  heard(member: NodeId): void {
    this.#debts.delete(member);
  }

  close(): void {
    this.#alarm.cancel();
    this.#debts.clear();
  }

  #look(now: number): void {
    const { patienceMs, silent } = this.#options;
    let next = Number.POSITIVE_INFINITY;
    for (const [member, debt] of this.#debts) {
      if (now - debt.since >= patienceMs) {
        debt.since = now;
        debt.silences += 1;
        silent(member, debt.silences);
      }
      next = Math.min(next, debt.since + patienceMs);
    }
    this.#alarm.notLaterThan(next);
  }
}
