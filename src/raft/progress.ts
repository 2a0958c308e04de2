import { asIndex, type LogIndex } from '../base/index.js';
import { type InflightLimits, Inflights } from './inflights.js';

/**
 * How a leader feeds one follower.
 *
 * - `probe`: nextIndex is a guess. One append at a time, then silence until it is answered or a heartbeat is.
 * - `replicate`: nextIndex is known to fit. Appends are pipelined, nextIndex runs ahead of the acks, bounded by a window.
 * - `snapshot`: it lacks what the log no longer has, and is sent the state. Nothing else until that is over, or until
 *   it acknowledges something: whatever reconnects it to the log will do.
 */
export type ProgressState =
  | { readonly type: 'probe'; paused: boolean }
  | { readonly type: 'replicate'; readonly inflights: Inflights }
  | { readonly type: 'snapshot' };

/** What a follower that was away is to have before it counts as caught up, and where its log agreed at first. */
export interface CatchUp {
  readonly upTo: LogIndex;
  from: LogIndex | undefined;
}

/** A leader's view of one follower. Invariant: 0 <= matchIndex < nextIndex <= lastIndex + 1. */
export class Progress {
  readonly #limits: InflightLimits;
  #matchIndex = asIndex(0);
  #nextIndex: LogIndex;
  #state: ProgressState = { type: 'probe', paused: false };

  /** Tick of its last message in this term; check-quorum reads it. A new peer starts as heard from (Diss. §6.2). */
  heardAt: number;
  /** The highest commit index that some append has told it. May be lost on the way: heartbeats repeat it. */
  commitTold = asIndex(0);
  /** The latest read round it confirmed. */
  readRound = 0;
  /** When a heartbeat response last made the leader look for losses, and matchIndex then: see heartbeat.ts. */
  lookedAt: number;
  matchThen = asIndex(0);
  /** It was away, or is new to this leader, and that it has caught up is still to be told. Nothing else depends on it. */
  catchUp: CatchUp | undefined;

  constructor(nextIndex: LogIndex, now: number, limits: InflightLimits) {
    this.#nextIndex = nextIndex;
    this.catchUp = { upTo: nextIndex, from: undefined };
    this.heardAt = now;
    this.lookedAt = now;
    this.#limits = limits;
  }

  get matchIndex(): LogIndex {
    return this.#matchIndex;
  }

  get nextIndex(): LogIndex {
    return this.#nextIndex;
  }

  get state(): ProgressState {
    return this.#state;
  }

  /** The last index that the follower is believed to agree with: what an append that is accepted proves. */
  get agreed(): LogIndex {
    return this.#state.type === 'probe' ? asIndex(this.#nextIndex - 1) : this.#matchIndex;
  }

  /** May an append with entries leave now? */
  get ready(): boolean {
    if (this.#state.type === 'replicate') return !this.#state.inflights.full;
    return this.#state.type === 'probe' && !this.#state.paused;
  }

  /**
   * Something was lost or is unknown: start again from what is certain, or from the first entry that there is, since it
   * may well have more than it said. Paused: only an answer or a beat resumes.
   */
  becomeProbe({ paused, firstIndex }: { readonly paused: boolean; readonly firstIndex: LogIndex }): void {
    this.#nextIndex = asIndex(Math.max(this.#matchIndex + 1, firstIndex));
    this.#state = { type: 'probe', paused };
  }

  /** It is sent the state, because it lacks what the log no longer has. */
  becomeSnapshot(): void {
    this.#nextIndex = asIndex(this.#matchIndex + 1);
    this.#state = { type: 'snapshot' };
  }

  #becomeReplicate(): void {
    this.#nextIndex = asIndex(this.#matchIndex + 1);
    this.#state = { type: 'replicate', inflights: new Inflights(this.#limits) };
  }

  /** An append with the entries from nextIndex to `lastIndex` left; with none, lastIndex is nextIndex − 1. */
  sent(lastIndex: LogIndex, bytes: number, commitIndex: LogIndex): void {
    this.commitTold = asIndex(Math.max(this.commitTold, Math.min(commitIndex, lastIndex)));
    if (this.#state.type === 'probe') {
      this.#state.paused = true;
    } else if (this.#state.type === 'replicate' && lastIndex >= this.#nextIndex) {
      this.#state.inflights.add(lastIndex, bytes);
      this.#nextIndex = asIndex(lastIndex + 1);
    }
  }

  /** The follower matches up to `index`. Late and repeated acks change nothing (they never lower matchIndex). */
  acknowledged(index: LogIndex): void {
    if (index < this.#matchIndex) return;
    this.#matchIndex = index;
    if (this.#nextIndex <= index) this.#nextIndex = asIndex(index + 1);
    if (this.#state.type !== 'replicate') this.#becomeReplicate();
    else this.#state.inflights.freeTo(index);
  }

  /**
   * The follower has no match at `rejected`; `hint` is the best position to try next. Returns false for a late or
   * reordered refusal, which must not throw back what is already known: one at or below matchIndex, in Probe one that
   * does not answer the probe that is out, and any in Snapshot. A probe begins at `firstIndex` or behind it.
   */
  refused(rejected: LogIndex, hint: LogIndex, firstIndex: LogIndex): boolean {
    if (rejected <= this.#matchIndex || this.#state.type === 'snapshot') return false;
    if (this.#state.type === 'replicate') {
      this.becomeProbe({ paused: false, firstIndex });
      return true;
    }
    if (rejected !== this.#nextIndex - 1) return false;
    this.#nextIndex = asIndex(Math.max(Math.min(rejected, hint + 1), this.#matchIndex + 1));
    this.#state.paused = false;
    return true;
  }
}
