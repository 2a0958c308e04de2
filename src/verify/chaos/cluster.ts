import type { NodeId } from '../../base/index.js';
import type { NodeStatus } from '../../wire/index.js';
import type { FaultTarget } from '../faults/index.js';

/** A cluster that chaos can break, and look at. */
export interface ChaosCluster extends FaultTarget {
  /** Who decides, and who leads, as far as is known just now. */
  known(): KnownCluster;
  /** Asks every member now. */
  census(): Promise<readonly NodeReport[]>;
}

export interface KnownCluster {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  readonly leader: NodeId | null;
}

export interface NodeReport {
  readonly node: NodeId;
  /** Of its process. */
  readonly state: string;
  /** What it said when it refused its data. */
  readonly refusal?: string | undefined;
  /** Null: it does not answer. */
  readonly status: NodeStatus | null;
}
