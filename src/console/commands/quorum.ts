import type { NodeId, QuorumCount } from '../../base/index.js';
import { type ClusterFault, runs } from '../../cluster/control.js';
import { isLinkFault } from '../../cluster/faults/fault.js';
import { bestCompany, type Company, companyOf } from '../../cluster/faults/reach.js';
import { type FaultRules, withRule } from '../../cluster/faults/rules.js';
import type { ClusterControl, LiveState } from '../../cluster/index.js';

export interface QuorumForecast {
  readonly text: string;
  /** It holds now, and will not afterwards. */
  readonly willBeLost: boolean;
}

/** The voters whose processes run and who reach each other, but for those that are taken away: as many as a quorum needs? */
export function votersLeft(control: ClusterControl, taken: readonly NodeId[] = []): QuorumCount {
  return bestCompany(situation(control.live(), { taken }));
}

/** What taking these nodes away does to the quorum, before it is done. */
export const forecast = (control: ClusterControl, taken: readonly NodeId[]): QuorumForecast =>
  forecastOf(control.live(), { taken });

/** What these faults, which can be, do to the quorum, before they begin. */
export function forecastFaults(control: ClusterControl, faults: readonly ClusterFault[]): QuorumForecast {
  const live = control.live();
  const rules = faults.reduce((all, fault) => withRule(all, { id: 0, fault, at: 0, wall: 0 }).rules, live.faults);
  return forecastOf(live, { rules });
}

interface Change {
  readonly taken?: readonly NodeId[];
  readonly rules?: FaultRules;
}

function forecastOf(live: LiveState, change: Change): QuorumForecast {
  const { holds } = bestCompany(situation(live));
  const company = bestCompany(situation(live, change));
  const { rules = live.faults } = change;
  const word = rules.some(({ fault }) => isLinkFault(fault)) ? 'together' : 'left';
  // A joint change has two sets of voters, and needs both (§6).
  const count = `${company.sets.map(({ counted, voters }) => `${counted} of ${voters}`).join(' and ')} ${word}`;
  const needed = company.sets.map((set) => set.needed).join(' and ');
  if (company.holds) {
    const text = `${count}: the quorum holds (it needs ${needed})`;
    return { text: [text, ...newLeader(live, change, company)].join('; '), willBeLost: false };
  }
  if (holds) return { text: `${count}: writes will block (the quorum needs ${needed})`, willBeLost: true };
  return { text: `${count}: writes stay blocked (the quorum needs ${needed})`, willBeLost: false };
}

/** Who leads keeps its process, and loses the majority: that it has to be replaced is worth saying. */
function newLeader(live: LiveState, change: Change, { nodes }: Company): readonly string[] {
  const { leader } = live;
  if (leader === null || change.rules === undefined || companyOf(situation(live, change), leader).holds) return [];
  if (!companyOf(situation(live), leader).holds) return [];
  return [`${leader} leads and will not: one of ${nodes.join(', ')} is elected`];
}

const situation = (live: LiveState, { taken = [], rules = live.faults }: Change = {}) => ({
  membership: live.membership,
  rules,
  isThere: (node: NodeId) => runs(live, node) && !taken.includes(node),
});
