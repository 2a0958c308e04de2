import type { NodeId } from '../base/index.js';

/** Votes needed to win, copies needed to commit: more than half. */
export const majorityOf = (voters: number): number => Math.floor(voters / 2) + 1;

/**
 * The highest value that a majority of the voters has reached: with matchIndex, the index that a quorum holds, with
 * times of contact the time since which a quorum was heard from. Computed from all values each time, so there is
 * nothing to keep in step. Without voters nothing is missing: Infinity.
 */
export function quorumValue(voters: readonly NodeId[], reachedBy: (voter: NodeId) => number): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  const values = voters.map(reachedBy).sort((a, b) => b - a);
  return values[majorityOf(voters.length) - 1]!;
}

export type Tally = 'won' | 'lost' | 'pending';

/** Counts votes (true: granted). Only voters count, whoever else may have answered; `gone` ones will not vote any more. */
export function tally(
  voters: readonly NodeId[],
  votes: ReadonlyMap<NodeId, boolean>,
  gone: ReadonlySet<NodeId> = NOBODY,
): Tally {
  const needed = majorityOf(voters.length);
  let granted = 0;
  let open = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === true) granted += 1;
    else if (vote === undefined && !gone.has(voter)) open += 1;
  }
  if (granted >= needed || voters.length === 0) return 'won';
  return granted + open < needed ? 'lost' : 'pending';
}

const NOBODY: ReadonlySet<NodeId> = new Set();
