import { RaftctlError, type Timer } from '../base/index.js';
import type { Runnable } from './commands/spec.js';
import type { Context, Output, Workspace } from './context.js';
import { formatDuration } from './language/duration.js';
import type { Outcome } from './outcome.js';
import type { Choice } from './terminal/questions.js';

export interface ExecuteOptions {
  readonly signal: AbortSignal;
  /** A bound from outside (`within`), on top of the command's own. */
  readonly atMostMs?: number;
  /** A background command: only a bound of its own counts. */
  readonly unbounded?: boolean;
  readonly waiting?: (text: string) => void;
  readonly progress?: (text: string) => void;
}

/** The command's own bound is the client's and the supervisor's business; this one catches what forgot it. */
const GRACE_MS = 500;
/** Of writes whose outcome is not known, so many are remembered. */
const UNDECIDED_MAX = 100;
/** How long an interrupted command may take to say how it ended. */
const INTERRUPT_MS = 250;

/** Runs one command within its bound. Commands never outlive it: their signal is aborted, and they are left behind. */
export async function execute(
  workspace: Workspace,
  output: Output,
  call: Runnable,
  options: ExecuteOptions,
): Promise<Outcome> {
  const refusal = workspace.cluster.refuses?.(call.spec);
  if (refusal !== undefined) throw refusal;
  if (call.spec.acts === true && workspace.surface.origin !== 'script') announce(workspace, call);
  const bound = new Bound(workspace, call, options);
  const context: Context = {
    ...workspace,
    output,
    signal: bound.signal,
    timeoutMs: bound.timeoutMs,
    waiting: options.waiting ?? (() => {}),
    progress: options.progress ?? (() => {}),
    ...(workspace.surface.confirm
      ? { confirm: (question: string) => bound.suspended(workspace.surface.confirm!(question, bound.signal)) }
      : {}),
    ...(workspace.surface.pick
      ? {
          pick: (question: string, choices: readonly Choice[]) =>
            bound.suspended(workspace.surface.pick!(question, choices, bound.signal)),
        }
      : {}),
  };
  try {
    return await Promise.race([call.spec.run(context, call), bound.ended]);
  } catch (thrown) {
    noteUndecided(workspace, call, thrown);
    throw thrown;
  } finally {
    bound.release();
  }
}

/** A write that failed without a definite answer may have happened: `explain` says so. */
function noteUndecided({ scope, surface }: Workspace, call: Runnable, thrown: unknown): void {
  if (call.spec.group !== 'data' || call.spec.acts !== true) return;
  if (!(thrown instanceof RaftctlError) || thrown.definite) return;
  scope.undecided.push({ time: surface.clock.now(), line: call.lineWithoutValues });
  if (scope.undecided.length > UNDECIDED_MAX) scope.undecided.shift();
}

/** Others are told what is tried, whatever comes of it. That they are not must not keep it from being done. */
function announce({ cluster, surface }: Workspace, call: Runnable): void {
  cluster
    .control()
    .announce(call.lineWithoutValues, surface.console)
    .catch(() => {});
}

/** The time a command has, and the two ways in which it ends early: it is over, or somebody interrupts. */
class Bound {
  readonly timeoutMs: number;
  readonly #controller = new AbortController();
  readonly ended: Promise<never>;
  #end: (error: Error) => void = () => {};
  readonly #timers: Timer[] = [];
  /** Null: it has no bound. */
  readonly #call: Runnable | null;
  #clock: Timer | null = null;
  #released = false;
  readonly #workspace: Workspace;
  readonly #outer: AbortSignal;
  readonly #interruptMs: number;

  constructor(workspace: Workspace, call: Runnable, options: ExecuteOptions) {
    this.#workspace = workspace;
    this.#outer = options.signal;
    this.#interruptMs = call.spec.interruptMs ?? INTERRUPT_MS;
    const own = call.duration('timeout');
    this.timeoutMs = Math.max(
      1,
      Math.min(own ?? workspace.scope.timeoutMs, options.atMostMs ?? Number.POSITIVE_INFINITY),
    );
    this.ended = new Promise((_, reject) => {
      this.#end = reject;
    });
    const endless =
      own === undefined &&
      (options.unbounded === true || call.spec.unbounded?.(call, workspace.surface.origin) === true);
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
    this.#clock = this.#workspace.surface.scheduler.after(this.timeoutMs + GRACE_MS, () => this.#expire(call));
  }

  #after(ms: number, run: () => void): void {
    this.#timers.push(this.#workspace.surface.scheduler.after(ms, run));
  }

  #expire(call: Runnable): void {
    this.#end(new RaftctlError('timeout', `${call.line}: no result within ${formatDuration(this.timeoutMs)}`));
    this.#controller.abort();
  }

  readonly #interrupt = (): void => {
    this.#controller.abort();
    this.#after(this.#interruptMs, () => this.#end(new RaftctlError('interrupted', 'interrupted')));
  };
}
