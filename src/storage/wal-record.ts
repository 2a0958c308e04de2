import { asIndex, asNodeId, assert, asTerm, type LogIndex, type Term } from '../base/index.js';
import { type Entry, RECORD_HEADER_BYTES, recordSlices, type TermRun, termRuns } from '../raft/entry.js';
import type { HardState } from '../raft/ready.js';
import { readU64, writeU64 } from './bytes.js';

/**
 * What a batch consists of: `u32 bytes of payload | u8 type | payload`, little-endian.
 *
 *     1 entries      u64 first index | u64 term of the entry before it | u32 count | u16 runs
 *                    | (u64 term, u32 count) per run | the entries' records, verbatim
 *     2 hard state   u64 current term | u16 bytes of the vote (0: none) | the vote, UTF-8
 *     3 generation   u64 generation of the key-value environment that is current from here on
 *     4 snapshot     u64 index | u64 its term | u64 generation: the log begins anew behind that entry, and the state as of
 *                    it is in that environment
 *
 * An entries record whose first index is not beyond the end of the log truncates the log there first (§5.3).
 */
const RECORD_TYPES = { entries: 1, hardState: 2, generation: 3, snapshot: 4 } as const;

const WAL_RECORD_HEADER_BYTES = 5;
const ENTRIES_FIXED_BYTES = 22;
const RUN_BYTES = 12;
const RUNS_MAX = 0xffff;

/** Entries on their way into a batch: everything about them that can be worked out while the disk is busy. */
export interface EntriesToWrite {
  readonly entries: readonly Entry[];
  readonly first: LogIndex;
  readonly last: LogIndex;
  readonly runs: readonly TermRun[];
  readonly slices: readonly Buffer[];
  /** Bytes of the whole record. */
  readonly bytes: number;
}

export function entriesToWrite(entries: readonly Entry[]): EntriesToWrite {
  const first = entries[0]!.index;
  const last = entries.at(-1)!.index;
  assert(last - first === entries.length - 1, () => `${entries.length} entries do not run from ${first} to ${last}`);
  const runs = termRuns(entries);
  assert(runs.length <= RUNS_MAX, () => `${runs.length} terms in one append`);
  const slices = recordSlices(entries);
  let bytes = entriesHeadBytes(runs.length);
  for (const slice of slices) bytes += slice.length;
  return { entries, first, last, runs, slices, bytes };
}

/** Bytes of an entries record before the first entry. */
export const entriesHeadBytes = (runs: number): number =>
  WAL_RECORD_HEADER_BYTES + ENTRIES_FIXED_BYTES + RUN_BYTES * runs;

/** Writes the record at `at`; answers where it ends. */
export function writeEntries(target: Buffer, at: number, entries: EntriesToWrite, termBefore: Term): number {
  let next = writeRecordHeader(target, at, RECORD_TYPES.entries, entries.bytes - WAL_RECORD_HEADER_BYTES);
  writeU64(target, entries.first, next);
  writeU64(target, termBefore, next + 8);
  target.writeUInt32LE(entries.entries.length, next + 16);
  target.writeUInt16LE(entries.runs.length, next + 20);
  next += ENTRIES_FIXED_BYTES;
  for (const { term, count } of entries.runs) {
    writeU64(target, term, next);
    target.writeUInt32LE(count, next + 8);
    next += RUN_BYTES;
  }
  for (const slice of entries.slices) {
    target.set(slice, next);
    next += slice.length;
  }
  return next;
}

export const hardStateBytes = (state: HardState): number =>
  WAL_RECORD_HEADER_BYTES + 10 + (state.votedFor === null ? 0 : Buffer.byteLength(state.votedFor));

export function writeHardState(target: Buffer, at: number, state: HardState): number {
  const voteBytes = hardStateBytes(state) - WAL_RECORD_HEADER_BYTES - 10;
  const next = writeRecordHeader(target, at, RECORD_TYPES.hardState, 10 + voteBytes);
  writeU64(target, state.currentTerm, next);
  target.writeUInt16LE(voteBytes, next + 8);
  if (state.votedFor !== null) target.write(state.votedFor, next + 10, 'utf8');
  return next + 10 + voteBytes;
}

export const GENERATION_BYTES = WAL_RECORD_HEADER_BYTES + 8;

export function writeGeneration(target: Buffer, at: number, generation: number): number {
  const next = writeRecordHeader(target, at, RECORD_TYPES.generation, 8);
  writeU64(target, generation, next);
  return next + 8;
}

export const SNAPSHOT_BYTES = WAL_RECORD_HEADER_BYTES + 24;

export function writeSnapshot(target: Buffer, at: number, { index, term, generation }: SnapshotRecord): number {
  const next = writeRecordHeader(target, at, RECORD_TYPES.snapshot, 24);
  writeU64(target, index, next);
  writeU64(target, term, next + 8);
  writeU64(target, generation, next + 16);
  return next + 24;
}

