import { asIndex, type LogIndex, type NodeId, quorumValue, type Term } from '../base/index.js';
import { ENTRY_TYPES, type Entry, makeRecord, type RecordRef } from './entry.js';
import type { AppendEntriesResponse } from './message.js';
import type { CatchUp, Progress } from './progress.js';
import { needSnapshot } from './snapshot.js';
import { commitTo, type Leader, type RaftState } from './state.js';

/** The leader's half of log replication (§5.3) and the commit rule (§5.4.2). The follower's half is following.ts. */

export type ProposeResult =
  | { readonly type: 'accepted'; readonly firstIndex: LogIndex; readonly count: number; readonly term: Term }
  | { readonly type: 'dropped'; readonly reason: DropReason };

export type DropReason = 'not-leader' | 'transferring' | 'quota' | 'disk-behind';

const NO_ENTRIES: readonly Entry[] = Object.freeze([]);

/**
 * A new leader appends an entry of its own term at once: entries of earlier terms, and reads, wait for it (§5.4.2, §8).
 * It is not subject to the quota.
 */
export function startLeading(raft: RaftState, leader: Leader): void {
  append(raft, leader, [makeRecord(ENTRY_TYPES.noop, new Uint8Array(0))]);
}

/**
 * Appends as many of `records` as the quota on uncommitted bytes allows. A single one always fits when none is pending.
 * Followers may commit what the leader's own disk is behind with, and memory holds that: it has a quota of its own.
 */
export function propose(raft: RaftState, records: readonly RecordRef[]): ProposeResult {
  const { role, log, config, currentTerm } = raft;
  if (role.type !== 'leader') return { type: 'dropped', reason: 'not-leader' };
  if (role.transfer !== undefined) return { type: 'dropped', reason: 'transferring' };
  // What other leaders left behind does not count, nor does the no-op.
  let uncommitted = log.bytesBetween(asIndex(Math.max(log.commitIndex, role.termStart)), log.lastIndex);
  const isDiskBehind = log.bytesBetween(log.persistedIndex, log.lastIndex) > config.unsyncedBytesMax;
  let count = 0;
  while (count < records.length && !isDiskBehind) {
    const bytes = uncommitted + records[count]!.length;
    if (uncommitted > 0 && bytes > config.uncommittedBytesMax) break;
    uncommitted = bytes;
    count += 1;
  }
  if (count === 0 && records.length > 0) return { type: 'dropped', reason: isDiskBehind ? 'disk-behind' : 'quota' };
  const firstIndex = asIndex(log.lastIndex + 1);
  append(raft, role, count === records.length ? records : records.slice(0, count));
  return { type: 'accepted', firstIndex, count, term: currentTerm };
}

/** Appends without asking anybody: what a leader owes to its term, and to a change of its membership. */
export function append(raft: RaftState, leader: Leader, records: readonly RecordRef[]): void {
  const { log, outbox, currentTerm: term } = raft;
  let index = log.lastIndex;
  const entries = records.map(({ type, bytes, at, length }): Entry => {
    index = asIndex(index + 1);
    return { index, term, type, bytes, at, length };
  });
  log.append(entries);
  outbox.stage(entries);
  leader.sendDue = true;
}

/**
 * Sends each follower what it lacks and its window allows. Called once per Ready, so that all proposals and acks of a
 * turn make one message. A commit index that moved goes with the next entries, or by itself when none came for
 * `commitNewsTicks`: a follower needs it for reads, which bring it along in their own round, and to keep up.
 */
export function replicate(raft: RaftState, leader: Leader): void {
  leader.sendDue = false;
  const { log, config } = raft;
  const tellCommit = raft.now >= leader.tellCommitAt;
  if (tellCommit) leader.tellCommitAt = Number.POSITIVE_INFINITY;
  for (const [peer, progress] of leader.progress) {
    if (progress.state.type === 'snapshot') continue;
    if (progress.state.type === 'probe') {
      if (progress.ready) sendAppend(raft, peer, progress, cut(raft, progress, config.appendBytesMax));
      continue;
    }
    while (progress.ready && progress.nextIndex <= log.lastIndex) {
      sendAppend(raft, peer, progress, cut(raft, progress, config.appendBytesMax));
    }
    if (tellCommit && progress.commitTold < Math.min(log.commitIndex, progress.nextIndex - 1)) {
      sendEmptyAppend(raft, peer, progress);
    }
  }
}

/** Asks a follower where it stands, with no entries: the answer confirms or corrects nextIndex. */
export function sendEmptyAppend(raft: RaftState, peer: NodeId, progress: Progress): void {
  sendAppend(raft, peer, progress, asIndex(progress.nextIndex - 1));
}

