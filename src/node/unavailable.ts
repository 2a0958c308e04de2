import { countQuorum, type NodeId, type QuorumCount, RaftctlError } from '../base/index.js';
import type { RawNode } from '../raft/index.js';
import type { Peers } from './peers.js';

/** Why nothing can be decided just now, as far as this node can tell. */
export function unavailable(
  id: NodeId,
  { role, leader, configuration }: Pick<RawNode, 'role' | 'leader' | 'configuration'>,
  peers: Pick<Peers, 'isLinked' | 'describe'>,
): RaftctlError {
  const reached = countQuorum(configuration, (voter) => voter === id || peers.isLinked(voter));
  if (!reached.holds) {
    const message = `${id} reaches ${reachOf(reached)}`;
    return new RaftctlError('quorum-lost', message, { definite: true, hint: 'start or resume more nodes' });
  }
  if (role === 'leader') {
    const message = `${id} leads, but no quorum has confirmed it in time`;
    return new RaftctlError('quorum-lost', message, { definite: true, hint: 'are nodes paused or cut off?' });
  }
  if (leader !== null) {
    const message = `${leader} leads, but did not answer ${id} in time: ${peers.describe(leader)}`;
    return new RaftctlError('no-leader', message, { hint: `is ${leader} paused or cut off?` });
  }
  const message = `${id} knows no leader that a quorum follows`;
  return new RaftctlError('no-leader', message, { hint: 'an election may be under way: try again' });
}

/** Of each set of voters that has to agree: two, while the configuration is joint (§6). */
const reachOf = ({ sets }: QuorumCount): string =>
  sets
    .map(({ counted, voters, needed }, nth) => {
      const nodes = nth === 0 ? 'nodes' : 'nodes that voted before';
      return `${counted} of ${voters} ${nodes} and a quorum is ${needed}`;
    })
    .join(', ');