function writeRecordHeader(target: Buffer, at: number, type: number, payloadBytes: number): number {
  target.writeUInt32LE(payloadBytes, at);
  target[at + 4] = type;
  return at + WAL_RECORD_HEADER_BYTES;
}

/** The log begins behind (index, term), with the state of that environment. */
export interface SnapshotRecord {
  readonly index: LogIndex;
  readonly term: Term;
  readonly generation: number;
}

/** What recovery learns from a batch, in order. Each returns what is wrong with it, or undefined. */
export interface RecordVisitor {
  hardState(state: HardState): void;
  generation(generation: number): void;
  snapshot(snapshot: SnapshotRecord): void;
  /** The entries' records lie in `bytes` from `at` to `end`, already checked to be `count` of them. */
  entries(head: EntriesHead, bytes: Buffer, at: number, end: number): string | undefined;
}

export interface EntriesHead {
  readonly first: LogIndex;
  readonly termBefore: Term;
  readonly count: number;
  readonly runs: readonly TermRun[];
}

/** `newer`: intact, but of a type that only a later version knows. */
export interface RecordProblem {
  readonly type: 'damaged' | 'newer';
  readonly why: string;
}

/** Walks the records of a batch whose checksum held: what does not fit here was written wrongly. */
export function visitRecords(
  bytes: Buffer,
  from: number,
  to: number,
  count: number,
  visitor: RecordVisitor,
): RecordProblem | undefined {
  let at = from;
  for (let record = 1; record <= count; record += 1) {
    const payload = at + WAL_RECORD_HEADER_BYTES;
    const end = payload <= to ? payload + bytes.readUInt32LE(at) : to + 1;
    if (end > to) return damaged(`record ${record} of ${count} does not end within its batch`);
    const type = bytes[at + 4];
    if (type === RECORD_TYPES.entries) {
      const why = visitEntries(bytes, payload, end, visitor);
      if (why !== undefined) return damaged(why);
    } else if (type === RECORD_TYPES.hardState) {
      if (end - payload < 10 || end - payload !== 10 + bytes.readUInt16LE(payload + 8))
        return damaged('a hard state of a wrong size');
      visitor.hardState(readHardState(bytes, payload, end));
    } else if (type === RECORD_TYPES.generation) {
      if (end - payload !== 8) return damaged('a generation mark of a wrong size');
      visitor.generation(readU64(bytes, payload));
    } else if (type === RECORD_TYPES.snapshot) {
      if (end - payload !== 24) return damaged('a snapshot mark of a wrong size');
      const [index, term] = [asIndex(readU64(bytes, payload)), asTerm(readU64(bytes, payload + 8))];
      visitor.snapshot({ index, term, generation: readU64(bytes, payload + 16) });
    } else {
      return { type: 'newer', why: `a record of the unknown type ${type}` };
    }
    at = end;
  }
  return at === to ? undefined : damaged(`${to - at} bytes after the last record`);
}

function readHardState(bytes: Buffer, payload: number, end: number): HardState {
  const vote = bytes.toString('utf8', payload + 10, end);
  return { currentTerm: asTerm(readU64(bytes, payload)), votedFor: vote === '' ? null : asNodeId(vote) };
}

function visitEntries(bytes: Buffer, payload: number, end: number, visitor: RecordVisitor): string | undefined {
  const runsAt = payload + ENTRIES_FIXED_BYTES;
  if (runsAt > end) return 'an entries record without its head';
  const count = bytes.readUInt32LE(payload + 16);
  const recordsAt = runsAt + RUN_BYTES * bytes.readUInt16LE(payload + 20);
  if (recordsAt > end) return 'an entries record without its terms';
  const runs: TermRun[] = [];
  let inRuns = 0;
  for (let at = runsAt; at < recordsAt; at += RUN_BYTES) {
    const run = { term: asTerm(readU64(bytes, at)), count: bytes.readUInt32LE(at + 8) };
    runs.push(run);
    inRuns += run.count;
  }
  if (inRuns !== count || count === 0) return `${count} entries with terms for ${inRuns}`;
  let at = recordsAt;
  for (let entry = 0; entry < count; entry += 1) {
    if (at + RECORD_HEADER_BYTES > end) return `only ${entry} of ${count} entries`;
    at += RECORD_HEADER_BYTES + bytes.readUInt32LE(at);
  }
  if (at !== end) return `${count} entries end at another place than their record`;
  const first = asIndex(readU64(bytes, payload));
  return visitor.entries(
    { first, termBefore: asTerm(readU64(bytes, payload + 8)), count, runs },
    bytes,
    recordsAt,
    end,
  );
}

const damaged = (why: string): RecordProblem => ({ type: 'damaged', why });
