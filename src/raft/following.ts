import { asIndex, asTerm, type LogIndex } from '../base/index.js';
import type { AppendEntries, AppendEntriesResponse, Heartbeat, Message } from './message.js';
import { adoptFrom, takeBack } from './reconfiguration.js';
import { followLeader } from './role.js';
import { commitTo, type Follower, type RaftState } from './state.js';

/** The follower's half of log replication (§5.3). What a leader cannot have meant is reported and changes nothing. */

export function handleAppendEntries(raft: RaftState, message: AppendEntries): void {
  const follower = following(raft, message);
  if (follower === undefined) return;
  const { log } = raft;
  const flaw = flawOf(message) ?? contradiction(raft, message);
  if (flaw !== undefined) {
    impossible(raft, message, flaw);
    return;
  }
  const { prevLogIndex, prevLogTerm, lastLogIndex, leaderCommit } = message;
  // What is committed here is in the leader's log too (§5.4.3): a stale message may well start below it.
  const matches = prevLogIndex <= log.commitIndex || log.termAt(prevLogIndex) === prevLogTerm;
  if (!matches) {
    reject(raft, message);
    return;
  }
  takeIn(raft, message);
  commit(raft, Math.min(leaderCommit, lastLogIndex));
  const verified = asIndex(Math.max(lastLogIndex, log.commitIndex));
  raft.outbox.acknowledge(respond(raft, message, { success: true, index: verified }));
}

export function handleHeartbeat(raft: RaftState, message: Heartbeat): void {
  if (following(raft, message) === undefined) return;
  const { log, outbox, id, currentTerm } = raft;
  if (message.commitIndex > log.lastIndex) {
    const reason = `it says ${message.commitIndex} was acknowledged, this log ends at ${log.lastIndex}: were entries lost here?`;
    impossible(raft, message, reason);
  } else {
    commit(raft, message.commitIndex);
  }
  // Says nothing about the log, only that no higher term is known here: no need to wait for the disk.
  outbox.send({
    type: 'heartbeat-response',
    from: id,
    to: message.from,
    term: currentTerm,
    readRound: message.readRound,
  });
}

/** A message from a deposed leader is answered with the higher term, so that it steps down (and a lonely higher term is heard). */
export function refuseStaleLeader(raft: RaftState, message: AppendEntries | Heartbeat): void {
  const { id, currentTerm, outbox } = raft;
  if (message.type === 'append-entries') {
    outbox.send(respond(raft, message, { success: false, index: message.prevLogIndex }));
  } else {
    outbox.send({ type: 'heartbeat-response', from: id, to: message.from, term: currentTerm, readRound: 0 });
  }
}

function following(raft: RaftState, message: AppendEntries | Heartbeat): Follower | undefined {
  if (followLeader(raft, message.from) && raft.role.type === 'follower') return raft.role;
  impossible(raft, message, `term ${message.term} has another leader`);
  return undefined;
}

/** Keeps what is here already, cuts from the first entry that differs, appends the rest (§5.3). */
function takeIn(raft: RaftState, { entries }: AppendEntries): void {
  const { log, outbox } = raft;
  let known = 0;
  while (known < entries.length) {
    const { index, term } = entries[known]!;
    if (index > log.commitIndex && log.termAt(index) !== term) break;
    known += 1;
  }
  if (known === entries.length) return;
  const fresh = known === 0 ? entries : entries.slice(known);
  const firstIndex = fresh[0]!.index;
  if (firstIndex <= log.lastIndex) {
    outbox.event('info', 'log-truncated', { from: firstIndex, lastIndex: log.lastIndex, term: log.lastTerm });
    log.truncateFrom(firstIndex);
    takeBack(raft, firstIndex);
    outbox.unstageFrom(firstIndex);
  }
  log.append(fresh);
  outbox.stage(fresh);
  adoptFrom(raft, fresh);
}

function commit(raft: RaftState, index: number): void {
  const { log, outbox, currentTerm } = raft;
  const from = log.commitIndex;
  if (!commitTo(raft, asIndex(index))) return;
  outbox.event('trace', 'entry-committed', { after: from, upTo: log.commitIndex, term: currentTerm });
}

/**
 * The hint skips whole terms: an entry of a higher term than prevLogTerm cannot be what the leader has at or before
 * prevLogIndex. The leader skips likewise with hintTerm, so one round trip passes one diverging term on either side.
 */
function reject(raft: RaftState, message: AppendEntries): void {
  const { log, outbox } = raft;
  const { prevLogIndex, prevLogTerm } = message;
  const hintIndex = log.agreementAt(prevLogIndex, prevLogTerm);
  outbox.send(respond(raft, message, { success: false, index: prevLogIndex, hintIndex }));
}

function respond(
  { id, currentTerm, log }: RaftState,
  { from }: AppendEntries,
  { success, index, hintIndex }: { success: boolean; index: LogIndex; hintIndex?: LogIndex },
): AppendEntriesResponse {
  return {
    type: 'append-entries-response',
    from: id,
    to: from,
    term: currentTerm,
    success,
    index,
    hintIndex: hintIndex ?? asIndex(0),
    hintTerm: hintIndex === undefined ? asTerm(0) : log.termAt(hintIndex)!,
  };
}

/** Is the message consistent in itself? */
function flawOf({ term, prevLogIndex, prevLogTerm, lastLogIndex, entries }: AppendEntries): string | undefined {
  if (lastLogIndex !== prevLogIndex + entries.length) {
    return `${entries.length} entries after ${prevLogIndex} do not end at ${lastLogIndex}`;
  }
  let termBefore = prevLogTerm;
  for (let at = 0; at < entries.length; at += 1) {
    const entry = entries[at]!;
    if (entry.index !== prevLogIndex + 1 + at) return `entry ${entry.index} stands at ${prevLogIndex + 1 + at}`;
    if (entry.term < termBefore) return `entry ${entry.index} has term ${entry.term}, the one before ${termBefore}`;
    termBefore = entry.term;
  }
  return termBefore > term ? `an entry of term ${termBefore} in term ${term}` : undefined;
}

/** Does it contradict what is committed here? Then one of the two logs is damaged. */
function contradiction({ log }: RaftState, message: AppendEntries): string | undefined {
  const differs = (index: LogIndex, term: number) =>
    index <= log.commitIndex && index >= log.firstIndex && log.termAt(index) !== term;
  const { prevLogIndex, prevLogTerm, entries } = message;
  if (differs(prevLogIndex, prevLogTerm)) return `entry ${prevLogIndex} is committed here with another term`;
  for (const { index, term } of entries) {
    if (index > log.commitIndex) break;
    if (differs(index, term)) return `entry ${index} is committed here with another term`;
  }
  return undefined;
}

function impossible(raft: RaftState, message: Message, reason: string): void {
  raft.outbox.event('warn', 'message-impossible', { from: message.from, type: message.type, reason });
}
