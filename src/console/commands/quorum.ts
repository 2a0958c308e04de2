import type { NodeId } from '../../base/index.js';
import type { ClusterControl } from '../../cluster/index.js';

export interface QuorumForecast {
  readonly text: string;
  /** It holds now, and will not afterwards. */
  readonly willBeLost: boolean;
}

/** What taking these nodes away does to the quorum, before it is done. */
export function forecast(control: ClusterControl, taken: readonly NodeId[]): QuorumForecast {
  const { states } = control.live();
  const up = control.config.nodes.map((node) => node.id).filter((id) => states.get(id) === 'running');
  const total = control.config.nodes.length;
  const needed = Math.floor(total / 2) + 1;
  const left = up.filter((id) => !taken.includes(id)).length;
  const holds = up.length >= needed;
  const willHold = left >= needed;
  const count = `${left} of ${total} left`;
  if (willHold) return { text: `${count}: the quorum holds (it needs ${needed})`, willBeLost: false };
  if (holds) return { text: `${count}: writes will block (the quorum needs ${needed})`, willBeLost: true };
  return { text: `${count}: writes stay blocked (the quorum needs ${needed})`, willBeLost: false };
}
