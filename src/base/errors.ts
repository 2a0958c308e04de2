/**
 * Failures a user can meet. Each has a stable code; the table says how a process exits for it and whether it is
 * definite: the operation did not happen and never will. An indefinite one may have happened ("when in doubt, indefinite").
 */
export const ERRORS = {
  'key-empty': { exit: 1, definite: true },
  'key-too-large': { exit: 1, definite: true },
  'value-too-large': { exit: 1, definite: true },
  'bad-request': { exit: 1, definite: true },
  'revision-gone': { exit: 1, definite: true },
  'version-too-low': { exit: 4, definite: true },
  'not-leader': { exit: 4, definite: true },
  'no-leader': { exit: 4, definite: true },
  'quorum-lost': { exit: 4, definite: false },
  'proposal-dropped': { exit: 4, definite: true },
  'transfer-failed': { exit: 1, definite: true },
  'outcome-unknown': { exit: 5, definite: false },
  'session-expired': { exit: 5, definite: false },
  'sequence-acknowledged': { exit: 5, definite: false },
  timeout: { exit: 5, definite: false },
  unreachable: { exit: 3, definite: true },
  'shutting-down': { exit: 3, definite: true },
  closed: { exit: 1, definite: true },
  aborted: { exit: 130, definite: false },
  interrupted: { exit: 130, definite: true },
  usage: { exit: 2, definite: true },
  'config-invalid': { exit: 2, definite: true },
  'script-invalid': { exit: 2, definite: true },
  'history-invalid': { exit: 2, definite: true },
  'no-such-node': { exit: 3, definite: true },
  'no-such-cluster': { exit: 3, definite: true },
  'not-running': { exit: 3, definite: true },
  'command-failed': { exit: 1, definite: true },
  'start-failed': { exit: 1, definite: true },
  'port-taken': { exit: 6, definite: true },
  'already-running': { exit: 6, definite: true },
  'topology-changed': { exit: 6, definite: true },
  'handshake-refused': { exit: 6, definite: true },
  'log-trimmed': { exit: 1, definite: true },
  'member-removed': { exit: 6, definite: true },
  'change-refused': { exit: 6, definite: true },
  'change-failed': { exit: 1, definite: true },
  'data-damaged': { exit: 7, definite: true },
  'data-forgotten': { exit: 7, definite: true },
  'state-damaged': { exit: 7, definite: true },
  'data-foreign': { exit: 6, definite: true },
  'data-newer': { exit: 6, definite: true },
  'data-unreadable': { exit: 1, definite: true },
  'data-locked': { exit: 6, definite: true },
  'disk-failed': { exit: 1, definite: true },
  violation: { exit: 7, definite: true },
  internal: { exit: 1, definite: false },
} as const satisfies Record<string, { readonly exit: number; readonly definite: boolean }>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorOptions {
  /** Overrides the table where the place of failure knows better (a put that was never sent did not happen). */
  readonly definite?: boolean;
  /** What to do about it, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An expected failure. The message names the thing, what was expected and what was received. Shown without a stack. */
export class RaftctlError extends Error {
  override readonly name = 'RaftctlError';
  readonly code: ErrorCode;
  readonly definite: boolean;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.definite = options.definite ?? ERRORS[code].definite;
    this.hint = options.hint;
  }

  get exitCode(): number {
    return ERRORS[this.code].exit;
  }
}

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text);

/** Anything that was thrown as a coded error; a stranger among them is `internal`. */
export const asError = (thrown: unknown): RaftctlError =>
  thrown instanceof RaftctlError ? thrown : new RaftctlError('internal', messageOf(thrown), { cause: thrown });

/** The message of anything that was thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
