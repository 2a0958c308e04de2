import { asIndex, asNodeId, assert, asTerm, type NodeId, type Sighting, type Term } from '../base/index.js';
import { expectAtLeast, getU64, malformed, putU64 } from './bytes.js';

/**
 * What a node tells in passing: in the note of its handshake, and as the payload of a `leader` frame. In a handshake the
 * node goes on with its own start (of the incarnation and instance of its greeting); a peer that dials, with what it has
 * seen of the member that it means to reach: another one may answer.
 *
 *     u64 term | u32 longest value it takes (0: not said) | u8 bytes of the leader's name | name, empty when none is known
 *     own start: u64 starts | u64 term | u64 index
 *     what it has seen: u64 starts | u64 term | u64 index | u32 incarnation | u8 bytes of the member's name | name
 *                       | u8 bytes of the instance | instance
 */
export interface Note {
  readonly term: Term;
  readonly leader: NodeId | null;
  /** A client refuses a longer value itself: the frame could be over the node's bound and cost the connection. */
  readonly maxValueBytes?: number;
  readonly start?: Start;
  readonly seen?: Seen;
}

/** Of a sighting, what a greeting does not say elsewhere. */
export type Start = Omit<Sighting, 'incarnation' | 'instance'>;
export type Seen = Sighting & { readonly node: NodeId };

/** What a note says at least. */
export type ReceivedNote = Note & Required<Pick<Note, 'maxValueBytes'>>;

const NOTE_HEADER_BYTES = 13;
const START_BYTES = 24;
/** The bound of a handshake's note. */
const NOTE_BYTES_MAX = 256;

export function encodeNote({ term, leader, maxValueBytes = 0, start, seen }: Note): Buffer {
  assert(start !== undefined || seen === undefined, 'who tells what was seen tells its own start');
  const header = Buffer.alloc(NOTE_HEADER_BYTES - 1);
  putU64(header, term, 0);
  header.writeUInt32LE(maxValueBytes, 8);
  const parts = [
    header,
    ...encodeText(leader ?? ''),
    ...(start ? [encodeStart(start)] : []),
    ...(seen ? encodeSeen(seen) : []),
  ];
  const note = Buffer.concat(parts);
  assert(note.length <= NOTE_BYTES_MAX, () => `a note of ${note.length} bytes, leader ${leader}`);
  return note;
}

function encodeStart({ starts, term, index }: Start): Buffer {
  const bytes = Buffer.allocUnsafe(START_BYTES);
  putU64(bytes, index, putU64(bytes, term, putU64(bytes, starts, 0)));
  return bytes;
}

function encodeSeen(seen: Seen): readonly Uint8Array[] {
  const incarnation = Buffer.alloc(4);
  incarnation.writeUInt32LE(seen.incarnation);
  return [encodeStart(seen), incarnation, ...encodeText(seen.node), ...encodeText(seen.instance)];
}

function encodeText(text: string): readonly Uint8Array[] {
  const bytes = Buffer.from(text);
  assert(bytes.length <= 0xff, () => `${text} is longer than 255 bytes`);
  return [Uint8Array.of(bytes.length), bytes];
}

export function decodeNote(bytes: Uint8Array): ReceivedNote {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expectAtLeast(buffer, NOTE_HEADER_BYTES, 'note');
  if (buffer.length > NOTE_BYTES_MAX) throw malformed('note', `${buffer.length} bytes, at most ${NOTE_BYTES_MAX}`);
  const { text: leader, end } = decodeText(buffer, NOTE_HEADER_BYTES - 1);
  const rest = buffer.subarray(end);
  return {
    term: asTerm(getU64(buffer, 0, 'note')),
    leader: leader === '' ? null : asNodeId(leader),
    maxValueBytes: buffer.readUInt32LE(8),
    ...(rest.length > 0 && { start: decodeStart(rest) }),
    ...(rest.length > START_BYTES && { seen: decodeSeen(rest.subarray(START_BYTES)) }),
  };
}

function decodeStart(bytes: Buffer): Start {
  expectAtLeast(bytes, START_BYTES, 'note');
  return {
    starts: getU64(bytes, 0, 'note'),
    term: asTerm(getU64(bytes, 8, 'note')),
    index: asIndex(getU64(bytes, 16, 'note')),
  };
}

function decodeSeen(bytes: Buffer): Seen {
  expectAtLeast(bytes, START_BYTES + 4, 'note');
  const node = decodeText(bytes, START_BYTES + 4);
  const instance = decodeText(bytes, node.end);
  if (bytes.length !== instance.end)
    throw malformed('note', `expected it to end at ${instance.end}, got ${bytes.length} bytes`);
  return {
    ...decodeStart(bytes),
    incarnation: bytes.readUInt32LE(START_BYTES),
    node: asNodeId(node.text),
    instance: instance.text,
  };
}

function decodeText(bytes: Buffer, at: number): { readonly text: string; readonly end: number } {
  expectAtLeast(bytes, at + 1, 'note');
  const end = at + 1 + bytes[at]!;
  expectAtLeast(bytes, end, 'note');
  return { text: bytes.toString('utf8', at + 1, end), end };
}
