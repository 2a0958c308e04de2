import type { Entry } from '../raft/entry.js';
import type { HardState } from '../raft/ready.js';
import {
  type EntriesToWrite,
  entriesToWrite,
  GENERATION_BYTES,
  hardStateBytes,
  SNAPSHOT_BYTES,
  type SnapshotRecord,
} from './wal-record.js';

/** What the caller wants durable, all of it or none. */
export interface WalAppend {
  readonly hardState?: HardState | undefined;
  /** Of the key-value environment that is current from here on. */
  readonly generation?: number | undefined;
  /** The log begins anew behind this: entries that follow are behind it. */
  readonly snapshot?: SnapshotRecord | undefined;
  readonly entries: readonly Entry[];
}

/** An append that waits for its batch. */
export interface QueuedAppend {
  readonly hardState: HardState | undefined;
  readonly generation: number | undefined;
  readonly snapshot: SnapshotRecord | undefined;
  readonly entries: EntriesToWrite | undefined;
  readonly records: number;
  readonly bytes: number;
  readonly done: () => void;
}

export function queuedAppend({ hardState, generation, snapshot, entries }: WalAppend, done: () => void): QueuedAppend {
  const toWrite = entries.length === 0 ? undefined : entriesToWrite(entries);
  let records = 0;
  let bytes = 0;
  if (hardState !== undefined) {
    records += 1;
    bytes += hardStateBytes(hardState);
  }
  if (generation !== undefined) {
    records += 1;
    bytes += GENERATION_BYTES;
  }
  if (snapshot !== undefined) {
    records += 1;
    bytes += SNAPSHOT_BYTES;
  }
  if (toWrite !== undefined) {
    records += 1;
    bytes += toWrite.bytes;
  }
  return { hardState, generation, snapshot, entries: toWrite, records, bytes, done };
}

/** The lowest entry that it writes, and so may replace; a snapshot replaces all. Infinity when it writes none. */
export function firstReplacedBy({ snapshot, entries }: QueuedAppend): number {
  return snapshot !== undefined ? 1 : (entries?.first ?? Number.POSITIVE_INFINITY);
}

/** Appends in order, waiting for the disk. */
export class AppendQueue {
  #appends: QueuedAppend[] = [];

  push(append: QueuedAppend): void {
    this.#appends.push(append);
  }

  get first(): QueuedAppend | undefined {
    return this.#appends[0];
  }

  /** The lowest entry that a waiting append writes, and so may replace; Infinity when none writes any. */
  get firstEntry(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const append of this.#appends) lowest = Math.min(lowest, firstReplacedBy(append));
    return lowest;
  }

  /** Removes as many appends as have `bytesMax` together, but at least one. */
  take(bytesMax: number): QueuedAppend[] {
    const appends = this.#appends;
    let bytes = 0;
    let count = 0;
    while (count < appends.length && (count === 0 || bytes + appends[count]!.bytes <= bytesMax)) {
      bytes += appends[count]!.bytes;
      count += 1;
    }
    if (count < appends.length) return appends.splice(0, count);
    this.#appends = [];
    return appends;
  }

  clear(): void {
    this.#appends = [];
  }
}
