import { asTerm, type FieldValue, isJoint, tally } from '../base/index.js';
import type { RequestVote, RequestVoteResponse } from './message.js';
import { startLeading } from './replication.js';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  castVote,
  resetElectionTimer,
} from './role.js';
import { type Follower, leaderOf, promotable, type RaftState } from './state.js';
import { electionUnderWay, holdBack, repeatPreVote, retrySoon } from './suspicion.js';

/** Asks whether a quorum would vote for this node (Diss. §9.6); only then the term rises. */
export function campaign(raft: RaftState): void {
  if (raft.role.type === 'leader') return;
  if (!promotable(raft)) {
    resetElectionTimer(raft);
    return;
  }
  const own = new Map([[raft.id, true]]);
  // Too many are certainly gone: there is nothing to count. It asks all the same, for one that answers is there again.
  if (tally(raft.configuration, own, raft.suspicion.gone) === 'lost') becomeFollower(raft, raft.currentTerm, null);
  else becomePreCandidate(raft).votes.set(raft.id, true);
  repeatPreVote(raft);
  requestVotes(raft, { preVote: true, transfer: false });
  countVotes(raft);
}

/** The leader hands over (Diss. §3.10): it has asked this node to campaign, and nobody else. */
export function campaignForTransfer(raft: RaftState): void {
  startElection(raft, { transfer: true });
}

/** Silence for an election timeout (§5.2). */
export function electionTimeout(raft: RaftState): void {
  // A node that still waits for its own disk may have heard more than it could take in; and it could not vote anyway.
  if (raft.role.type === 'follower' && raft.log.durability.writing) {
    resetElectionTimer(raft);
    return;
  }
  tellSilence(raft);
  campaign(raft);
}

function tellSilence({ role, now, currentTerm: term, told, outbox }: RaftState): void {
  if (role.type !== 'follower' || role.leader === null) return;
  const { leader, leaderHeardAt } = role;
  const level = told.levelOf('silence', leader);
  outbox.event(level, 'leader-silent', { leader, term, silentTicks: now - leaderHeardAt });
}

export function handleRequestVote(raft: RaftState, request: RequestVote): void {
  const reason = reasonToRefuse(raft, request);
  if (reason !== undefined) {
    refuse(raft, request, reason);
  } else if (request.preVote) {
    // A pure query: no vote, no timer, no term. The grant echoes the requested term, which nobody adopts.
    raft.outbox.send(voteResponse(raft, request, { granted: true }));
    const { from: candidate, term, preVote } = request;
    const level = raft.told.levelOf('granted', candidate, term);
    raft.outbox.event(level, 'vote-granted', { candidate, term, preVote });
  } else {
    if (raft.role.type === 'pre-candidate') becomeFollower(raft, raft.currentTerm, null);
    castVote(raft, request.from);
    resetElectionTimer(raft);
    holdBack(raft);
    raft.outbox.sendAfterPersist(voteResponse(raft, request, { granted: true }));
    raft.outbox.event('info', 'vote-granted', { candidate: request.from, term: request.term, preVote: false });
  }
}

/**
 * Does this node follow a leader that lives, or lead? Then it takes no part in an election (Diss. §4.2.3), and a higher
 * term in a request for votes does not move it. The leader itself may ask: it has stepped down. So may whoever it wants
 * in its place.
 */
export function isSticky(
  { role, now, config }: RaftState,
  { from: asker, transfer }: Pick<RequestVote, 'from' | 'transfer'>,
): boolean {
  if (transfer) return false;
  if (role.type === 'leader') return true;
  if (role.type !== 'follower' || role.leader === null || role.leader === asker) return false;
  return now - role.leaderHeardAt < config.electionTicksMin;
}

/** The leader is gone for certain: answer again who was refused for its sake a moment ago. */
export function reconsider(raft: RaftState, refused: Follower['refused']): void {
  const since = raft.now - 2 * raft.config.suspicion.repeatTicks;
  for (const { request, at } of refused.values()) if (at >= since) handleRequestVote(raft, request);
}

export function handleRequestVoteResponse(raft: RaftState, response: RequestVoteResponse): void {
  const { role, currentTerm } = raft;
  const { granted, preVote, term } = response;
  if (role.type === 'pre-candidate' && preVote) {
    if (granted && term !== currentTerm + 1) return;
    // Who refuses for a leader's sake may yet find out that it is gone, and grant then.
    if (response.sticky) return;
  } else if (role.type === 'candidate' && !preVote) {
    // Who refuses for stickiness keeps its own, lower term.
    if (term !== currentTerm && (granted || !response.sticky)) return;
  } else {
    return; // an answer to an earlier phase
  }
  if (granted || !role.votes.has(response.from)) role.votes.set(response.from, granted);
  countVotes(raft);
}

/** Has it been won, or can it not be won any more? */
export function countVotes(raft: RaftState): void {
  const { role } = raft;
  if (role.type !== 'pre-candidate' && role.type !== 'candidate') return;
  const result = tally(raft.configuration, role.votes, raft.suspicion.gone);
  if (result === 'won' && role.type === 'pre-candidate') startElection(raft, { transfer: false });
  else if (result === 'won') startLeading(raft, becomeLeader(raft));
  else if (result === 'lost') {
    becomeFollower(raft, raft.currentTerm, null);
    if (role.type === 'candidate') retrySoon(raft);
  }
}

