import { createHmac, timingSafeEqual } from 'node:crypto';
import { assert, type Random, randomInt } from '../base/index.js';
import { SECRET_BYTES } from './greeting.js';

/** The greetings of one handshake: all that both sides have said of themselves, and both nonces. */
export interface Transcript {
  readonly hello: Uint8Array;
  readonly challenge: Uint8Array;
}

export function drawNonce(random: Random): Buffer {
  return Buffer.from(Uint8Array.from({ length: SECRET_BYTES }, () => randomInt(random, 0, 255)));
}

/**
 * That the dialer knows the secret: HMAC-SHA-256 over both greetings. A listener's nonce is new each time, so that a
 * proof is good for one connection; the word in front keeps either side's proof from serving as the other's.
 */
export function dialerProof(secret: Uint8Array, { hello, challenge }: Transcript): Buffer {
  return authenticate(secret, 'dialer', [hello, challenge]);
}

/** That the listener knows it, and said what stands in its welcome. */
export function listenerProof(secret: Uint8Array, { hello, challenge }: Transcript, welcome: Uint8Array): Buffer {
  return authenticate(secret, 'listener', [hello, challenge, welcome]);
}

/** In a time that tells nothing of how far the two agree. */
export function isProof(received: Uint8Array, expected: Uint8Array): boolean {
  return received.length === expected.length && timingSafeEqual(received, expected);
}

/** Each part with its length: no two lists of parts are the same bytes. */
function authenticate(secret: Uint8Array, side: string, parts: readonly Uint8Array[]): Buffer {
  assert(secret.length === SECRET_BYTES, () => `a secret of ${secret.length} bytes: expected ${SECRET_BYTES}`);
  const hmac = createHmac('sha256', secret).update(`raftctl ${side}\n`);
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(part.length);
    hmac.update(length).update(part);
  }
  return hmac.digest();
}
