import {
  type Configuration,
  encodeMembership,
  formerAfter,
  hasQuorum,
  isJoint,
  type LogIndex,
  type Membership,
  type NodeId,
  type Term,
} from '../base/index.js';
import { ENTRY_TYPES, type Entry, makeRecord, membershipIn } from './entry.js';
import { Progress } from './progress.js';
import { completeRound } from './reads.js';
import { advanceCommit, append, replicate, sendEmptyAppend } from './replication.js';
import { retire } from './role.js';
import { inForce, isHeard, type Leader, type RaftState, replicasOf } from './state.js';
import { abortTransfer, successor } from './transfer.js';

/**
 * Changes of the membership, by joint consensus (§6, Diss. §4.3). A membership is in force on a node from the moment that
 * it is in its log, and until it is truncated. Voters change in two entries: the first needs majorities of the old and of
 * the new voters for everything, the second of the new ones alone. Learners count nowhere and change in one.
 *
 *     {a b c} ──append──▶ {a b d | a b c} ──committed, by both──▶ {a b d} ──committed──▶ c is told, and so is a leader
 *                                                                                        that is not among them
 *
 * A leader begins a change only when the one before is committed, and an entry of its own term (the bug of the first
 * published algorithm, raft-dev 2015). Any leader that finds a committed joint membership leaves it.
 */
export type ChangeResult =
  | { readonly type: 'accepted'; readonly index: LogIndex; readonly term: Term }
  | { readonly type: 'refused'; readonly reason: ChangeRefusal };

export type ChangeRefusal =
  | 'not-leader'
  | 'transferring'
  /** Nothing of this leader's term is committed yet. */
  | 'too-early'
  /** The change before is not committed, or not left. */
  | 'in-progress'
  /** Nobody would vote. */
  | 'no-voter'
  /** A new voter has to be a learner first. */
  | 'not-learner'
  /** Too few of those that would have to agree are heard from. */
  | 'no-quorum';

/** Begins the change to `next`, whose outgoing voters and former members are of no account. */
export function changeMembership(raft: RaftState, next: Membership): ChangeResult {
  const { role, currentTerm: term, configurations } = raft;
  if (role.type !== 'leader') return { type: 'refused', reason: 'not-leader' };
  const { membership: now } = configurations.latest;
  const reason = reasonAgainst(raft, role, next);
  if (reason !== undefined) return { type: 'refused', reason };
  const entered = sameVoters(next, now) ? leaving(now, next) : joint(now, next);
  return { type: 'accepted', index: log(raft, role, entered), term };
}

function reasonAgainst(raft: RaftState, leader: Leader, next: Membership): ChangeRefusal | undefined {
  const { commitIndex } = raft.log;
  const { index, membership: now } = raft.configurations.latest;
  if (leader.transfer !== undefined) return 'transferring';
  if (commitIndex < leader.termStart) return 'too-early';
  if (index > commitIndex || isJoint(now)) return 'in-progress';
  if (next.voters.length === 0) return 'no-voter';
  const added = next.voters.filter((voter) => !now.voters.includes(voter));
  if (added.some((voter) => !now.learners.includes(voter))) return 'not-learner';
  if (sameVoters(next, now)) return undefined;
  const isThere = (voter: NodeId): boolean =>
    voter === raft.id || isHeard(raft, voter, leader.progress.get(voter)!.heardAt);
  return hasQuorum({ voters: next.voters, outgoing: now.voters, learners: [] }, isThere) ? undefined : 'no-quorum';
}

/** What a leader has to do once something is committed: leave a joint membership, or its office. Cheap when nothing is. */
export function continueChange(raft: RaftState): void {
  const { role, log: entries, configurations, id } = raft;
  if (role.type !== 'leader') return;
  const { index, membership } = configurations.latest;
  if (index > entries.commitIndex || entries.commitIndex < role.termStart || role.transfer !== undefined) return;
  if (isJoint(membership)) log(raft, role, leaving(membership, { ...membership, outgoing: [] }));
  else if (!membership.voters.includes(id)) handOffice(raft, role);
}

