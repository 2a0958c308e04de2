import type { NodeId, QuorumCount } from '../../base/index.js';
import { type ClusterFault, runs } from '../../cluster/control.js';
import { bestCompany, type Company, companyOf, type Reached } from '../../cluster/faults/reach.js';
import { type FaultRules, withRule } from '../../cluster/faults/rules.js';
import type { ClusterControl } from '../../cluster/index.js';

export interface QuorumForecast {
  readonly text: string;
  /** It holds now, and will not afterwards. */
  readonly willBeLost: boolean;
  /** Fewer could decide together than before, or another one has to lead. */
  readonly takesNodesAway: boolean;
}

/** The voters whose processes run and who reach each other, but for those that are taken away: as many as a quorum needs? */
export function votersLeft(control: ClusterControl, taken: readonly NodeId[] = []): QuorumCount {
  return bestCompany(situation(control, { taken }));
}

/** What taking these nodes away does to the quorum, before it is done. */
export const forecast = (control: ClusterControl, taken: readonly NodeId[]): QuorumForecast =>
  forecastOf(control, { taken });

/** What these faults, which can be, do to the quorum, before they begin. */
export function forecastFaults(control: ClusterControl, faults: readonly ClusterFault[]): QuorumForecast {
  const live = control.live();
  const rules = faults.reduce((all, fault) => withRule(all, { id: 0, fault, at: 0, wall: 0 }).rules, live.faults);
  return forecastOf(control, { rules });
}

interface Change {
  readonly taken?: readonly NodeId[];
  readonly rules?: FaultRules;
}

function forecastOf(control: ClusterControl, change: Change): QuorumForecast {
  const { holds, nodes } = bestCompany(situation(control));
  const company = bestCompany(situation(control, change));
  const { rules = control.live().faults } = change;
  const word = rules.some(({ fault }) => fault.type !== 'disk') ? 'together' : 'left';
  // A joint change has two sets of voters, and needs both (§6).
  const count = `${company.sets.map(({ counted, voters }) => `${counted} of ${voters}`).join(' and ')} ${word}`;
  const needed = company.sets.map((set) => set.needed).join(' and ');
  const takesNodesAway = company.nodes.length < nodes.length;
  if (company.holds) {
    const text = `${count}: the quorum holds (it needs ${needed})`;
    const another = newLeader(control, change, company);
    return {
      text: [text, ...another].join('; '),
      willBeLost: false,
      takesNodesAway: takesNodesAway || another.length > 0,
    };
  }
  const blocked = holds ? 'writes will block' : 'writes stay blocked';
  return { text: `${count}: ${blocked} (the quorum needs ${needed})`, willBeLost: holds, takesNodesAway };
}

/** Who leads keeps its process, and loses the majority: that it has to be replaced is worth saying. */
function newLeader(control: ClusterControl, change: Change, { nodes }: Company): readonly string[] {
  const { leader } = control.live();
  if (leader === null || change.rules === undefined || companyOf(situation(control, change), leader).holds) return [];
  if (!companyOf(situation(control), leader).holds) return [];
  return [`${leader} leads and will not: one of ${nodes.join(', ')} is elected`];
}

function situation(control: ClusterControl, { taken = [], rules }: Change = {}): Reached {
  const live = control.live();
  return {
    membership: live.membership,
    rules: rules ?? live.faults,
    isThere: (node) => runs(live, node) && !taken.includes(node),
    electionTimeoutMs: control.config.raft.electionTimeoutMs[0],
  };
}
