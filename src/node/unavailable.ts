import { majorityOf, type NodeId, RaftctlError } from '../base/index.js';
import type { Status } from '../raft/index.js';
import type { Peers } from './peers.js';

/** Why nothing can be decided just now, as far as this node can tell. */
export function unavailable(id: NodeId, members: number, { role, leader }: Status, peers: Peers): RaftctlError {
  const quorum = majorityOf(members);
  const linked = peers.linkedCount();
  if (linked < quorum) {
    const message = `${id} reaches ${linked} of ${members} nodes and a quorum is ${quorum}`;
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