/** A leader that is no voter any more tells everybody that this is committed, and the best of them to lead (§4.2.2). */
function handOffice(raft: RaftState, leader: Leader): void {
  const { id, outbox, currentTerm: term, log: entries } = raft;
  replicate(raft, leader);
  for (const [peer, progress] of leader.progress) {
    if (progress.commitTold < Math.min(entries.commitIndex, progress.nextIndex - 1))
      sendEmptyAppend(raft, peer, progress);
  }
  const to = successor(raft, leader);
  if (to !== undefined) outbox.send({ type: 'timeout-now', from: id, to, term });
  outbox.event('info', 'leader-retired', { term, successor: to ?? null });
  retire(raft);
}

function log(raft: RaftState, leader: Leader, membership: Membership): LogIndex {
  append(raft, leader, [makeRecord(ENTRY_TYPES.membership, encodeMembership(membership))]);
  const index = raft.log.lastIndex;
  raft.configurations.append(index, membership);
  adopt(raft);
  return index;
}

/** Entries are in the log: the memberships among them are in force. */
export function adoptFrom(raft: RaftState, entries: readonly Entry[]): void {
  let found = false;
  for (const entry of entries) {
    if (entry.type !== ENTRY_TYPES.membership) continue;
    raft.configurations.append(entry.index, membershipIn(entry, entry.index));
    found = true;
  }
  if (found) adopt(raft);
}

/** The entries from `firstIndex` on are gone, and the memberships among them are not in force any more. */
export function takeBack(raft: RaftState, firstIndex: LogIndex): void {
  if (raft.configurations.truncateFrom(firstIndex)) adopt(raft);
}

/** A snapshot takes the place of the log: its membership is in force, and committed. */
export function adoptSnapshot(raft: RaftState, index: LogIndex, membership: Membership): void {
  raft.configurations.restart({ index, membership });
  adopt(raft);
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The latest membership of the log is in force: whoever counts, and whoever is counted, goes by it from now on. */
function adopt(raft: RaftState): void {
  const { index, membership } = raft.configurations.latest;
  Object.assign(raft as Writable<RaftState>, inForce(raft.id, membership));
  raft.outbox.membershipChanged = true;
  const { voters, outgoing, learners } = raft.configuration;
  raft.outbox.event('info', 'membership-entered', {
    index,
    term: raft.currentTerm,
    voters: voters.join(','),
    outgoing: outgoing.length === 0 ? undefined : outgoing.join(','),
    learners: learners.length === 0 ? undefined : learners.join(','),
  });
  const { role } = raft;
  if (role.type !== 'leader') return;
  followReplicas(raft, role);
  if (role.transfer !== undefined && !voters.includes(role.transfer.to)) abortTransfer(raft, 'no-voter');
  // Fewer may be needed now for what is under way.
  advanceCommit(raft, role);
  completeRound(raft, role);
}

/** New members begin as heard from, or a leader would take them for lost at once (Diss. §6.2). */
function followReplicas(raft: RaftState, leader: Leader): void {
  const { config, log: entries, now } = raft;
  const replicas = replicasOf(raft);
  const limits = { messages: config.inflightMessagesMax, bytes: config.inflightBytesMax };
  for (const peer of leader.progress.keys()) if (!replicas.includes(peer)) leader.progress.delete(peer);
  for (const peer of replicas) {
    if (!leader.progress.has(peer)) leader.progress.set(peer, new Progress(entries.lastIndex, now, limits));
  }
  leader.sendDue = true;
}

const sameVoters = (one: Configuration, other: Configuration): boolean =>
  one.voters.length === other.voters.length && one.voters.every((voter) => other.voters.includes(voter));

/** Both majorities decide; whoever leaves is a member until then. */
function joint(now: Membership, next: Membership): Membership {
  const leaves = now.members.filter(({ id }) => now.voters.includes(id) && !next.members.some((one) => one.id === id));
  return {
    voters: next.voters,
    outgoing: now.voters,
    learners: next.learners,
    members: [...next.members, ...leaves],
    former: formerAfter(now, [...next.members, ...leaves]),
  };
}

/** The members are those that have a part in `next`; the others are former ones. */
function leaving(now: Membership, next: Membership): Membership {
  const members = next.members.filter(({ id }) => next.voters.includes(id) || next.learners.includes(id));
  const { voters, learners } = next;
  return { voters, outgoing: [], learners, members, former: formerAfter(now, members) };
}
