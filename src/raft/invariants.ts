import {
  assert,
  type Configuration,
  hasQuorum,
  type LogIndex,
  type Member,
  type NodeId,
  type Term,
} from '../base/index.js';
import type { TermRun } from './entry.js';
import type { RoleName } from './ready.js';
import { leaderOf, type RaftState } from './state.js';

/** What the invariants look at: a copy of one node's state at one moment. */
export interface Observation {
  readonly id: NodeId;
  readonly configuration: Configuration;
  /** Who they are. */
  readonly members: readonly Member[];
  /** Of the entry that the configuration stands in. */
  readonly configurationIndex: LogIndex;
  readonly role: RoleName;
  readonly currentTerm: Term;
  readonly votedFor: NodeId | null;
  readonly leader: NodeId | null;
  /** Index and term of the entry before the log, and the terms of the log's entries. */
  readonly beforeIndex: LogIndex;
  readonly beforeTerm: Term;
  readonly runs: readonly TermRun[];
  readonly lastIndex: LogIndex;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly persistedIndex: LogIndex;
  readonly leading: ObservedLeader | undefined;
}

export interface ObservedLeader {
  readonly termStart: LogIndex;
  readonly readRound: number;
  readonly peers: ReadonlyMap<NodeId, { readonly matchIndex: LogIndex; readonly nextIndex: LogIndex }>;
}

export function observe(raft: RaftState): Observation {
  const { id, role, currentTerm, votedFor, log } = raft;
  return {
    id,
    configuration: raft.configuration,
    members: raft.configurations.latest.membership.members,
    configurationIndex: raft.configurations.latest.index,
    role: role.type,
    currentTerm,
    votedFor,
    leader: leaderOf(raft),
    beforeIndex: log.before.index,
    beforeTerm: log.before.term,
    runs: log.runs(),
    lastIndex: log.lastIndex,
    commitIndex: log.commitIndex,
    appliedIndex: log.appliedIndex,
    persistedIndex: log.persistedIndex,
    leading:
      role.type === 'leader'
        ? {
            termStart: role.termStart,
            readRound: role.reads.round,
            peers: new Map(
              [...role.progress].map(([peer, { matchIndex, nextIndex }]) => [peer, { matchIndex, nextIndex }]),
            ),
          }
        : undefined,
  };
}

/** What must hold of a node at any moment. */
export function checkBasic(state: Observation): void {
  const expect = expectOf(state);
  // Terms in the log never fall, and none is ahead of the current term.
  let termBefore: number = state.beforeTerm;
  for (const { term, count } of state.runs) {
    expect(term >= termBefore && count > 0, 'terms rise along the log');
    termBefore = term;
  }
  expect(termBefore <= state.currentTerm, 'no entry is of a future term');
  // The log is trimmed behind what is applied, applied behind what is committed, and nothing is ahead of the log.
  expect(state.beforeIndex <= state.appliedIndex, 'nothing is trimmed before it is applied');
  expect(state.appliedIndex <= state.commitIndex, 'nothing is applied before it is committed');
  expect(state.commitIndex <= state.lastIndex, 'what is committed is in the log');
  expect(state.persistedIndex <= state.lastIndex, 'what is durable is in the log');
  checkRole(state, expect);
}

function checkRole(state: Observation, expect: Expect): void {
  // A leader knows itself as leader and has voted for itself; nobody else does the first.
  expect((state.leader === state.id) === (state.role === 'leader'), 'a leader, and nobody else, takes itself for it');
  if (state.role === 'leader') expect(state.votedFor === state.id, 'a leader has voted for itself');
  // The configuration in force is one that the log holds.
  expect(state.configurationIndex <= state.lastIndex, 'the configuration is in the log');
  // Whoever campaigns follows nobody; a candidate has voted for itself.
  if (state.role === 'candidate') expect(state.votedFor === state.id, 'a candidate has voted for itself');
  if (state.role === 'candidate' || state.role === 'pre-candidate') {
    expect(state.leader === null, 'who campaigns knows no leader');
  }
  const { leading } = state;
  expect((leading !== undefined) === (state.role === 'leader'), 'a leader, and nobody else, keeps progress');
  if (leading === undefined) return;
  // Everything since its election is of its own term, and there is at least the no-op.
  const start = termOf(state, Math.max(leading.termStart, state.beforeIndex));
  expect(start === state.currentTerm, 'a term starts with an entry of its own');
  for (const [peer, { matchIndex, nextIndex }] of leading.peers) {
    expect(0 <= matchIndex && matchIndex < nextIndex, `matchIndex of ${peer} is below its nextIndex`);
    expect(nextIndex <= state.lastIndex + 1, `nextIndex of ${peer} is within the log`);
  }
  // What a leader committed in its term, and under the configuration of now, is held durably by a majority.
  if (state.commitIndex >= leading.termStart && state.commitIndex >= state.configurationIndex) {
    const holds = (voter: NodeId) =>
      (voter === state.id ? state.persistedIndex : (leading.peers.get(voter)?.matchIndex ?? 0)) >= state.commitIndex;
    expect(hasQuorum(state.configuration, holds), 'a majority holds what is committed');
  }
}

