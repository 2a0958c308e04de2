import { crc32 } from 'node:zlib';
import {
  asIndex,
  asRevision,
  asTerm,
  EMPTY_REVISION,
  encodeMembership,
  type LogIndex,
  type Membership,
  RaftctlError,
  REJOIN,
  type Revision,
  readMembership,
  type Term,
} from '../base/index.js';
import type { Backend, Transaction } from './backend.js';
import { dataNewer, FIRST_CLUSTER_VERSION } from './data-version.js';
import type { BinaryKey } from './key.js';
import { NO_KEYS, type StateSum } from './state-sum.js';
import { readU64, writeU64 } from './u64.js';

/**
 * Which point of the log a state stands for, and what else holds for all of it. Written in the same transaction as the
 * data, so the two never part:
 *
 *     u16 format (2) | u16 sections | u32 crc32 of the sections, then of each: u8 type | u32 bytes | payload
 *
 *     1 position          u64 applied index | u64 its term
 *     2 revisions         u64 revision | u64 compacted revision
 *     3 membership        see `base/membership-codec.ts`
 *     4 cluster version   u32
 *     5 time              u64 the log's time in ms; left out while it is 0, for raftctls that know no sessions
 *   128 sum               u64 keys | u32 first | u32 second: see `state-sum.ts`
 *
 * A later version adds sections. One that this version does not know is refused, unless its type is 128 or more: then
 * the state is right without it.
 */
export interface StoreMeta {
  readonly appliedIndex: LogIndex;
  /** The term of the entry at `appliedIndex`; 0 before the first. */
  readonly appliedTerm: Term;
  readonly revision: Revision;
  /** What happened up to here is forgotten on purpose; 0: nothing is. */
  readonly compactedRevision: Revision;
  readonly membership: Membership;
  /** What all members understand; nothing that needs more is written. */
  readonly clusterVersion: number;
  /** What all keys add up to. Undefined: a raftctl wrote it that did not know of sums. */
  readonly sum: StateSum | undefined;
  /** The log's, in milliseconds: what sessions are measured by. */
  readonly time: number;
}

/** The state before the first entry, of a cluster that begins with these members. */
export const emptyMeta = (bootstrap: Membership): StoreMeta => ({
  appliedIndex: asIndex(0),
  appliedTerm: asTerm(0),
  revision: EMPTY_REVISION,
  compactedRevision: asRevision(0),
  membership: bootstrap,
  clusterVersion: FIRST_CLUSTER_VERSION,
  sum: NO_KEYS,
  time: 0,
});

export const META_FORMAT = 2;
export const META_KEY = 'meta' as BinaryKey;

const HEADER_BYTES = 8;
const SECTION_HEADER_BYTES = 5;
const SECTIONS = { position: 1, revisions: 2, membership: 3, clusterVersion: 4, time: 5, sum: 128 } as const;
const SUM_BYTES = 16;
const IGNORABLE = 128;

/** Puts the meta into a transaction: `bytes` is what `encodeMeta` answered. */
export function putMeta(transaction: Transaction, bytes: Buffer): void {
  const at = transaction.put('meta', META_KEY, bytes.length);
  bytes.copy(transaction.bytes, at);
}

/** The meta of the last flushed transaction; undefined: nothing was ever written. Throws as `decodeMeta` does. */
export function readMeta(backend: Backend): StoreMeta | undefined {
  const found = backend.find('meta', META_KEY);
  return found === undefined ? undefined : decodeMeta(found.bytes.subarray(found.start, found.end), backend.place);
}

export function encodeMeta(meta: StoreMeta): Buffer {
  const clusterVersion = Buffer.alloc(4);
  clusterVersion.writeUInt32LE(meta.clusterVersion);
  const sections = [
    section(SECTIONS.position, pair(meta.appliedIndex, meta.appliedTerm)),
    section(SECTIONS.revisions, pair(meta.revision, meta.compactedRevision)),
    section(SECTIONS.membership, encodeMembership(meta.membership)),
    section(SECTIONS.clusterVersion, clusterVersion),
    ...(meta.sum === undefined ? [] : [section(SECTIONS.sum, encodeSum(meta.sum))]),
    ...(meta.time === 0 ? [] : [section(SECTIONS.time, u64(meta.time))]),
  ];
  const bytes = Buffer.concat([Buffer.alloc(HEADER_BYTES), ...sections]);
  bytes.writeUInt16LE(META_FORMAT, 0);
  bytes.writeUInt16LE(sections.length, 2);
  bytes.writeUInt32LE(crc32(bytes.subarray(HEADER_BYTES)), 4);
  return bytes;
}

