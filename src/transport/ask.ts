import type { Clock, RaftctlError } from '../base/index.js';
import type { Call, Calls } from './calls.js';
import type { Connection, Frame, Link } from './transport.js';

interface AskOptions {
  readonly calls: Calls;
  readonly over: Connection | Link;
  readonly clock: Clock;
  readonly kind: number;
  readonly payload: Uint8Array;
  /** Absent: as long as the other side likes. */
  readonly timeoutMs?: number | undefined;
  /** What to say when it has not answered by then. */
  readonly late: () => RaftctlError;
  /** What to say when it was not sent, or its answer went with the connection: then it may have been heard. */
  readonly lost: (cause: RaftctlError | undefined, wasSent: boolean) => RaftctlError;
  readonly onNews?: ((frame: Frame) => void) | undefined;
  /** Once aborted, the other side is told so by a frame of this kind under the same id. Its answer still counts. */
  readonly cancel?: { readonly signal: AbortSignal; readonly kind: number } | undefined;
}

/** A call with a promise, for those who are in no hurry: resolves with the answer, of whatever kind. */
export function ask(options: AskOptions): Promise<Frame> {
  const { calls, over, kind, payload, cancel, lost } = options;
  return new Promise((resolve, reject) => {
    const call = new Asked(options, resolve, reject);
    if (!calls.send(over, kind, call, payload)) reject(lost(undefined, false));
    else if (cancel?.signal.aborted) call.tellCancelled();
    else cancel?.signal.addEventListener('abort', call.tellCancelled);
  });
}

class Asked implements Call {
  callId = 0;
  readonly deadline: number;
  readonly #options: AskOptions;
  readonly #resolve: (frame: Frame) => void;
  readonly #reject: (error: RaftctlError) => void;

  constructor(options: AskOptions, resolve: (frame: Frame) => void, reject: (error: RaftctlError) => void) {
    this.deadline = options.clock.now() + (options.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  readonly tellCancelled = (): void => {
    const { over, cancel } = this.#options;
    over.send(cancel!.kind, this.callId);
  };

  take(frame: Frame): void {
    this.#settled();
    this.#resolve(frame);
  }

  news(frame: Frame): void {
    this.#options.onNews?.(frame);
  }

  overdue(): void {
    this.#settled();
    this.#reject(this.#options.late());
  }

  lost(cause: RaftctlError | undefined): void {
    this.#settled();
    this.#reject(this.#options.lost(cause, true));
  }

  #settled(): void {
    this.#options.cancel?.signal.removeEventListener('abort', this.tellCancelled);
  }
}