/** Names the range (nextIndex − 1, lastLogIndex]; the host fills in the entries. If they are gone, the state has to do. */
function sendAppend(raft: RaftState, to: NodeId, progress: Progress, lastLogIndex: LogIndex): void {
  const { log } = raft;
  const prevLogIndex = asIndex(progress.nextIndex - 1);
  if (prevLogIndex < log.before.index) {
    needSnapshot(raft, to, progress);
    return;
  }
  raft.outbox.send({
    type: 'append-entries',
    from: raft.id,
    to,
    term: raft.currentTerm,
    prevLogIndex,
    prevLogTerm: log.termAt(prevLogIndex)!,
    lastLogIndex,
    leaderCommit: log.commitIndex,
    entries: NO_ENTRIES,
  });
  progress.sent(lastLogIndex, log.bytesBetween(prevLogIndex, lastLogIndex), log.commitIndex);
}

function cut({ log }: RaftState, progress: Progress, bytesMax: number): LogIndex {
  if (progress.nextIndex <= log.before.index) return log.before.index;
  return log.cutByBytes(asIndex(progress.nextIndex - 1), bytesMax);
}

export function handleAppendEntriesResponse(raft: RaftState, response: AppendEntriesResponse): void {
  const { role, log, outbox } = raft;
  if (role.type !== 'leader') return;
  const progress = role.progress.get(response.from);
  if (progress === undefined) return;
  const { success, index, hintIndex, hintTerm } = response;
  if (index > log.lastIndex) {
    const reason = `it answers for index ${index}, this leader's log ends at ${log.lastIndex}`;
    outbox.event('warn', 'message-impossible', { from: response.from, type: response.type, reason });
    return;
  }
  if (success) {
    const { agreed } = progress;
    progress.acknowledged(index);
    if (progress.catchUp !== undefined) tellCatchUp(raft, response.from, progress, progress.catchUp, agreed);
    if (progress.nextIndex <= log.lastIndex) role.sendDue = true;
    if (progress.commitTold < Math.min(log.commitIndex, progress.nextIndex - 1)) tellCommitSoon(raft, role);
    advanceCommit(raft, role);
  } else if (progress.refused(index, log.agreementAt(hintIndex, hintTerm), log.firstIndex)) {
    role.sendDue = true;
    outbox.event('debug', 'append-rejected', {
      peer: response.from,
      index,
      hintIndex,
      hintTerm,
      nextIndex: progress.nextIndex,
    });
  }
}

/**
 * §5.3, §5.4.2: an entry of the current term is committed once a majority has it durably, and all before it with it. An
 * older one is never committed by counting. The leader's own disk is one voter among others.
 */
export function advanceCommit(raft: RaftState, leader: Leader): void {
  const { log, id } = raft;
  const held = quorumValue(raft.configuration, (voter) =>
    voter === id ? log.persistedIndex : leader.progress.get(voter)!.matchIndex,
  );
  if (held < leader.termStart) return;
  const from = log.commitIndex;
  if (!commitTo(raft, asIndex(held))) return;
  tellCommitSoon(raft, leader);
  const { commitIndex: upTo } = log;
  raft.outbox.event('trace', 'entry-committed', { after: from, upTo, term: raft.currentTerm });
  if (from < leader.termStart)
    raft.outbox.event('info', 'term-committed', { after: from, upTo, term: raft.currentTerm });
}

/** Once for each time that a follower was away, and for each leader. */
function tellCatchUp(raft: RaftState, peer: NodeId, progress: Progress, catchUp: CatchUp, agreed: LogIndex): void {
  catchUp.from ??= agreed;
  const { matchIndex: index } = progress;
  if (index < catchUp.upTo) return;
  progress.catchUp = undefined;
  raft.outbox.event('info', 'follower-caught-up', { peer, from: catchUp.from, index, term: raft.currentTerm });
}

/** `peer` is there again: it may lack what came meanwhile. */
export function cameBack({ role, log }: RaftState, peer: NodeId): void {
  const progress = role.type === 'leader' ? role.progress.get(peer) : undefined;
  if (progress !== undefined) progress.catchUp ??= { upTo: log.lastIndex, from: undefined };
}

function tellCommitSoon(raft: RaftState, leader: Leader): void {
  const { commitNewsTicks } = raft.config;
  leader.tellCommitAt = Math.min(leader.tellCommitAt, raft.now + commitNewsTicks);
  if (commitNewsTicks === 0) leader.sendDue = true;
}

/** A message to `peer` was lost, or its link is down or new: go back to what it has acknowledged. */
export function resetProgress(raft: RaftState, peer: NodeId, options: { readonly paused: boolean }): void {
  if (raft.role.type !== 'leader') return;
  const progress = raft.role.progress.get(peer);
  if (progress === undefined) return;
  // How a snapshot fares is told by the host, whose business its connection is.
  if (progress.state.type === 'snapshot') return;
  progress.becomeProbe({ ...options, firstIndex: raft.log.firstIndex });
  raft.role.sendDue = true;
}
