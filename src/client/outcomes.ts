import { type ErrorOptions, RaftctlError } from '../base/index.js';
import type { Endpoint } from './endpoint.js';
import type { Operation } from './operation.js';
import type { Router } from './router.js';
import { OPEN_SESSION } from './verbs.js';

/**
 * How operations end without an answer, and what that says of them. A read never happened, whatever its answer would
 * have been: it changes nothing. A write is definite only as long as it was not in flight.
 */
const MAY_HAVE_HAPPENED: ErrorOptions = { definite: false, hint: 'read the key to find out' };
const HAS_NOT_HAPPENED: ErrorOptions = { definite: true };

const isInDoubt = ({ verb, state, isInDoubt: wasTried }: Operation): boolean =>
  verb.isWrite && (state.type === 'routed' || wasTried);

const certainty = (operation: Operation): ErrorOptions => (isInDoubt(operation) ? MAY_HAVE_HAPPENED : HAS_NOT_HAPPENED);

const doubt = (operation: Operation): string => {
  if (!operation.verb.isWrite) return '';
  return isInDoubt(operation) ? '; it may have happened' : '; it was not sent';
};

export const closed = (operation: Operation): RaftctlError =>
  new RaftctlError('closed', `${operation.verb.name}: the client is closed${doubt(operation)}`, certainty(operation));

export const aborted = (operation: Operation, signal: AbortSignal): RaftctlError =>
  new RaftctlError('aborted', `${operation.verb.name}: aborted${doubt(operation)}`, {
    ...certainty(operation),
    cause: signal.reason,
  });

export function answerLost(operation: Operation, { label }: Endpoint, error: RaftctlError): RaftctlError {
  const message = `${operation.verb.name}: the connection to ${label} broke before the answer came: ${error.message}`;
  return new RaftctlError('outcome-unknown', `${message}; it may have happened`, {
    ...MAY_HAVE_HAPPENED,
    cause: error,
  });
}

/** The node's last word: of this try. What became of earlier ones it does not know. */
export function ended(operation: Operation, error: RaftctlError): RaftctlError {
  if (!operation.isInDoubt || !error.definite) return error;
  const message = `${error.message}; an earlier try was not answered, and may have happened`;
  return new RaftctlError('outcome-unknown', message, { ...MAY_HAVE_HAPPENED, cause: error });
}

/** The session is gone, and with it whether an earlier try happened. */
export const sessionExpired = ({ verb }: Operation, error: RaftctlError): RaftctlError =>
  new RaftctlError(
    'session-expired',
    `${verb.name}: its session expired before it was answered; it may have happened`,
    {
      ...MAY_HAVE_HAPPENED,
      cause: error,
    },
  );

/**
 * What kept a session from being opened is what kept the write from being sent. That a session may have been opened is no
 * doubt about the write.
 */
export function noSession({ verb }: Operation, error: RaftctlError): RaftctlError {
  const unsent = `${verb.name}: no session was opened, and it was not sent`;
  if (!error.definite) {
    const options = { definite: true, hint: 'status shows whether a quorum is there', cause: error };
    return new RaftctlError('timeout', `${unsent}: one was asked for, and no quorum confirmed it in time`, options);
  }
  const { code, message, hint } = error;
  const why = message.replace(`${OPEN_SESSION.name}: `, '');
  return new RaftctlError(code, `${unsent}: ${why}`, { definite: true, ...(hint !== undefined && { hint }) });
}

/** The deadline passed. What is said is the best reason known: of `opening`, if it was waited for. */
export function overdue(operation: Operation, router: Router, opening = operation): RaftctlError {
  return ended(operation, whyOverdue(operation, router, opening));
}

function whyOverdue(operation: Operation, router: Router, { state, refusal }: Operation): RaftctlError {
  const { verb, timeoutMs } = operation;
  const after = `within ${timeoutMs} ms`;
  if (state.type === 'routed') {
    const message = `${verb.name}: no answer from ${state.endpoint.label} ${after}${doubt(operation)}`;
    return new RaftctlError('timeout', message, certainty(operation));
  }
  if (refusal !== undefined) {
    const hint = refusal.hint === undefined ? {} : { hint: refusal.hint };
    return new RaftctlError(refusal.code, `${refusal.message}; tried for ${timeoutMs} ms`, {
      ...HAS_NOT_HAPPENED,
      ...hint,
    });
  }
  if (operation.via === 'leader' && router.leader === null) {
    return new RaftctlError('no-leader', `${verb.name}: no leader was known ${after}${doubt(operation)}`);
  }
  const message = `${verb.name}: no ${wanted(operation)} was connected ${after}${doubt(operation)}`;
  return new RaftctlError('unreachable', `${message}: ${router.describeFailures()}`, HAS_NOT_HAPPENED);
}

function wanted({ via }: Operation): string {
  if (via === undefined || via === 'any') return 'node';
  return via === 'leader' || via === 'follower' ? via : `node ${via}`;
}

/** The connection is full, or closed and not yet reported. */
export const notTaken = (operation: Operation, { label }: Endpoint): RaftctlError =>
  new RaftctlError(
    'timeout',
    `${operation.verb.name}: ${label} does not take more requests${doubt(operation)}`,
    HAS_NOT_HAPPENED,
  );

export const strangeAnswer = ({ verb }: Operation, { label }: Endpoint, kind: number): RaftctlError =>
  new RaftctlError('bad-request', `${label} answered a ${verb.name} with a frame of kind ${kind}`);

export const anotherCluster = ({ label }: Endpoint, theirs: string, ours: string): RaftctlError =>
  new RaftctlError('handshake-refused', `${label} belongs to the cluster ${theirs}, expected ${ours}`, {
    hint: 'list the endpoints of one cluster only',
  });
