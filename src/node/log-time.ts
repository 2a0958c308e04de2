import { Alarm, type Clock, type Scheduler } from '../base/index.js';
import { encodeTime, type KvStore } from '../kv/index.js';
import { ENTRY_TYPES, makeRecord, type RawNode } from '../raft/index.js';
import { ownOrigin } from './origin.js';
import type { Proposals } from './proposals.js';

interface LogTimeOptions {
  readonly raft: Pick<RawNode, 'role' | 'transferee'>;
  readonly store: Pick<KvStore, 'sessions'>;
  readonly proposals: Pick<Proposals, 'propose'>;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly everyMs: number;
  readonly wake: () => void;
}

/** A proposal that is not decided by then is of the past: the next one says the same. */
const PATIENCE_MS = 5_000;

/**
 * On the leader: moves the log's time on, by which sessions of clients expire. It counts what passes while somebody
 * leads and there are sessions, in steps of one length: no clock of the day is asked, which may jump; two leaders'
 * clocks are not compared; and the time in which a leader was stopped is not held against clients that could not be
 * heard. So it may go slower than other clocks do, and never faster.
 */
export class LogTime {
  readonly #options: LogTimeOptions;
  readonly #alarm: Alarm;
  /** When the present step began, by the own clock; undefined: it does not lead, or there is nothing to measure. */
  #since: number | undefined;

  constructor(options: LogTimeOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, options.scheduler, options.wake);
  }

  /** Once a turn. */
  run(now: number): void {
    const { raft, store, everyMs } = this.#options;
    if (raft.role !== 'leader' || raft.transferee !== null || store.sessions.count === 0) {
      this.stop();
      return;
    }
    this.#since ??= now;
    if (now - this.#since >= everyMs) {
      this.#since = now;
      this.#propose(store.sessions.time + everyMs, now);
    }
    this.#alarm.notLaterThan(this.#since + everyMs);
  }

  stop(): void {
    if (this.#since === undefined) return;
    this.#since = undefined;
    this.#alarm.cancel();
  }

  #propose(time: number, now: number): void {
    const record = makeRecord(ENTRY_TYPES.command, encodeTime(time));
    // Whoever is overtaken by the next leader has nothing to add: that one counts on.
    this.#options.proposals.propose([record], [{ origin: ownOrigin(() => {}), deadline: now + PATIENCE_MS }]);
  }
}
