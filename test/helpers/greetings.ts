import { asIndex, asTerm } from '../../src/base/index.js';
import { decodeGreeting, encodeGreeting } from '../../src/transport/greeting.js';
import { HANDSHAKE_KIND } from '../../src/transport/handshake-frames.js';
import type { Frame, Hello } from '../../src/transport/index.js';
import { decodeRefusal } from '../../src/transport/refusal.js';
import { PROTOCOL_VERSIONS } from '../../src/transport/versions.js';
import { encodeNote } from '../../src/wire/index.js';

/** A hello as bytes, of somebody who cannot prove the cluster's secret. */
export const encodeHello = (hello: Hello, versions = PROTOCOL_VERSIONS): Buffer =>
  encodeGreeting('hello', { hello, versions, nonce: new Uint8Array() });

export const encodeWelcome = (hello: Hello): Buffer =>
  encodeGreeting('welcome', { hello, versions: PROTOCOL_VERSIONS, nonce: new Uint8Array() });

/** Who answered, or throws why not. */
export function decodeAnswer({ kind, payload }: Frame): Hello {
  if (kind === HANDSHAKE_KIND.refusal) throw decodeRefusal(payload);
  return decodeGreeting(payload, PROTOCOL_VERSIONS).hello;
}

/** What a member tells that is in its first term, after so many starts. */
export const noteOfMember = (starts = 1): Buffer =>
  encodeNote({ term: asTerm(0), leader: null, start: { starts, term: asTerm(0), index: asIndex(0) } });
