import { asIndex, type LogIndex } from '../base/index.js';
import { type KvStore, SNAPSHOT_VERSION } from '../kv/index.js';
import type { RawNode } from '../raft/index.js';
import type { Wal } from '../storage/index.js';

interface TrimmerOptions {
  readonly raft: Pick<RawNode, 'status' | 'compacted' | 'firstIndex'>;
  readonly store: Pick<KvStore, 'provenIndex' | 'flushedIndex' | 'appliedIndex' | 'clusterVersion' | 'flush'>;
  readonly wal: Pick<Wal, 'trim' | 'bytes'>;
  /** So much of the log stays in any case. */
  readonly keepBytes: number;
  /** Where snapshots on their way begin: whoever gets one goes on from there. */
  readonly neededFrom: () => number;
}

/**
 * A log so many times as long asks for a flush: the state coalesces what is written to the same keys, and would wait
 * for long. Two flushes later what the first one had is proven, and goes.
 */
const LONG = 2;
/** For followers that are there the log may grow to so many times what stays in any case. */
const PATIENCE = 4;

/**
 * Trims the log behind what the state machine is sure to come back with. A leader is patient with followers that answer
 * and are behind, and with those that a snapshot is on its way to, as far as the disk allows: what they need next would
 * go from under them, and they would need another snapshot.
 */
export class Trimmer {
  readonly #options: TrimmerOptions;
  #provenIndex = asIndex(0);
  /** What was flushed when it was last asked for a flush. */
  #askedAt = -1;

  constructor(options: TrimmerOptions) {
    this.#options = options;
  }

  /** Once a turn: after each flush there may be something to trim. */
  run(): void {
    const { raft, store, wal, keepBytes } = this.#options;
    const { provenIndex } = store;
    // Who would need a snapshot has to know what that is.
    if (store.clusterVersion < SNAPSHOT_VERSION) return;
    if (wal.bytes > LONG * keepBytes) this.#askForFlush();
    if (provenIndex === this.#provenIndex) return;
    this.#provenIndex = provenIndex;
    const isLong = wal.bytes > PATIENCE * keepBytes;
    const trimmedTo = wal.trim(isLong ? provenIndex : this.#neededBy(provenIndex), keepBytes);
    if (trimmedTo >= raft.firstIndex) raft.compacted(trimmedTo);
  }

  /** Once for each flush: the next one is asked for when this one is done. */
  #askForFlush(): void {
    const { store } = this.#options;
    const { flushedIndex } = store;
    if (this.#askedAt === flushedIndex || flushedIndex === store.appliedIndex) return;
    this.#askedAt = flushedIndex;
    // A flush that fails ends the node, whoever asked for it.
    store.flush().catch(() => {});
  }

  #neededBy(provenIndex: LogIndex): LogIndex {
    let upTo: number = Math.min(provenIndex, this.#options.neededFrom());
    for (const { active, match, state } of Object.values(this.#options.raft.status().progress ?? {})) {
      if (active && state !== 'snapshot') upTo = Math.min(upTo, match);
    }
    return asIndex(upTo);
  }
}
