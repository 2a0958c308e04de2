import { hasQuorum, type NodeId, randomInt } from '../base/index.js';
import { forgetLeader } from './role.js';
import { type Hurry, leaderOf, promotable, type RaftState } from './state.js';

/**
 * Campaigning ahead of the election timeout, in two cases: the leader's process is certainly gone (fast failover), and
 * nobody has a leader yet (fast start). Who goes first is agreed upon beforehand, by rank among the voters, so that
 * the first round is rarely lost to another candidate. A pre-vote comes first, as always: if the suspicion is wrong,
 * those who still hear the leader refuse and nothing has happened.
 *
 * Electing early is safe because nothing here relies on a leader staying leader for some time: there are no lease
 * reads, every read is confirmed by a quorum (reads.ts). Whoever adds leases must take this away (Diss. §6.4.1).
 */

/** `peer`'s process is certainly gone. Answers true if it was our leader, who is now forgotten. */
export function suspect(raft: RaftState, peer: NodeId): boolean {
  raft.suspicion.gone.add(peer);
  if (raft.role.type !== 'follower' || raft.role.leader !== peer) return false;
  forgetLeader(raft);
  const delay = hurry(raft, { type: 'leader-gone', leader: peer });
  raft.outbox.event('info', 'leader-suspected', {
    leader: peer,
    term: raft.currentTerm,
    campaignInTicks: delay ?? null,
  });
  return true;
}

/** A message from `peer`: its process lives after all, or again. */
export function heardFrom(raft: RaftState, peer: NodeId): void {
  const { suspicion } = raft;
  if (!suspicion.gone.delete(peer)) return;
  if (leaderSaidGone(raft) === peer) suspicion.hurry = undefined;
  hurryIfNobodyLeads(raft);
}

/** Our link to `peer` is up, and it told which leader it knows. */
export function linked(raft: RaftState, peer: NodeId, leader: NodeId | null): void {
  const { suspicion } = raft;
  suspicion.links.set(peer, leader);
  suspicion.gone.delete(peer);
  // A leader that came back without leading is gone as a leader all the same.
  if (leaderSaidGone(raft) === peer && leader === peer) suspicion.hurry = undefined;
  hurryIfNobodyLeads(raft);
}

export function unlinked(raft: RaftState, peer: NodeId): void {
  const { suspicion } = raft;
  suspicion.links.delete(peer);
  if (suspicion.hurry?.cause.type === 'no-leader-anywhere' && !quorumWithoutLeader(raft)) suspicion.hurry = undefined;
}

/** When to campaign early; Infinity when there is no reason to. */
export function campaignAt({ suspicion: { hurry }, now }: RaftState): number {
  return hurry === undefined || now >= hurry.until ? Number.POSITIVE_INFINITY : hurry.campaignAt;
}

/** A pre-vote is out: ask again soon, for others may come to the same suspicion any moment. */
export function repeatPreVote(raft: RaftState): void {
  const { repeatTicks } = raft.config.suspicion;
  const jitter = Math.floor(repeatTicks / 4);
  postpone(raft, randomInt(raft.config.random, repeatTicks - jitter, repeatTicks + jitter));
}

/** This node's election cannot be won any more, or the term moved on: try again in about one repeat. */
export function retrySoon(raft: RaftState): void {
  const { repeatTicks } = raft.config.suspicion;
  postpone(raft, randomInt(raft.config.random, Math.ceil(repeatTicks / 2), Math.floor(repeatTicks * 1.5)));
}

/** An election is on: leave it to its candidate, and to the election timeout. */
export function holdBack(raft: RaftState): void {
  postpone(raft, Number.POSITIVE_INFINITY);
}

/** Nobody leads: this node knows no leader, and is linked to a quorum that knew none. */
export function hurryIfNobodyLeads(raft: RaftState): void {
  if (raft.suspicion.hurry !== undefined && raft.now < raft.suspicion.hurry.until) return;
  if (raft.role.type !== 'candidate' && leaderOf(raft) === null && quorumWithoutLeader(raft)) {
    hurry(raft, { type: 'no-leader-anywhere' });
  }
}

/**
 * Is an election on its way that `asker`'s pre-vote would only split? Answers whose. So it is shortly after a vote for
 * another, and for a node that asks for pre-votes itself, in a hurry and before `asker` in rank. Whoever refuses for this
 * is asked again soon, and the reason lapses by itself: a candidate that died holds nobody up for long.
 */
export function electionUnderWay(raft: RaftState, asker: NodeId): NodeId | undefined {
  const { id, now, role, votedFor, votedAt, config, suspicion } = raft;
  const settleTicks = 2 * config.suspicion.repeatTicks;
  // Nothing is to be expected of a candidate that died, or of an own candidacy that is over.
  const hopeful = votedFor === id ? role.type === 'candidate' : votedFor !== null && !suspicion.gone.has(votedFor);
  if (hopeful && votedFor !== asker && now - votedAt < settleTicks) return votedFor ?? undefined;
  const { hurry } = suspicion;
  const asksFirst =
    role.type === 'pre-candidate' && hurry !== undefined && now - hurry.since < settleTicks && id < asker;
  return asksFirst ? id : undefined;
}

function leaderSaidGone({ suspicion: { hurry } }: RaftState): NodeId | undefined {
  return hurry?.cause.type === 'leader-gone' ? hurry.cause.leader : undefined;
}

/** A peer that takes this node for the leader is mistaken, and knows no other. */
function quorumWithoutLeader({ id, configuration, suspicion: { links } }: RaftState): boolean {
  const leaderless = (voter: NodeId) => voter === id || links.get(voter) === null || links.get(voter) === id;
  return hasQuorum(configuration, leaderless);
}

/** Schedules the campaign by rank; rank 0 may go at once. Answers in how many ticks. */
function hurry(raft: RaftState, cause: Hurry['cause']): number | undefined {
  if (!promotable(raft)) return undefined;
  const { config, now } = raft;
  const { rankTicks, extraTicks } = config.suspicion;
  const delay = rankOf(raft) * rankTicks + randomInt(config.random, 0, extraTicks);
  raft.suspicion.hurry = { cause, since: now, until: now + config.electionTicksMax, campaignAt: now + delay };
  return delay;
}

/** This node's place among the voters that may be alive. */
function rankOf({ id, peers, suspicion }: RaftState): number {
  return peers.filter((voter) => voter < id && !suspicion.gone.has(voter)).length;
}

function postpone({ suspicion, now }: RaftState, ticks: number): void {
  if (suspicion.hurry !== undefined) suspicion.hurry.campaignAt = now + ticks;
}
