import { asIndex, quorumValue } from '../base/index.js';
import type { HeartbeatResponse } from './message.js';
import type { Progress } from './progress.js';
import { sendEmptyAppend } from './replication.js';
import { becomeFollower } from './role.js';
import type { Leader, RaftState } from './state.js';

/** Tells every follower that the leader lives (§5.2). Carries no entries and waits for no disk. */
export function broadcastHeartbeat(raft: RaftState, leader: Leader): void {
  const { id, currentTerm: term, log, outbox } = raft;
  leader.heartbeatAt = raft.now + raft.config.heartbeatTicks;
  const { round: readRound } = leader.reads;
  for (const [to, progress] of leader.progress) {
    // Never beyond what this follower is known to have: its log may differ after that.
    const commitIndex = asIndex(Math.min(progress.matchIndex, log.commitIndex));
    outbox.send({ type: 'heartbeat', from: id, to, term, commitIndex, readRound });
  }
  outbox.event('trace', 'heartbeat-sent', { term, commitIndex: log.commitIndex, readRound });
}

export function handleHeartbeatResponse(raft: RaftState, response: HeartbeatResponse): void {
  const { role } = raft;
  if (role.type !== 'leader') return;
  const progress = role.progress.get(response.from);
  if (progress === undefined) return;
  if (response.readRound > role.reads.round) {
    const reason = `it confirms read round ${response.readRound}, the latest is ${role.reads.round}`;
    raft.outbox.event('warn', 'message-impossible', { from: response.from, type: response.type, reason });
    return;
  }
  progress.readRound = Math.max(progress.readRound, response.readRound);
  if (lostSomething(raft, progress)) sendEmptyAppend(raft, response.from, progress);
}

/**
 * The follower is reachable, so whatever was lost can be asked for again: a probe without an answer, or appends that
 * were in flight one beat ago and still are. Looked at once a beat: read rounds bring responses far more often.
 */
function lostSomething({ now, config }: RaftState, progress: Progress): boolean {
  if (now - progress.lookedAt < config.heartbeatTicks / 2) return false;
  const { matchIndex, nextIndex, state, matchThen } = progress;
  progress.lookedAt = now;
  progress.matchThen = matchIndex;
  if (state.type === 'snapshot') return false;
  if (state.type === 'probe') return state.paused;
  return matchIndex < nextIndex - 1 && matchIndex === matchThen;
}

/** A leader that has not heard from a majority for an election timeout steps down (Diss. §6.2). */
export function checkQuorum(raft: RaftState, leader: Leader): void {
  const { now, config, currentTerm } = raft;
  const heardAt = quorumValue(raft.configuration, (voter) =>
    voter === raft.id ? now : leader.progress.get(voter)!.heardAt,
  );
  leader.checkQuorumAt = heardAt + config.electionTicksMax;
  if (now < leader.checkQuorumAt) return;
  raft.outbox.event('warn', 'quorum-lost', { term: currentTerm, silentTicks: now - heardAt });
  becomeFollower(raft, currentTerm, null);
}
