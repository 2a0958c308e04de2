import { assert, type Configuration, type LogIndex, type Membership, type NodeId, type Term } from '../base/index.js';
import type { RaftConfig } from './config.js';
import { countVotes, reconsider } from './election.js';
import type { RecordRef } from './entry.js';
import { installSnapshot } from './installation.js';
import { type Observation, observe } from './invariants.js';
import type { Message } from './message.js';
import type { Progress } from './progress.js';
import { readIndex, roundDue, startRound } from './reads.js';
import type { Ready, RoleName } from './ready.js';
import { type ChangeResult, changeMembership, continueChange } from './reconfiguration.js';
import { advanceCommit, cameBack, type ProposeResult, propose, replicate, resetProgress } from './replication.js';
import { resetElectionTimer } from './role.js';
import { type Snapshot, type SnapshotOutcome, snapshotResult } from './snapshot.js';
import { createState, leaderOf, type RaftState } from './state.js';
import { step } from './step.js';
import { hurryIfNobodyLeads, linked, suspect, unlinked } from './suspicion.js';
import { nextDeadline, runTimers } from './timers.js';
import { type TransferResult, targetLost, transferLeadership } from './transfer.js';

export interface PeerStatus {
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly state: Progress['state']['type'];
  /** Heard from within an election timeout. */
  readonly active: boolean;
}

export interface Status {
  readonly id: NodeId;
  readonly role: RoleName;
  readonly term: Term;
  readonly leader: NodeId | null;
  readonly votedFor: NodeId | null;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly persistedIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly firstIndex: LogIndex;
  readonly configuration: Configuration;
  /** The followers as the leader sees them; absent on others. */
  readonly progress?: Readonly<Record<NodeId, PeerStatus>>;
}

/** The door of the core: inputs go in, a `Ready` comes out. Synchronous, not reentrant; see index.ts. */
export class RawNode {
  readonly #raft: RaftState;

