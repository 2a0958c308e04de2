import { campaign, electionTimeout } from './election.js';
import { broadcastHeartbeat, checkQuorum } from './heartbeat.js';
import { promotable, type RaftState } from './state.js';
import { campaignAt } from './suspicion.js';
import { abortTransfer } from './transfer.js';

/** The tick at which something is due next; Infinity if nothing ever is. */
export function nextDeadline(raft: RaftState): number {
  const { role } = raft;
  if (role.type === 'leader') {
    const transferEnds = role.transfer?.deadline ?? Number.POSITIVE_INFINITY;
    return role.progress.size === 0
      ? Number.POSITIVE_INFINITY
      : Math.min(role.heartbeatAt, role.checkQuorumAt, role.tellCommitAt, transferEnds);
  }
  return promotable(raft) ? Math.min(role.electionAt, campaignAt(raft)) : Number.POSITIVE_INFINITY;
}

/** Does what has become due. Each action moves its deadline into the future. */
export function runTimers(raft: RaftState): void {
  const { role, now } = raft;
  if (nextDeadline(raft) > now) return;
  if (role.type === 'leader') {
    if (now >= role.checkQuorumAt) checkQuorum(raft, role);
    if (raft.role === role && now >= role.heartbeatAt) broadcastHeartbeat(raft, role);
    if (raft.role === role && now >= role.tellCommitAt) role.sendDue = true;
    if (raft.role === role && role.transfer !== undefined && now >= role.transfer.deadline) {
      abortTransfer(raft, 'timeout');
    }
  } else if (now >= campaignAt(raft)) {
    campaign(raft);
  } else {
    electionTimeout(raft);
  }
}
