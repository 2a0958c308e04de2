import type { Clock, Emit, Membership, RaftctlError, Scheduler } from '../base/index.js';
import type { Backend } from './backend.js';
import type { DataVersion } from './data-version.js';

/** `storeDefaults` has what is left out. */
export interface KvStoreOptions {
  /** A flush is due when the active memtable takes this much memory. */
  readonly flushBytes?: number;
  /** A flush is due this long after the first change that is not flushed. */
  readonly flushMs?: number;
  /** A flush is due when so many entries are not flushed: a start applies them again. */
  readonly flushEntries?: number;
  /** Memory for the events of past revisions. */
  readonly historyBytes?: number;
  /** A state of more keys is verified while the node runs already. */
  readonly verifyKeysMax?: number;
  /** What this store understands. Default: what this raftctl does. */
  readonly data?: DataVersion | undefined;
  /** The state cannot be written any more: the node has to end. Called once. */
  readonly onFatal: (error: RaftctlError) => void;
}

export interface KvStoreDependencies {
  readonly backend: Backend;
  /** Who the cluster begins with; what was decided since is in the state. Addresses are always taken from here. */
  readonly bootstrap: Membership;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly options: KvStoreOptions;
}

/** What a store does that is told nothing else. */
export const storeDefaults = {
  flushBytes: 8 << 20,
  flushMs: 5_000,
  flushEntries: 100_000,
  historyBytes: 64 << 20,
  /** Read in 0.2 s. */
  verifyKeysMax: 100_000,
} satisfies Partial<KvStoreOptions>;
