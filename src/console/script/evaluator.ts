import { InvariantError, messageOf, RaftctlError } from '../../base/index.js';
import type { CommandTable, Runnable } from '../commands/index.js';
import type { Invocation } from '../commands/invocation.js';
import type { Output, Workspace } from '../context.js';
import { delay } from '../delay.js';
import { execute } from '../execute.js';
import type { Action, Block, CommandAction, RepeatAction, Statement, WithinAction } from '../language/ast.js';
import { parseDuration } from '../language/duration.js';
import { ScriptError, type Span } from '../language/position.js';
import type { Outcome } from '../outcome.js';
import type { Variable } from '../scope.js';
import { expand, expandText } from './expand.js';
import type { JobHandle } from './jobs.js';
import { described, failureOf, type Mismatch, match, type Result } from './matchers.js';

/** A command or an expectation that did not hold. Reports turn it into text. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
  readonly span: Span;
  readonly mismatch: Mismatch;
  /** The failure of the command itself, when it had one: its exit code counts. */
  readonly error: RaftctlError | null;
  tries = 1;
  tookMs: number;

  constructor(span: Span, mismatch: Mismatch, result: Result) {
    super(`expected ${mismatch.expected}, got ${mismatch.got}`);
    this.span = span;
    this.mismatch = mismatch;
    this.error = result.type === 'failure' ? result.error : failureIn(result.outcome);
    this.tookMs = result.tookMs;
  }
}

export interface EvaluatorOptions {
  readonly workspace: Workspace;
  readonly output: Output;
  readonly table: CommandTable;
  /** Every command that finished, in order, background ones when they were started. */
  readonly onResult?: (result: Result, call: Invocation, action: CommandAction) => void;
  readonly waiting?: (text: string) => void;
  readonly progress?: (text: string) => void;
  /** A background command ended: with its outcome, or a failure. */
  readonly onJobEnd?: (name: string, line: string, end: JobEnd) => void;
}

export type JobEnd = { readonly outcome: Outcome } | { readonly error: unknown };

interface Frame {
  readonly signal: AbortSignal;
  /** Monotonic milliseconds by which everything inside a `within` must be done. */
  readonly deadline: number;
  /** Inside a `within` a result is only news once it holds. */
  readonly trying: boolean;
}

/** Statements that wait for nothing would keep everybody waiting, an interruption too. */
const TURNS_AT_ONCE = 1_000;
/** A pause between the tries of a `within` that names none. */
const RETRY_MS = 50;
const NOTHING: Outcome = { document: null, principal: null, text: () => '' };

/** Runs statements on a workspace. What does not hold is a CheckFailure; an interruption is a RaftctlError. */
export class Evaluator {
  readonly #options: EvaluatorOptions;
  readonly #workspace: Workspace;
  #left = false;

  constructor(options: EvaluatorOptions) {
    this.#options = options;
    this.#workspace = options.workspace;
  }

  /** The statement that ran last came to an `exit`: what follows is not run. */
  get left(): boolean {
    return this.#left;
  }

  /** Runs one statement; `test` and `cleanup` are the runner's. */
  async run(statement: Statement, signal: AbortSignal): Promise<Outcome> {
    this.#left = false;
    return this.#statement(statement, { signal, deadline: Number.POSITIVE_INFINITY, trying: false });
  }

