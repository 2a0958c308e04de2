import { formatDuration, messageOf, RaftctlError } from '../../base/index.js';
import type { CommandSpec, CommandTable } from '../commands/index.js';
import type { Invocation } from '../commands/invocation.js';
import { resolve } from '../commands/selector.js';
import type { Workspace } from '../context.js';
import { bareOf, type CommandAction, literalOf, type Statement, type Word } from '../language/ast.js';
import { type ParseOptions, parseScript } from '../language/parser.js';
import { CheckFailure } from '../script/evaluator.js';
import { expandText } from '../script/expand.js';
import { failureOf, type Result } from '../script/matchers.js';
import { Draft } from './draft.js';
import { Pauses, type Step } from './pauses.js';
import { preambleOf } from './preamble.js';
import type { Recording } from './recording.js';
import { commandOf, commandsIn, namesIn } from './visit.js';

/** A script that grows. */
export interface ScriptSink {
  readonly file: string;
  /** All of it or nothing; throws when it cannot be written. */
  append(text: string): void;
  close(): void;
}

export interface RecorderOptions {
  readonly workspace: Workspace;
  readonly table: CommandTable;
  /** Makes the file. Throws `command-failed` when there is one already and `force` does not say so, or it cannot be made. */
  readonly open: (file: string, force: boolean) => ScriptSink;
  readonly load: NonNullable<ParseOptions['load']>;
}

/** What is being written, and what the script knows by now. */
interface Take {
  readonly sink: ScriptSink;
  readonly pauses: Pauses;
  readonly names: Set<string>;
  readonly jobs: Set<string>;
  statements: number;
}

/** A statement that runs. */
interface Running {
  readonly draft: Draft;
  readonly beganAt: number;
  readonly step: Step;
  /** Lines that belong before it. */
  readonly before: readonly string[];
  /** What its commands did so far, one by one: what is kept of a block that fails half way. */
  readonly done: string[];
  /** Lines that belong behind it. */
  readonly after: string[];
  picked: string | null;
  /** It was to run for a time, and was told to end before: how long it ran, in milliseconds. */
  endedAfterMs: number | null;
}

/** How a statement ended that did not end well. */
export interface Failure {
  readonly thrown: unknown;
  /** Somebody interrupted it while it ran. */
  readonly interrupted: boolean;
}

/** What is written of a statement. */
interface Written {
  readonly lines: readonly string[];
  /** It stands there itself: what it names has a value in the script from here on. */
  readonly stands: boolean;
}

/** Commands whose argument is a job. */
const NAME_JOBS: ReadonlySet<string> = new Set(['wait job', 'stop job']);
/** Arguments that name nodes. */
const OF_NODES: ReadonlySet<string> = new Set(['selector', 'selectors', 'arrow']);
/** They change nothing and belong into the script all the same. */
const KEPT: ReadonlySet<string> = new Set(['mark', 'sleep', 'run']);

/**
 * Writes what is done at a prompt as a script, each statement when it is over: whatever ends the prompt, what is there is
 * a script. A command that failed becomes `! COMMAND`; what was not done, or no script could do, a comment. Commands that
 * only look are left out, unless they have a name, an expectation or somebody waited for them.
 */
