import type { LogIndex, NodeId, Term } from '../base/index.js';
import type { AppendEntriesResponse } from './message.js';
import { adoptSnapshot } from './reconfiguration.js';
import { becomeFollower, followLeader } from './role.js';
import type { Snapshot, SnapshotOutcome } from './snapshot.js';
import { commitTo, type RaftState } from './state.js';
import { heardFrom, retrySoon } from './suspicion.js';

/** The follower's half of §7 (Figure 13): what becomes of a state that has come. */
export function installSnapshot(raft: RaftState, snapshot: Snapshot): SnapshotOutcome {
  const { from, term, lastIncludedIndex: index, lastIncludedTerm } = snapshot;
  heardFrom(raft, from);
  if (term < raft.currentTerm) return 'stale';
  if (term > raft.currentTerm) {
    becomeFollower(raft, term, from);
    retrySoon(raft);
  }
  if (!followLeader(raft, from)) return 'stale';
  const { log, outbox } = raft;
  if (index <= log.commitIndex) return 'known';
  if (log.termAt(index) === lastIncludedTerm) {
    // The log has all that the snapshot stands for (Figure 13, 6): it is only news of what is committed.
    commitTo(raft, index);
    return 'known';
  }
  outbox.event('info', 'log-replaced', { from, index, term: lastIncludedTerm, lastIndex: log.lastIndex });
  outbox.unstageAll();
  log.restore(index, lastIncludedTerm);
  raft.handedCommit = index;
  adoptSnapshot(raft, index, snapshot.membership);
  outbox.snapshot = { index, term: lastIncludedTerm };
  outbox.acknowledge(acknowledgement(raft, from, index));
  return 'installed';
}

function acknowledgement(raft: RaftState, to: NodeId, index: LogIndex): AppendEntriesResponse {
  const { id: from, currentTerm: term } = raft;
  const [hintIndex, hintTerm] = [0 as LogIndex, 0 as Term];
  return { type: 'append-entries-response', from, to, term, success: true, index, hintIndex, hintTerm };
}
