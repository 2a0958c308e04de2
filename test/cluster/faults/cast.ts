import { asNodeId, type Membership, type NodeId, votersOnly } from '../../../src/base/index.js';
import type { ClusterFault, FaultRule } from '../../../src/cluster/faults/fault.js';
import { type FaultRules, withRule } from '../../../src/cluster/faults/rules.js';

export const [one, two, three, four, five] = ['node-01', 'node-02', 'node-03', 'node-04', 'node-05'].map(asNodeId) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
export const FIVE = [one, two, three, four, five];

/** All of them vote. */
export const membershipOf = (ids: readonly NodeId[]): Membership => ({
  ...votersOnly(ids),
  members: ids.map((id) => ({ id, incarnation: 1, host: '127.0.0.1', port: 1 })),
});

export const ruleOf = (fault: ClusterFault, id = 1): FaultRule => ({ id, fault, at: id * 1_000, wall: id * 1_000 });

/** One after the other. */
export const rulesOf = (...faults: readonly ClusterFault[]): FaultRules =>
  faults.reduce<FaultRules>((rules, fault, nth) => withRule(rules, ruleOf(fault, nth + 1)).rules, []);

export const partition = (...groups: readonly (readonly NodeId[])[]): ClusterFault => ({ type: 'partition', groups });
export const isolate = (node: NodeId): ClusterFault => ({ type: 'isolate', node });
export const cut = (from: NodeId, to: NodeId): ClusterFault => ({ type: 'cut', from, to });
export const slow = (node: NodeId, delayMs: number, jitterMs = 0): ClusterFault => ({
  type: 'slow',
  node,
  delayMs,
  jitterMs,
});
export const flaky = (node: NodeId, lossRate: number): ClusterFault => ({ type: 'flaky', node, lossRate });
export const fullDisk = (node: NodeId): ClusterFault => ({ type: 'disk', node, fault: { type: 'full' } });
