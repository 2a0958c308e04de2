import { asNodeId, type Membership } from '../base/index.js';
import type { RawNode } from '../raft/index.js';
import type { FollowerStatus, NodeStatus } from '../wire/index.js';
import type { NodeDependencies } from './dependencies.js';
import type { Peers } from './peers.js';
import type { OutgoingSnapshots } from './snapshots/outgoing.js';

/** What the node says of itself, read at this moment. */
export function statusOf(
  { spec, instance, process, store, recorder, clock, faults }: NodeDependencies,
  raft: RawNode,
  membership: Membership,
  peers: Peers,
  snapshots: OutgoingSnapshots,
  connections: number,
  startedAt: number,
): NodeStatus {
  const { role, term, leader, commitIndex, lastIndex, firstIndex, persistedIndex } = raft;
  return {
    node: spec.id,
    instance,
    pid: process.pid,
    version: process.version,
    dataVersion: store.dataVersion,
    clusterVersion: store.clusterVersion,
    sessions: store.sessions.count,
    role,
    term,
    leader,
    commitIndex,
    appliedIndex: store.appliedIndex,
    lastIndex,
    firstIndex,
    persistedIndex,
    flushedIndex: store.flushedIndex,
    revision: store.revision,
    state: { keys: store.sum.keys, ...store.point(), past: store.pastPoints() },
    uptimeMs: clock.now() - startedAt,
    memory: process.memory(),
    cpuMs: process.cpuMs(),
    links: peers.states().map(({ peer, state }) => ({
      peer,
      state: state.type,
      ...(state.type === 'broken' && { error: state.error.message }),
    })),
    membership,
    followers: followersOf(raft, snapshots),
    connections,
    level: recorder.level,
    faults: faults.inForce,
  };
}

function followersOf(raft: RawNode, snapshots: OutgoingSnapshots): readonly FollowerStatus[] | undefined {
  const { progress } = raft.status();
  if (progress === undefined) return undefined;
  return Object.entries(progress).map(([name, { match, active }]) => {
    const peer = asNodeId(name);
    const snapshot = snapshots.progressOf(peer);
    return { peer, match, active, ...(snapshot && { snapshot }) };
  });
}
