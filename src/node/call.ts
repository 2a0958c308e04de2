import type { NodeId, RaftctlError } from '../base/index.js';
import type { Connection } from '../transport/index.js';

/** A client's request on its way through this node: who gets the answer, and until when somebody waits for it. */
export interface Call {
  readonly origin: Origin;
  readonly callId: number;
  /** Frame kind and payload as they arrived: a follower forwards them untouched. */
  readonly kind: number;
  readonly payload: Buffer;
  /** Monotonic milliseconds. */
  readonly deadline: number;
}

export type Origin =
  | { readonly type: 'client'; readonly connection: Connection }
  /** Forwarded by a follower, which relays the answer. */
  | { readonly type: 'peer'; readonly node: NodeId };

/** Answers calls, each exactly once. */
export interface Answers {
  /** `parts` together are the payload of the answer. */
  answer(call: Call, kind: number, ...parts: readonly Uint8Array[]): void;
  fail(call: Call, error: RaftctlError): void;
}
