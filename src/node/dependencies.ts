import type { Clock, RaftctlError, Random, Scheduler } from '../base/index.js';
import type { EventRecorder } from '../diagnostics/index.js';
import type { Backend, KvStore } from '../kv/index.js';
import type { DataDirectory, FileSystem, Recovered, Wal } from '../storage/index.js';
import type { Transport } from '../transport/index.js';
import type { NodeSpec } from '../wire/index.js';
import type { Faults } from './faults.js';
import type { NodeLimits } from './limits.js';
import type { Sightings } from './sightings.js';

/** Everything a node stands on: real in a process, simulated in a simulator. */
export interface NodeDependencies {
  readonly spec: NodeSpec;
  /** Drawn by each process; tells it from the one before. */
  readonly instance: string;
  /** The cluster's, 32 bytes: peers and admin must know it. Without it their names are believed. */
  readonly secret?: Uint8Array | undefined;
  readonly transport: Transport;
  readonly faults: Faults;
  readonly fileSystem: FileSystem;
  readonly data: DataDirectory;
  /** Opens a state's backend in that directory. */
  readonly backend: (directory: string) => Backend;
  readonly wal: Wal;
  readonly recovered: Recovered;
  readonly store: KvStore;
  readonly sightings: Sightings;
  /** Of the store's state. */
  readonly generation: number;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly process: ProcessFacts;
  /** What is left out is as `nodeLimits` says. */
  readonly limits?: Partial<NodeLimits>;
  /** Somebody asked this node to stop. */
  readonly onStop: () => void;
  /** The node cannot go on. */
  readonly onFatal: (error: unknown) => void;
  /** The node is no member any more: it has nothing left to do, and is to be stopped. */
  readonly onRemoved: (error: RaftctlError) => void;
}

/** What a node tells of its process. */
export interface ProcessFacts {
  readonly pid: number;
  readonly version: string;
  memory(): { readonly rss: number; readonly heapUsed: number; readonly external: number };
  cpuMs(): number;
}
