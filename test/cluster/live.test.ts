import { describe, expect, it } from 'vitest';
import { asNodeId, type NodeId } from '../../src/base/index.js';
import type { ProcessStateName } from '../../src/cluster/index.js';
import { LiveTracker } from '../../src/cluster/live.js';
import type { MergedEvent } from '../../src/diagnostics/index.js';
import { membershipOf } from '../helpers/membership.js';

const [one, two, three] = ['node-01', 'node-02', 'node-03'].map(asNodeId) as [NodeId, NodeId, NodeId];

function newTracker() {
  const states = new Map<NodeId, ProcessStateName>([one, two, three].map((id) => [id, 'running']));
  const tracker = new LiveTracker({
    membership: () => membershipOf(one, two, three),
    stateOf: (id) => states.get(id)!,
    faults: () => [],
  });
  let changes = 0;
  tracker.onChange(() => {
    changes += 1;
  });
  return {
    tracker,
    changes: () => changes,
    becomes: (node: NodeId, to: string, term: number) => tracker.rolesChanged([roleChanged(node, to, term)]),
    process: (node: NodeId, state: ProcessStateName) => {
      states.set(node, state);
      const alive = state === 'running' || state === 'paused' || state === 'starting';
      tracker.processChanged(node, alive, state === 'starting');
    },
  };
}

const roleChanged = (node: NodeId, to: string, term: number): MergedEvent => ({
  position: 1,
  node,
  instance: 'i',
  sequence: 1,
  component: 'raft',
  level: 'info',
  event: 'role-changed',
  fields: { from: 'candidate', to, term },
  wall: 0,
  time: 0,
});

describe('what is known live', () => {
  it('follows the membership, in its order', () => {
    let membership = membershipOf(one, two);
    const tracker = new LiveTracker({ membership: () => membership, stateOf: () => 'running', faults: () => [] });
    expect(tracker.live).toMatchObject({ up: 2, total: 2, membership });
    membership = membershipOf(three, two, one);
    tracker.processChanged(three, true, true);
    expect(tracker.live).toMatchObject({ up: 3, total: 3, membership });
    expect([...tracker.live.states.keys()]).toEqual([three, two, one]);
  });

  it('begins without a leader, in term 0, and counts who runs', () => {
    const { tracker, process } = newTracker();
    process(three, 'crashed');
    expect(tracker.live).toMatchObject({ leader: null, term: 0, up: 2, total: 3 });
    expect([...tracker.live.states]).toEqual([
      [one, 'running'],
      [two, 'running'],
      [three, 'crashed'],
    ]);
  });

  it('follows the leader from term to term, whatever an old one still believes', () => {
    const { tracker, becomes, changes } = newTracker();
    becomes(one, 'leader', 3);
    expect(tracker.live).toMatchObject({ leader: one, term: 3 });
    becomes(two, 'candidate', 4);
    expect(tracker.live).toMatchObject({ leader: one, term: 4 });
    becomes(two, 'leader', 4);
    expect(tracker.live).toMatchObject({ leader: two, term: 4 });
    expect(changes()).toBe(3);
    becomes(two, 'follower', 5);
    becomes(one, 'follower', 5);
    expect(tracker.live).toMatchObject({ leader: null, term: 5 });
  });

  it.each(['paused', 'stopped', 'crashed', 'stopping'] as const)('knows no leader once its process is %s', (state) => {
    const { tracker, becomes, process } = newTracker();
    becomes(one, 'leader', 3);
    process(one, state);
    expect(tracker.live).toMatchObject({ leader: null, term: 3, up: 2 });
  });

  it('takes a resumed leader for one again until another is elected', () => {
    const { tracker, becomes, process } = newTracker();
    becomes(one, 'leader', 3);
    process(one, 'paused');
    process(one, 'running');
    expect(tracker.live.leader).toBe(one);
    expect(tracker.roleOf(one)).toBe('leader');
  });

  it('forgets the role of a process that was replaced', () => {
    const { tracker, becomes, process } = newTracker();
    becomes(one, 'leader', 3);
    process(one, 'starting');
    expect(tracker.roleOf(one)).toBeNull();
    process(one, 'running');
    expect([tracker.live.leader, tracker.roleOf(one), tracker.termOf(one)]).toEqual([null, 'follower', 3]);
  });

  it('ignores events that are not what they should be', () => {
    const { tracker } = newTracker();
    const event = roleChanged(one, 'leader', 3);
    tracker.rolesChanged([
      { ...event, event: 'vote-granted' },
      { ...event, fields: { to: 'king', term: 3 } },
      { ...event, fields: { to: 'leader' } },
      { ...event, node: 'supervisor' },
    ]);
    expect(tracker.live).toMatchObject({ leader: null, term: 0 });
  });
});
