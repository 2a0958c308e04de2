import { countQuorum, type Membership, type NodeId, type QuorumCount } from '../../base/index.js';
import { diskFaultOf, isCut, lossRateOf, roundTripMsOf } from './effects.js';
import type { FaultRules } from './rules.js';

/** Who could decide together. */
export interface Company extends QuorumCount {
  /** One who reaches the others, both ways; null: nobody is there. */
  readonly lead: NodeId | null;
  /** That one among them. */
  readonly nodes: readonly NodeId[];
}

export interface Reached {
  readonly membership: Membership;
  readonly rules: FaultRules;
  /** Is the node there at all? */
  readonly isThere: (node: NodeId) => boolean;
  /** The least: who is not answered by then campaigns anew. */
  readonly electionTimeoutMs: number;
}

/**
 * The company that a leader could have with `lead` at its head: it sends entries to each voter and gets the answers of
 * each itself, so the link between them must work both ways; nothing is passed on (§5.3).
 */
export function companyOf(reached: Reached, lead: NodeId): Company {
  const { membership, rules, isThere } = reached;
  const members = membership.members.map(({ id }) => id);
  const counts = (node: NodeId): boolean =>
    isThere(node) &&
    hasDisk(rules, node) &&
    (node === lead ||
      (!(isCut(rules, members, lead, node) || isCut(rules, members, node, lead)) &&
        isHeardInTime(reached, lead, node)));
  const nodes = counts(lead) ? members.filter(counts) : [];
  return { ...countQuorum(membership, (voter) => nodes.includes(voter)), lead, nodes };
}

/** The best of them: one that is a quorum, if there is any, and of these the one of most voters. */
export function bestCompany(reached: Reached): Company {
  const { voters, outgoing } = reached.membership;
  const candidates = [...new Set([...voters, ...outgoing])].map((voter) => companyOf(reached, voter));
  const [best] = candidates.sort((one, other) => rankOf(other) - rankOf(one));
  return best ?? { ...countQuorum(reached.membership, () => false), lead: null, nodes: [] };
}

/** Voters of both sets count in a joint change; whoever decides goes before whoever does not. */
const rankOf = ({ holds, sets }: Company): number =>
  sets.reduce((sum, { counted }) => sum + counted, 0) + (holds ? 1_000 : 0);

/** A link that loses everything is as good as cut, and so is one whose answers come when the next election has begun. */
const isHeardInTime = ({ rules, electionTimeoutMs }: Reached, lead: NodeId, node: NodeId): boolean =>
  lossRateOf(rules, lead, node) < 1 && roundTripMsOf(rules, lead, node) <= electionTimeoutMs;

/** A node that cannot write acknowledges nothing. */
const hasDisk = (rules: FaultRules, node: NodeId): boolean => {
  const fault = diskFaultOf(rules, node);
  return fault === null || fault.type === 'slow';
};
