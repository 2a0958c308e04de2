import type { LogIndex } from '../base/index.js';

interface CatchUpOptions {
  /** The leader's log, and the time, when it begins. */
  readonly lastIndex: LogIndex;
  readonly now: number;
  /** The shortest election timeout: the last round has to take less. */
  readonly electionMs: number;
}

/** A learner that is so many rounds behind will not keep up as a voter either (Diss. §4.2.1). */
const ROUNDS_MAX = 10;
/** Nothing new has arrived there for so long: its process may have to be started first. */
const SILENCE_MS = 10_000;

/**
 * Whether a learner keeps up, before it counts: as a voter it would hold everybody up. It gets all that the leader has
 * when a round begins; what the leader took in meanwhile is the next round. Rounds become shorter if the learner is faster
 * than those who write.
 *
 *     round 1: 0 ─▶ 80,000   4 s      round 2: ─▶ 96,000   0.7 s      round 3: ─▶ 98,100   60 ms: it keeps up
 */
export class CatchUp {
  readonly #electionMs: number;
  #round = 1;
  #target: LogIndex;
  #began: number;
  #match: LogIndex | undefined;
  #movedAt: number;

  constructor({ lastIndex, now, electionMs }: CatchUpOptions) {
    this.#electionMs = electionMs;
    this.#target = lastIndex;
    this.#began = now;
    this.#movedAt = now;
  }

  get rounds(): number {
    return this.#round;
  }

  /** `match`: up to where the learner has the log. */
  look(match: LogIndex | undefined, lastIndex: LogIndex, now: number): 'keeps-up' | 'behind' | 'too-slow' | 'silent' {
    if (match !== this.#match) this.#movedAt = now;
    this.#match = match;
    if (match === undefined || match < this.#target) return now - this.#movedAt < SILENCE_MS ? 'behind' : 'silent';
    if (now - this.#began < this.#electionMs) return 'keeps-up';
    if (this.#round === ROUNDS_MAX) return 'too-slow';
    this.#round += 1;
    this.#target = lastIndex;
    this.#began = now;
    return 'behind';
  }
}
