import { asIndex, asNodeId, asTerm } from '../../src/base/index.js';
import type {
  AppendEntries,
  AppendEntriesResponse,
  Heartbeat,
  HeartbeatResponse,
  RequestVote,
  RequestVoteResponse,
  TimeoutNow,
} from '../../src/raft/index.js';
import { entry } from './raft-cluster.js';

interface Ends {
  readonly from: string;
  readonly to: string;
  readonly term: number;
}

const envelope = ({ from, to, term }: Ends) => ({ from: asNodeId(from), to: asNodeId(to), term: asTerm(term) });

/** An append after `prev` = [index, term], of entries with these terms. */
export function append(
  ends: Ends & {
    readonly prev?: readonly [number, number];
    readonly terms?: readonly number[];
    readonly commit?: number;
  },
): AppendEntries {
  const [prevIndex, prevTerm] = ends.prev ?? [0, 0];
  const entries = (ends.terms ?? []).map((term, at) => entry(prevIndex + 1 + at, term));
  return {
    type: 'append-entries',
    ...envelope(ends),
    prevLogIndex: asIndex(prevIndex),
    prevLogTerm: asTerm(prevTerm),
    lastLogIndex: asIndex(prevIndex + entries.length),
    leaderCommit: asIndex(ends.commit ?? 0),
    entries,
  };
}

export function ack(ends: Ends & { readonly index: number }): AppendEntriesResponse {
  const hint = { hintIndex: asIndex(0), hintTerm: asTerm(0) };
  return { type: 'append-entries-response', ...envelope(ends), success: true, index: asIndex(ends.index), ...hint };
}

export function refusal(
  ends: Ends & { readonly index: number; readonly hint: readonly [number, number] },
): AppendEntriesResponse {
  const [hintIndex, hintTerm] = ends.hint;
  return {
    type: 'append-entries-response',
    ...envelope(ends),
    success: false,
    index: asIndex(ends.index),
    hintIndex: asIndex(hintIndex),
    hintTerm: asTerm(hintTerm),
  };
}

export const heartbeat = (ends: Ends & { readonly commit?: number; readonly readRound?: number }): Heartbeat => ({
  type: 'heartbeat',
  ...envelope(ends),
  commitIndex: asIndex(ends.commit ?? 0),
  readRound: ends.readRound ?? 0,
});

export const heartbeatResponse = (ends: Ends & { readonly readRound?: number }): HeartbeatResponse => ({
  type: 'heartbeat-response',
  ...envelope(ends),
  readRound: ends.readRound ?? 0,
});

/** A request for a vote by a candidate whose log ends with `last` = [index, term]. */
export const requestVote = (
  ends: Ends & { readonly preVote?: boolean; readonly transfer?: boolean; readonly last?: readonly [number, number] },
): RequestVote => ({
  type: 'request-vote',
  ...envelope(ends),
  preVote: ends.preVote ?? false,
  transfer: ends.transfer ?? false,
  lastLogIndex: asIndex(ends.last?.[0] ?? 0),
  lastLogTerm: asTerm(ends.last?.[1] ?? 0),
});

export const vote = (
  ends: Ends & { readonly preVote?: boolean; readonly granted?: boolean; readonly sticky?: boolean },
): RequestVoteResponse => ({
  type: 'request-vote-response',
  ...envelope(ends),
  preVote: ends.preVote ?? false,
  granted: ends.granted ?? true,
  sticky: ends.sticky ?? false,
});

export const timeoutNow = (ends: Ends): TimeoutNow => ({ type: 'timeout-now', ...envelope(ends) });