function startElection(raft: RaftState, { transfer }: { readonly transfer: boolean }): void {
  becomeCandidate(raft);
  holdBack(raft);
  requestVotes(raft, { preVote: false, transfer });
  // The node's own vote counts once it is durable, like any other.
  raft.outbox.sendAfterPersist({
    type: 'request-vote-response',
    from: raft.id,
    to: raft.id,
    term: raft.currentTerm,
    preVote: false,
    granted: true,
    sticky: false,
  });
}

/**
 * Real requests wait for the disk. A candidate that crashed with its term unsynced would come back, campaign in the
 * same term with a shorter log, and count votes that were given to the longer one.
 */
function requestVotes(
  raft: RaftState,
  { preVote, transfer }: { readonly preVote: boolean; readonly transfer: boolean },
): void {
  const { id, log, outbox, configuration, told } = raft;
  const term = preVote ? asTerm(raft.currentTerm + 1) : raft.currentTerm;
  const level = preVote ? told.levelOf('asked', term) : 'info';
  outbox.event(level, 'vote-requested', {
    term,
    preVote,
    lastLogIndex: log.lastIndex,
    lastLogTerm: log.lastTerm,
    voters: configuration.voters.join(','),
    ...(isJoint(configuration) && { outgoing: configuration.outgoing.join(',') }),
    ...(transfer && { transfer }),
  });
  for (const to of raft.peers) {
    const request: RequestVote = {
      type: 'request-vote',
      from: id,
      to,
      term,
      preVote,
      transfer,
      lastLogIndex: log.lastIndex,
      lastLogTerm: log.lastTerm,
    };
    if (preVote) outbox.send(request);
    else outbox.sendAfterPersist(request);
  }
}

type RefusalReason =
  | 'stale-term'
  | 'leader-alive'
  | 'election-under-way'
  | 'leader-known'
  | 'already-voted'
  | 'log-behind';

function reasonToRefuse(raft: RaftState, request: RequestVote): RefusalReason | undefined {
  const { currentTerm, votedFor } = raft;
  if (request.term < currentTerm) return 'stale-term';
  const future = request.term > currentTerm;
  if ((future || request.preVote) && isSticky(raft, request)) return 'leader-alive';
  const leader = leaderOf(raft);
  const free = votedFor === request.from || (votedFor === null && leader === null);
  if (!free && !(future && request.preVote)) return leader === null ? 'already-voted' : 'leader-known';
  const { lastLogTerm, lastLogIndex } = request;
  if (!raft.log.isUpToDate(lastLogTerm, lastLogIndex)) return 'log-behind';
  const isAhead = lastLogTerm > raft.log.lastTerm || lastLogIndex > raft.log.lastIndex;
  if (request.preVote && !isAhead && electionUnderWay(raft, request.from) !== undefined) return 'election-under-way';
  return undefined;
}

function refuse(raft: RaftState, request: RequestVote, reason: RefusalReason): void {
  const sticky = reason === 'leader-alive' || reason === 'election-under-way';
  if (reason === 'leader-alive' && request.preVote && raft.role.type === 'follower') {
    raft.role.refused.set(request.from, { request, at: raft.now });
  }
  raft.outbox.send(voteResponse(raft, request, { granted: false, sticky }));
  const { from: candidate, term, preVote } = request;
  const level = raft.told.levelOf('refused', candidate, term, preVote, reason);
  raft.outbox.event(level, 'vote-refused', { candidate, term, preVote, reason, ...GROUNDS[reason](raft, request) });
}

type Grounds = (raft: RaftState, request: RequestVote) => Readonly<Record<string, FieldValue>>;

/** What a reason rests on, for people. */
const GROUNDS: Readonly<Record<RefusalReason, Grounds>> = {
  'stale-term': ({ currentTerm }) => ({ currentTerm }),
  'leader-alive': (raft) => ({ leader: leaderOf(raft) }),
  'leader-known': (raft) => ({ leader: leaderOf(raft) }),
  'election-under-way': (raft, { from }) => ({ favours: electionUnderWay(raft, from) }),
  'already-voted': ({ votedFor }) => ({ votedFor }),
  'log-behind': ({ log }, { lastLogIndex, lastLogTerm }) => ({
    lastLogIndex: log.lastIndex,
    lastLogTerm: log.lastTerm,
    candidateLogIndex: lastLogIndex,
    candidateLogTerm: lastLogTerm,
  }),
};

function voteResponse(
  { id, currentTerm }: RaftState,
  { from, preVote, term }: RequestVote,
  { granted, sticky = false }: { readonly granted: boolean; readonly sticky?: boolean },
): RequestVoteResponse {
  const type = 'request-vote-response';
  return { type, from: id, to: from, term: granted ? term : currentTerm, preVote, granted, sticky };
}
