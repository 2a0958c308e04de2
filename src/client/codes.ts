import { type ErrorCode, RaftctlError } from '../base/index.js';

/** All that a call may reject with. docs/client.md says when; a test holds the two together. */
export const CALL_CODES = [
  'key-empty',
  'key-too-large',
  'value-too-large',
  'bad-request',
  'usage',
  'revision-gone',
  'version-too-low',
  'no-leader',
  'proposal-dropped',
  'not-leader',
  'shutting-down',
  'unreachable',
  'no-such-node',
  'handshake-refused',
  'quorum-lost',
  'outcome-unknown',
  'session-expired',
  'sequence-acknowledged',
  'timeout',
  'aborted',
  'closed',
  'internal',
] as const satisfies readonly ErrorCode[];

const KNOWN: ReadonlySet<string> = new Set(CALL_CODES);

/** What a node said, as callers see it: a code that no call knows becomes `internal`, and is named in the message. */
export function saidByNode(error: RaftctlError): RaftctlError {
  const { code, message, definite, hint } = error;
  if (KNOWN.has(code)) return error;
  return new RaftctlError('internal', `${code}: ${message}`, { definite, ...(hint !== undefined && { hint }) });
}
