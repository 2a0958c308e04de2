import type { SearchLimit } from './search.js';

export type Decision = 'linearizable' | 'violation' | 'undecided';

/** What a check found: the document that `raftctl check -o json` prints. */
export interface Verdict {
  /** `linearizable` only if every key is: an undecided key is not a pass. */
  readonly verdict: Decision;
  /** What was checked: the file's name. */
  readonly history: string;
  readonly operations: number;
  /** Of them, those whose outcome nobody knows. */
  readonly unknown: number;
  /** Of them, those that certainly had no effect. They were not checked. */
  readonly failed: number;
  readonly keys: number;
  readonly revisions: RevisionVerdict;
  /** Steps of the search, over all keys. */
  readonly steps: number;
  readonly elapsedMs: number;
  /** Every key, in the order in which the history first names it. */
  readonly byKey: readonly KeyVerdict[];
  /** In the same order; revisions that contradict each other come last. */
  readonly violations: readonly Violation[];
}

/**
 * What the recorded revisions are worth: `consistent` with all answers and times, `contradictory`, `partial` (some
 * answers have none), `unconfirmed` (unknown writes leave it open) or `absent`.
 */
export type RevisionVerdict = 'consistent' | 'contradictory' | 'partial' | 'unconfirmed' | 'absent';

export interface KeyVerdict {
  readonly key: string;
  readonly verdict: Decision;
  readonly operations: number;
  readonly unknown: number;
  /** The revisions were the proof, or a search decided; null for an undecided key. */
  readonly decidedBy: 'revisions' | 'search' | null;
  readonly steps: number;
  /**
   * Why the search gave up on an undecided key, and how many operations were open at once at most. Null for a key that is
   * undecided because no order explains the history, which may lack what others wrote (console/recorded).
   */
  readonly gaveUp: { readonly limit: SearchLimit; readonly concurrent: number } | null;
}

export type ViolationKind =
  | 'unwritten value'
  | 'early read'
  | 'stale read'
  | 'resurrected value'
  | 'lost write'
  | 'lost update'
  | 'no order'
  | 'revisions';

export interface Violation {
  readonly kind: ViolationKind;
  readonly key: string;
  /** How many operations the part was taken from. */
  readonly outOf: number;
  /** Nothing of the part can be left out. False: the limits ended the shrinking, or there was none. */
  readonly isSmallest: boolean;
  /** The bad part, by call. */
  readonly operations: readonly ShownOperation[];
  /** In words, a sentence each. */
  readonly explanation: readonly string[];
}

/** An operation of a bad part, in text that is safe for a terminal. */
export interface ShownOperation {
  readonly line: number;
  readonly client: string;
  readonly node: string | null;
  readonly operation: string;
  readonly answer: string;
  readonly revision: number | null;
  /** Milliseconds after the history's first call. */
  readonly calledMs: number;
  /** Null for an unknown outcome. */
  readonly returnedMs: number | null;
}
