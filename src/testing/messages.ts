import { type ErrorCode, isErrorCode, RaftctlError } from '../base/index.js';

/**
 * What a test and the supervisor of its cluster say to each other on the channel between them: each one line of JSON.
 * Both are of one build. The end of the channel is a message too: the test is gone, or has no more use for the cluster.
 */
export interface StartRequest {
  /** A cluster.yaml; null: `settings` stand in its place. */
  readonly file: string | null;
  /** What a cluster.yaml says, of whatever shape. */
  readonly settings: unknown;
  /** In front of either. */
  readonly overrides: Overrides;
  readonly timeoutMs: number;
  readonly portRange: readonly [min: number, max: number];
}

/** Of whatever shape: they are checked as what stands in a file. */
export interface Overrides {
  readonly nodes?: unknown;
  readonly heartbeat?: unknown;
  readonly electionTimeout?: unknown;
  readonly logs?: unknown;
}

export type StartAnswer =
  | { readonly type: 'ready'; readonly socket: string }
  | { readonly type: 'failed'; readonly error: FailureDocument };

interface FailureDocument {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly definite: boolean;
}

export const toFailure = ({ code, message, hint, definite }: RaftctlError): StartAnswer => ({
  type: 'failed',
  error: { code, message, hint, definite },
});

export function fromFailure({ code, message, hint, definite }: FailureDocument): RaftctlError {
  const known = isErrorCode(code) ? code : 'internal';
  return new RaftctlError(known, message, { definite, ...(hint !== undefined && { hint }) });
}

export const toLine = (message: StartRequest | StartAnswer): string => `${JSON.stringify(message)}\n`;

/** Calls `heard` once, with the first line that comes. */
export function readLine(
  channel: { on(event: 'data', heard: (chunk: Buffer) => void): unknown },
  heard: (line: string) => void,
): void {
  let chunks: Buffer[] | undefined = [];
  channel.on('data', (chunk) => {
    if (chunks === undefined) return;
    chunks.push(chunk);
    if (!chunk.includes('\n')) return;
    const [line = ''] = Buffer.concat(chunks).toString().split('\n', 1);
    chunks = undefined;
    heard(line);
  });
}
