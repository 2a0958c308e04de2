import { hasQuorum } from '../base/index.js';
import type { ClusterView, LiveState, NodeView } from './control.js';

/** What the nodes' own answers add up to: who leads by what they say now, and whether enough of them say anything. */
export function viewOfCluster(
  { name, clusterId }: Pick<ClusterView, 'name' | 'clusterId'>,
  { up, total, term, membership }: LiveState,
  nodes: readonly NodeView[],
): ClusterView {
  const answered = nodes.flatMap(({ status, statusAgeMs }) => (status && statusAgeMs === 0 ? [status] : []));
  const leading = answered.filter(({ role }) => role === 'leader').sort((one, other) => other.term - one.term);
  return {
    name,
    clusterId,
    leader: leading[0]?.node ?? null,
    term: Math.max(term, ...answered.map((status) => status.term)),
    up,
    total,
    quorum: hasQuorum(membership, (voter) => answered.some(({ node }) => node === voter)) ? 'ok' : 'lost',
    nodes,
  };
}
