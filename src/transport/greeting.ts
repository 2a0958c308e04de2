import { assert } from '../base/index.js';
import { type FieldReader, FieldWriter } from './fields.js';
import { encodeFrame, FRAME_HEADER_BYTES } from './frames.js';
import { HANDSHAKE_KIND, MAGIC } from './handshake-frames.js';
import { notRaftctl, printable, readerAfterMagic } from './refusal.js';
import type { ConnectionRole, Frame, Hello, ListeningMember } from './transport.js';
import { commonVersion, type VersionRange } from './versions.js';

/** Of a nonce, and of a proof. */
export const SECRET_BYTES = 32;
const NOTE_BYTES_MAX = 256;
const NAME_BYTES_MAX = 255;
const FEATURES_MAX = 16;
const FEATURE_BYTES_MAX = 32;
const ROLES: readonly ConnectionRole[] = ['peer', 'client', 'admin', 'snapshot'];
const CLUSTER_ID = /^([0-9a-f]{32})?$/;
const FEATURE = /^[a-z0-9-]{1,32}$/;
const NOTHING = Buffer.alloc(0);

/** What one side says of itself, as it stands in a hello, a challenge or a welcome. */
export interface Greeting {
  readonly hello: Hello;
  readonly versions: VersionRange;
  /** 32 random bytes of who can prove the cluster's secret; none of who cannot. */
  readonly nonce: Uint8Array;
}

export interface ReceivedGreeting extends Greeting {
  /** The highest version that both sides speak. */
  readonly version: number;
  /** The listener's, in a welcome behind a challenge; empty elsewhere. */
  readonly proof: Buffer;
  /** The payload up to the proof: what a proof speaks for. */
  readonly proven: Buffer;
}

export type GreetingKind = 'hello' | 'challenge' | 'welcome';

/** Answers the frame. `prove` gets the payload that stands before the proof. */
export function encodeGreeting(
  kind: GreetingKind,
  { hello, versions, nonce }: Greeting,
  prove: (proven: Buffer) => Uint8Array = () => NOTHING,
): Buffer {
  const { role, clusterId, node, instance, note, features = [], member } = hello;
  assert(CLUSTER_ID.test(clusterId), () => `cluster id ${clusterId}: expected 32 hex digits or nothing`);
  assert(note.length <= NOTE_BYTES_MAX, () => `a note of ${note.length} bytes is over ${NOTE_BYTES_MAX}`);
  assert(features.length <= FEATURES_MAX, () => `${features.length} features are over ${FEATURES_MAX}`);
  const fields = new FieldWriter()
    .bytes(MAGIC)
    .u16(versions.max)
    .u16(versions.min)
    .u8(ROLES.indexOf(role) + 1)
    .text(clusterId, NAME_BYTES_MAX)
    .text(node, NAME_BYTES_MAX)
    .text(instance, NAME_BYTES_MAX)
    .u32(member?.incarnation ?? 0)
    .text(member?.host ?? '', NAME_BYTES_MAX)
    .u16(member?.port ?? 0)
    .u16(note.length)
    .bytes(note)
    .u8(features.length);
  for (const feature of features) {
    assert(FEATURE.test(feature), () => `feature ${feature}: expected at most 32 of a-z, 0-9 and -`);
    fields.text(feature, FEATURE_BYTES_MAX);
  }
  fields.u8(nonce.length).bytes(nonce);
  const proven = fields.take();
  const proof = prove(proven);
  return encodeFrame(HANDSHAKE_KIND[kind], 0, Buffer.concat([proven, Uint8Array.of(proof.length), proof]));
}

/** Throws what it is refused for: another protocol, no version in common, or what makes no sense. */
export function decodeGreeting(payload: Buffer, ours: VersionRange): ReceivedGreeting {
  const fields = readerAfterMagic(payload);
  const versions = readVersions(fields);
  const version = commonVersion(ours, versions);
  const role = ROLES[fields.u8() - 1];
  const clusterId = fields.text();
  const node = nameFrom(fields);
  const instance = nameFrom(fields);
  const member = readMember(fields);
  const note = fields.bytes(fields.u16());
  const features = Array.from({ length: fields.u8() }, () => fields.text());
  const nonce = fields.bytes(fields.u8());
  const proven = fields.soFar;
  const proof = fields.bytes(fields.u8());
  if (role === undefined || note.length > NOTE_BYTES_MAX || !CLUSTER_ID.test(clusterId)) throw malformed();
  if (features.length > FEATURES_MAX || !features.every((feature) => FEATURE.test(feature))) throw malformed();
  if (!isWholeOrNone(nonce) || !isWholeOrNone(proof)) throw malformed();
  const hello = { role, clusterId, node, instance, note, features, ...(member && { member }) };
  // What stands behind is of a later version, which says it to those who know it.
  return { hello, versions, version, nonce, proof, proven };
}

/** The same range for ever: a side that speaks only version 1 says nothing of a lowest. */
function readVersions(fields: FieldReader): VersionRange {
  const max = fields.u16();
  const min = max < 2 ? max : fields.u16();
  if (min > max || max === 0) throw malformed();
  return { min, max };
}

function readMember(fields: FieldReader): ListeningMember | undefined {
  const incarnation = fields.u32();
  const host = nameFrom(fields);
  const port = fields.u16();
  return host === '' ? undefined : { incarnation, host, port };
}

function nameFrom(fields: FieldReader): string {
  const name = fields.text();
  if (printable(name) !== name || Buffer.byteLength(name) > NAME_BYTES_MAX) throw malformed();
  return name;
}

const isWholeOrNone = ({ length }: Uint8Array): boolean => length === 0 || length === SECRET_BYTES;

const malformed = () => notRaftctl('a malformed greeting');

/** What a proof speaks for of a frame that was sent. */
export const provenOf = (frame: Buffer): Buffer => frame.subarray(FRAME_HEADER_BYTES, frame.length - 1);

export const unexpected = ({ kind }: Frame) => notRaftctl(`a frame of kind ${kind}`);
