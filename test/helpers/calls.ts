import { asNodeId, type RaftctlError } from '../../src/base/index.js';
import type { Answers, Call } from '../../src/node/call.js';
import type { Connection } from '../../src/transport/index.js';
import { encodeWrite } from '../../src/wire/client-codec.js';

/** Client calls without connections: each is forwarded by a node, and what becomes of it is recorded under its id. */
export class RecordedAnswers implements Answers {
  /** What was answered, in order: `3 ok 64` or `3 timeout`. */
  readonly told: string[] = [];
  readonly errors = new Map<number, RaftctlError>();

  answer(call: Call, kind: number): void {
    this.told.push(`${call.callId} ok ${kind}`);
  }

  fail(call: Call, error: RaftctlError): void {
    this.told.push(`${call.callId} ${error.code}`);
    this.errors.set(call.callId, error);
  }
}

/** Nobody looks at it: answers are recorded. */
const noConnection = {} as Connection;

/** A client's call; `forwardedBy` a node that does not lead. */
export function call(
  callId: number,
  options: { readonly deadline?: number; readonly value?: string | Buffer; readonly forwardedBy?: string } = {},
): Call {
  const { deadline = 1_000_000, value = `value ${callId}`, forwardedBy } = options;
  return {
    origin:
      forwardedBy === undefined
        ? { type: 'client', connection: noConnection }
        : { type: 'peer', node: asNodeId(forwardedBy) },
    callId,
    kind: 1,
    payload: encodeWrite(1_000, { type: 'put', key: Buffer.from(`key ${callId}`), value: Buffer.from(value) }),
    deadline,
  };
}
