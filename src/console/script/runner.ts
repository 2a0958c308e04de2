import { ERRORS, messageOf, RaftctlError } from '../../base/index.js';
import { DEFAULT_EXCLUDE, renderEvent } from '../../diagnostics/index.js';
import type { CommandTable, Invocation } from '../commands/index.js';
import type { Output, Workspace } from '../context.js';
import type { Script, Statement } from '../language/ast.js';
import { formatDuration } from '../language/duration.js';
import { lineOf, ScriptError, type Span } from '../language/position.js';
import { CheckFailure, Evaluator } from './evaluator.js';
import { described, type Result } from './matchers.js';
import type { CaseFailure, CaseResult, Report } from './report.js';

export interface RunnerOptions {
  readonly workspace: Workspace;
  readonly output: Output;
  readonly table: CommandTable;
  /** A failed case does not stop the script. */
  readonly keepGoing?: boolean;
  /** Run up to this case, itself included. */
  readonly until?: string | undefined;
  /** Run only what stands before the first case, and this case. */
  readonly only?: string | undefined;
  /** What `random` draws from, for the report. */
  readonly seed?: number | null;
  /** Where the nodes' logs are, asked when the script has ended. */
  readonly logs?: () => string | null;
  readonly onCase?: (result: CaseResult) => void;
  /** A result outside every case, where there is a reader for it. */
  readonly onResult?: (result: Result, call: Invocation) => void;
  readonly waiting?: (text: string) => void;
}

/** A stretch of a script that passes or fails as one. */
interface Case {
  readonly name: string;
  readonly span: Span;
  readonly statements: readonly Statement[];
  /** Has a `test` line: the others are the prologue, and the whole of a script without tests. */
  readonly named: boolean;
  /** Stands before the first `test`. */
  readonly prologue: boolean;
}

/** Commands that say nothing about the cluster. */
const NO_CHECKS: ReadonlySet<string> = new Set(['sleep', 'up', 'mark', 'exit', 'help']);
const TRANSCRIPT_LINES = 200;
const EVENTS_SHOWN = 15;

