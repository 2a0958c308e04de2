import type { LogIndex, Membership, NodeId, Term } from '../base/index.js';
import type { Progress } from './progress.js';
import type { RaftState } from './state.js';

/**
 * Log compaction (§7): whoever needs entries that are gone gets the state instead. The core says who does, and decides
 * what becomes of a state that has come (installation.ts); how it travels is the host's.
 */

/** What Figure 13 calls InstallSnapshot, once all of its data is here, whole and durable. */
export interface Snapshot {
  /** The leader that sent it, and its term. */
  readonly from: NodeId;
  readonly term: Term;
  /** The snapshot replaces all entries up to and including this index. */
  readonly lastIncludedIndex: LogIndex;
  readonly lastIncludedTerm: Term;
  /** As of that index. */
  readonly membership: Membership;
}

/**
 * `installed`: the log begins anew behind it; the next Ready says so. `known`: what it has is here already, its leader
 * may go on from there. `stale`: its leader is deposed.
 */
export type SnapshotOutcome = 'installed' | 'known' | 'stale';

/** The follower lacks what this log no longer has. Heartbeats go on; entries wait for `snapshotResult` or an ack. */
export function needSnapshot(raft: RaftState, peer: NodeId, progress: Progress): void {
  const { matchIndex } = progress;
  progress.becomeSnapshot();
  raft.outbox.needSnapshot(peer);
  raft.outbox.event('info', 'snapshot-needed', { peer, matchIndex, firstIndex: raft.log.firstIndex });
}

/** The host's attempt to send it is over. Where the follower stands now, a probe finds out. */
export function snapshotResult(raft: RaftState, peer: NodeId, { ok }: { readonly ok: boolean }): void {
  if (raft.role.type !== 'leader') return;
  const progress = raft.role.progress.get(peer);
  if (progress?.state.type !== 'snapshot') return;
  progress.becomeProbe({ paused: !ok, firstIndex: raft.log.firstIndex });
  raft.role.sendDue = true;
}
