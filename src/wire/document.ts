import { Packr } from 'msgpackr/pack';
import { messageOf } from '../base/index.js';
import { malformed } from './bytes.js';

/**
 * Documents are MessagePack: null, true and false, numbers, text, lists, and maps with text keys. Nothing else is
 * accepted: what arrives is walked before it is decoded, so that a length that lies costs no memory, depth no stack,
 * and none of the library's extensions (record definitions among them, which it compiles) is reached by a stranger.
 */
const packr = new Packr({ useRecords: false, int64AsType: 'number' });

/** Every document we know is at most 4 deep. */
const DEPTH_MAX = 16;

export function packDocument(document: unknown): Buffer {
  // The library reuses its buffer; a slice of it stays ours, as it never overwrites what it handed out.
  return packr.pack(document);
}

/** The caller parses what comes out. Throws `bad-request` unless `payload` is exactly one plain document. */
export function unpackDocument(payload: Buffer, what: string): unknown {
  const end = skipValue(payload, 0, 0, what);
  if (end !== payload.length) throw malformed(what, `${payload.length - end} bytes after the document`);
  try {
    return packr.unpack(payload);
  } catch (thrown) {
    throw malformed(what, messageOf(thrown));
  }
}

/** Bytes behind the token for the types of one fixed width. undefined travels as the extension d4 00 00. */
const FIXED_BYTES: Readonly<Record<number, number>> = {
  192: 0, // null
  194: 0, // false
  195: 0, // true
  202: 4, // float 32
  203: 8, // float 64
  204: 1, // uint 8, 16, 32, 64
  205: 2,
  206: 4,
  207: 8,
  208: 1, // int 8, 16, 32, 64
  209: 2,
  210: 4,
  211: 8,
};

/** Answers where the value at `at` ends. */
function skipValue(bytes: Buffer, at: number, depth: number, what: string): number {
  const token = bytes[at];
  if (token === undefined) throw malformed(what, `ends in the middle, at byte ${at}`);
  const next = at + 1;
  if (token <= 0x7f || token >= 0xe0) return next;
  if (token <= 0x8f) return skipItems(bytes, next, 2 * (token & 0x0f), true, depth, what);
  if (token <= 0x9f) return skipItems(bytes, next, token & 0x0f, false, depth, what);
  if (token <= 0xbf) return within(bytes, next + (token & 0x1f), what);
  const fixed = FIXED_BYTES[token];
  if (fixed !== undefined) return within(bytes, next + fixed, what);
  switch (token) {
    case 0xd9:
      return within(bytes, next + 1 + length(bytes, next, 1, what), what);
    case 0xda:
      return within(bytes, next + 2 + length(bytes, next, 2, what), what);
    case 0xdb:
      return within(bytes, next + 4 + length(bytes, next, 4, what), what);
    case 0xdc:
      return skipItems(bytes, next + 2, length(bytes, next, 2, what), false, depth, what);
    case 0xdd:
      return skipItems(bytes, next + 4, length(bytes, next, 4, what), false, depth, what);
    case 0xde:
      return skipItems(bytes, next + 2, 2 * length(bytes, next, 2, what), true, depth, what);
    case 0xdf:
      return skipItems(bytes, next + 4, 2 * length(bytes, next, 4, what), true, depth, what);
    case 0xd4:
      if (bytes[next] === 0 && bytes[next + 1] === 0) return next + 2;
  }
  throw malformed(what, `unexpected type 0x${token.toString(16)} at byte ${at}`);
}

function within(bytes: Buffer, end: number, what: string): number {
  if (end > bytes.length) throw malformed(what, `needs ${end} bytes, has ${bytes.length}`);
  return end;
}

function length(bytes: Buffer, at: number, width: number, what: string): number {
  within(bytes, at + width, what);
  return bytes.readUIntBE(at, width);
}

function skipItems(bytes: Buffer, from: number, items: number, map: boolean, depth: number, what: string): number {
  if (depth === DEPTH_MAX) throw malformed(what, `more than ${DEPTH_MAX} levels deep`);
  within(bytes, from + items, what);
  let at = from;
  for (let nth = 0; nth < items; nth += 1) {
    if (map && nth % 2 === 0 && !isText(bytes[at])) throw malformed(what, `a map key that is no text at byte ${at}`);
    at = skipValue(bytes, at, depth + 1, what);
  }
  return at;
}

const isText = (token = 0): boolean => (token >= 0xa0 && token <= 0xbf) || (token >= 0xd9 && token <= 0xdb);
