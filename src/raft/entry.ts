import { crc32Before, crc32Of, crc32WithU32 } from '../base/crc32.js';
import { assert, type LogIndex, type Membership, RaftctlError, readMembership, type Term } from '../base/index.js';

/**
 * A log entry's bytes are written once, where it is proposed, and then travel unchanged: over the wire, into the WAL,
 * and back from it. That is its *record*:
 *
 *     u32 length of payload | u32 crc32(type, payload) | u8 type | payload        (little-endian)
 *
 * Index and term are not part of it: entries move in contiguous ranges, whose header tells them (first index, runs of
 * terms). An entry points into whatever buffer its record arrived in; nothing may write to that buffer afterwards.
 */
export const ENTRY_TYPES = { command: 1, noop: 2, membership: 3 } as const;
export type EntryType = (typeof ENTRY_TYPES)[keyof typeof ENTRY_TYPES];

export const RECORD_HEADER_BYTES = 9;
/** The checksum is that of what begins here. */
const CHECKED_AT = 8;

/** Where a record lies. */
export interface RecordRef {
  readonly type: EntryType;
  /** The buffer that holds the record; often shared with its neighbours. */
  readonly bytes: Buffer;
  /** Offset of the record (of its header) in `bytes`. */
  readonly at: number;
  /** Bytes of the record, header included. */
  readonly length: number;
}

export interface Entry extends RecordRef {
  readonly index: LogIndex;
  readonly term: Term;
}

/** Writes a record into `target` at `at`; the payload must already lie at `at + RECORD_HEADER_BYTES`. Returns its length. */
export function sealRecord(target: Buffer, at: number, type: EntryType, payloadLength: number): number {
  target.writeUInt32LE(payloadLength, at);
  target[at + CHECKED_AT] = type;
  const length = RECORD_HEADER_BYTES + payloadLength;
  target.writeUInt32LE(crc32Of(target, at + CHECKED_AT, at + length), at + 4);
  return length;
}

export function makeRecord(type: EntryType, payload: Uint8Array): RecordRef {
  const bytes = Buffer.allocUnsafeSlow(RECORD_HEADER_BYTES + payload.length);
  bytes.set(payload, RECORD_HEADER_BYTES);
  return { type, bytes, at: 0, length: sealRecord(bytes, 0, type, payload.length) };
}

const isEntryType = (value: number): value is EntryType => value === 1 || value === 2 || value === 3;

const newer = (type: number): RaftctlError =>
  new RaftctlError('data-newer', `an entry of the log is of type ${type}, which this raftctl does not know`, {
    hint: 'use the raftctl that wrote it, or a newer one',
  });

/**
 * Reads and verifies the record at `at`, which must end by `end`. Undefined: not a whole, intact record. Throws
 * `data-newer` for an intact one of a type that only a later raftctl knows.
 */
export function readRecord(bytes: Buffer, at: number, end: number): RecordRef | undefined {
  if (end - at < RECORD_HEADER_BYTES) return undefined;
  const length = lengthOfRecord(bytes, at);
  if (length > end - at) return undefined;
  if (crc32Of(bytes, at + CHECKED_AT, at + length) !== bytes.readUInt32LE(at + 4)) return undefined;
  return readIntact(bytes, at, end);
}

/** The same of one of those that `areIntact`. Undefined behind the last of them. */
export function readIntact(bytes: Buffer, at: number, end: number): RecordRef | undefined {
  if (at >= end) return undefined;
  const type = bytes[at + CHECKED_AT]!;
  if (type === 0) return undefined;
  if (!isEntryType(type)) throw newer(type);
  return { type, bytes, at, length: lengthOfRecord(bytes, at) };
}

/**
 * Are the records whole and intact that lie one behind the other from `from` to `end`? Their checksums say what that of
 * all these bytes is, which is made in one go: for many small records it costs half of making one for each.
 */
export function areIntact(bytes: Buffer, from: number, end: number): boolean {
  let expected = 0;
  let at = from;
  while (at < end) {
    if (end - at < RECORD_HEADER_BYTES) return false;
    const [payload, checksum] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    if (payload > end - at - RECORD_HEADER_BYTES) return false;
    expected = crc32Before(crc32WithU32(crc32WithU32(expected, payload), checksum), 1 + payload) ^ checksum;
    at += RECORD_HEADER_BYTES + payload;
  }
  return crc32Of(bytes, from, end) === expected >>> 0;
}

const lengthOfRecord = (bytes: Buffer, at: number): number => RECORD_HEADER_BYTES + bytes.readUInt32LE(at);

/** The crc32 that a record has of its bytes from `checkedFrom` to its end. */
export const checksumOfRecord = ({ bytes, at }: RecordRef): number => bytes.readUInt32LE(at + 4);
export const checkedFrom = ({ at }: RecordRef): number => at + CHECKED_AT;

/** The payload of a record: a view, not a copy. */
export function payloadOf(record: RecordRef): Buffer {
  return record.bytes.subarray(record.at + RECORD_HEADER_BYTES, record.at + record.length);
}

/** A membership and the entry that it stands in; of the one that a log begins with, the entry before the log. */
export interface LoggedMembership {
  readonly index: LogIndex;
  readonly membership: Membership;
}

/** What an entry of type `membership` says, which is intact. Throws `data-newer` for what only a later raftctl knows. */
export function membershipIn(record: RecordRef, index: number): Membership {
  const reading = readMembership(payloadOf(record));
  if (reading.type === 'newer') {
    throw new RaftctlError('data-newer', `entry ${index} of the log: ${reading.why}`, {
      hint: 'use the raftctl that wrote it, or a newer one',
    });
  }
  assert(reading.type === 'valid', () => `entry ${index} is intact and no membership: ${JSON.stringify(reading)}`);
  return reading.membership;
}

/** A run of consecutive entries of one term. */
export interface TermRun {
  readonly term: Term;
  readonly count: number;
}

/** The terms of consecutive entries, as runs. */
export function termRuns(entries: readonly Entry[]): TermRun[] {
  const runs: { term: Term; count: number }[] = [];
  for (const { term } of entries) {
    const last = runs.at(-1);
    if (last?.term === term) last.count += 1;
    else runs.push({ term, count: 1 });
  }
  return runs;
}

/**
 * The records of `entries`, in order, as few slices: neighbours in one buffer become one slice. Entries that were
 * proposed or received together leave as the very bytes they arrived in.
 */
export function recordSlices(entries: readonly Entry[]): Buffer[] {
  const slices: Buffer[] = [];
  let from = 0;
  while (from < entries.length) {
    const first = entries[from]!;
    let end = first.at + first.length;
    let next = from + 1;
    while (next < entries.length && entries[next]!.bytes === first.bytes && entries[next]!.at === end) {
      end += entries[next]!.length;
      next += 1;
    }
    slices.push(first.bytes.subarray(first.at, end));
    from = next;
  }
  return slices;
}
