import { asIndex, asRevision, asTerm, type LogIndex, RaftctlError, type Revision, type Term } from '../base/index.js';
import { readU64, writeU64 } from './u64.js';

/**
 * Which point of the log a state stands for. Written in the same transaction as the data, so the two never part:
 *
 *     u16 format (1) | u16 sections (0) | u64 applied index | u64 its term | u64 revision       (little-endian)
 *
 * Membership and sessions will follow as sections (u8 type | u32 length | bytes), counted in the second field.
 */
export interface StoreMeta {
  readonly appliedIndex: LogIndex;
  /** The term of the entry at `appliedIndex`; 0 before the first. */
  readonly appliedTerm: Term;
  readonly revision: Revision;
}

export const EMPTY_META: StoreMeta = { appliedIndex: asIndex(0), appliedTerm: asTerm(0), revision: asRevision(0) };

const META_FORMAT = 1;
const META_BYTES = 28;

export function encodeMeta(meta: StoreMeta): Buffer {
  const bytes = Buffer.alloc(META_BYTES);
  bytes.writeUInt16LE(META_FORMAT, 0);
  writeU64(bytes, meta.appliedIndex, 4);
  writeU64(bytes, meta.appliedTerm, 12);
  writeU64(bytes, meta.revision, 20);
  return bytes;
}

/** `place` names the environment in the errors `data-newer` and `data-damaged`. */
export function decodeMeta(bytes: Buffer, place: string): StoreMeta {
  const format = bytes.length < 2 ? 0 : bytes.readUInt16LE(0);
  if (format > META_FORMAT) {
    throw new RaftctlError('data-newer', `${place}: state format ${format}, this raftctl knows up to ${META_FORMAT}`, {
      hint: 'use the raftctl that wrote it, or a newer one',
    });
  }
  if (format !== META_FORMAT || bytes.length !== META_BYTES || bytes.readUInt16LE(2) !== 0) {
    throw new RaftctlError('data-damaged', `${place}: the meta record is not one: ${bytes.toString('hex', 0, 32)}`, {
      hint: 'restore the directory of the node from a copy, or leave it: while a quorum of the others is up, the cluster goes on without this node',
    });
  }
  return {
    appliedIndex: asIndex(readU64(bytes, 4)),
    appliedTerm: asTerm(readU64(bytes, 12)),
    revision: asRevision(readU64(bytes, 20)),
  };
}
