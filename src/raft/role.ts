import { asIndex, assert, asTerm, type NodeId, type Term } from '../base/index.js';
import { Progress } from './progress.js';
import { ROLE_NAMES, type RoleName } from './ready.js';
import {
  type Candidate,
  type Leader,
  leaderOf,
  newElectionTimer,
  newFollower,
  type PreCandidate,
  type RaftState,
  type Role,
  replicasOf,
} from './state.js';

/**
 * The only place where role, term and vote change. The allowed moves (§5.2, Figure 4, with the pre-vote of Diss. §9.6):
 *
 *     any           -> follower        a higher term, a leader of this term, a lost election, a lost quorum
 *     not a leader  -> pre-candidate   silence, or suspicion
 *     pre-candidate -> candidate       a quorum would vote for it
 *     follower      -> candidate       its leader wants it to lead (Diss. §3.10)
 *     candidate     -> leader          a quorum has
 */
type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Follows `leader`, or nobody known. A higher term is adopted, with no vote cast in it yet. */
export function becomeFollower(raft: RaftState, term: Term, leader: NodeId | null): void {
  assert(term >= raft.currentTerm, () => `${raft.id}: term ${term} after ${raft.currentTerm}`);
  if (term > raft.currentTerm) setTermAndVote(raft, term, null);
  transition(raft, ROLE_NAMES, newFollower(raft.config, { leader, now: raft.now }));
}

/** Asks around without touching term or vote. Whoever campaigns has given up its leader (so stickiness cannot bind it). */
export function becomePreCandidate(raft: RaftState): PreCandidate {
  const role: PreCandidate = {
    type: 'pre-candidate',
    votes: new Map(),
    ...newElectionTimer(raft.config, raft.now),
  };
  transition(raft, ['follower', 'pre-candidate', 'candidate'], role);
  return role;
}

/** Begins an election: increments the term and votes for itself (§5.2). Votes start from nothing, pre-votes do not count. */
export function becomeCandidate(raft: RaftState): Candidate {
  const role: Candidate = { type: 'candidate', votes: new Map(), ...newElectionTimer(raft.config, raft.now) };
  setTermAndVote(raft, asTerm(raft.currentTerm + 1), raft.id);
  transition(raft, ['pre-candidate', 'follower'], role);
  return role;
}

/** Won: everything a leader keeps starts now. Its no-op must follow at once (replication.ts). */
export function becomeLeader(raft: RaftState): Leader {
  const { config, log, now } = raft;
  const termStart = asIndex(log.lastIndex + 1);
  const limits = { messages: config.inflightMessagesMax, bytes: config.inflightBytesMax };
  const role: Leader = {
    type: 'leader',
    termStart,
    progress: new Map(replicasOf(raft).map((peer) => [peer, new Progress(termStart, now, limits)])),
    reads: { round: 0, index: asIndex(0), inRound: [], queued: [] },
    transfer: undefined,
    heartbeatAt: now + config.heartbeatTicks,
    checkQuorumAt: now + config.electionTicksMax,
    tellCommitAt: Number.POSITIVE_INFINITY,
    sendDue: true,
  };
  transition(raft, ['candidate'], role);
  return role;
}

/**
 * A message of the current term from its leader: follow it, and be content for another election timeout. Answers false
 * if that cannot be: this term's leader is this node, or another.
 */
export function followLeader(raft: RaftState, leader: NodeId): boolean {
  const known = leaderOf(raft);
  if (known === null) becomeFollower(raft, raft.currentTerm, leader);
  else if (known !== leader || raft.role.type !== 'follower') return false;
  else raft.role.leaderHeardAt = raft.now;
  resetElectionTimer(raft);
  return true;
}

/** The leader is gone for certain: a follower without one, in the same term and with the same vote. */
export function forgetLeader(raft: RaftState): void {
  becomeFollower(raft, raft.currentTerm, null);
}

/** A leader that is no member any more follows whoever comes next. */
export function retire(raft: RaftState): void {
  becomeFollower(raft, raft.currentTerm, null);
}

/** Votes for `candidate` in the current term; a vote is never changed. */
export function castVote(raft: RaftState, candidate: NodeId): void {
  assert(
    raft.votedFor === null || raft.votedFor === candidate,
    () => `${raft.id}: second vote in term ${raft.currentTerm}, for ${candidate} after ${raft.votedFor}`,
  );
  if (raft.votedFor === null) setTermAndVote(raft, raft.currentTerm, candidate);
}

export function resetElectionTimer({ role, now }: RaftState): void {
  if (role.type !== 'leader') role.electionAt = now + role.electionTicks;
}

function setTermAndVote(raft: RaftState, term: Term, votedFor: NodeId | null): void {
  const writable: Writable<RaftState> = raft;
  if (term !== raft.currentTerm) {
    raft.outbox.roleChanged = true;
    raft.told.forget();
  }
  writable.currentTerm = term;
  writable.votedFor = votedFor;
  if (votedFor !== null) writable.votedAt = raft.now;
  raft.outbox.hardStateChanged = true;
}

function transition(raft: RaftState, allowed: readonly RoleName[], role: Role): void {
  const before = raft.role.type;
  const leaderBefore = leaderOf(raft);
  assert(allowed.includes(before), () => `${raft.id}: ${before} cannot become ${role.type}`);
  const writable: Writable<RaftState> = raft;
  writable.role = role;
  const leader = leaderOf(raft);
  // Whoever knows a leader has no reason to hurry.
  if (leader !== null) {
    raft.suspicion.hurry = undefined;
    if (leader !== leaderBefore) raft.told.forget();
  }
  if (before !== role.type) {
    raft.outbox.roleChanged = true;
    raft.outbox.event('info', 'role-changed', { from: before, to: role.type, term: raft.currentTerm, leader });
  }
  if (leader !== leaderBefore) {
    raft.outbox.roleChanged = true;
    raft.outbox.event('info', 'leader-changed', { from: leaderBefore, to: leader, term: raft.currentTerm });
  }
}
