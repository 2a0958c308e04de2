import { assert, type Configuration, type LogIndex, type NodeId, randomInt, type Term } from '../base/index.js';
import type { RaftConfig } from './config.js';
import { RaftLog } from './log.js';
import type { RequestVote } from './message.js';
import { Outbox } from './outbox.js';
import type { Progress } from './progress.js';

/**
 * All that one node knows (Figure 2 and what was added to it). Handlers are functions of this state. Times are absolute
 * ticks, compared with `now`. `role.ts` alone changes what is readonly here.
 */
export interface RaftState {
  readonly id: NodeId;
  readonly config: RaftConfig;
  readonly configuration: Configuration;
  /** The other voters, sorted: iteration order is part of determinism. */
  readonly peers: readonly NodeId[];
  readonly log: RaftLog;
  readonly outbox: Outbox;
  readonly suspicion: Suspicion;
  readonly currentTerm: Term;
  readonly votedFor: NodeId | null;
  /** The tick at which the vote of this term was cast; -Infinity for one that was restored. */
  readonly votedAt: number;
  readonly role: Role;
  now: number;
  /** Next id for a read index asked of a leader; see reads.ts. */
  nextReadId: number;
  /** The commit index of the last Ready that carried one. */
  handedCommit: LogIndex;
}

/** Each role owns the data that has a meaning only in it; leaving the role drops them. */
export type Role = Follower | PreCandidate | Candidate | Leader;

interface ElectionTimer {
  /** Drawn anew for each term of office as follower or candidate (§5.2). */
  readonly electionTicks: number;
  electionAt: number;
}

export interface Follower extends ElectionTimer {
  readonly type: 'follower';
  readonly leader: NodeId | null;
  /** Tick of the leader's last message. */
  leaderHeardAt: number;
  /** Read indexes asked of the leader: id on the wire -> the host's id. */
  readonly reads: Map<number, number>;
  /** Pre-votes refused because the leader lives: reconsidered when it turns out that it does not. */
  readonly refused: Map<NodeId, RefusedPreVote>;
}

export interface RefusedPreVote {
  readonly request: RequestVote;
  readonly at: number;
}

export interface PreCandidate extends ElectionTimer {
  readonly type: 'pre-candidate';
  readonly votes: Map<NodeId, boolean>;
}

export interface Candidate extends ElectionTimer {
  readonly type: 'candidate';
  readonly votes: Map<NodeId, boolean>;
}

export interface Leader {
  readonly type: 'leader';
  /** Index of the no-op of this term. Entries from here on are of the current term (§5.4.2). */
  readonly termStart: LogIndex;
  readonly progress: ReadonlyMap<NodeId, Progress>;
  readonly reads: ReadRounds;
  /** Leadership is being handed over: no proposals meanwhile. */
  transfer: Transfer | undefined;
  heartbeatAt: number;
  checkQuorumAt: number;
  /** When followers hear of a commit index that moved, if no entries tell them before. */
  tellCommitAt: number;
  /** Something may be there to send: entries, a probe, or news of the commit index. */
  sendDue: boolean;
}

export interface Transfer {
  readonly to: NodeId;
  readonly deadline: number;
}

export interface PendingRead {
  /** Who asked; the node itself for reads of its own clients. */
  readonly from: NodeId;
  readonly id: number;
}

/** The leader's reads: those in the round that is out, and those that wait for the next one. */
export interface ReadRounds {
  /** The latest round started. Counted by the leader itself, so nobody's retry can confirm another's read. */
  round: number;
  /** Commit index when it started. */
  index: LogIndex;
  inRound: PendingRead[];
  queued: PendingRead[];
}

export interface Suspicion {
  /** Peers whose process is certainly gone. */
  readonly gone: Set<NodeId>;
  /** Peers to which our link is up, and the leader they knew when it came up. */
  readonly links: Map<NodeId, NodeId | null>;
  /** Set while this node campaigns ahead of its election timeout; ends when a leader is known. */
  hurry: Hurry | undefined;
}

export interface Hurry {
  readonly cause: { readonly type: 'leader-gone'; readonly leader: NodeId } | { readonly type: 'no-leader-anywhere' };
  readonly since: number;
  /** From then on the election timeout has to do: a quorum is missing, haste does not help. */
  readonly until: number;
  campaignAt: number;
}

export function createState(config: RaftConfig): RaftState {
  validate(config);
  const voters = [...config.configuration.voters].sort();
  const log = new RaftLog(config.restored);
  const { currentTerm, votedFor } = config.restored.hardState;
  assert(
    log.lastTerm <= currentTerm,
    () => `restored log ends with term ${log.lastTerm}, currentTerm is ${currentTerm}`,
  );
  const state: RaftState = {
    id: config.id,
    config,
    configuration: { ...config.configuration, voters },
    peers: voters.filter((voter) => voter !== config.id),
    log,
    outbox: new Outbox(),
    suspicion: { gone: new Set(), links: new Map(), hurry: undefined },
    currentTerm,
    votedFor,
    votedAt: Number.NEGATIVE_INFINITY,
    role: newFollower(config, { leader: null, now: 0 }),
    now: 0,
    nextReadId: randomInt(config.random, 1, 2 ** 40),
    handedCommit: log.commitIndex,
  };
  return state;
}

/** A follower that has just become one. */
export function newFollower(config: RaftConfig, { leader, now }: { leader: NodeId | null; now: number }): Follower {
  return {
    type: 'follower',
    leader,
    leaderHeardAt: now,
    reads: new Map(),
    refused: new Map(),
    ...newElectionTimer(config, now),
  };
}

/** A random silence in [electionTicksMin, electionTicksMax] from now (§5.2). */
export function newElectionTimer(config: RaftConfig, now: number): ElectionTimer {
  const electionTicks = randomInt(config.random, config.electionTicksMin, config.electionTicksMax);
  return { electionTicks, electionAt: now + electionTicks };
}

/** The leader as this node knows it. */
export function leaderOf({ role, id }: RaftState): NodeId | null {
  if (role.type === 'leader') return id;
  return role.type === 'follower' ? role.leader : null;
}

/** Only voters campaign (§6, Diss. §4.2.1). */
export const promotable = (raft: RaftState): boolean => raft.configuration.voters.includes(raft.id);

function validate(config: RaftConfig): void {
  const { electionTicksMin, electionTicksMax, heartbeatTicks, configuration } = config;
  assert(heartbeatTicks >= 1, () => `heartbeatTicks ${heartbeatTicks}: expected at least 1`);
  assert(
    heartbeatTicks < electionTicksMin && electionTicksMin <= electionTicksMax,
    () => `expected heartbeat ${heartbeatTicks} < election min ${electionTicksMin} <= max ${electionTicksMax} ticks`,
  );
  const bytes = Math.min(config.appendBytesMax, config.uncommittedBytesMax, config.unsyncedBytesMax);
  assert(bytes >= 1, 'byte bounds must be positive');
  assert(new Set(configuration.voters).size === configuration.voters.length, 'voters must be distinct');
}
