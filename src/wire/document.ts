import { isUtf8 } from 'node:buffer';
import { messageOf } from '../base/index.js';
import { malformed } from './bytes.js';

/**
 * Documents are JSON in UTF-8: null, true and false, numbers, text, lists and objects. A member that is undefined is
 * left out; a number that JSON does not know (NaN, the infinities) becomes null. What arrives is looked at before it is
 * parsed, so that the depth of a stranger's document costs no stack. What it costs in memory is bounded by its bytes,
 * and those by the frame.
 *
 * (Measured against MessagePack, batches of 64 events: encoding takes 49 µs instead of 40, decoding 60 instead of 74
 * and the bytes are a fifth more. It needs no package and no validator of its own, and a dump of the wire can be read.)
 */

/** Every document we know is at most 4 deep. */
const DEPTH_MAX = 16;

/** undefined is no document: it travels as null. */
export function encodeDocument(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document) ?? 'null');
}

/** The caller parses what comes out. Throws `bad-request` unless `payload` is exactly one document. */
export function decodeDocument(payload: Buffer, what: string): unknown {
  if (!isUtf8(payload)) throw malformed(what, 'it is no UTF-8');
  checkDepth(payload, what);
  try {
    return JSON.parse(payload.toString()) as unknown;
  } catch (thrown) {
    throw malformed(what, messageOf(thrown));
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const isOpening = (byte: number): boolean => byte === 0x5b || byte === 0x7b;
const isClosing = (byte: number): boolean => byte === 0x5d || byte === 0x7d;

/** Counts brackets outside of texts. That they match is for the parser to see. */
function checkDepth(bytes: Buffer, what: string): void {
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = endOfText(bytes, at);
    else if (isOpening(byte)) {
      depth += 1;
      if (depth > DEPTH_MAX) throw malformed(what, `more than ${DEPTH_MAX} levels deep at byte ${at}`);
    } else if (isClosing(byte)) depth -= 1;
  }
}

/** Where the quote stands that ends the text which begins at `from`; the end of the bytes when none does. */
function endOfText(bytes: Buffer, from: number): number {
  let at = from + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
