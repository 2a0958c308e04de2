import { assert, type NodeId, unreachable } from '../base/index.js';
import { handleRequestVote, handleRequestVoteResponse, isSticky } from './election.js';
import { handleAppendEntries, handleHeartbeat, refuseStaleLeader } from './following.js';
import { handleHeartbeatResponse } from './heartbeat.js';
import type { Message } from './message.js';
import { completeRound, handleReadIndex, handleReadIndexResponse } from './reads.js';
import { cameBack, handleAppendEntriesResponse } from './replication.js';
import { becomeFollower } from './role.js';
import type { RaftState } from './state.js';
import { heardFrom, retrySoon } from './suspicion.js';
import { continueTransfer, handleTimeoutNow } from './transfer.js';

/** The rules for all servers (Figure 2): terms first, then the handler of the message. */
export function step(raft: RaftState, message: Message): void {
  assert(message.to === raft.id, () => `${raft.id} was handed a message for ${message.to}`);
  if (!Number.isSafeInteger(message.term) || message.term < 0) {
    const reason = `its term is ${message.term}`;
    raft.outbox.event('warn', 'message-impossible', { from: message.from, type: message.type, reason });
    return;
  }
  if (message.from !== raft.id) heardFrom(raft, message.from);
  if (message.term < raft.currentTerm) {
    handleStale(raft, message);
    return;
  }
  if (message.term > raft.currentTerm && raisesTerm(raft, message)) {
    becomeFollower(raft, message.term, senderLeads(message) ? message.from : null);
    retrySoon(raft);
  }
  if (raft.role.type === 'leader') noteContact(raft, message.from);
  dispatch(raft, message);
}

/** §5.1: a higher term is adopted. Not from one who only asks about it, or for a future one, or who disturbs a leader. */
function raisesTerm(raft: RaftState, message: Message): boolean {
  if (message.type === 'request-vote') return !message.preVote && !isSticky(raft, message);
  if (message.type === 'request-vote-response') return !(message.preVote && message.granted);
  return true;
}

/** Only leaders send these, so the sender is the leader of the message's term. */
const senderLeads = ({ type }: Message): boolean => type === 'append-entries' || type === 'heartbeat';

/** §5.1: a stale request is refused, and the refusal carries the current term. Silence could leave two nodes deaf for ever. */
function handleStale(raft: RaftState, message: Message): void {
  switch (message.type) {
    case 'request-vote':
      handleRequestVote(raft, message);
      break;
    case 'append-entries':
    case 'heartbeat':
      refuseStaleLeader(raft, message);
      break;
    case 'request-vote-response':
      // Whoever sticks to a leader, or would rather not, says so in its own lower term.
      handleRequestVoteResponse(raft, message);
      break;
    default:
      break;
  }
}

function noteContact(raft: RaftState, from: NodeId): void {
  const { role, now, config } = raft;
  const progress = role.type === 'leader' ? role.progress.get(from) : undefined;
  if (progress === undefined) return;
  if (now - progress.heardAt >= config.electionTicksMin) cameBack(raft, from);
  progress.heardAt = now;
}

function dispatch(raft: RaftState, message: Message): void {
  switch (message.type) {
    case 'request-vote':
      handleRequestVote(raft, message);
      break;
    case 'request-vote-response':
      handleRequestVoteResponse(raft, message);
      break;
    case 'append-entries':
      handleAppendEntries(raft, message);
      break;
    case 'append-entries-response':
      handleAppendEntriesResponse(raft, message);
      continueTransfer(raft, message.from);
      break;
    case 'heartbeat':
      handleHeartbeat(raft, message);
      break;
    case 'heartbeat-response':
      handleHeartbeatResponse(raft, message);
      if (raft.role.type === 'leader') completeRound(raft, raft.role);
      continueTransfer(raft, message.from);
      break;
    case 'read-index':
      handleReadIndex(raft, message);
      break;
    case 'read-index-response':
      handleReadIndexResponse(raft, message);
      break;
    case 'timeout-now':
      handleTimeoutNow(raft, message);
      break;
    default:
      unreachable(message);
  }
}
