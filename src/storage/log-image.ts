import { asIndex, type LogIndex, type Term } from '../base/index.js';
import { ENTRY_TYPES, type LoggedMembership, membershipIn, RECORD_HEADER_BYTES } from '../raft/entry.js';
import type { HardState } from '../raft/ready.js';
import { EntryIndex } from './entry-index.js';
import type { SegmentHeader } from './segment-header.js';
import type { EntriesHead, RecordVisitor, SnapshotRecord } from './wal-record.js';

/** Of the type in a record. */
const TYPE_AT = 8;

/** What the batches read so far add up to: the state of the log that recovery hands out. */
export class LogImage implements RecordVisitor {
  readonly index: EntryIndex;
  currentHardState: HardState;
  currentGeneration: number;
  #lengths = new Uint32Array(1024);
  #segment = 0;
  #offsetOfBytes = 0;
  #memberships: LoggedMembership[] = [];

  constructor(first: SegmentHeader) {
    this.index = new EntryIndex(first.before);
    this.currentHardState = first.hardState;
    this.currentGeneration = first.generation;
  }

  get before(): { readonly index: LogIndex; readonly term: Term } {
    const { index, term } = this.index.before;
    return { index: asIndex(index), term };
  }

  /** The record length of each kept entry. */
  get lengths(): Uint32Array {
    return this.#lengths.slice(0, this.index.last - this.index.before.index);
  }

  /** Those that stand in entries of the log, in order. */
  get memberships(): readonly LoggedMembership[] {
    return this.#memberships;
  }

  /** Says where the records of the next batch lie: index 0 of their buffer is `offsetOfBytes` of the segment. */
  beginBatch(segment: number, offsetOfBytes: number): void {
    this.#segment = segment;
    this.#offsetOfBytes = offsetOfBytes;
  }

  hardState(state: HardState): void {
    this.currentHardState = state;
  }

  generation(generation: number): void {
    this.currentGeneration = generation;
  }

  snapshot({ index, term, generation }: SnapshotRecord): void {
    this.index.restart({ index, term });
    this.#memberships = [];
    this.currentGeneration = generation;
  }

  entries({ first, termBefore, count, runs }: EntriesHead, bytes: Buffer, at: number): string | undefined {
    const { index } = this;
    if (first > index.last + 1) return `entry ${first} follows entry ${index.last}`;
    if (first - 1 >= index.before.index) {
      const known = index.termAt(first - 1);
      if (known !== termBefore)
        return `entry ${first - 1} is of term ${known}, but the record after it says ${termBefore}`;
    }
    index.truncate(first, termBefore);
    this.#memberships = this.#memberships.filter((logged) => logged.index < first);
    const from = index.last - index.before.index;
    this.#makeRoom(from + count);
    let next = at;
    for (let i = 0; i < count; i += 1) {
      const length = RECORD_HEADER_BYTES + bytes.readUInt32LE(next);
      this.#lengths[from + i] = length;
      if (bytes[next + TYPE_AT] === ENTRY_TYPES.membership) this.#keepMembership(first + i, bytes, next, length);
      next += length;
    }
    index.add(runs, this.#segment, this.#offsetOfBytes + at, (i) => this.#lengths[from + i]!);
    return undefined;
  }

  /** Its checksum was verified with its batch's. */
  #keepMembership(index: number, bytes: Buffer, at: number, length: number): void {
    const record = { type: ENTRY_TYPES.membership, bytes, at, length };
    this.#memberships.push({ index: asIndex(index), membership: membershipIn(record, index) });
  }

  #makeRoom(count: number): void {
    if (count <= this.#lengths.length) return;
    const lengths = new Uint32Array(Math.max(count, this.#lengths.length * 2));
    lengths.set(this.#lengths);
    this.#lengths = lengths;
  }
}
