import { type Configuration, encodeMembership, type Membership, type NodeId } from '../../base/index.js';
import type { CommittedLog } from './committed-log.js';
import { expectSafe } from './violation.js';

/** Counted here once more: the nodes' own arithmetic is among what is checked. */
export function decide({ voters, outgoing }: Configuration, counts: (voter: NodeId) => boolean): boolean {
  const most = (set: readonly NodeId[]): boolean => set.length === 0 || set.filter(counts).length * 2 > set.length;
  return most(voters) && most(outgoing);
}

/** Of the same members with the same parts; where they listen is not replicated. */
export function isSame(one: Membership, other: Membership): boolean {
  const [left, right] = [one, other].map((membership) =>
    encodeMembership({
      ...membership,
      members: membership.members.map((member) => ({ ...member, host: '', port: 0 })),
    }),
  );
  return left!.equals(right!);
}

interface LogWithMembership {
  readonly configuration: Configuration;
  readonly beforeIndex: number;
  readonly lastIndex: number;
}

/** The latest membership of a log is in force, committed or not, on whoever has it, and no other one (§6). */
export function checkInForce(
  node: NodeId,
  log: CommittedLog,
  { configuration: has, beforeIndex, lastIndex }: LogWithMembership,
  termAt: (index: number) => number,
): void {
  // One that joins knows nobody, until the log that it gets says who there is.
  if (has.voters.length === 0) return;
  const expected = log.latestMembership(beforeIndex, lastIndex, termAt);
  expectSafe(text(has) === text(expected), 'the latest membership of a log is in force (§6)', () => {
    return `${node} goes by ${text(has)}, its log up to ${lastIndex} says ${text(expected)}`;
  });
}

const text = ({ voters, outgoing, learners }: Configuration): string =>
  [voters, outgoing, learners].map((names) => [...names].sort().join(',')).join(' | ');