  async #statement(statement: Statement, frame: Frame): Promise<Outcome> {
    switch (statement.type) {
      case 'set':
        this.#set(statement.name, expandText(statement.value, this.#workspace), statement.span);
        return NOTHING;
      case 'let': {
        const { document, principal } = await this.#action(statement.action, frame);
        this.#workspace.scope.variables.set(statement.name, { document, principal });
        return NOTHING;
      }
      case 'action':
        return this.#action(statement.action, frame);
      case 'test':
      case 'cleanup':
        throw new ScriptError(statement.span, `${statement.type} belongs into a script`);
    }
  }

  #set(name: string, text: string, span: Span): void {
    if (name === 'timeout') {
      const ms = parseDuration(text);
      if (ms === undefined) throw new ScriptError(span, `set timeout: expected a duration such as 10s, got '${text}'`);
      this.#workspace.scope.timeoutMs = ms;
    }
    const variable: Variable = { document: text, principal: text };
    this.#workspace.scope.variables.set(name, variable);
  }

  async #action(action: Action, frame: Frame): Promise<Outcome> {
    if (frame.signal.aborted) throw new RaftctlError('interrupted', 'interrupted');
    switch (action.type) {
      case 'command':
        return this.#command(action, frame);
      case 'within':
        return this.#within(action, frame);
      case 'repeat':
        return this.#repeat(action, frame);
      case 'block':
        return this.#block(action, frame);
      case 'source':
        return this.#all(action.script.statements, frame);
    }
  }

  #block(block: Block, frame: Frame): Promise<Outcome> {
    return this.#all(block.statements, frame);
  }

  async #all(statements: readonly Statement[], frame: Frame): Promise<Outcome> {
    let last = NOTHING;
    for (const statement of statements) {
      if (this.#left) break;
      last = await this.#statement(statement, frame);
    }
    return last;
  }

  async #repeat(action: RepeatAction, frame: Frame): Promise<Outcome> {
    const { surface, scope } = this.#workspace;
    const { clock, scheduler } = surface;
    const { variables } = scope;
    let last = NOTHING;
    let next = clock.now();
    for (let turn = 1; turn <= action.times && !this.#left; turn++) {
      if (action.as !== null) variables.set(action.as, { document: turn, principal: turn });
      if (action.everyMs !== null) {
        await delay(scheduler, Math.max(0, next - clock.now()), frame.signal);
        next += action.everyMs;
      } else if (turn % TURNS_AT_ONCE === 0) await delay(scheduler, 0, frame.signal);
      last = await this.#action(action.body, frame);
    }
    return last;
  }

  /** Command and expectation, again until both hold or the time is up. */
  async #within(action: WithinAction, frame: Frame): Promise<Outcome> {
    const { clock, scheduler } = this.#workspace.surface;
    const startedAt = clock.now();
    const deadline = Math.min(frame.deadline, startedAt + action.boundMs);
    for (let tries = 1; ; tries++) {
      try {
        return await this.#action(action.body, { ...frame, deadline, trying: true });
      } catch (thrown) {
        if (!(thrown instanceof CheckFailure) || thrown.error?.code === 'usage') throw thrown;
        const pause = action.everyMs ?? RETRY_MS;
        if (clock.now() + pause >= deadline) {
          thrown.tries = tries;
          thrown.tookMs = clock.now() - startedAt;
          throw thrown;
        }
        await delay(scheduler, pause, frame.signal);
      }
    }
  }

  async #command(action: CommandAction, frame: Frame): Promise<Outcome> {
    const workspace = this.#workspace;
    const words = action.call.words.map((word) => expand(word, workspace));
    const call = this.#options.table.bind(words, workspace.surface.origin);
    if (action.job !== null) return this.#background(action, call, action.job);
    const result = await this.#result(call, frame.signal, frame);
    const failure = this.#judge(action, result);
    if (result.type === 'answer' && result.outcome.leave) this.#left = true;
    // A try that failed inside a within is no news; what holds, or ends the case, is.
    if (!(frame.trying && failure)) this.#options.onResult?.(result, call, action);
    if (failure) throw failure;
    return result.type === 'answer' ? result.outcome : failedOutcome(result.error);
  }

  #background(action: CommandAction, call: Runnable, job: string): Outcome {
    const endless: Frame = { signal: new AbortController().signal, deadline: Number.POSITIVE_INFINITY, trying: false };
    const run = async ({ signal, progress }: JobHandle): Promise<Outcome> => {
      const result = await this.#result(call, signal, endless, { unbounded: !call.has('timeout'), progress });
      // Without an expectation of its own an answer is for whoever waits for it, also one that is a failure.
      const isJudged = action.negated || action.matchers.length > 0;
      if (!isJudged && result.type === 'answer') return result.outcome;
      const failure = this.#judge(action, result);
      if (failure) throw failure.error ?? new RaftctlError('command-failed', failure.message);
      return result.type === 'answer' ? { ...result.outcome, unmet: undefined } : failedOutcome(result.error);
    };
    const ended = (end: JobEnd) => this.#options.onJobEnd?.(job, call.line, end);
    this.#workspace.scope.jobs.start(job, call.line, (handle) => {
      const running = run(handle);
      running.then(
        (outcome) => ended({ outcome }),
        (error: unknown) => ended({ error }),
      );
      return running;
    });
    const outcome: Outcome = { document: { job }, principal: job, text: () => `${call.line} runs as ${job}` };
    this.#options.onResult?.({ type: 'answer', outcome, tookMs: 0 }, call, action);
    return outcome;
  }

  async #result(
    call: Runnable,
    signal: AbortSignal,
    frame: Frame,
    background?: Pick<JobHandle, 'progress'> & { readonly unbounded: boolean },
  ): Promise<Result> {
    const { clock } = this.#workspace.surface;
    const startedAt = clock.now();
    const atMostMs = background?.unbounded ? undefined : frame.deadline - startedAt;
    // What a job waits for is nothing that keeps anybody here.
    const { waiting, progress } = background ? { progress: background.progress } : this.#options;
    try {
      const outcome = await execute(this.#workspace, this.#options.output, call, {
        signal,
        ...(atMostMs === undefined ? { unbounded: true } : { atMostMs }),
        ...(waiting ? { waiting } : {}),
        ...(progress ? { progress } : {}),
      });
      return { type: 'answer', outcome, tookMs: clock.now() - startedAt };
    } catch (thrown) {
      if (thrown instanceof InvariantError) throw thrown;
      // Interrupted: what the command says of its outcome is worth more than that it was interrupted.
      if (frame.signal.aborted) throw asInterrupted(thrown);
      const error =
        thrown instanceof RaftctlError ? thrown : new RaftctlError('internal', messageOf(thrown), { cause: thrown });
      return { type: 'failure', error, tookMs: clock.now() - startedAt };
    }
  }

  /** Does the result hold? A command without matchers must succeed; with `!` it must fail. */
  #judge(action: CommandAction, result: Result): CheckFailure | null {
    const failure = failureOf(result);
    if (action.negated && failure === null) {
      return new CheckFailure(action.span, { expected: 'a failure (!)', got: described(result) }, result);
    }
    // A matcher for an error or a value has its own say about a failure.
    const judged =
      action.negated || action.matchers.some(({ type }) => type === 'error' || type === 'value' || type === 'nil');
    if (!judged && failure !== null) {
      return new CheckFailure(action.span, { expected: 'ok', got: failure }, result);
    }
    for (const matcher of action.matchers) {
      const mismatch = match(matcher, result, (word) => expandText(word, this.#workspace));
      if (mismatch) return new CheckFailure(action.span, mismatch, result);
    }
    return null;
  }
}

/** A command that answered, and whose answer is a failure of a kind of its own. */
const failureIn = ({ unmet, unmetCode }: Outcome): RaftctlError | null =>
  unmet === undefined || unmetCode === undefined ? null : new RaftctlError(unmetCode, unmet);

const asInterrupted = (thrown: unknown): RaftctlError =>
  thrown instanceof RaftctlError ? thrown : new RaftctlError('interrupted', 'interrupted', { cause: thrown });

/** What `let` keeps of a failure that was expected. */
const failedOutcome = (error: RaftctlError): Outcome => ({
  document: { error: { code: error.code, message: error.message, definite: error.definite } },
  principal: error.code,
  text: () => error.message,
});