export class Recorder implements Recording {
  readonly #options: RecorderOptions;
  readonly #workspace: Workspace;
  #take: Take | null = null;
  #running: Running | null = null;
  /** Says why a recording ended by itself. */
  say: (text: string) => void = () => {};

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#workspace = options.workspace;
  }

  get file(): string | null {
    return this.#take?.sink.file ?? null;
  }

  get statements(): number {
    return this.#take?.statements ?? 0;
  }

  start(file: string, { force }: { readonly force: boolean }): void {
    if (this.file !== null) {
      throw new RaftctlError('usage', `${this.file} is being recorded already`, { hint: 'record off ends it' });
    }
    const sink = this.#options.open(file, force);
    try {
      sink.append(preambleOf(this.#workspace));
    } catch (thrown) {
      sink.close();
      throw thrown;
    }
    this.#take = { sink, pauses: new Pauses(this.#workspace), names: new Set(), jobs: new Set(), statements: 0 };
  }

  stop(): void {
    this.#take?.sink.close();
    this.#take = null;
    this.#running = null;
  }

  /** A statement is about to run. Answers the one to run instead: what chance decides has been decided. */
  begin(statement: Statement): Statement {
    this.#running = null;
    const take = this.#take;
    if (take === null || !this.#belongs(statement)) return statement;
    const drawn = this.#draw(statement);
    const { names: known, jobs } = take;
    const valueNow = (name: string, word: Word) => this.#valueNow(name, word);
    const step = this.#stepOf(statement);
    const jobRuns = [...jobs].some((name) => this.#workspace.scope.jobs.isRunning(name));
    this.#running = {
      draft: new Draft({ statement, known, valueNow, drawn }),
      beganAt: this.#workspace.surface.clock.now(),
      step,
      before: take.pauses.before(step, jobRuns),
      done: [],
      after: [],
      picked: null,
      endedAfterMs: null,
    };
    return withNodes(statement, drawn);
  }

  /** A node was chosen from a list, which a script has nobody to ask for. */
  picked(choice: string | null): void {
    if (this.#running !== null) this.#running.picked = choice;
  }

  /** A command ran, alone or in a block. */
  ran(result: Result, call: Invocation): void {
    const running = this.#running;
    if (running === null || call.spec.acts !== true) return;
    running.done.push(failureOf(result) === null ? call.line : `! ${call.line}`);
    if (result.type === 'answer' && endedEarly(result.outcome.document)) running.endedAfterMs = result.tookMs;
  }

  /** The statement is over: well, or with what it threw. */
  ended(failure: Failure | null): void {
    const running = this.#running;
    const take = this.#take;
    this.#running = null;
    if (running === null || take === null) return;
    const { draft, before, after, step } = running;
    const { lines, stands } = failure === null ? this.#held(take, running) : this.#failed(take, running, failure);
    this.#write([...before, ...lines, ...after], take);
    if (stands) this.#remember(draft.statement, take);
    else this.#forget(draft.statement, take);
    take.statements += 1;
    take.pauses.after(step);
  }

  /**
   * A background command failed. A script in which nobody looked at it would fail with it. It may have failed of what
   * runs now: it is looked at afterwards.
   */
  jobFailed(name: string): void {
    if (!this.#take?.jobs.has(name)) return;
    const look = `! wait job ${name}`;
    if (this.#running === null) this.#write([look], this.#take);
    else this.#running.after.push(look);
  }

  /** It did what it was to do. */
  #held(take: Take, running: Running): Written {
    const { draft, picked, done, endedAfterMs } = running;
    const text = draft.text({ picked, forMs: endedAfterMs });
    const whyNot = this.#foreignJob(draft.statement, take) ?? this.#whyNoScript(text, take);
    if (whyNot === null) {
      const early = endedAfterMs === null ? [] : [`# interrupted after ${formatDuration(endedAfterMs)}:`];
      return { lines: [...early, text], stands: true };
    }
    // Of a block there is what its commands did. One command has nothing else to be written as.
    const instead = draft.command === null ? done.flatMap((line) => this.#ifScript(line, take)) : [];
    return { lines: [...comment(whyNot, text), ...instead], stands: false };
  }

  #failed(take: Take, running: Running, { thrown, interrupted }: Failure): Written {
    const { draft, done, picked, endedAfterMs } = running;
    const text = draft.text({ picked });
    const { command } = draft;
    const written = (...lines: readonly string[]): Written => ({ lines, stands: false });
    if (command === null || command.job !== null) {
      const kept = done.flatMap((line) => this.#ifScript(line, take));
      return written(...comment(`failed: ${firstLine(messageOf(thrown))}`, text), ...kept);
    }
    const acts = this.#specOf(command)?.acts === true;
    // An expectation or the command itself: else it was interrupted, or never ran.
    if (!(thrown instanceof CheckFailure)) {
      if (interrupted && acts && !isUndone(thrown)) return written(...this.#interrupted(take, running));
      return written(...comment(`not done: ${firstLine(messageOf(thrown))}`, text));
    }
    const { error, mismatch } = thrown;
    // Somebody was asked and said no: a script is not asked.
    if (error?.code === 'aborted') return written(...comment('not done', text));
    const call = draft.callText({ picked, forMs: endedAfterMs });
    if (error !== null || mismatch.expected === 'ok') return written(...this.#ifScript(`! ${call}`, take));
    const kept = acts ? this.#ifScript(call, take) : [];
    return written(...comment(`did not hold: ${firstLine(thrown.message)}`, text), ...kept);
  }

  /** How much of it was done, nobody knows: it is the whole command, or as much of it as it had time for. */
  #interrupted(take: Take, { draft, picked, beganAt }: Running): readonly string[] {
    const forMs = this.#workspace.surface.clock.now() - beganAt;
    const call = draft.callText({ picked, forMs: this.#runsForTime(draft.command!) ? forMs : null });
    return [`# interrupted after ${formatDuration(forMs)}:`, ...this.#ifScript(call, take)];
  }

  #runsForTime(command: CommandAction): boolean {
    return this.#specOf(command)?.options.some(({ name }) => name === 'for') === true;
  }

  #remember(statement: Statement, { names, jobs }: Take): void {
    for (const name of namesIn(statement)) names.add(name);
    for (const { job } of commandsIn(statement)) if (job !== null) jobs.add(job);
  }

  /** What the names in it stand for in the script, if anything, is no more what they stand for at the prompt. */
  #forget(statement: Statement, { names }: Take): void {
    for (const name of namesIn(statement)) names.delete(name);
  }

  /** Why it is not for the script that waits for a job, or stops one, that the script does not have; null: it is. */
  #foreignJob(statement: Statement, { jobs }: Take): string | null {
    const waitedFor = commandsIn(statement)
      .filter((command) => NAME_JOBS.has(this.#specOf(command)?.name ?? ''))
      .map(({ call }) => literalOf(call.words[2]!));
    const own = commandsIn(statement).map(({ job }) => job);
    const isForeign = waitedFor.some((job) => job !== undefined && !jobs.has(job) && !own.includes(job));
    return isForeign ? 'its job began before the recording' : null;
  }

  /** The text, or a comment if no script can have it. */
  #ifScript(text: string, take: Take): readonly string[] {
    const whyNot = this.#whyNoScript(text, take);
    return whyNot === null ? [text] : comment(whyNot, text);
  }

  /** Why no script can have it here (`clear`, a name that nothing in the script has set); null: one can. */
  #whyNoScript(text: string, { names }: Take): string | null {
    const { table, load } = this.#options;
    try {
      const { environment } = this.#workspace.surface;
      const check: ParseOptions['check'] = (call) => table.check(call, 'script');
      parseScript({ file: 'prompt', text }, { check, known: names, environment, load });
      return null;
    } catch (thrown) {
      return `not for a script: ${firstLine(messageOf(thrown))}`;
    }
  }

  #write(lines: readonly string[], { sink }: Take): void {
    try {
      sink.append(`${lines.join('\n')}\n`);
    } catch (thrown) {
      this.stop();
      this.say(`record: ${messageOf(thrown)}; the recording ended, what is there is a script`);
    }
  }

  #specOf({ call }: CommandAction): CommandSpec | undefined {
    return this.#options.table.match(call.words.map((word) => literalOf(word) ?? null))?.spec;
  }

  #belongs(statement: Statement): boolean {
    if (statement.type === 'set' || statement.type === 'let') return true;
    return commandsIn(statement).some((command) => {
      const spec = this.#specOf(command);
      if (spec === undefined) return false;
      const waits = spec.group === 'waiting' && spec.name !== 'jobs';
      const isAct = spec.acts === true || waits || KEPT.has(spec.name);
      return isAct || command.negated || command.matchers.length > 0;
    });
  }

  #stepOf(statement: Statement): Step {
    const commands = commandsIn(statement);
    const disturbing = commands.filter((command) => {
      const spec = this.#specOf(command);
      return spec?.acts === true && spec.group !== 'data' && spec.group !== 'load';
    });
    const single = commandOf(statement);
    const name = single && this.#specOf(single)?.name;
    return {
      disturbs: disturbing.length > 0,
      meansLeader: single?.call.words.some((word) => selectorsIn(word).includes('leader')) === true,
      waitsFor: name === 'wait leader' ? 'leader' : name?.startsWith('wait ') || name === 'sleep' ? 'other' : null,
    };
  }

  /** `random`, of a command by itself. In a block it is another node each time, and stays. */
  #draw(statement: Statement): ReadonlyMap<Word, string> {
    const drawn = new Map<Word, string>();
    const command = commandOf(statement);
    const spec = command && this.#specOf(command);
    if (!spec?.arguments.some(({ kind }) => OF_NODES.has(kind.type))) return drawn;
    for (const word of command!.call.words) {
      const selectors = selectorsIn(word);
      if (!selectors.includes('random')) continue;
      drawn.set(word, selectors.map((one) => (one === 'random' ? (this.#randomNode() ?? one) : one)).join(''));
    }
    return drawn;
  }

  #randomNode(): string | undefined {
    const { cluster, surface } = this.#workspace;
    try {
      const { nodes, said } = resolve('random', cluster.control(), surface.random);
      if (said !== null) this.say(said);
      return nodes[0];
    } catch {
      // No node runs: the command says so itself.
      return undefined;
    }
  }

  #valueNow(name: string, word: Word): string | undefined {
    const part = word.parts.find((one) => one.type === 'expand' && one.name === name)!;
    try {
      return expandText({ parts: [part], span: word.span }, this.#workspace);
    } catch {
      return undefined;
    }
  }
}

/** What a word without quotes names, and what stands between: `leader->random`, `node-01,random`. */
const selectorsIn = (word: Word): readonly string[] => bareOf(word)?.split(/(,|->)/) ?? [];

/** The statement with words replaced; it stands where it stood. */
function withNodes(statement: Statement, drawn: ReadonlyMap<Word, string>): Statement {
  const command = commandOf(statement);
  if (drawn.size === 0 || command === null || (statement.type !== 'action' && statement.type !== 'let')) {
    return statement;
  }
  const words = command.call.words.map((word): Word => {
    const node = drawn.get(word);
    return node === undefined ? word : { ...word, parts: [{ type: 'text', text: node, quoted: false }] };
  });
  return { ...statement, action: { ...command, call: { ...command.call, words } } };
}

/** What `load` says of itself when somebody ended it. */
const endedEarly = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && 'stopped' in document && document.stopped === true;

/** It says of itself that it did nothing (a question that was declined). That it was interrupted says nothing of that. */
const isUndone = (thrown: unknown): boolean =>
  thrown instanceof RaftctlError && thrown.definite && thrown.code !== 'interrupted';

const firstLine = (text: string): string => text.split('\n', 1)[0]!;

/** Why a text is no part of the script, and the text. */
const comment = (why: string, text: string): string[] => [`# ${why}`, ...text.split('\n').map((line) => `#   ${line}`)];