/** Runs a parsed script to its end and reports. Throws `interrupted` when the signal says so, after the cleanup. */
export class ScriptRunner {
  readonly #options: RunnerOptions;
  readonly #evaluator: Evaluator;
  readonly #results: CaseResult[] = [];
  #transcript: string[] = [];
  #commands = 0;
  #inCase = false;
  #skipped = 0;
  /** The statement that runs, or ran last. */
  #place = 'its beginning';

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#evaluator = new Evaluator({
      workspace: options.workspace,
      // Inside a case, what commands say belongs to its transcript.
      output: { ...options.output, say: (text) => this.#said(text) },
      table: options.table,
      onResult: (result, call) => this.#record(result, call),
      ...(options.waiting ? { waiting: options.waiting } : {}),
    });
  }

  async run(script: Script, signal: AbortSignal): Promise<Report> {
    const statements = flatten(script.statements);
    const cases = casesToRun(script, this.#options);
    let ran = 0;
    for (const one of cases) {
      if (signal.aborted || this.#evaluator.left) break;
      ran += 1;
      const passed = await this.#case(one, signal);
      if (!passed && !(this.#options.keepGoing && one.named)) break;
    }
    this.#skipped = cases.length - ran;
    await this.#finish(script, statements);
    if (signal.aborted) throw new RaftctlError('interrupted', `the script was interrupted at ${this.#place}`);
    return this.report(script);
  }

  /** What there is to report, also of a run that was interrupted. */
  report(script: Script): Report {
    const cases = this.#results;
    const failed = cases.filter((result) => result.failure).length;
    const { seed = null, logs } = this.#options;
    return {
      file: script.source.file,
      cases,
      passed: cases.length - failed,
      failed,
      skipped: this.#skipped,
      commands: this.#commands,
      seed,
      logs: logs?.() ?? null,
    };
  }

  async #case(one: Case, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options.workspace.surface;
    const startedAt = clock.now();
    this.#transcript = [];
    this.#inCase = one.named;
    let failure: CaseFailure | null = null;
    for (const statement of one.statements) {
      if (this.#evaluator.left) break;
      this.#place = lineOf(statement.span);
      try {
        await this.#evaluator.run(statement, signal);
      } catch (thrown) {
        failure = await this.#failure(thrown, statement.span, clock.now() - startedAt);
        break;
      }
    }
    // What stands before the first case is only worth a line when it fails.
    if (!one.prologue || failure) this.#close(one, clock.now() - startedAt, failure);
    return failure === null;
  }

  #close(one: Pick<Case, 'name' | 'span'>, tookMs: number, failure: CaseFailure | null): void {
    const result: CaseResult = { name: one.name, place: lineOf(one.span), tookMs, failure };
    this.#results.push(result);
    this.#options.onCase?.(result);
  }

  /** Cleanup blocks, then the jobs that are left. Both can fail the script; neither can be interrupted. */
  async #finish(script: Script, statements: readonly Statement[]): Promise<void> {
    const patient = new AbortController().signal;
    // What is only cleaned up was not checked.
    const checked = this.#commands;
    const blocks = statements.filter((statement) => statement.type === 'cleanup');
    const whole: Span = { source: script.source, offset: 0, length: 1 };
    this.#inCase = true;
    for (const block of blocks) {
      this.#transcript = [];
      const { clock } = this.#options.workspace.surface;
      const startedAt = clock.now();
      try {
        await this.#evaluator.run({ type: 'action', action: block.body, span: block.span }, patient);
      } catch (thrown) {
        const tookMs = clock.now() - startedAt;
        this.#close({ name: 'cleanup', span: block.span }, tookMs, await this.#failure(thrown, block.span, tookMs));
      }
    }
    this.#commands = checked;
    for (const job of await this.#options.workspace.scope.jobs.finish()) {
      this.#transcript = [];
      const failure = await this.#failure(job.error, whole, 0, `${job.line} &${job.name}`);
      this.#close({ name: `job ${job.name}`, span: whole }, 0, failure);
    }
  }

  #said(text: string): void {
    this.#transcript.push(text);
    if (!this.#inCase && this.#options.onResult) this.#options.output.say(text);
  }

  #record(result: Result, call: Invocation): void {
    // A script that only sets and sleeps has checked nothing.
    if (!NO_CHECKS.has(call.spec.name)) this.#commands += 1;
    this.#transcript.push(`${call.line} -> ${described(result)} (${formatDuration(result.tookMs)})`);
    if (this.#transcript.length > TRANSCRIPT_LINES) this.#transcript.shift();
    if (!this.#inCase) this.#options.onResult?.(result, call);
  }

  async #failure(thrown: unknown, span: Span, tookMs: number, line?: string): Promise<CaseFailure> {
    const at = thrown instanceof CheckFailure || thrown instanceof ScriptError ? thrown.span : span;
    const statement = line ?? at.source.text.slice(at.offset, at.offset + at.length).split('\n', 1)[0]!;
    const transcript = [...this.#transcript];
    const common = { place: lineOf(at), statement, transcript, events: await this.#events() };
    if (thrown instanceof CheckFailure) {
      const { expected, got } = thrown.mismatch;
      // Only a command that had to succeed passes its own exit code on; an expectation that fails is 1.
      const exitCode = thrown.error && expected === 'ok' ? thrown.error.exitCode : 1;
      return { ...common, expected, got, tries: thrown.tries, tookMs: thrown.tookMs, exitCode };
    }
    const code = thrown instanceof RaftctlError ? thrown.code : 'internal';
    return {
      ...common,
      expected: 'ok',
      got: `error ${code}: ${messageOf(thrown)}`,
      tries: 1,
      tookMs,
      exitCode: ERRORS[code].exit,
    };
  }

  async #events(): Promise<readonly string[]> {
    try {
      const { events } = this.#options.workspace.cluster.control();
      const page = await events.read({
        after: 0,
        filter: { exclude: DEFAULT_EXCLUDE },
        limit: EVENTS_SHOWN,
        fromEnd: true,
      });
      return page.events.map(renderEvent);
    } catch {
      // The cluster may be what failed: a report without events is still a report.
      return [];
    }
  }
}

/**
 * What `--until` and `--only` leave of a script. What stands before the first case always runs. Throws when there is no
 * such case: ask before a cluster is started.
 */
export function casesToRun(script: Script, { until, only }: Pick<RunnerOptions, 'until' | 'only'>): readonly Case[] {
  const cases = casesOf(script, flatten(script.statements));
  const wanted = only ?? until;
  if (wanted === undefined) return cases;
  const at = cases.findIndex((one) => one.named && one.name === wanted);
  if (at === -1) {
    const names = cases.filter((one) => one.named).map((one) => `'${one.name}'`);
    throw new RaftctlError('usage', `${script.source.file} has no case '${wanted}'`, {
      hint: `cases: ${names.join(', ') || 'none'}`,
    });
  }
  return only === undefined ? cases.slice(0, at + 1) : cases.filter((one, index) => !one.named || index === at);
}

/** Sourced files take part as if they stood there. */
function flatten(statements: readonly Statement[]): Statement[] {
  return statements.flatMap((statement) =>
    statement.type === 'action' && statement.action.type === 'source'
      ? flatten(statement.action.script.statements)
      : [statement],
  );
}

function casesOf(script: Script, statements: readonly Statement[]): Case[] {
  const cases: Case[] = [];
  const tested = statements.some((statement) => statement.type === 'test');
  let name = tested ? 'before the first test' : script.source.file;
  let span: Span = statements[0]?.span ?? { source: script.source, offset: 0, length: 1 };
  let body: Statement[] = [];
  let named = false;
  const close = () => {
    if (named || body.length > 0) cases.push({ name, span, statements: body, named, prologue: tested && !named });
  };
  for (const statement of statements) {
    if (statement.type === 'cleanup') continue;
    if (statement.type !== 'test') {
      body.push(statement);
      continue;
    }
    close();
    ({ name, span } = statement);
    body = [];
    named = true;
  }
  close();
  return cases;
}
