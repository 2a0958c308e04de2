import { asNodeId, assert, asTerm, type NodeId, type Term } from '../base/index.js';
import { expectAtLeast, getU64, malformed, putU64 } from './bytes.js';

/**
 * What a node tells in passing: in the note of its handshake, and as the payload of a `leader` frame.
 *
 *     u64 term | u32 longest value it takes (0: not said) | leader's name in UTF-8, empty when none is known
 */
export interface Note {
  readonly term: Term;
  readonly leader: NodeId | null;
  /** A client refuses a longer value itself: the frame could be over the node's bound and cost the connection. */
  readonly maxValueBytes?: number;
}

const NOTE_HEADER_BYTES = 12;
/** The bound of a handshake's note. */
const NOTE_BYTES_MAX = 256;

export function encodeNote(note: Note): Buffer {
  const name = Buffer.from(note.leader ?? '');
  assert(
    NOTE_HEADER_BYTES + name.length <= NOTE_BYTES_MAX,
    () => `a node name of ${name.length} bytes: ${note.leader}`,
  );
  const bytes = Buffer.allocUnsafe(NOTE_HEADER_BYTES + name.length);
  putU64(bytes, note.term, 0);
  name.copy(bytes, bytes.writeUInt32LE(note.maxValueBytes ?? 0, 8));
  return bytes;
}

export function decodeNote(bytes: Uint8Array): Required<Note> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expectAtLeast(buffer, NOTE_HEADER_BYTES, 'note');
  if (buffer.length > NOTE_BYTES_MAX) throw malformed('note', `${buffer.length} bytes, at most ${NOTE_BYTES_MAX}`);
  const leader = buffer.toString('utf8', NOTE_HEADER_BYTES);
  return {
    term: asTerm(getU64(buffer, 0, 'note')),
    leader: leader === '' ? null : asNodeId(leader),
    maxValueBytes: buffer.readUInt32LE(8),
  };
}
