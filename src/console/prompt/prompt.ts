import { createInterface, type Interface } from 'node:readline';
import type { Timer } from '../../base/index.js';
import type { ClusterControl } from '../../cluster/index.js';
import type { CommandTable } from '../commands/index.js';
import type { Workspace } from '../context.js';
import type { HistoryFile } from '../files/index.js';
import { LineRunner, type LineRunnerOptions } from '../line-runner.js';
import type { View } from '../output/index.js';
import { asRaftctlError, failureText, type Printer } from '../results.js';
import type { Surface } from '../surface.js';
import {
  ask,
  type Choice,
  PASTE_MODE_OFF,
  PASTE_MODE_ON,
  type Terminal,
  type TerminalReader,
} from '../terminal/index.js';
import { Announcer } from './announcer.js';
import { Completer } from './completer.js';
import { onEndKey, STAYS } from './end-key.js';
import { Hint } from './hint.js';
import { HistorySearch } from './history-search.js';
import { cut, jobStrip } from './job-strip.js';
import { LineFlow } from './line-flow.js';
import { LineWriter } from './line-writer.js';
import { promptOf } from './prompt-text.js';

export interface PromptOptions {
  /** To its surface the prompt adds what it provides itself: questions, lists, history. */
  readonly workspace: Workspace;
  readonly table: CommandTable;
  readonly terminal: Terminal;
  readonly output: NodeJS.WritableStream;
  readonly view: View;
  readonly history: HistoryFile;
  /** What leaving means, for Ctrl-C on an empty line: `exit or Ctrl-D stops the nodes and ends`. */
  readonly howToLeave: string;
  /** Ends the prompt from outside, as `exit` would (SIGTERM, SIGHUP). */
  readonly signal: AbortSignal;
  readonly load?: LineRunnerOptions['load'];
  readonly recorder?: LineRunnerOptions['recorder'];
}

interface Question {
  readonly text: string;
  answer(line: string | null): void;
}

/** A command that takes longer than this says what it waits for. */
const PATIENCE_MS = 100;
const REDRAW_MS = 200;
const HOW_TO_STOP = ' (Ctrl-C stops)';

/** The prompt on a terminal: one readline, one queue, one writer. `run` resolves when the user leaves. */
export class Prompt {
  readonly #options: PromptOptions;
  readonly #workspace: Workspace;
  readonly #control: ClusterControl;
  readonly #writer: LineWriter;
  readonly #flow: LineFlow;
  readonly #runner: LineRunner;
  readonly #completer: Completer;
  readonly #hint: Hint;
  readonly #reader: TerminalReader;
  readonly #readline: Interface;
  readonly #search: HistorySearch;
  readonly #queue: string[] = [];
  #running: AbortController | null = null;
  #waitingFor: string | null = null;
  #redraw: Timer | null = null;
  #question: Question | null = null;
  /** Lines of the paste that is coming in; null: none is. */
  #pasted: string[] | null = null;
  #leaving = false;
  #left: () => void = () => {};

