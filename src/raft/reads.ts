import { assert, type LogIndex, quorumValue } from '../base/index.js';
import { broadcastHeartbeat } from './heartbeat.js';
import type { ReadIndexRequest, ReadIndexResponse } from './message.js';
import type { Leader, PendingRead, RaftState } from './state.js';

/**
 * Linearizable reads without the log (§8, Diss. §6.4). The leader notes its commit index, makes sure by a round of
 * heartbeats that it still led after that, and releases the reads with that index. One round serves all reads queued
 * before it started; the next starts when it completes:
 *
 *     reads 1 2 3   round 1 ─────────▶ confirmed: 1 2 3
 *     reads     4 5 6 (queued)         round 2 ─────────▶ confirmed: 4 5 6
 *
 * Rounds are counted by the leader and begin anew with each leadership; responses of other terms are not looked at. So
 * a retry, or a heartbeat response of long ago, can never confirm a read that came after it.
 */

/** Reads a leader holds, and reads a follower has asked for; beyond it a leader refuses and a follower forgets the oldest. */
export const PENDING_READS_MAX = 16_384;

/** Asks for an index on the host's behalf. False: nobody to ask, or too many are pending. */
export function readIndex(raft: RaftState, id: number): boolean {
  const { role, outbox } = raft;
  if (role.type === 'leader') return enqueue(raft, role, { from: raft.id, id });
  if (role.type !== 'follower' || role.leader === null) return false;
  if (role.reads.size >= PENDING_READS_MAX) role.reads.delete(role.reads.keys().next().value!);
  // The host's ids begin anew with its process, and an answer to the process before may still be on its way: it would
  // pass for an answer to a later question. On the wire ids start at random, so they do not meet.
  const wireId = raft.nextReadId;
  raft.nextReadId += 1;
  role.reads.set(wireId, id);
  outbox.send({ type: 'read-index', from: raft.id, to: role.leader, term: raft.currentTerm, id: wireId });
  return true;
}

export function handleReadIndex(raft: RaftState, { from, id }: ReadIndexRequest): void {
  if (raft.role.type === 'leader') enqueue(raft, raft.role, { from, id });
}

export function handleReadIndexResponse(raft: RaftState, { from, id, index }: ReadIndexResponse): void {
  const { role, outbox } = raft;
  if (role.type !== 'follower' || role.leader !== from) return;
  const hostId = role.reads.get(id);
  if (hostId === undefined) return;
  role.reads.delete(id);
  outbox.confirm({ id: hostId, index });
}

/** Could a round start now? Not while one is out, nor before the no-op of this term is committed (§8). */
export function roundDue(raft: RaftState, { reads, termStart }: Leader): boolean {
  return reads.queued.length > 0 && reads.inRound.length === 0 && raft.log.commitIndex >= termStart;
}

/** Starts a round for all that is queued. Called once per Ready, so the reads of one turn share it. */
export function startRound(raft: RaftState, leader: Leader): void {
  const { reads } = leader;
  assert(roundDue(raft, leader), 'a read round started out of turn');
  reads.round += 1;
  reads.index = raft.log.commitIndex;
  reads.inRound = reads.queued;
  reads.queued = [];
  raft.outbox.event('trace', 'read-round-started', {
    round: reads.round,
    reads: reads.inRound.length,
    index: reads.index,
  });
  if (leader.progress.size > 0) broadcastHeartbeat(raft, leader);
  completeRound(raft, leader);
}

/** Releases the reads of the round that is out, once a majority confirmed it. */
export function completeRound(raft: RaftState, leader: Leader): void {
  const { reads } = leader;
  if (reads.inRound.length === 0) return;
  const confirmed = quorumValue(raft.configuration, (voter) =>
    voter === raft.id ? reads.round : leader.progress.get(voter)!.readRound,
  );
  if (confirmed < reads.round) return;
  const { inRound, index } = reads;
  reads.inRound = [];
  for (const read of inRound) release(raft, read, index);
  raft.outbox.event('trace', 'read-round-completed', { round: reads.round, reads: inRound.length, index });
}

function enqueue(raft: RaftState, { reads }: Leader, read: PendingRead): boolean {
  if (reads.queued.length >= PENDING_READS_MAX) {
    raft.outbox.event('warn', 'reads-refused', { pending: reads.queued.length, bound: PENDING_READS_MAX });
    return false;
  }
  reads.queued.push(read);
  return true;
}

function release(raft: RaftState, { from, id }: PendingRead, index: LogIndex): void {
  const { outbox } = raft;
  if (from === raft.id) outbox.confirm({ id, index });
  else outbox.send({ type: 'read-index-response', from: raft.id, to: from, term: raft.currentTerm, id, index });
}