  constructor(config: RaftConfig) {
    this.#raft = createState(config);
    // The only voter needs to ask nobody.
    hurryIfNobodyLeads(this.#raft);
  }

  /** `n` ticks have passed. What is stepped afterwards counts as having come at that moment. */
  tick(n: number): void {
    assert(n >= 0, () => `ticked ${n}`);
    this.#raft.now += n;
    runTimers(this.#raft);
    continueChange(this.#raft);
  }

  /** Ticks until the next timeout of any kind: 0 when one is due (`tick(0)` then), Infinity if there is none. */
  ticksToDeadline(): number {
    return Math.max(0, nextDeadline(this.#raft) - this.#raft.now);
  }

  step(message: Message): void {
    step(this.#raft, message);
    continueChange(this.#raft);
  }

  /** On a leader: appends `records`, or the first `count` of them when the uncommitted quota runs out. */
  propose(records: readonly RecordRef[]): ProposeResult {
    return propose(this.#raft, records);
  }

  /**
   * Asks for the index at which a read is linearizable; it comes as a `ReadState` with this id. False: no leader is
   * known, or too many reads are pending. A change of role, term or leader drops what was asked: ask again, with a new id.
   */
  readIndex(id: number): boolean {
    return readIndex(this.#raft, id);
  }

  /**
   * Hands leadership to `to`, or to the follower that lacks the least; see transfer.ts. `transferee` says whether it is
   * still under way; a `roleChange` or the event `transfer-aborted` is its end.
   */
  transferLeadership(to?: NodeId): TransferResult {
    return transferLeadership(this.#raft, to);
  }

  /**
   * On a leader: begins the change to these voters, learners and members; see reconfiguration.ts. It is done when a
   * membership with these voters, and no outgoing ones, is committed.
   */
  changeMembership(next: Membership): ChangeResult {
    return changeMembership(this.#raft, next);
  }

  /** Our link to `peer` is up; its handshake told the leader it knows. */
  linked(peer: NodeId, { leader }: { readonly term: Term; readonly leader: NodeId | null }): void {
    linked(this.#raft, peer, leader);
    resetProgress(this.#raft, peer, { paused: false });
    cameBack(this.#raft, peer);
    runTimers(this.#raft);
  }

  /** Our link to `peer` is down, which does not mean that it is dead. */
  unlinked(peer: NodeId): void {
    unlinked(this.#raft, peer);
    targetLost(this.#raft, peer);
    resetProgress(this.#raft, peer, { paused: true });
  }

  /** The process of `peer` is certainly gone; `linked(peer)` or any message from it takes that back. */
  suspect(peer: NodeId): void {
    const { role } = this.#raft;
    targetLost(this.#raft, peer);
    if (suspect(this.#raft, peer) && role.type === 'follower') reconsider(this.#raft, role.refused);
    countVotes(this.#raft);
    runTimers(this.#raft);
  }

  /** The attempt to send `peer` the state ended. Owed once for each time that a Ready named it. */
  snapshotResult(peer: NodeId, result: { readonly ok: boolean }): void {
    snapshotResult(this.#raft, peer, result);
  }

  /**
   * A leader's state has come, whole and durable. Unless it is `installed`, which the next Ready says too, it is of no use.
   */
  installSnapshot(snapshot: Snapshot): SnapshotOutcome {
    return installSnapshot(this.#raft, snapshot);
  }

  /** An append to `peer` was dropped, or what it names could not be read. The next heartbeat response tries again. */
  unreachable(peer: NodeId): void {
    resetProgress(this.#raft, peer, { paused: true });
  }

  /** The Ready whose last entry was (index, term) is durable, with all before it. Ignored if it was overwritten since. */
  persisted(index: LogIndex, term: Term): void {
    const raft = this.#raft;
    const moved = raft.log.durability.completed(index, term);
    if (raft.role.type === 'leader') {
      if (moved) advanceCommit(raft, raft.role);
      continueChange(raft);
    } else if (raft.role.type === 'follower' && raft.role.leader !== null) {
      // A slow disk must not look like a dead leader.
      resetElectionTimer(raft);
    }
  }

  /** The state machine has applied everything up to `index`. */
  applied(index: LogIndex): void {
    this.#raft.log.appliedTo(index);
  }

  /** The host keeps no entries up to `index` any more, which were applied: their place in memory is given back (§7). */
  compacted(index: LogIndex): void {
    this.#raft.log.compactTo(index);
  }

  hasReady(): boolean {
    const { role, outbox, log, handedCommit } = this.#raft;
    if (!outbox.empty || log.commitIndex > handedCommit) return true;
    return role.type === 'leader' && (role.sendDue || roundDue(this.#raft, role));
  }

  /** Takes what is to be done. The host owes it the order that ready.ts states. */
  ready(): Ready {
    const raft = this.#raft;
    const { role, outbox, log } = raft;
    if (role.type === 'leader') {
      if (roundDue(raft, role)) startRound(raft, role);
      if (role.sendDue) replicate(raft, role);
    }
    const { hardStateChanged, roleChanged, membershipChanged } = outbox;
    const taken = outbox.take();
    const last = taken.entries.at(-1) ?? taken.snapshot;
    if (last !== undefined) log.durability.handedOut(last.index, last.term);
    const after = raft.handedCommit;
    raft.handedCommit = log.commitIndex;
    return {
      messages: taken.messages,
      messagesAfterPersist: taken.messagesAfterPersist,
      snapshot: taken.snapshot,
      snapshotsTo: taken.snapshotsTo,
      entries: taken.entries,
      reads: taken.reads,
      events: taken.events,
      hardState: hardStateChanged ? { currentTerm: raft.currentTerm, votedFor: raft.votedFor } : undefined,
      committed: log.commitIndex > after ? { after, upTo: log.commitIndex } : undefined,
      membershipChange: membershipChanged
        ? { inForce: this.membership, committed: this.committedMembership }
        : undefined,
      roleChange: roleChanged ? { role: raft.role.type, term: raft.currentTerm, leader: leaderOf(raft) } : undefined,
    };
  }

  /** A leader of whom nobody wants anything: all followers have everything, no read waits for its round. */
  get isAtRest(): boolean {
    const { role, log } = this.#raft;
    if (role.type !== 'leader' || role.reads.inRound.length + role.reads.queued.length > 0) return false;
    for (const { state, matchIndex } of role.progress.values()) {
      if (state.type !== 'replicate' || matchIndex < log.lastIndex) return false;
    }
    return true;
  }

  get role(): RoleName {
    return this.#raft.role.type;
  }

  get term(): Term {
    return this.#raft.currentTerm;
  }

  /** The leader as this node knows it: itself when it leads. */
  get leader(): NodeId | null {
    return leaderOf(this.#raft);
  }

  /** Who is to lead instead of this leader; null when no transfer is under way. */
  get transferee(): NodeId | null {
    const { role } = this.#raft;
    return (role.type === 'leader' && role.transfer?.to) || null;
  }

  get commitIndex(): LogIndex {
    return this.#raft.log.commitIndex;
  }

  get persistedIndex(): LogIndex {
    return this.#raft.log.persistedIndex;
  }

  get firstIndex(): LogIndex {
    return this.#raft.log.firstIndex;
  }

  get lastIndex(): LogIndex {
    return this.#raft.log.lastIndex;
  }

  get configuration(): Configuration {
    return this.#raft.configuration;
  }

  /** In force: the latest that the log holds. */
  get membership(): Membership {
    return this.#raft.configurations.latest.membership;
  }

  /** Of the entry that it stands in; of the one from the state, how far that had applied the log. */
  get membershipIndex(): LogIndex {
    return this.#raft.configurations.latest.index;
  }

  /** The latest that is committed. */
  get committedMembership(): Membership {
    const { configurations, log } = this.#raft;
    return configurations.committed(log.commitIndex).membership;
  }

  get committedMembershipIndex(): LogIndex {
    const { configurations, log } = this.#raft;
    return configurations.committed(log.commitIndex).index;
  }

  /** How far a leader knows that `peer` has its log; undefined of one that is no member, and on others. */
  matchOf(peer: NodeId): LogIndex | undefined {
    const { role } = this.#raft;
    return role.type === 'leader' ? role.progress.get(peer)?.matchIndex : undefined;
  }

  /** All of it at once, with the followers as a leader sees them: for people and tests, not for one number. */
  status(): Status {
    const { id, role, currentTerm, votedFor, log, configuration } = this.#raft;
    return {
      id,
      role: role.type,
      term: currentTerm,
      leader: leaderOf(this.#raft),
      votedFor,
      commitIndex: log.commitIndex,
      appliedIndex: log.appliedIndex,
      persistedIndex: log.persistedIndex,
      lastIndex: log.lastIndex,
      lastTerm: log.lastTerm,
      firstIndex: log.firstIndex,
      configuration,
      ...(role.type === 'leader' && { progress: this.#peers(role.progress) }),
    };
  }

  /** A copy of everything the invariants speak of; for tests and simulation. */
  observe(): Observation {
    return observe(this.#raft);
  }

  #peers(progress: ReadonlyMap<NodeId, Progress>): Record<NodeId, PeerStatus> {
    const { now, config } = this.#raft;
    const peers: Record<NodeId, PeerStatus> = {};
    for (const [peer, { matchIndex, nextIndex, state, heardAt }] of progress) {
      const active = now - heardAt < config.electionTicksMax;
      peers[peer] = { match: matchIndex, next: nextIndex, state: state.type, active };
    }
    return peers;
  }
}
