import { assert, type Configuration, type LogIndex, type NodeId, randomInt, type Term } from '../base/index.js';
import type { RaftConfig } from './config.js';
import { Configurations } from './configurations.js';
import { RaftLog } from './log.js';
import type { RequestVote } from './message.js';
import { Outbox } from './outbox.js';
import type { Progress } from './progress.js';
import { Told } from './told.js';

/**
 * All that one node knows (Figure 2 and what was added to it). Handlers are functions of this state. Times are absolute
 * ticks, compared with `now`. Of what is readonly here, `role.ts` alone changes role, term and vote, and
 * `reconfiguration.ts` the configuration.
 */
export interface RaftState {
  readonly id: NodeId;
  readonly config: RaftConfig;
  readonly configurations: Configurations;
  /** The latest of them: who decides. Sorted, since iteration order is part of determinism. */
  readonly configuration: Configuration;
  /** The others whose votes count, sorted. */
  readonly peers: readonly NodeId[];
  readonly log: RaftLog;
  readonly outbox: Outbox;
  readonly suspicion: Suspicion;
  readonly told: Told;
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
  /** Of all replicas: voters, outgoing voters and learners, but for itself. */
  readonly progress: Map<NodeId, Progress>;
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
  const log = new RaftLog(config.restored);
  const { currentTerm, votedFor } = config.restored.hardState;
  assert(
    log.lastTerm <= currentTerm,
    () => `restored log ends with term ${log.lastTerm}, currentTerm is ${currentTerm}`,
  );
  const configurations = new Configurations(
    { index: log.appliedIndex, membership: config.membership },
    config.memberships ?? [],
  );
  const state: RaftState = {
    id: config.id,
    config,
    configurations,
    ...inForce(config.id, configurations.latest.membership),
    log,
    outbox: new Outbox(),
    suspicion: { gone: new Set(), links: new Map(), hurry: undefined },
    told: new Told(),
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

/** What a node goes by while this configuration is in force. */
export const inForce = (
  id: NodeId,
  { voters, outgoing, learners }: Configuration,
): Pick<RaftState, 'configuration' | 'peers'> => ({
  configuration: { voters: [...voters].sort(), outgoing: [...outgoing].sort(), learners: [...learners].sort() },
  peers: sortedOthers(id, [...voters, ...outgoing]),
});

const sortedOthers = (id: NodeId, names: readonly NodeId[]): readonly NodeId[] =>
  [...new Set(names)].filter((name) => name !== id).sort();

/** The others that get the log. */
export const replicasOf = ({ id, configuration: { voters, outgoing, learners } }: RaftState): readonly NodeId[] =>
  sortedOthers(id, [...voters, ...outgoing, ...learners]);

/** Was `peer` heard from within the shortest election timeout, and is not known to be gone? */
export const isHeard = ({ now, config, suspicion }: RaftState, peer: NodeId, heardAt: number): boolean =>
  !suspicion.gone.has(peer) && now - heardAt < config.electionTicksMin;

/** Everything up to `index` is committed, the memberships among it too. False: it was. */
export function commitTo({ log, configurations, outbox }: RaftState, index: LogIndex): boolean {
  if (!log.commitTo(index)) return false;
  if (configurations.committedTo(index)) outbox.membershipChanged = true;
  return true;
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

/** Only voters campaign, of either set (§6, Diss. §4.2.1). */
export const promotable = ({ id, configuration: { voters, outgoing } }: RaftState): boolean =>
  voters.includes(id) || outgoing.includes(id);

function validate(config: RaftConfig): void {
  const { electionTicksMin, electionTicksMax, heartbeatTicks, membership } = config;
  assert(heartbeatTicks >= 1, () => `heartbeatTicks ${heartbeatTicks}: expected at least 1`);
  assert(
    heartbeatTicks < electionTicksMin && electionTicksMin <= electionTicksMax,
    () => `expected heartbeat ${heartbeatTicks} < election min ${electionTicksMin} <= max ${electionTicksMax} ticks`,
  );
  const bytes = Math.min(config.appendBytesMax, config.uncommittedBytesMax, config.unsyncedBytesMax);
  assert(bytes >= 1, 'byte bounds must be positive');
  assert(new Set(membership.voters).size === membership.voters.length, 'voters must be distinct');
}
