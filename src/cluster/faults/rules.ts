import type { NodeId } from '../../base/index.js';
import { type ClusterFault, type FaultRule, namedBy } from './fault.js';

/**
 * The rules in force, oldest first. One fault of a kind for each node, one cut for each direction of a link, one
 * partition: a new one takes the place of the old one. Different kinds add up.
 */
export type FaultRules = readonly FaultRule[];

export interface RulesChanged {
  readonly rules: FaultRules;
  /** Those that are not in force any more. */
  readonly ended: FaultRules;
}

export function withRule(rules: FaultRules, rule: FaultRule): RulesChanged {
  const { kept, ended } = parted(rules, ({ fault }) => subjectOf(fault) !== subjectOf(rule.fault));
  return { rules: [...kept, rule], ended };
}

/** Without those that name one of the nodes. A partition that does not name it leaves a node where it is. */
export function withoutNamed(rules: FaultRules, nodes: readonly NodeId[]): RulesChanged {
  const { kept, ended } = parted(rules, ({ fault }) => !namedBy(fault).some((node) => nodes.includes(node)));
  return { rules: kept, ended };
}

/**
 * A node has left, and whoever comes back under its name is another one. A partition loses it from its group, and ends
 * with the last but one group; everything else about the node ends.
 */
export function withoutMember(rules: FaultRules, gone: NodeId, left: readonly NodeId[]): RulesChanged {
  const stays = rules.map((rule) => ({ rule, next: withoutIt(rule, gone, left) }));
  return {
    rules: stays.flatMap(({ next }) => next ?? []),
    ended: stays.flatMap(({ rule, next }) => (next === undefined ? rule : [])),
  };
}

function withoutIt(rule: FaultRule, gone: NodeId, left: readonly NodeId[]): FaultRule | undefined {
  const { fault } = rule;
  if (fault.type !== 'partition') return namedBy(fault).includes(gone) ? undefined : rule;
  const groups = fault.groups.map((group) => group.filter((node) => node !== gone)).filter((group) => group.length > 0);
  if (groupsOf(groups, left).length < 2) return undefined;
  return namedBy(fault).includes(gone) ? { ...rule, fault: { ...fault, groups } } : rule;
}

/** All groups of a partition that have members: who is named in none forms the last one. */
export function groupsOf(groups: readonly (readonly NodeId[])[], members: readonly NodeId[]): readonly NodeId[][] {
  const named = groups.map((group) => group.filter((node) => members.includes(node)));
  const rest = members.filter((node) => !groups.some((group) => group.includes(node)));
  return [...named, rest].filter((group) => group.length > 0);
}

function subjectOf(fault: ClusterFault): string {
  if (fault.type === 'partition') return fault.type;
  return fault.type === 'cut' ? `cut ${fault.from} ${fault.to}` : `${fault.type} ${fault.node}`;
}

function parted(rules: FaultRules, stays: (rule: FaultRule) => boolean) {
  return { kept: rules.filter(stays), ended: rules.filter((rule) => !stays(rule)) };
}
