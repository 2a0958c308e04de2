import type { BinaryKey } from './key.js';
import type { VersionCursor } from './stored-versions.js';
import { type MutableVersion, newVersion, type Version } from './version.js';

/**
 * What a key costs besides its bytes: the version object, its Map slot and string, LMDB's dirty page share. Counted,
 * so that many small values bound the memory of a memtable as few large ones do.
 */
const KEY_OVERHEAD_BYTES = 128;

/**
 * A value is kept where its entry arrived. Neighbours arrive in one buffer, so what is retained is about the log of
 * one flush interval; but a small value must not pin a huge buffer (a read of the log after a restart).
 */
const PINNED_BUFFER_BYTES_MAX = 1 << 20;
const PINNED_BUFFER_FACTOR_MAX = 4;

/** The last version of each key that was written between two flushes, tombstones included. */
export class Memtable {
  readonly #versions = new Map<BinaryKey, MutableVersion>();
  /** Built when first asked for; keys that came since wait in `#unsorted`. */
  #sorted: BinaryKey[] | undefined;
  #unsorted: BinaryKey[] = [];
  #keyBytes = 0;
  #valueBytes = 0;

  get keys(): number {
    return this.#versions.size;
  }

  /** Bytes of all keys and values. */
  get payloadBytes(): number {
    return this.#keyBytes + this.#valueBytes;
  }

  /** What the memtable costs in memory, roughly. */
  get bytes(): number {
    return this.payloadBytes + this.#versions.size * KEY_OVERHEAD_BYTES;
  }

  get(key: BinaryKey): Version | undefined {
    return this.#versions.get(key);
  }

  /** Copies what `next` says; a tombstone hides what lies below. `held` is what `get` answers, for who has asked already. */
  set(key: BinaryKey, next: Version, held = this.get(key)): void {
    const version: MutableVersion = held ?? this.#add(key);
    const length = next.end - next.start;
    this.#valueBytes += length - (version.end - version.start);
    if (pinsTooMuch(next.bytes, length)) {
      version.bytes = Buffer.from(next.bytes.subarray(next.start, next.end));
      version.start = 0;
      version.end = length;
    } else {
      version.bytes = next.bytes;
      version.start = next.start;
      version.end = next.end;
    }
    version.createRevision = next.createRevision;
    version.modRevision = next.modRevision;
    version.subRevision = next.subRevision;
    version.version = next.version;
    version.lease = next.lease;
    version.checksum = next.checksum;
  }

  entries(): MapIterator<[BinaryKey, Version]> {
    return this.#versions.entries();
  }

  range(from: BinaryKey, before: BinaryKey | undefined): VersionCursor {
    return new MemtableCursor(this, this.#sortedKeys(), from, before);
  }

  #add(key: BinaryKey): MutableVersion {
    const version = newVersion();
    this.#versions.set(key, version);
    this.#keyBytes += key.length;
    if (this.#sorted !== undefined) this.#unsorted.push(key);
    return version;
  }

  #sortedKeys(): readonly BinaryKey[] {
    if (this.#sorted === undefined) {
      this.#sorted = [...this.#versions.keys()].sort();
    } else if (this.#unsorted.length > 0) {
      this.#sorted = mergeSorted(this.#sorted, this.#unsorted.sort());
      this.#unsorted = [];
    }
    return this.#sorted;
  }
}

const pinsTooMuch = (bytes: Buffer, length: number): boolean =>
  bytes.buffer.byteLength > PINNED_BUFFER_BYTES_MAX && bytes.buffer.byteLength > PINNED_BUFFER_FACTOR_MAX * length;

/** Two ascending lists without common members, as one. */
function mergeSorted(left: readonly BinaryKey[], right: readonly BinaryKey[]): BinaryKey[] {
  const merged: BinaryKey[] = [];
  let nextLeft = 0;
  let nextRight = 0;
  while (nextLeft < left.length && nextRight < right.length) {
    if (left[nextLeft]! < right[nextRight]!) merged.push(left[nextLeft++]!);
    else merged.push(right[nextRight++]!);
  }
  while (nextLeft < left.length) merged.push(left[nextLeft++]!);
  while (nextRight < right.length) merged.push(right[nextRight++]!);
  return merged;
}

/** The index of the first key that is not below `key`. */
function lowerBound(keys: readonly BinaryKey[], key: BinaryKey): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

class MemtableCursor implements VersionCursor {
  readonly #memtable: Memtable;
  readonly #keys: readonly BinaryKey[];
  readonly #end: number;
  #next: number;

  constructor(memtable: Memtable, keys: readonly BinaryKey[], from: BinaryKey, before: BinaryKey | undefined) {
    this.#memtable = memtable;
    this.#keys = keys;
    this.#next = lowerBound(keys, from);
    this.#end = before === undefined ? keys.length : lowerBound(keys, before);
  }

  get key(): BinaryKey | undefined {
    return this.#next < this.#end ? this.#keys[this.#next] : undefined;
  }

  get version(): Version {
    return this.#memtable.get(this.#keys[this.#next]!)!;
  }

  advance(): void {
    this.#next += 1;
  }

  close(): void {}
}
