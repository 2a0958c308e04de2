import type { NodeId } from '../../base/index.js';
import { type ClusterFault, type FaultRule, faultText } from '../../cluster/control.js';
import { percentText } from '../../cluster/faults/fault.js';
import { groupsOf } from '../../cluster/faults/rules.js';
import { formatDuration } from '../language/duration.js';
import type { DataObject } from '../output/index.js';

/** `2 faults`. */
export const countOfFaults = ({ length }: readonly FaultRule[]): string =>
  length === 1 ? '1 fault' : `${length} faults`;

/** What a node suffers, a few words for each rule: `isolated`, `cut to node-02`, `slow 100 ms ± 20 ms`. */
export const wordsFor = (node: NodeId, rules: readonly FaultRule[], members: readonly NodeId[]): readonly string[] =>
  rules.flatMap(({ fault }) => word(node, fault, members) ?? []);

function word(node: NodeId, fault: ClusterFault, members: readonly NodeId[]): string | undefined {
  switch (fault.type) {
    case 'partition': {
      const others = groupsOf(fault.groups, members).find((group) => group.includes(node)) ?? [];
      const company = others.length > 1 ? `only with ${others.filter((other) => other !== node).join(', ')}` : 'alone';
      return fault.clients === true && fault.groups.flat().includes(node) ? `${company}, no clients` : company;
    }
    case 'cut':
      if (fault.from === node) return `cut to ${fault.to}`;
      return fault.to === node ? `cut from ${fault.from}` : undefined;
    default:
      return fault.node === node ? ownWord(fault) : undefined;
  }
}

function ownWord(fault: Extract<ClusterFault, { readonly node: NodeId }>): string {
  switch (fault.type) {
    case 'isolate':
      return fault.clients === true ? 'isolated, no clients' : 'isolated';
    case 'slow':
      return `slow ${delayText(fault)}`;
    case 'flaky':
      return `flaky ${percentText(fault.lossRate)}`;
    case 'disk':
      return `disk ${fault.fault.type}${fault.fault.type === 'slow' ? ` ${formatDuration(fault.fault.delayMs)}` : ''}`;
  }
}

/** `100 ms ± 20 ms`. */
const delayText = ({ delayMs, jitterMs }: { readonly delayMs: number; readonly jitterMs: number }): string =>
  `${formatDuration(delayMs)}${jitterMs > 0 ? ` ± ${formatDuration(jitterMs)}` : ''}`;

/** The new state, in words. */
export function sentenceFor(fault: ClusterFault, members: readonly NodeId[]): string {
  switch (fault.type) {
    case 'partition': {
      const groups = groupsOf(fault.groups, members);
      const clients =
        fault.clients === true ? `; clients reach ${groups.at(-1)!.join(', ')} alone, this console too` : '';
      return `parted: ${groups.map((group) => group.join(', ')).join(' | ')}${clients}`;
    }
    case 'isolate':
      return `${fault.node} is cut off from all others${fault.clients === true ? ' and from clients, this console too' : ''}`;
    case 'cut':
      return `nothing from ${fault.from} reaches ${fault.to}`;
    case 'slow':
      return `between ${fault.node} and the others everything takes ${delayText(fault)} longer, each way`;
    case 'flaky':
      return `between ${fault.node} and the others ${percentText(fault.lossRate)} is lost, each way`;
    case 'disk':
      return `the disk of ${fault.node} is ${DISKS[fault.fault.type]}${fault.fault.type === 'slow' ? `: ${formatDuration(fault.fault.delayMs)} for every write and sync` : ''}`;
  }
}

const DISKS = { slow: 'slow', full: 'full', failing: 'failing: no write and no sync succeeds' } as const;

/** The shape of a rule in `-o json`. */
export const ruleDocument = ({ id, fault, wall }: FaultRule): DataObject => ({
  id,
  rule: faultText(fault),
  wall,
  ...shapeOf(fault),
});

function shapeOf(fault: ClusterFault): DataObject {
  switch (fault.type) {
    case 'partition':
      return { type: fault.type, groups: fault.groups, clients: fault.clients === true };
    case 'isolate':
      return { type: fault.type, node: fault.node, clients: fault.clients === true };
    case 'disk':
      return { type: fault.type, node: fault.node, disk: fault.fault.type, ...withDelay(fault.fault) };
    default:
      return fault;
  }
}

const withDelay = (fault: { readonly type: string; readonly delayMs?: number }): DataObject =>
  fault.delayMs === undefined ? {} : { delayMs: fault.delayMs };
