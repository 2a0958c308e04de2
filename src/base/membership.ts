import type { NodeId } from './ids.js';

/**
 * One member of the cluster. A name that comes back after it lost its data is another member, with a higher
 * incarnation: the old one's votes and acknowledgements are gone (Diss. §3.8).
 */
export interface Member {
  readonly id: NodeId;
  /** 1 for the first that bears the name. */
  readonly incarnation: number;
  readonly host: string;
  readonly port: number;
}

/** Who decides, by name: the paper's cluster configuration (§6). */
export interface Configuration {
  readonly voters: readonly NodeId[];
  /** The voters of the configuration that a joint change leaves; empty when none is under way. */
  readonly outgoing: readonly NodeId[];
  /** They get the log and do not count. */
  readonly learners: readonly NodeId[];
}

/** The configuration, and how its members are told apart and reached. */
export interface Membership extends Configuration {
  /** Voters, outgoing voters and learners, each once. */
  readonly members: readonly Member[];
  /** Who has left; absent: nobody. */
  readonly former?: readonly FormerMember[];
}

/** The last member of that name that left. It is told so when it comes back, and its successor has a higher incarnation. */
export type FormerMember = Pick<Member, 'id' | 'incarnation'>;

/** Is a change under way that needs the majorities of two sets of voters? (§6) */
export const isJoint = ({ outgoing }: Configuration): boolean => outgoing.length > 0;

/** Who has left once only `members` are left of `before`. */
export function formerAfter(before: Membership, members: readonly Member[]): readonly FormerMember[] {
  const left = before.members.filter(({ id }) => !members.some((member) => member.id === id));
  const earlier = (before.former ?? []).filter(({ id }) => !left.some((one) => one.id === id));
  return [...earlier, ...left.map(({ id, incarnation }) => ({ id, incarnation }))];
}

/**
 * The same membership, reached where `known` says: who is in it is replicated, where a member listens is not. A member
 * under the same name and with another incarnation is another one, and keeps its address.
 */
export function withAddressesOf(membership: Membership, known: readonly Member[]): Membership {
  const members = membership.members.map((member) => {
    const moved = known.find(({ id, incarnation }) => id === member.id && incarnation === member.incarnation);
    return moved === undefined ? member : { ...member, host: moved.host, port: moved.port };
  });
  return { ...membership, members };
}

/** All of these vote, and nothing changes. */
export const votersOnly = (voters: readonly NodeId[]): Configuration => ({ voters, outgoing: [], learners: [] });

/** Votes needed to win, copies needed to commit: more than half. Without voters nothing is missing: 0. */
export const majorityOf = (voters: number): number => (voters === 0 ? 0 : Math.floor(voters / 2) + 1);

/**
 * The highest value that a quorum has reached: with matchIndex, the index that a quorum holds, with times of contact the
 * time since which a quorum was heard from. A joint change needs a majority of both sets (§6). Computed from all values
 * each time, so there is nothing to keep in step. Without voters nothing is missing: Infinity.
 */
export function quorumValue({ voters, outgoing }: Configuration, reachedBy: (voter: NodeId) => number): number {
  const reached = majorityValue(voters, reachedBy);
  return outgoing.length === 0 ? reached : Math.min(reached, majorityValue(outgoing, reachedBy));
}

/** Do those of whom `counts` is true decide? */
export const hasQuorum = (configuration: Configuration, counts: (voter: NodeId) => boolean): boolean =>
  quorumValue(configuration, (voter) => (counts(voter) ? 1 : 0)) >= 1;

function majorityValue(voters: readonly NodeId[], reachedBy: (voter: NodeId) => number): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  const values = voters.map(reachedBy).sort((a, b) => b - a);
  return values[majorityOf(voters.length) - 1]!;
}

export type Tally = 'won' | 'lost' | 'pending';

/** Counts votes (true: granted). Only voters count, whoever else may have answered; `gone` ones will not vote any more. */
export function tally(
  { voters, outgoing }: Configuration,
  votes: ReadonlyMap<NodeId, boolean>,
  gone: ReadonlySet<NodeId> = NOBODY,
): Tally {
  const results = [tallyOf(voters, votes, gone), tallyOf(outgoing, votes, gone)];
  if (results.includes('lost')) return 'lost';
  return results.includes('pending') ? 'pending' : 'won';
}

function tallyOf(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>, gone: ReadonlySet<NodeId>): Tally {
  const needed = majorityOf(voters.length);
  let granted = 0;
  let open = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === true) granted += 1;
    else if (vote === undefined && !gone.has(voter)) open += 1;
  }
  if (granted >= needed) return 'won';
  return granted + open < needed ? 'lost' : 'pending';
}

const NOBODY: ReadonlySet<NodeId> = new Set();

/** How many of the voters are there, and how many are needed, in words: `2 of 4 left`. */
export interface QuorumCount {
  /** Of each set of voters that has to agree, the outgoing one last: how many count, and how many must. */
  readonly sets: readonly { readonly counted: number; readonly voters: number; readonly needed: number }[];
  readonly holds: boolean;
}

/** The same as `hasQuorum`, with the figures for a text. */
export function countQuorum({ voters, outgoing }: Configuration, counts: (voter: NodeId) => boolean): QuorumCount {
  const sets = (outgoing.length === 0 ? [voters] : [voters, outgoing]).map((set) => ({
    counted: set.filter(counts).length,
    voters: set.length,
    needed: majorityOf(set.length),
  }));
  return { sets, holds: sets.every(({ counted, needed }) => counted >= needed) };
}