function section(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(SECTION_HEADER_BYTES);
  header[0] = type;
  header.writeUInt32LE(payload.length, 1);
  return Buffer.concat([header, payload]);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  writeU64(bytes, value, 0);
  return bytes;
}

function pair(first: number, second: number): Buffer {
  const bytes = Buffer.alloc(16);
  writeU64(bytes, first, 0);
  writeU64(bytes, second, 8);
  return bytes;
}

function encodeSum({ keys, first, second }: StateSum): Buffer {
  const bytes = Buffer.alloc(SUM_BYTES);
  writeU64(bytes, keys, 0);
  bytes.writeUInt32LE(first, 8);
  bytes.writeUInt32LE(second, 12);
  return bytes;
}

const decodeSum = (bytes: Buffer): StateSum => ({
  keys: readU64(bytes, 0),
  first: bytes.readUInt32LE(8),
  second: bytes.readUInt32LE(12),
});

/** The number that every form of the meta begins with. */
export const metaFormatOf = (bytes: Buffer): number => (bytes.length < 2 ? 0 : bytes.readUInt16LE(0));

/** `place` names the state in the errors `data-newer` and `data-damaged`. */
export function decodeMeta(bytes: Buffer, place: string): StoreMeta {
  const format = metaFormatOf(bytes);
  if (format > META_FORMAT) throw dataNewer(place, `state format ${format}, this raftctl knows up to ${META_FORMAT}`);
  const payloads = format === META_FORMAT ? sectionsOf(bytes) : undefined;
  if (payloads === undefined) throw damaged(place, `it is not one: ${bytes.toString('hex', 0, 32)}`);
  const known = new Set<number>(Object.values(SECTIONS));
  const unknown = [...payloads.keys()].find((type) => type < IGNORABLE && !known.has(type));
  if (unknown !== undefined) throw dataNewer(place, `the state has a section of type ${unknown}`);
  const payloadOf = (name: keyof typeof SECTIONS, length?: number): Buffer => {
    const payload = payloads.get(SECTIONS[name]);
    const fits = payload !== undefined && (length === undefined || payload.length === length);
    if (!fits) throw damaged(place, `section ${name} has ${payload?.length ?? 'no'} bytes`);
    return payload;
  };
  const [position, revisions] = [payloadOf('position', 16), payloadOf('revisions', 16)];
  return {
    appliedIndex: asIndex(readU64(position, 0)),
    appliedTerm: asTerm(readU64(position, 8)),
    revision: asRevision(readU64(revisions, 0)),
    compactedRevision: asRevision(readU64(revisions, 8)),
    membership: membershipOf(payloadOf('membership'), place),
    clusterVersion: payloadOf('clusterVersion', 4).readUInt32LE(0),
    sum: payloads.has(SECTIONS.sum) ? decodeSum(payloadOf('sum', SUM_BYTES)) : undefined,
    time: payloads.has(SECTIONS.time) ? readU64(payloadOf('time', 8), 0) : 0,
  };
}

/** Type → payload; undefined when the bytes are not intact. */
function sectionsOf(bytes: Buffer): Map<number, Buffer> | undefined {
  if (bytes.length < HEADER_BYTES || crc32(bytes.subarray(HEADER_BYTES)) !== bytes.readUInt32LE(4)) return undefined;
  const payloads = new Map<number, Buffer>();
  let at = HEADER_BYTES;
  for (let left = bytes.readUInt16LE(2); left > 0; left -= 1) {
    if (at + SECTION_HEADER_BYTES > bytes.length) return undefined;
    const end = at + SECTION_HEADER_BYTES + bytes.readUInt32LE(at + 1);
    if (end > bytes.length) return undefined;
    payloads.set(bytes[at]!, bytes.subarray(at + SECTION_HEADER_BYTES, end));
    at = end;
  }
  return at === bytes.length ? payloads : undefined;
}

function membershipOf(bytes: Buffer, place: string): Membership {
  const reading = readMembership(bytes);
  if (reading.type === 'valid') return reading.membership;
  throw reading.type === 'newer' ? dataNewer(place, reading.why) : damaged(place, reading.why);
}

const damaged = (place: string, what: string): RaftctlError =>
  new RaftctlError('data-damaged', `${place}: the meta is damaged: ${what}`, { hint: REJOIN });
