import type { InSession, SessionLimits } from '../../kv/index.js';

interface ModelSession {
  readonly id: number;
  lastIndex: number;
  activeAt: number;
  lowest: number;
  readonly run: Set<number>;
}

/** Sessions as their specification says, as simply as possible: which write is to be run, and which session is there. */
export class ModelSessions {
  time = 0;
  /** Writes that came again, or under no session: they were not run. */
  repeated = 0;
  readonly #limits: SessionLimits;
  #sessions: ModelSession[] = [];

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#sessions.length;
  }

  open(index: number): void {
    if (this.count >= this.#limits.most) {
      const oldest = Math.min(...this.#sessions.map(({ lastIndex }) => lastIndex));
      this.#sessions = this.#sessions.filter(({ lastIndex }) => lastIndex !== oldest);
    }
    this.#sessions.push({ id: index, lastIndex: index, activeAt: this.time, lowest: 1, run: new Set() });
  }

  advance(time: number): void {
    if (time <= this.time) return;
    this.time = time;
    this.#sessions = this.#sessions.filter(({ activeAt }) => time - activeAt <= this.#limits.idleMs);
  }

  /** A write at `index`: is it to be run? */
  takes({ session: id, sequence, lowest }: InSession, index: number): boolean {
    const session = this.#sessions.find((one) => one.id === id);
    if (session !== undefined) {
      session.lastIndex = index;
      session.activeAt = this.time;
      session.lowest = Math.max(session.lowest, lowest);
    }
    if (session === undefined || sequence < session.lowest || session.run.has(sequence)) {
      this.repeated += 1;
      return false;
    }
    session.run.add(sequence);
    return true;
  }
}
