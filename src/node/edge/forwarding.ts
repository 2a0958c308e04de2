import { type NodeId, RaftctlError } from '../../base/index.js';
import {
  decodeError,
  decodeForward,
  decodeOkSession,
  decodeOkWrite,
  encodeForward,
  encodeWriteHeader,
  KIND,
} from '../../wire/index.js';
import { alwaysRoom } from '../origin.js';
import type { Write } from '../request.js';
import { failed, type Result } from '../result.js';
import { decodeWriteRequest } from './decode-request.js';
import { type AnswerContext, WireOrigin } from './wire-origin.js';

/** The payload of a `forward`, in parts: the client's command, untouched. */
export const encodeForwarded = ({ timeoutMs, command }: Write): Uint8Array[] =>
  encodeForward(KIND.write, encodeWriteHeader(timeoutMs), command);

/** A write is all that a node forwards. */
export function decodeForwarded(payload: Buffer): Write {
  const { kind, payload: request } = decodeForward(payload);
  if (kind === KIND.write) return decodeWriteRequest(request);
  throw new RaftctlError('bad-request', `a request of kind ${kind}, which no node forwards`);
}

/** What became of a write that was forwarded. */
export function decodeForwardReply(payload: Buffer): Result {
  const { kind, payload: answer } = decodeForward(payload);
  if (kind === KIND.okWrite) return { type: 'written', ...decodeOkWrite(answer) };
  if (kind === KIND.okSession) return { type: 'session-opened', ...decodeOkSession(answer) };
  if (kind === KIND.error) return failed(decodeError(answer).error);
  throw new RaftctlError('bad-request', `an answer of kind ${kind}, which no write gets`);
}

/** The way back to a node that forwarded a write: its name, the forwarding id, and the payload of the reply. */
export type Relay = (node: NodeId, forwardId: number, parts: readonly Uint8Array[]) => boolean;

/** Another node, which relays the answer to whoever asked it. */
export class ForwardOrigin extends WireOrigin {
  readonly from = 'node';
  readonly isFull = false;
  readonly whenRoom = alwaysRoom;
  readonly name: NodeId;
  protected readonly context: AnswerContext;
  readonly #forwardId: number;
  readonly #relay: Relay;

  constructor(node: NodeId, forwardId: number, relay: Relay, context: AnswerContext) {
    super();
    this.name = node;
    this.#forwardId = forwardId;
    this.#relay = relay;
    this.context = context;
  }

  protected send(kind: number, ...parts: readonly Uint8Array[]): boolean {
    return this.#relay(this.name, this.#forwardId, encodeForward(kind, ...parts));
  }
}