  constructor(options: PromptOptions) {
    this.#options = options;
    const { workspace, terminal, output, history, view } = options;
    this.#control = workspace.cluster.control();
    const surface: Surface = {
      ...workspace.surface,
      confirm: (question, signal) => this.#confirm(question, signal),
      pick: (question, choices, signal) => this.#pick(question, choices, signal),
      history: () => history.lines,
      ...(options.recorder && { recording: options.recorder }),
    };
    this.#workspace = { ...workspace, surface };
    this.#writer = new LineWriter(output);
    this.#flow = new LineFlow(workspace.surface.clock, workspace.surface.scheduler, (text) => this.#writer.above(text));
    this.#runner = new LineRunner({
      workspace: this.#workspace,
      table: options.table,
      printer: this.#printer(),
      file: 'prompt',
      waiting: (text) => {
        this.#waitingFor = text;
      },
      recorder: options.recorder,
      progress: (text) => {
        this.#waitingFor = cut(text, options.view.columns - HOW_TO_STOP.length - 4);
        this.#redrawSoon();
      },
      ...(options.load ? { load: options.load } : {}),
    });
    this.#completer = new Completer(options.table, workspace.cluster, workspace.scope);
    this.#hint = new Hint(output, view);
    this.#reader = terminal.open();
    this.#readline = createInterface({
      input: this.#reader,
      output,
      terminal: true,
      prompt: promptOf(this.#control, view),
      history: [...history.lines].reverse(),
      historySize: 5_000,
      removeHistoryDuplicates: false,
      completer: (line: string): [string[], string] => this.#completer.complete(line),
    });
    onEndKey(this.#readline, () => this.#endKey());
    this.#search = new HistorySearch({
      readline: this.#readline,
      lines: () => history.lines,
      mayBegin: () => this.#question === null && !this.#leaving,
      redraw: (change) => this.#refresh(change),
    });
  }

  /** Reads and runs until the user leaves or the signal says so; what was typed before is run to its end. */
  async run(): Promise<void> {
    const left = new Promise<void>((resolve) => {
      this.#left = resolve;
    });
    const readline = this.#readline;
    this.#writer.attach(readline);
    readline.on('line', (line) => this.#line(line));
    readline.on('SIGINT', () => this.#interrupt());
    readline.on('SIGTSTP', () => this.#writer.above('the prompt cannot be suspended: open another terminal'));
    readline.on('close', () => this.#leave());
    // Before readline's own listener, and after it.
    this.#reader.prependListener('keypress', () => this.#hint.clear());
    this.#reader.on('keypress', (_text, key?: { readonly name?: string }) => {
      if (key?.name === 'paste-start') this.#pasted = [];
      else if (key?.name === 'paste-end') this.#pasteEnded();
      else this.#showHint();
    });
    const announcer = new Announcer(
      (text) => this.#flow.push(this.#options.view.paint.cyan(text), 'announcement'),
      this.#workspace.surface.console,
    );
    const stopAnnouncing = await announcer.start(this.#control);
    const stopWatching = this.#control.onLiveChange(() => this.#refresh());
    const stopFollowing = this.#workspace.scope.jobs.onChange(() => this.#redrawSoon());
    const end = () => {
      this.#running?.abort();
      readline.close();
    };
    this.#options.signal.addEventListener('abort', end, { once: true });
    this.#options.output.write(PASTE_MODE_ON);
    if (this.#options.signal.aborted) end();
    else if (!this.#leaving && this.#running === null) readline.prompt();
    await left;
    this.#options.signal.removeEventListener('abort', end);
    stopAnnouncing();
    stopWatching();
    stopFollowing();
    this.#redraw?.cancel();
    this.#flow.finish();
    this.#options.output.write(PASTE_MODE_OFF);
    this.#reader.close();
  }

  #printer(): Printer {
    const { view } = this.#options;
    const above = (text: string | Buffer) => {
      this.#flow.flush();
      this.#writer.above(text.toString());
    };
    return { out: above, err: above, item: (text, label) => this.#flow.push(text, label), view, errView: view };
  }

  #line(line: string): void {
    if (this.#question) {
      const question = this.#question;
      this.#question = null;
      question.answer(line);
      return;
    }
    this.#options.history.add(line);
    if (this.#pasted) this.#pasted.push(line);
    else this.#enqueue(line);
  }

  /** The whole lines of a paste are one batch: read as a whole, run in order up to the first failure. */
  #pasteEnded(): void {
    const lines = this.#pasted ?? [];
    this.#pasted = null;
    if (lines.length > 0) this.#enqueue(lines.join('\n'));
  }

  #enqueue(text: string): void {
    this.#queue.push(text);
    if (!this.#running) void this.#drain();
  }

  /** One command after the other, in the order typed. */
  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const line = this.#queue.shift()!;
      if (await this.#execute(line)) {
        this.#queue.length = 0;
        this.#readline.close();
      }
    }
    if (this.#leaving) this.#left();
    else this.#refresh();
  }

  /** Answers whether the user wants to leave. */
  async #execute(line: string): Promise<boolean> {
    const controller = new AbortController();
    this.#running = controller;
    this.#waitingFor = line.trim().split('\n', 1)[0]!;
    if (this.#search.prompt === null) this.#readline.setPrompt('');
    const patience = this.#workspace.surface.scheduler.after(PATIENCE_MS, () => this.#refresh());
    try {
      return (await this.#runner.feed(line, controller.signal)) === 'leave';
    } catch (thrown) {
      this.#fail(thrown, line.includes('\n'));
      return false;
    } finally {
      patience.cancel();
      this.#flow.finish();
      this.#running = null;
      this.#waitingFor = null;
      this.#completer.remember(line);
    }
  }

  #fail(thrown: unknown, batch: boolean): void {
    const error = asRaftctlError(thrown);
    const text = failureText(error, this.#options.view);
    // The line stands right above: the caret is enough, its position in "prompt" tells nobody anything.
    this.#printer().err(batch ? text : text.replace(/ prompt:\d+:\d+ /, ' '));
  }

  /** The prompt as it should be now: the cluster's state, what a command waits for, a question. */
  #promptText(): string {
    const { paint } = this.#options.view;
    if (this.#question) return this.#question.text;
    const { prompt } = this.#search;
    if (prompt !== null) return prompt;
    if (this.#running) return this.#waitingFor === null ? '' : paint.dim(`… ${this.#waitingFor}${HOW_TO_STOP} `);
    const { view } = this.#options;
    const strip = jobStrip(this.#workspace.scope.jobs.list(), view);
    return strip + (this.#runner.incomplete ? '... ' : promptOf(this.#control, view));
  }

  /** What runs says how far it is, or jobs do: drawn in place, at most a few times a second. */
  #redrawSoon(): void {
    this.#redraw ??= this.#workspace.surface.scheduler.after(REDRAW_MS, () => {
      this.#redraw = null;
      this.#refresh();
    });
  }

  #refresh(change: () => void = () => {}): void {
    if (this.#leaving) return;
    this.#writer.redraw(() => {
      change();
      this.#readline.setPrompt(this.#promptText());
    });
  }

  /** Ctrl-C: stops what runs, or clears the line, or says how to leave. */
  #interrupt(): void {
    if (this.#question) {
      this.#sayNo(this.#question);
      return;
    }
    if (this.#running) {
      this.#queue.length = 0;
      this.#running.abort();
      return;
    }
    const empty = this.#readline.line === '' && !this.#runner.incomplete;
    if (empty) {
      this.#writer.above(this.#options.howToLeave);
      return;
    }
    this.#runner.reset();
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
    this.#refresh();
  }

  /** Ctrl-D on an empty line: no to a question, the end of an open block, and only where the prompt stands the end. */
  #endKey(): void {
    if (this.#question) this.#sayNo(this.#question);
    else if (this.#running || this.#pasted) this.#writer.above(STAYS);
    else if (this.#runner.incomplete) this.#interrupt();
    else this.#readline.close();
  }

  #sayNo(question: Question): void {
    this.#question = null;
    question.answer(null);
  }

  #leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#writer.attach(null);
    this.#question?.answer(null);
    this.#options.output.write('\n');
    if (!this.#running) this.#left();
  }

  async #confirm(question: string, signal: AbortSignal): Promise<boolean> {
    this.#flow.flush();
    this.#search.cancel();
    const answered = await new Promise<string | null>((resolve) => {
      this.#question = { text: `${question} [y/N] `, answer: resolve };
      signal.addEventListener('abort', () => resolve(null), { once: true });
      this.#refresh();
    });
    this.#question = null;
    if (!this.#leaving) this.#readline.setPrompt('');
    return answered !== null && /^y(?:es)?$/i.test(answered.trim());
  }

  async #pick(question: string, choices: readonly Choice[], signal: AbortSignal): Promise<string | null> {
    const { terminal, output } = this.#options;
    this.#flow.flush();
    this.#search.cancel();
    this.#writer.hold();
    try {
      const answer = await ask({ type: 'select', message: question, choices }, terminal, output, signal);
      const choice = typeof answer === 'string' ? answer : null;
      this.#options.recorder?.picked(choice);
      return choice;
    } finally {
      this.#writer.release();
    }
  }

  #showHint(): void {
    const { line, cursor } = this.#readline;
    if (this.#running || this.#leaving || this.#search.prompt !== null || cursor !== line.length) return;
    this.#hint.show(this.#completer.hint(line), this.#readline);
  }
}
