import { expectAtLeast } from './bytes.js';

/**
 * A follower passes a client's request on to the leader as `forward`, under a call id of its own; the leader's answer
 * comes back as `forward-reply` under that id. Both wrap the other kind and payload unread:
 *
 *     u8 kind | payload
 */
export interface Forwarded {
  readonly kind: number;
  /** A view of the frame's payload. */
  readonly payload: Buffer;
}

const KIND_BYTES: readonly Uint8Array[] = Array.from({ length: 256 }, (_, kind) => Uint8Array.of(kind));

/** The parts of the frame's payload: nothing is copied. */
export function encodeForward(kind: number, ...payload: readonly Uint8Array[]): Uint8Array[] {
  return [KIND_BYTES[kind]!, ...payload];
}

export function decodeForward(payload: Buffer): Forwarded {
  expectAtLeast(payload, 1, 'forward');
  return { kind: payload[0]!, payload: payload.subarray(1) };
}
