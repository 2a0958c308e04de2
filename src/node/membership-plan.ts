import { didYouMean, formatHostPort, type Member, type Membership, type NodeId, RaftctlError } from '../base/index.js';
import type { MembershipRequest } from '../wire/index.js';

/** What the membership is to become, or why not. */
export function planChange(now: Membership, change: MembershipRequest): Membership | RaftctlError {
  switch (change.type) {
    case 'add':
      return add(now, change.member);
    case 'promote':
      return promote(now, change.node);
    case 'remove':
      return remove(now, change.node);
    case 'replace':
      return replace(now, change.node, change.by);
  }
}

/** Who has to keep up before the change begins: it is to vote, and learns so far. */
export function promotedBy(change: MembershipRequest): NodeId | undefined {
  if (change.type === 'promote') return change.node;
  return change.type === 'replace' ? change.by : undefined;
}

/** A learner first, always: a voter without a log would hold everybody up (Diss. §4.2.1). */
function add(now: Membership, member: Member): Membership | RaftctlError {
  const { id, incarnation } = member;
  if (now.members.some((known) => known.id === id)) return refused(`${id} is a member already`);
  const last = now.former?.find((former) => former.id === id)?.incarnation ?? 0;
  if (incarnation <= last)
    return refused(`${id} left as incarnation ${last}: expected a higher one, received ${incarnation}`);
  const neighbour = now.members.find(({ host, port }) => host === member.host && port === member.port);
  if (neighbour !== undefined) return refused(`${formatHostPort(member)} is the address of ${neighbour.id}`);
  return { ...now, members: [...now.members, member], learners: [...now.learners, id] };
}

function promote(now: Membership, id: NodeId): Membership | RaftctlError {
  if (now.voters.includes(id)) return refused(`${id} votes already`);
  if (!now.learners.includes(id)) return unknown(now, id);
  return { ...now, voters: [...now.voters, id], learners: now.learners.filter((learner) => learner !== id) };
}

function remove(now: Membership, id: NodeId): Membership | RaftctlError {
  if (!now.members.some((member) => member.id === id)) return unknown(now, id);
  if (now.voters.length === 1 && now.voters[0] === id) return refused(`${id} is the last voter`);
  return without(now, id);
}

function replace(now: Membership, id: NodeId, by: NodeId): Membership | RaftctlError {
  if (!now.voters.includes(id)) return now.learners.includes(id) ? refused(`${id} is a learner`) : unknown(now, id);
  const promoted = promote(now, by);
  return promoted instanceof RaftctlError ? promoted : without(promoted, id);
}

const without = (now: Membership, id: NodeId): Membership => ({
  ...now,
  voters: now.voters.filter((voter) => voter !== id),
  learners: now.learners.filter((learner) => learner !== id),
  members: now.members.filter((member) => member.id !== id),
});

const refused = (message: string): RaftctlError => new RaftctlError('change-refused', message);

function unknown({ members }: Membership, id: NodeId): RaftctlError {
  const ids = members.map((member) => member.id);
  return new RaftctlError('no-such-node', `${id} is not a member of the cluster${didYouMean(id, ids)}`, {
    hint: `members: ${ids.join(', ')}`,
  });
}
