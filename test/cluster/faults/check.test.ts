import { describe, expect, it } from 'vitest';
import { asNodeId, type Membership, RaftctlError } from '../../../src/base/index.js';
import { checkFault } from '../../../src/cluster/faults/check.js';
import { type ClusterFault, faultText } from '../../../src/cluster/faults/fault.js';
import { cut, flaky, isolate, membershipOf, one, partition, slow, three, two } from './cast.js';

const MEMBERS: Membership = {
  ...membershipOf([one, two, three]),
  former: [{ id: asNodeId('node-04'), incarnation: 1 }],
};

function refusalOf(fault: ClusterFault, members = MEMBERS): string {
  try {
    checkFault(fault, members);
  } catch (thrown) {
    if (thrown instanceof RaftctlError) return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
  return 'none';
}

const [unknown, gone] = [asNodeId('node-9'), asNodeId('node-04')];
const slowDisk = (delayMs: number): ClusterFault => ({ type: 'disk', node: one, fault: { type: 'slow', delayMs } });

it.each([
  ["no-such-node: no node 'node-9'", isolate(unknown)],
  ["no-such-node: no node 'node-9'", cut(one, unknown)],
  ["no-such-node: no node 'node-9'", partition([one], [unknown])],
  ['no-such-node: node-04 has left the cluster', isolate(gone)],
  ['usage: partition: expected a node in each group, got an empty one', partition([one], [])],
  ['usage: partition: expected a node in each group, got an empty one', partition()],
  ['usage: partition: node-01 is named twice: a node is in one group', partition([one, two], [one])],
  ['usage: partition: node-01 is named twice: a node is in one group', partition([one, one])],
  [
    'usage: partition: expected two groups, got one of all nodes (node-01, node-02, node-03)',
    partition([one, two, three]),
  ],
  [
    'usage: partition: all nodes are named, so clients',
    { type: 'partition', groups: [[one], [two, three]], clients: true },
  ],
  ['usage: cut: expected two nodes, got node-01 twice', cut(one, one)],
  ['usage: slow: expected a delay of more than 0ms and at most 1m, got 0ms', slow(one, 0)],
  ['usage: slow: expected a delay of more than 0ms and at most 1m, got -5ms', slow(one, -5)],
  ['usage: slow: expected a delay of more than 0ms and at most 1m, got 60001ms', slow(one, 60_001)],
  ['usage: slow: expected a jitter of at most the delay, 50ms, got 51ms', slow(one, 50, 51)],
  ['usage: slow: expected a jitter of at most the delay, 50ms, got -1ms', slow(one, 50, -1)],
  ['usage: flaky: expected a share of more than 0% and at most 100%, got 0%', flaky(one, 0)],
  ['usage: flaky: expected a share of more than 0% and at most 100%, got 101%', flaky(one, 1.01)],
  ['usage: flaky: expected a share of more than 0% and at most 100%, got NaN%', flaky(one, Number.NaN)],
  ['usage: disk: expected a delay of more than 0ms', slowDisk(0)],
] satisfies readonly (readonly [string, ClusterFault])[])('%s', (refusal, fault) => {
  expect(refusalOf(fault)).toContain(refusal);
});

describe('a fault that could be', () => {
  it.each([
    partition([one]),
    partition([one], [two], [three]),
    { type: 'partition', groups: [[one]], clients: true },
    isolate(two),
    cut(one, two),
    slow(one, 60_000, 60_000),
    flaky(one, 1),
    slowDisk(0.5),
  ] satisfies readonly ClusterFault[])('is none to refuse: $type', (fault) => expect(refusalOf(fault)).toBe('none'));

  it('is not the isolation of an only node, but from clients it is', () => {
    const alone = membershipOf([one]);
    expect(refusalOf(isolate(one), alone)).toContain('usage: isolate: node-01 is the only node');
    expect(refusalOf({ type: 'isolate', node: one, clients: true }, alone)).toBe('none');
  });

  it('is not a slow or lossy link of an only node: it has none', () => {
    const alone = membershipOf([one]);
    expect(refusalOf(slow(one, 100, 0), alone)).toContain('usage: slow: node-01 is the only node');
    expect(refusalOf(flaky(one, 0.1), alone)).toContain('usage: flaky: node-01 is the only node');
  });
});

it('a fault is called by the command that makes it', () => {
  const faults: readonly ClusterFault[] = [
    { type: 'partition', groups: [[one, two], [three]], clients: true },
    { type: 'isolate', node: one, clients: true },
    flaky(one, 0.005),
    slowDisk(200),
  ];
  expect(faults.map(faultText)).toEqual([
    'partition node-01,node-02 node-03 --clients',
    'isolate node-01 --clients',
    'flaky node-01 0.5%',
    'disk node-01 slow 200ms',
  ]);
});
