import type { Level, NodeId } from '../base/index.js';
import type { NodeConfig } from './config/nodes.js';

/** What a node process is told, as one JSON document in this variable of its environment. */
export const NODE_SPEC_VARIABLE = 'RAFTCTL_NODE';

export interface NodeSpec {
  readonly cluster: string;
  readonly clusterId: string;
  readonly id: NodeId;
  /** Rises when a member is replaced under the same name. */
  readonly incarnation: number;
  readonly members: readonly NodeConfig[];
  readonly directory: string;
  /** false: it has run before, so that an empty directory means lost votes: it must refuse (Diss. §3.8). */
  readonly mayCreate: boolean;
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: readonly [min: number, max: number];
  readonly maxValueBytes: number;
  readonly logLevel: Level;
}

/** How a node process ends by itself. */
export const NODE_EXIT = { ok: 0, dataRefused: 10, diskFailed: 11, portTaken: 12 } as const;
