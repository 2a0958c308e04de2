import type { LogIndex, Membership, NodeId, Random, Term } from '../base/index.js';
import type { LoggedMembership } from './entry.js';
import type { HardState } from './ready.js';

/**
 * One tick is one millisecond in raftctl, but the core does not care: all durations are ticks. The host calls
 * `tick(n)` when `ticksToDeadline()` ticks have passed, or whenever it likes.
 */
export interface RaftConfig {
  readonly id: NodeId;
  /** As of `restored.applied`. */
  readonly membership: Membership;
  /** Those that stand in entries behind that, in order. Absent: none do. */
  readonly memberships?: readonly LoggedMembership[] | undefined;
  readonly random: Random;
  /** A follower campaigns after a random silence in [min, max] (§5.2). Suggested 400..800. */
  readonly electionTicksMin: number;
  readonly electionTicksMax: number;
  /** A leader beats this often. Suggested 60; well below electionTicksMin. */
  readonly heartbeatTicks: number;
  /** Followers hear of a commit index that moved within this time, if no entries tell them before. Suggested 5; 0: at once. */
  readonly commitNewsTicks: number;
  /** Bytes of entries in one append message. Suggested 256 KiB. One larger entry travels alone. */
  readonly appendBytesMax: number;
  /** Appends in flight to one follower in Replicate. Suggested 16. */
  readonly inflightMessagesMax: number;
  /** Bytes in flight to one follower in Replicate. Suggested 4 MiB. */
  readonly inflightBytesMax: number;
  /** Bytes of proposals that are not committed yet; beyond it proposals are dropped. Suggested 64 MiB. */
  readonly uncommittedBytesMax: number;
  /** Bytes of entries that a leader's own disk does not have; beyond it proposals are dropped. Suggested 256 MiB. */
  readonly unsyncedBytesMax: number;
  /** Fast failover and fast start: ticks between two ranks, the random extra, and the repeat of the pre-vote. */
  readonly suspicion: { readonly rankTicks: number; readonly extraTicks: number; readonly repeatTicks: number };
  /** What the WAL held, and how far the state machine has come. */
  readonly restored: RestoredLog;
}

export interface RestoredLog {
  readonly hardState: HardState;
  /** Index and term of the entry before the first one kept: (0, 0) unless the log was trimmed. */
  readonly before: { readonly index: LogIndex; readonly term: Term };
  /** The terms of the kept entries, as runs, in order. */
  readonly runs: readonly { readonly term: Term; readonly count: number }[];
  /** The record length of each kept entry, in order. */
  readonly lengths: Uint32Array;
  /** The state machine's applied index; the log is committed at least this far. */
  readonly applied: LogIndex;
}
