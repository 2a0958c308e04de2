import type { Fields, Level, LogIndex, Membership, NodeId, Term } from '../base/index.js';
import type { Entry } from './entry.js';
import type { Message } from './message.js';

/**
 * # The ordering contract
 *
 * After any input, the host takes one `Ready` and owes the core this order:
 *
 *  1. `messages` may leave at once; a leader's appends go out in parallel with its own disk write.
 *  2. `hardState`, then the mark of `snapshot`, then `entries`, are written to the WAL as one batch and synced. Batches
 *     become durable in the order of their Readys. `entries` may start below the end of the log: that truncates it
 *     first. `snapshot` empties the log: it begins anew behind that index, in the state that was handed in for it, which
 *     takes the place of the old one before anything else is applied.
 *  3. Once this Ready *and every earlier one* is durable: `messagesAfterPersist` leave (votes, append
 *     acknowledgements); those addressed to the node itself are stepped back in. Then `persisted(index, term)` is
 *     called with the last entry of this Ready, or else with its snapshot, if it had any: the node's own
 *     acknowledgement.
 *  4. `committed` is applied in order, at the host's pace; `applied(index)` says how far it came.
 *  5. `reads` are answered once the state machine has applied their index.
 *
 *  6. `snapshotsTo` get the state as of an index at or behind the log's first one: by a way of the host's own, and
 *     `snapshotResult` says how it ended.
 *
 * A Ready without `hardState`, `snapshot` and `entries` costs no sync; its `messagesAfterPersist` still wait for earlier ones.
 */
export interface Ready {
  readonly hardState: HardState | undefined;
  readonly snapshot: SnapshotMark | undefined;
  readonly entries: readonly Entry[];
  readonly messages: readonly Message[];
  readonly messagesAfterPersist: readonly Message[];
  /** Newly committed entries, (after, upTo]; undefined when the commit index did not move. */
  readonly committed: { readonly after: LogIndex; readonly upTo: LogIndex } | undefined;
  readonly reads: readonly ReadState[];
  /** Followers that need what the log of this leader no longer has. */
  readonly snapshotsTo: readonly NodeId[];
  /** Set when the role, the term or the known leader changed. */
  readonly roleChange: RoleChange | undefined;
  /** Set when another membership is in force, or became committed. */
  readonly membershipChange: MembershipChange | undefined;
  readonly events: readonly CoreEvent[];
}

/** Term and vote, durable in one record before any answer that depends on them (§5.2, Diss. §3.8). */
export interface HardState {
  readonly currentTerm: Term;
  readonly votedFor: NodeId | null;
}

/** The log begins behind this entry; the state machine holds what was before. */
export interface SnapshotMark {
  readonly index: LogIndex;
  readonly term: Term;
}

/** The read that was asked for as `id` may be served from any state that has applied `index`. */
export interface ReadState {
  readonly id: number;
  readonly index: LogIndex;
}

/** The membership of the latest entry, committed or not; and of the latest that is. */
export interface MembershipChange {
  readonly inForce: Membership;
  readonly committed: Membership;
}

export const ROLE_NAMES = ['follower', 'pre-candidate', 'candidate', 'leader'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

export interface RoleChange {
  readonly role: RoleName;
  readonly term: Term;
  readonly leader: NodeId | null;
}

/** A diagnostic event of the core: the host stamps it with time and node. */
export interface CoreEvent {
  readonly level: Level;
  readonly event: string;
  readonly fields: Fields;
}
