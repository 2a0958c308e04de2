/**
 * # raft: the pure algorithm
 *
 * Raft as in the paper (§5, §8) and the dissertation (pre-vote §9.6, check-quorum §6.2, stickiness §4.2.3, read index
 * §6.4), without I/O: no clock, no promise, no entry bytes kept. Messages, ticks and completions go in, a `Ready` comes
 * out. The same inputs give the same outputs: ids are sorted, chance is the injected `Random`.
 *
 *     const node = new RawNode(config);
 *     loop: node.tick(ticksPassed);                 // first, so that what follows is dated right
 *           for (const message of received) node.step(message);
 *           node.propose(records);                  // on a leader; answers how many it took
 *           node.readIndex(7);                      // a ReadState with id 7 follows
 *           while (node.hasReady()) {
 *             const { messages, hardState, entries, messagesAfterPersist, committed, reads } = node.ready();
 *             // see ready.ts for who waits for whom
 *           }
 *           arm a timer for node.ticksToDeadline();
 *
 * ## What the host owes
 *
 * - The order in ready.ts, word for word. It is what makes votes and acks mean something.
 * - Time before messages. `now` is what `tick` said: a heartbeat stepped before the tick that passed ahead of it counts
 *   as old as that. After a gap (the process was stopped) tick little, read the sockets, then believe the clock.
 * - An append names its range (prevLogIndex, lastLogIndex]. Fill it from the log as it was when the Ready was taken, and
 *   drop it if a `roleChange` came first; keep appends to one peer in order; report what cannot be sent by `unreachable`.
 * - `suspect` only what is certain, `linked` and `unlinked` as links come and go.
 * - Reads may get lost with their messages or with a leader: ask again, under a new id, after a while.
 *
 * ## Where to find what
 *
 *     raw-node.ts     the door                      state.ts        all that a node knows; the union of roles
 *     step.ts         terms, then the handler       role.ts         the only place that changes role, term and vote
 *     election.ts     pre-vote, vote, counting      suspicion.ts    fast failover and fast start
 *     replication.ts  the leader's half, commit     following.ts    the follower's half
 *     snapshot.ts     the state in place of entries that are gone; installation.ts: the follower's half
 *     heartbeat.ts    beats, losses, check-quorum   reads.ts        linearizable reads
 *     progress.ts     one follower, as its leader sees it; its window is inflights.ts
 *     log.ts          terms and lengths of the log; durability.ts: how far it is synced
 *     reconfiguration.ts  joint consensus           configurations.ts  the memberships of the log
 *     transfer.ts     leadership handed over        timers.ts       what is due when
 *     outbox.ts       the next Ready, collected     invariants.ts   what must always hold, in plain words
 *     told.ts         which events of an election repeat
 *
 * ## Decisions that the papers leave open
 *
 * - While leadership is handed over a leader refuses proposals (`transferring`) instead of holding them: the host does.
 * - A request for votes leaves only when the candidate's term, vote and log are durable. Otherwise it could crash, come
 *   back with a shorter log, campaign in the same term again, and count a late vote that was given to the longer log.
 * - A follower commits entries that its own disk may not have yet: a quorum has them. What is flushed from the state
 *   machine must wait for the disk (`persistedIndex`).
 * - A refusal for stickiness is no final answer to a pre-vote: the refuser remembers it for a moment, and grants when
 *   it comes to suspect the leader too. Voters known to be gone are not waited for.
 * - A follower is sent the state only when its own refusal, or what it acknowledged, proves that it lacks what is gone.
 *   A leader that knows nothing of it begins with the first entry that it has.
 * - A malformed or impossible message is reported (`message-impossible`) and changes nothing. An impossible state of
 *   this node is an InvariantError and ends the process.
 */
export * from './config.js';
export * from './entry.js';
export { checkBasic, checkDelta, type Observation, type ObservedLeader } from './invariants.js';
export * from './message.js';
export { type PeerStatus, RawNode, type Status } from './raw-node.js';
export * from './ready.js';
export type { ChangeRefusal, ChangeResult } from './reconfiguration.js';
export type { DropReason, ProposeResult } from './replication.js';
export type { Snapshot, SnapshotOutcome } from './snapshot.js';
export type { TransferRefusal, TransferResult } from './transfer.js';