/** What must hold between two moments of one node, in one process. */
export function checkDelta(before: Observation, after: Observation): void {
  const expect = expectOf(after);
  // What only ever rises.
  expect(after.currentTerm >= before.currentTerm, 'the term never falls');
  expect(after.commitIndex >= before.commitIndex, 'the commit index never falls');
  expect(after.appliedIndex >= before.appliedIndex, 'the applied index never falls');
  expect(after.beforeIndex >= before.beforeIndex, 'a trimmed log stays trimmed');
  // A committed entry stays as it is: so do the terms at both ends of every committed run.
  let last: number = before.beforeIndex;
  for (const { count } of before.runs) {
    for (const index of [last + 1, last + count]) {
      const kept = index <= before.commitIndex && index >= after.beforeIndex;
      if (kept) expect(termOf(after, index) === termOf(before, index), 'committed entries stay as they are');
    }
    last += count;
  }
  expect(
    before.commitIndex < after.beforeIndex || termOf(after, before.commitIndex) === termOf(before, before.commitIndex),
    'the last committed entry stays as it is',
  );
  // What is durable is durable until it is cut off: the mark falls to just before the first entry that was replaced.
  if (after.persistedIndex < before.persistedIndex) {
    const lost = after.persistedIndex + 1;
    expect(termOf(after, lost) !== termOf(before, lost), 'only a truncation takes durability back');
  }
  if (after.currentTerm === before.currentTerm) checkTerm(before, after, expect);
}

/** Within one term. */
function checkTerm(before: Observation, after: Observation, expect: Expect): void {
  expect(before.votedFor === null || before.votedFor === after.votedFor, 'one vote in a term');
  expect(
    before.leader === null || after.leader === null || before.leader === after.leader,
    'one leader in a term, though it may be forgotten',
  );
  // A role is not taken up again: a leader or candidate of a term was its candidate before.
  if (after.role === 'candidate') expect(before.role === 'candidate', 'a candidacy begins with a new term');
  if (after.role === 'leader') {
    expect(before.role === 'leader' || before.role === 'candidate', 'a leader was a candidate of its term');
  }
  if (before.leading === undefined || after.leading === undefined) return;
  // A leader never overwrites or deletes (Leader Append-Only, §5.3), nor forgets what it knows of its followers.
  expect(after.lastIndex >= before.lastIndex, 'a leader only appends');
  expect(after.persistedIndex >= before.persistedIndex, 'what a leader wrote stays written');
  expect(after.leading.readRound >= before.leading.readRound, 'read rounds count up');
  for (const [peer, { matchIndex }] of before.leading.peers) {
    expect(
      matchIndex <= (after.leading.peers.get(peer)?.matchIndex ?? matchIndex),
      `matchIndex of ${peer} never falls`,
    );
  }
}

type Expect = (condition: boolean, claim: string) => void;

function expectOf(state: Observation): Expect {
  return (condition, claim) => assert(condition, () => `${state.id} broke "${claim}": ${JSON.stringify(state)}`);
}

function termOf({ beforeIndex, beforeTerm, runs }: Observation, index: number): Term | undefined {
  if (index === beforeIndex) return beforeTerm;
  let last: number = beforeIndex;
  for (const { term, count } of runs) {
    if (index > last && index <= last + count) return term;
    last += count;
  }
  return undefined;
}
