import type { NodeId } from '../base/index.js';
import { campaignForTransfer } from './election.js';
import type { TimeoutNow } from './message.js';
import { sendEmptyAppend } from './replication.js';
import { isHeard, type Leader, promotable, type RaftState } from './state.js';

/**
 * Leadership transfer (Diss. §3.10): the leader takes no more proposals, brings one follower up to date and tells it not
 * to wait for its election timeout. Whoever was told campaigns at once, and its requests say why, so that nobody refuses
 * them for the sake of the leader that is going. What does not succeed within an election timeout is given up, and the
 * leader takes proposals again: it has lost nothing.
 *
 *     asked ──▶ catching up ──matchIndex is lastIndex──▶ timeout-now is out ──▶ its request for votes deposes this leader
 *                   └────────────── deadline, the target is gone ──────────────┴──▶ aborted
 */

export type TransferResult =
  | { readonly type: 'started'; readonly to: NodeId }
  | { readonly type: 'refused'; readonly reason: TransferRefusal };

export type TransferRefusal =
  | 'not-leader'
  /** It leads already. */
  | 'leads'
  | 'no-member'
  | 'learner'
  /** Its process is gone, or it has not been heard from for an election timeout. */
  | 'silent'
  /** None was named, and no follower keeps up. */
  | 'nobody';

/** Without `to`: whoever is closest to this leader's log. Another target replaces the one before. */
export function transferLeadership(raft: RaftState, to: NodeId | undefined): TransferResult {
  const { role } = raft;
  if (role.type !== 'leader') return { type: 'refused', reason: 'not-leader' };
  const target = to ?? role.transfer?.to ?? successor(raft, role);
  if (target === undefined) return { type: 'refused', reason: 'nobody' };
  const reason = reasonAgainst(raft, role, target);
  if (reason !== undefined) return { type: 'refused', reason };
  // Asking again for the same does not put off the deadline.
  if (role.transfer?.to !== target) {
    if (role.transfer !== undefined) abortTransfer(raft, 'replaced');
    role.transfer = { to: target, deadline: raft.now + raft.config.electionTicksMin };
    raft.outbox.event('info', 'transfer-started', { to: target, term: raft.currentTerm });
    const progress = role.progress.get(target)!;
    if (progress.matchIndex < raft.log.lastIndex && progress.ready) sendEmptyAppend(raft, target, progress);
    continueTransfer(raft, target);
  }
  return { type: 'started', to: target };
}

/** Something was heard of `from`: if it is the target and has everything, it is told to campaign. Again, if that was lost. */
export function continueTransfer(raft: RaftState, from: NodeId): void {
  const { role, id, currentTerm: term, log, outbox } = raft;
  if (role.type !== 'leader' || role.transfer?.to !== from) return;
  if (role.progress.get(from)!.matchIndex < log.lastIndex) return;
  outbox.send({ type: 'timeout-now', from: id, to: from, term });
}

/** The leader of this term wants this node to lead. A learner, or who is no member, cannot. */
export function handleTimeoutNow(raft: RaftState, { from }: TimeoutNow): void {
  const { role } = raft;
  if (role.type !== 'follower' || role.leader !== from || !promotable(raft)) return;
  campaignForTransfer(raft);
}

/** Proposals are taken again. The target may still win, if it was told already: that is an election like any other. */
export function abortTransfer(raft: RaftState, reason: 'replaced' | 'timeout' | 'target-gone' | 'no-voter'): void {
  const { role } = raft;
  if (role.type !== 'leader' || role.transfer === undefined) return;
  const { to } = role.transfer;
  role.transfer = undefined;
  raft.outbox.event('warn', 'transfer-aborted', { to, term: raft.currentTerm, reason });
}

/** `peer` cannot be reached, or its process is gone: it will not lead. */
export function targetLost(raft: RaftState, peer: NodeId): void {
  if (raft.role.type === 'leader' && raft.role.transfer?.to === peer) abortTransfer(raft, 'target-gone');
}

function reasonAgainst(raft: RaftState, leader: Leader, target: NodeId): TransferRefusal | undefined {
  const { id, configuration } = raft;
  if (target === id) return 'leads';
  const progress = leader.progress.get(target);
  if (progress === undefined) return 'no-member';
  if (!configuration.voters.includes(target)) return 'learner';
  return isHeard(raft, target, progress.heardAt) ? undefined : 'silent';
}

/** The follower that lacks the least, of those that keep up; by name, where that does not decide. */
export function successor(raft: RaftState, { progress }: Leader): NodeId | undefined {
  let best: NodeId | undefined;
  for (const voter of raft.configuration.voters) {
    const candidate = progress.get(voter);
    if (candidate?.state.type !== 'replicate' || !isHeard(raft, voter, candidate.heardAt)) continue;
    if (best === undefined || candidate.matchIndex > progress.get(best)!.matchIndex) best = voter;
  }
  return best;
}
