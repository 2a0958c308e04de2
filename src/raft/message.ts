import type { LogIndex, NodeId, Term } from '../base/index.js';
import type { Entry } from './entry.js';

/**
 * What nodes say to each other. Names are the paper's (Figure 2) and the dissertation's; every message carries the
 * sender's term unless said otherwise. Messages are plain frozen-by-type data; `wire/` turns them into bytes.
 */
interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

/** §5.2, and Diss. §9.6 for the pre-vote, which asks for `term` = the term the candidate *would* run in. */
export interface RequestVote extends Envelope {
  readonly type: 'request-vote';
  readonly preVote: boolean;
  /** The leader wants this candidate in its place: nobody refuses for that leader's sake (Diss. §3.10, §4.2.3). */
  readonly transfer: boolean;
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
}

/**
 * A grant echoes the requested term (for a pre-vote: the future one, which nobody adopts); a refusal carries the
 * voter's own term, which the asker adopts when it is higher.
 */
export interface RequestVoteResponse extends Envelope {
  readonly type: 'request-vote-response';
  readonly preVote: boolean;
  readonly granted: boolean;
  /** Refused only because a live leader is known (stickiness, Diss. §4.2.3); granting once the voter suspects it too. */
  readonly sticky: boolean;
}

/**
 * §5.3. As the core makes it, `entries` is empty and the range (prevLogIndex, lastLogIndex] names what to send: the
 * ready loop fills it from its cache or the WAL. As received, `entries` is that range.
 */
export interface AppendEntries extends Envelope {
  readonly type: 'append-entries';
  readonly prevLogIndex: LogIndex;
  readonly prevLogTerm: Term;
  /** Index of the last entry of this message; equals prevLogIndex when there are none. */
  readonly lastLogIndex: LogIndex;
  readonly leaderCommit: LogIndex;
  readonly entries: readonly Entry[];
}

/**
 * Success: `index` is the last index known to match the leader's log *and synced here*. Refusal: `index` is the
 * prevLogIndex that was refused, and (hintIndex, hintTerm) the best position the follower can offer for the next try.
 */
export interface AppendEntriesResponse extends Envelope {
  readonly type: 'append-entries-response';
  readonly success: boolean;
  readonly index: LogIndex;
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
}

/** Entry-less beat; never queues behind a disk. Also carries the leader's read round (Diss. §6.4). */
export interface Heartbeat extends Envelope {
  readonly type: 'heartbeat';
  /** min(matchIndex of the receiver, commitIndex): never beyond what the receiver verified. */
  readonly commitIndex: LogIndex;
  /** The latest read round of this leader; 0 for none. */
  readonly readRound: number;
}

export interface HeartbeatResponse extends Envelope {
  readonly type: 'heartbeat-response';
  /** Echo: confirms all rounds up to this one. */
  readonly readRound: number;
}

/** A follower asks its leader for a read index on behalf of a client. */
export interface ReadIndexRequest extends Envelope {
  readonly type: 'read-index';
  /** Chosen by the asking node, never reused by one process. */
  readonly id: number;
}

export interface ReadIndexResponse extends Envelope {
  readonly type: 'read-index-response';
  readonly id: number;
  /** The state as of this index contains every write acknowledged before the request. */
  readonly index: LogIndex;
}

/** The leader wants the receiver, which has its whole log, to campaign at once (Diss. §3.10). */
export interface TimeoutNow extends Envelope {
  readonly type: 'timeout-now';
}

export type Message =
  | RequestVote
  | RequestVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | Heartbeat
  | HeartbeatResponse
  | ReadIndexRequest
  | ReadIndexResponse
  | TimeoutNow;

export type MessageType = Message['type'];
