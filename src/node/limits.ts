import { RawNode } from '../raft/index.js';
import type { ConnectionRole } from '../transport/index.js';
import type { NodeDependencies } from './dependencies.js';
import type { NodeSpec } from './spec.js';

/** Every bound of a node that cluster.yaml does not set. */
export const MAX_KEY_BYTES = 1_024;
export const CACHE_BYTES_MAX = 16 << 20;
export const MAX_CONNECTIONS = 4_096;
/** What may pile up for one connection that does not read. */
export const MAX_QUEUED_BYTES = 64 << 20;
export const HANDSHAKE_TIMEOUT_MS = 3_000;
/** How often calls are checked against their deadlines, while any wait. */
export const SWEEP_MS = 50;
export const APPLY_ENTRIES_MAX = 4_096;

const APPEND_BYTES_MAX = 1 << 20;
const FRAME_SLACK_BYTES = 1 << 20;

/** The largest frame of a role: a value and its surroundings; for a peer a whole append. */
export function frameBytesMax({ maxValueBytes }: NodeSpec, role: ConnectionRole): number {
  const largest = role === 'peer' ? Math.max(maxValueBytes, APPEND_BYTES_MAX) : maxValueBytes;
  return largest + FRAME_SLACK_BYTES;
}

/** The core, as this node configures and restores it. 1 tick = 1 ms. */
export function newRaft({ spec, random, recovered, store }: NodeDependencies): RawNode {
  const [electionTicksMin, electionTicksMax] = spec.electionTimeoutMs;
  return new RawNode({
    id: spec.id,
    membership: { voters: spec.members.map((member) => member.id) },
    random,
    electionTicksMin,
    electionTicksMax,
    heartbeatTicks: spec.heartbeatMs,
    appendBytesMax: APPEND_BYTES_MAX,
    inflightMessagesMax: 64,
    inflightBytesMax: 8 << 20,
    uncommittedBytesMax: 64 << 20,
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
