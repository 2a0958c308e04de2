import { countQuorum, hasQuorum, type NodeId, type QuorumCount } from '../../base/index.js';
import { runs } from '../../cluster/control.js';
import type { ClusterControl } from '../../cluster/index.js';

export interface QuorumForecast {
  readonly text: string;
  /** It holds now, and will not afterwards. */
  readonly willBeLost: boolean;
}

/** The voters whose processes run, but for those that are taken away: as many as a quorum needs? */
export function votersLeft(control: ClusterControl, taken: readonly NodeId[] = []): QuorumCount {
  const live = control.live();
  return countQuorum(live.membership, (voter) => runs(live, voter) && !taken.includes(voter));
}

/** What taking these nodes away does to the quorum, before it is done. */
export function forecast(control: ClusterControl, taken: readonly NodeId[]): QuorumForecast {
  const live = control.live();
  const holds = hasQuorum(live.membership, (voter) => runs(live, voter));
  const { sets, holds: willHold } = votersLeft(control, taken);
  // A joint change has two sets of voters, and needs both (§6).
  const count = `${sets.map(({ counted, voters }) => `${counted} of ${voters}`).join(' and ')} left`;
  const needed = sets.map((set) => set.needed).join(' and ');
  if (willHold) return { text: `${count}: the quorum holds (it needs ${needed})`, willBeLost: false };
  if (holds) return { text: `${count}: writes will block (the quorum needs ${needed})`, willBeLost: true };
  return { text: `${count}: writes stay blocked (the quorum needs ${needed})`, willBeLost: false };
}
