import type { Clock, RaftctlError, Random, Scheduler } from '../base/index.js';
import type { EventRecorder } from '../diagnostics/index.js';
import type { Backend, DataVersion } from '../kv/index.js';
import type { FileSystem, WalOptions } from '../storage/index.js';
import type { Transport } from '../transport/index.js';
import type { ProcessFacts } from './dependencies.js';
import type { NodeLimits } from './limits.js';

/** The world a node runs in. */
export interface NodeWorld {
  readonly fileSystem: FileSystem;
  readonly transport: Transport;
  /** Opens the state machine's backend in that directory. */
  readonly backend: (directory: string) => Backend;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly process: ProcessFacts;
  readonly instance: string;
  /** What the node understands; a simulation of two versions hands in an older one. Default: all there is. */
  readonly data?: DataVersion;
  /** The cluster's, 32 bytes: peers and admin must know it. Without it their names are believed. */
  readonly secret?: Uint8Array | undefined;
  readonly onStop: () => void;
  readonly onFatal: (error: unknown) => void;
  /** The node is no member any more: it has nothing left to do, and is to be stopped. Absent: `onFatal`. */
  readonly onRemoved?: ((error: RaftctlError) => void) | undefined;
  readonly walOptions?: Partial<WalOptions>;
  readonly limits?: Partial<NodeLimits>;
}
