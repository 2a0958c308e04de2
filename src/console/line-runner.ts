import type { CommandTable } from './commands/index.js';
import type { Workspace } from './context.js';
import { type ParseOptions, parseScript, ScriptError, type Statement } from './language/index.js';
import type { Outcome } from './outcome.js';
import type { Recorder } from './recording/index.js';
import { asRaftctlError, outputOf, type Printer, printOutcome } from './results.js';
import { Evaluator } from './script/evaluator.js';

export interface LineRunnerOptions {
  readonly workspace: Workspace;
  readonly table: CommandTable;
  readonly printer: Printer;
  /** What errors call the input: `prompt`, `stdin`. */
  readonly file: string;
  readonly format?: 'text' | 'json';
  readonly load?: NonNullable<ParseOptions['load']>;
  readonly waiting?: (text: string) => void;
  /** Writes what runs as a script, when it is asked to. */
  readonly recorder?: Recorder | undefined;
  readonly progress?: (text: string) => void;
}

const shownOf = ({ text, unmet }: Outcome, { errView }: Printer): string =>
  [text(errView).toString(), ...(unmet === undefined ? [] : [unmet])].filter((part) => part !== '').join('\n');

export type LineResult = 'incomplete' | 'done' | 'leave';

/** Runs commands line by line, as they are typed or piped in: parses when a line is whole, prints each result. */
export class LineRunner {
  readonly #options: LineRunnerOptions;
  readonly #evaluator: Evaluator;
  #pending = '';
  #unfinished: ScriptError | null = null;
  #lines = 0;
  #leave = false;
  /** Commands that ran. */
  commands = 0;

  constructor(options: LineRunnerOptions) {
    this.#options = options;
    const { workspace, table, printer, waiting, progress, recorder, format = 'text' } = options;
    if (recorder) recorder.say = (text) => printer.err(text);
    this.#evaluator = new Evaluator({
      workspace,
      table,
      output: outputOf(printer, format),
      onResult: (result, call) => {
        this.commands += 1;
        recorder?.ran(result, call);
        const own = call.find('output');
        if (result.type === 'answer') this.#print(result.outcome, own === 'json' || own === 'text' ? own : format);
      },
      onJobEnd: (name, line, end) => {
        if ('error' in end || end.outcome.unmet !== undefined) recorder?.jobFailed(name);
        const isTold = 'outcome' in end && workspace.scope.jobs.isAwaited(name);
        const text = isTold ? '' : 'error' in end ? asRaftctlError(end.error).message : shownOf(end.outcome, printer);
        const result = text === '' ? '' : text.includes('\n') ? `\n${text}` : `: ${text}`;
        printer.err(`job ${name} ended: ${line}${result}`);
      },
      ...(waiting ? { waiting } : {}),
      ...(progress ? { progress } : {}),
    });
  }

  /** True while a `do` or a trailing backslash waits for more lines. */
  get incomplete(): boolean {
    return this.#pending !== '';
  }

  /** Forgets an unfinished block. */
  reset(): void {
    this.#pending = '';
  }

  /** The input is over: a block that is still open is an error. */
  end(): void {
    if (this.incomplete && this.#unfinished) throw this.#unfinished;
  }

  /** Runs a line, or several that were pasted as one. Throws what its first failing statement threw; those after it are not run. */
  async feed(line: string, signal: AbortSignal): Promise<LineResult> {
    this.#lines += line.split('\n').length;
    const text = this.#pending === '' ? line : `${this.#pending}\n${line}`;
    const statements = this.#parse(text);
    if (statements === null) return 'incomplete';
    this.#leave = false;
    for (const statement of statements) {
      await this.#run(statement, signal);
      if (this.#leave) return 'leave';
    }
    return 'done';
  }

  async #run(statement: Statement, signal: AbortSignal): Promise<void> {
    const { recorder } = this.#options;
    const decided = recorder?.begin(statement) ?? statement;
    const began = !signal.aborted;
    try {
      await this.#evaluator.run(decided, signal);
    } catch (thrown) {
      recorder?.ended({ thrown, interrupted: began && signal.aborted });
      throw thrown;
    }
    recorder?.ended(null);
  }

  /** Null when more lines are needed. */
  #parse(text: string): readonly Statement[] | null {
    const { workspace, table, file, load } = this.#options;
    this.#pending = '';
    // Blank lines stand for those before, so that errors of piped input count lines as the user does.
    const padded = file === 'prompt' ? text : '\n'.repeat(Math.max(0, this.#lines - text.split('\n').length)) + text;
    try {
      return parseScript(
        { file, text: padded },
        {
          check: (call) => table.check(call, workspace.surface.origin),
          known: workspace.scope.variables.keys(),
          environment: workspace.surface.environment,
          ...(load ? { load } : {}),
        },
      ).statements;
    } catch (thrown) {
      if (!(thrown instanceof ScriptError) || !thrown.incomplete) throw thrown;
      this.#pending = text;
      this.#unfinished = thrown;
      return null;
    }
  }

  #print(outcome: Outcome, format: 'text' | 'json'): void {
    if (outcome.leave) this.#leave = true;
    printOutcome(outcome, this.#options.printer, format);
  }
}
