import { countQuorum, hasQuorum, type NodeId } from '../../base/index.js';
import type { ClusterControl } from '../../cluster/index.js';

export interface QuorumForecast {
  readonly text: string;
  /** It holds now, and will not afterwards. */
  readonly willBeLost: boolean;
}

/** What taking these nodes away does to the quorum, before it is done. */
export function forecast(control: ClusterControl, taken: readonly NodeId[]): QuorumForecast {
  const { membership, states } = control.live();
  const runs = (voter: NodeId) => states.get(voter) === 'running';
  const holds = hasQuorum(membership, runs);
  const { sets, holds: willHold } = countQuorum(membership, (voter) => runs(voter) && !taken.includes(voter));
  // A joint change has two sets of voters, and needs both (§6).
  const count = `${sets.map(({ counted, voters }) => `${counted} of ${voters}`).join(' and ')} left`;
  const needed = sets.map((set) => set.needed).join(' and ');
  if (willHold) return { text: `${count}: the quorum holds (it needs ${needed})`, willBeLost: false };
  if (holds) return { text: `${count}: writes will block (the quorum needs ${needed})`, willBeLost: true };
  return { text: `${count}: writes stay blocked (the quorum needs ${needed})`, willBeLost: false };
}
