import { RaftctlError, type Timer } from '../base/index.js';
import type { BoundCall } from './commands/bound-call.js';
import type { Outcome } from './commands/spec.js';
import type { Context, Output, Session } from './context.js';
import { formatDuration } from './language/duration.js';
import type { Choice } from './terminal/questions.js';

export interface ExecuteOptions {
  readonly signal: AbortSignal;
  /** A bound from outside (`within`), on top of the command's own. */
  readonly atMostMs?: number;
  /** A background command: only a bound of its own counts. */
  readonly unbounded?: boolean;
  readonly waiting?: (text: string) => void;
}

/** The command's own bound is the client's and the supervisor's business; this one catches what forgot it. */
const GRACE_MS = 500;
/** How long an interrupted command may take to say how it ended. */
const INTERRUPT_MS = 250;

/** Runs one command within its bound. Commands never outlive it: their signal is aborted, and they are left behind. */
export async function execute(
  session: Session,
  output: Output,
  call: BoundCall,
  options: ExecuteOptions,
): Promise<Outcome> {
  const bound = new Bound(session, call, options);
  const context: Context = {
    session,
    output,
    signal: bound.signal,
    timeoutMs: bound.timeoutMs,
    waiting: options.waiting ?? (() => {}),
    ...(session.confirm
      ? { confirm: (question: string) => bound.suspended(session.confirm!(question, bound.signal)) }
      : {}),
    ...(session.pick
      ? {
          pick: (question: string, choices: readonly Choice[]) =>
            bound.suspended(session.pick!(question, choices, bound.signal)),
        }
      : {}),
  };
  try {
    return await Promise.race([call.spec.run(context, call), bound.ended]);
  } finally {
    bound.release();
  }
}

/** The time a command has, and the two ways in which it ends early: it is over, or somebody interrupts. */
class Bound {
  readonly timeoutMs: number;
  readonly #controller = new AbortController();
  readonly ended: Promise<never>;
  #end: (error: Error) => void = () => {};
  readonly #timers: Timer[] = [];
  /** Null: it has no bound. */
  readonly #call: BoundCall | null;
  #clock: Timer | null = null;
  #released = false;
  readonly #session: Session;
  readonly #outer: AbortSignal;

  constructor(session: Session, call: BoundCall, options: ExecuteOptions) {
    this.#session = session;
    this.#outer = options.signal;
    const own = call.duration('timeout');
    this.timeoutMs = Math.max(1, Math.min(own ?? session.timeoutMs, options.atMostMs ?? Number.POSITIVE_INFINITY));
    this.ended = new Promise((_, reject) => {
      this.#end = reject;
    });
    const endless =
      own === undefined && (options.unbounded === true || call.spec.unbounded?.(call, session.origin) === true);
    this.#call = endless ? null : call;
    this.#startClock();
    if (this.#outer.aborted) this.#interrupt();
    else this.#outer.addEventListener('abort', this.#interrupt, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A person who is asked may think as long as they like. */
  async suspended<T>(answer: Promise<T>): Promise<T> {
    this.#clock?.cancel();
    try {
      return await answer;
    } finally {
      this.#startClock();
    }
  }

  release(): void {
    this.#released = true;
    this.#clock?.cancel();
    for (const timer of this.#timers) timer.cancel();
    this.#outer.removeEventListener('abort', this.#interrupt);
  }

  #startClock(): void {
    const call = this.#call;
    if (call === null || this.#released) return;
    this.#clock = this.#session.scheduler.after(this.timeoutMs + GRACE_MS, () => this.#expire(call));
  }

  #after(ms: number, run: () => void): void {
    this.#timers.push(this.#session.scheduler.after(ms, run));
  }

  #expire(call: BoundCall): void {
    this.#end(new RaftctlError('timeout', `${call.line}: no result within ${formatDuration(this.timeoutMs)}`));
    this.#controller.abort();
  }

  readonly #interrupt = (): void => {
    this.#controller.abort();
    this.#after(INTERRUPT_MS, () => this.#end(new RaftctlError('interrupted', 'interrupted')));
  };
}
