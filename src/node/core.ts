import type { Membership } from '../base/index.js';
import { RawNode } from '../raft/index.js';
import type { NodeDependencies } from './dependencies.js';
import { nodeLimits } from './limits.js';

/** What a leader holds in memory for a disk that does not answer, while its followers' disks do. */
const UNSYNCED_BYTES_MAX = 256 << 20;

/** The core, as this node configures and restores it. 1 tick = 1 ms. */
export function newRaft({ spec, random, recovered, store, limits }: NodeDependencies, membership: Membership): RawNode {
  const [electionTicksMin, electionTicksMax] = spec.electionTimeoutMs;
  const { appendBytesMax, inflightMessagesMax, inflightBytesMax, uncommittedBytesMax } = { ...nodeLimits, ...limits };
  return new RawNode({
    id: spec.id,
    membership,
    memberships: recovered.memberships.filter(({ index }) => index > store.appliedIndex),
    random,
    electionTicksMin,
    electionTicksMax,
    heartbeatTicks: spec.heartbeatMs,
    commitNewsTicks: 5,
    appendBytesMax,
    inflightMessagesMax,
    inflightBytesMax,
    uncommittedBytesMax,
    unsyncedBytesMax: UNSYNCED_BYTES_MAX,
    suspicion: { rankTicks: 10, extraTicks: 4, repeatTicks: 20 },
    restored: {
      hardState: recovered.hardState,
      before: recovered.before,
      runs: recovered.runs,
      lengths: recovered.lengths,
      applied: store.appliedIndex,
    },
  });
}
