import { isErrorCode, RaftctlError } from '../base/index.js';
import { FieldReader, FieldWriter } from './fields.js';
import { encodeFrame } from './frames.js';
import { HANDSHAKE_KIND, MAGIC } from './handshake-frames.js';
import { PROTOCOL_VERSIONS } from './versions.js';

const REASON_BYTES_MAX = 512;
const CONTROL_CHARACTERS = /[\x00-\x1f\x7f-\x9f]/g;

/** `magic | u16 version | code | message | hint`: this layout never changes. */
export function encodeRefusal(error: RaftctlError): Buffer {
  const fields = new FieldWriter()
    .bytes(MAGIC)
    .u16(PROTOCOL_VERSIONS.max)
    .text(error.code, REASON_BYTES_MAX)
    .text(error.message, REASON_BYTES_MAX)
    .text(error.hint ?? '', REASON_BYTES_MAX);
  return encodeFrame(HANDSHAKE_KIND.refusal, 0, fields.take());
}

/** Why the other side ends. A code that this version does not know becomes `handshake-refused`. */
export function decodeRefusal(payload: Buffer): RaftctlError {
  try {
    const fields = readerAfterMagic(payload);
    fields.u16();
    const code = fields.text();
    const message = printable(fields.text());
    const hint = printable(fields.text());
    return new RaftctlError(isErrorCode(code) ? code : 'handshake-refused', message, hint === '' ? {} : { hint });
  } catch (thrown) {
    if (!(thrown instanceof RaftctlError)) throw thrown;
    return thrown;
  }
}

/** What answers bytes that are no greeting, given the first four as a length. People and browsers read it too. */
export function strangersAnswer(announced: number): { readonly error: RaftctlError; readonly answer: Buffer } {
  const first = Buffer.alloc(4);
  first.writeUInt32LE(announced);
  const word = first.toString('latin1');
  if (/^(GET |HEAD|POST|PUT |DELE|PATC|OPTI|CONN|TRAC|PRI )$/.test(word)) {
    const text = 'This port speaks the protocol of raftctl, not HTTP. Try: raftctl connect <host>:<port>\n';
    const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\nConnection: close`;
    return { error: notRaftctl('an HTTP request'), answer: Buffer.from(`${head}\r\n\r\n${text}`, 'latin1') };
  }
  const what = first[0] === 0x16 && first[1] === 0x03 ? 'a TLS hello' : 'bytes of another protocol';
  const error = notRaftctl(what);
  return { error, answer: Buffer.from(`raftctl: ${error.message}\n`) };
}

export const notRaftctl = (received: string): RaftctlError =>
  new RaftctlError('handshake-refused', `expected the greeting of a raftctl, received ${received}`, {
    hint: 'check that host and port are those of a raftctl node',
  });

/** Reads a payload of the handshake, behind the magic that it must begin with. */
export function readerAfterMagic(payload: Buffer): FieldReader {
  const fields = new FieldReader(payload, () => notRaftctl('a malformed greeting'));
  if (!fields.bytes(Math.min(MAGIC.length, payload.length)).equals(MAGIC)) throw notRaftctl('another magic');
  return fields;
}

/** What comes from outside ends up on terminals and in logs. */
export const printable = (text: string): string => text.replace(CONTROL_CHARACTERS, '?');
