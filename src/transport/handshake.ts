import { assert, isErrorCode, RaftctlError } from '../base/index.js';
import { FieldReader, FieldWriter } from './fields.js';
import { encodeFrame } from './frames.js';
import type { ConnectionRole, Frame, Hello } from './transport.js';

/** Raised when a change of frames or handshake leaves an older raftctl unable to follow. */
const PROTOCOL_VERSION = 1;
/** Kinds 1 to 15 are the transport's own. Refusals may come at any time: they say why a connection ends. */
export const HANDSHAKE_KIND = { hello: 1, welcome: 2, refusal: 3 } as const;
/** The first kind a host may send. */
export const HOST_KIND_MIN = 16;
/** The bound on a frame until the other side has greeted. */
export const HANDSHAKE_BYTES_MAX = 2048;
const NOTE_BYTES_MAX = 256;

const NAME_BYTES_MAX = 255;
const REASON_BYTES_MAX = 512;
const MAGIC = Buffer.from('raftctl\n', 'latin1');
const ROLES: readonly ConnectionRole[] = ['peer', 'client', 'admin'];
const CLUSTER_ID = /^([0-9a-f]{32})?$/;
const CONTROL_CHARACTERS = /[\x00-\x1f\x7f]/g;

export const encodeHello = (hello: Hello): Buffer => encodeGreeting(HANDSHAKE_KIND.hello, hello);
export const encodeWelcome = (hello: Hello): Buffer => encodeGreeting(HANDSHAKE_KIND.welcome, hello);

function encodeGreeting(kind: number, hello: Hello): Buffer {
  assert(CLUSTER_ID.test(hello.clusterId), () => `cluster id ${hello.clusterId}: expected 32 hex digits or nothing`);
  assert(hello.note.length <= NOTE_BYTES_MAX, () => `a note of ${hello.note.length} bytes is over ${NOTE_BYTES_MAX}`);
  const fields = new FieldWriter()
    .bytes(MAGIC)
    .u16(PROTOCOL_VERSION)
    .u8(ROLES.indexOf(hello.role) + 1)
    .text(hello.clusterId, NAME_BYTES_MAX)
    .text(hello.node, NAME_BYTES_MAX)
    .text(hello.instance, NAME_BYTES_MAX)
    .u16(hello.note.length)
    .bytes(hello.note);
  return encodeFrame(kind, 0, fields.take());
}

/** The dialer's first frame. Throws what it is refused for. */
export function decodeHello(frame: Frame): Hello {
  if (frame.kind !== HANDSHAKE_KIND.hello) throw notRaftctl(`a frame of kind ${frame.kind}`);
  return decodeGreeting(frame.payload);
}

/** The listener's first frame: its welcome, or throws the reason why there is none. */
export function decodeAnswer(frame: Frame): Hello {
  if (frame.kind === HANDSHAKE_KIND.refusal) throw decodeRefusal(frame.payload);
  if (frame.kind !== HANDSHAKE_KIND.welcome) throw notRaftctl(`a frame of kind ${frame.kind}`);
  return decodeGreeting(frame.payload);
}

function decodeGreeting(payload: Buffer): Hello {
  const fields = readerAfterMagic(payload);
  const version = fields.u16();
  if (version !== PROTOCOL_VERSION) throw otherVersion(version);
  const role = ROLES[fields.u8() - 1];
  const clusterId = fields.text();
  const node = fields.text();
  const instance = fields.text();
  const note = fields.bytes(fields.u16());
  const sound = role !== undefined && fields.isAtEnd && note.length <= NOTE_BYTES_MAX && CLUSTER_ID.test(clusterId);
  if (!sound || printable(node) !== node || printable(instance) !== instance) throw notRaftctl('a malformed greeting');
  return { role, clusterId, node, instance, note };
}

/** `magic | u16 version | code | message | hint`: this layout, and a greeting's up to its version, never change. */
export function encodeRefusal(error: RaftctlError): Buffer {
  const fields = new FieldWriter()
    .bytes(MAGIC)
    .u16(PROTOCOL_VERSION)
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

/** Do the two belong together? Asked on both sides, so the answer names both. */
export function checkCluster(dialer: Hello, listener: Hello): RaftctlError | undefined {
  if (dialer.clusterId === listener.clusterId) return undefined;
  const name = listener.node === '' ? 'the listener' : listener.node;
  if (dialer.clusterId !== '') {
    return new RaftctlError(
      'handshake-refused',
      `${name} belongs to cluster ${listener.clusterId}, the ${dialer.role} asks for cluster ${dialer.clusterId}`,
      { hint: 'compare host and port with the cluster.yaml of the cluster you mean' },
    );
  }
  if (dialer.role === 'client') return undefined;
  return new RaftctlError('handshake-refused', `${name} expected the cluster id of a ${dialer.role}, received none`);
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

const otherVersion = (version: number): RaftctlError =>
  new RaftctlError('handshake-refused', `expected protocol version ${PROTOCOL_VERSION}, received version ${version}`, {
    hint: 'run the same version of raftctl on both sides',
  });

function readerAfterMagic(payload: Buffer): FieldReader {
  const fields = new FieldReader(payload, () => notRaftctl('a malformed greeting'));
  if (!fields.bytes(Math.min(MAGIC.length, payload.length)).equals(MAGIC)) throw notRaftctl('another magic');
  return fields;
}

/** What comes from outside ends up on terminals and in logs. */
const printable = (text: string): string => text.replace(CONTROL_CHARACTERS, '?');
