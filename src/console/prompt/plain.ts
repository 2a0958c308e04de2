import { createInterface, type Interface } from 'node:readline';
import type { CommandTable } from '../commands/index.js';
import type { Workspace } from '../context.js';
import { LineRunner, type LineRunnerOptions } from '../line-runner.js';
import { type Printer, printFailure } from '../results.js';
import { Announcer } from './announcer.js';
import { STAYS } from './end-key.js';
import { promptOf } from './prompt-text.js';

export interface PlainPromptOptions {
  /** To its surface the prompt adds that it can ask. */
  readonly workspace: Workspace;
  readonly table: CommandTable;
  readonly printer: Printer;
  readonly input: NodeJS.ReadableStream;
  /** The terminal, to be read on behind a Ctrl-D that was not meant for the prompt; null: it is gone. */
  readonly inputAgain: () => NodeJS.ReadableStream | null;
  readonly output: NodeJS.WritableStream;
  /** What leaving means, for Ctrl-C while nothing runs. */
  readonly howToLeave: string;
  /** Ends the prompt from outside, as `exit` would. */
  readonly signal: AbortSignal;
  readonly load?: LineRunnerOptions['load'];
  readonly recorder?: LineRunnerOptions['recorder'];
}

/**
 * The prompt on a terminal that cannot be drawn on (TERM=dumb: an editor's shell, a serial console). The terminal edits
 * the line; results and events are printed one below the other. `run` resolves when the user leaves.
 */
export class PlainPrompt {
  readonly #options: PlainPromptOptions;
  readonly #workspace: Workspace;
  readonly #runner: LineRunner;
  /** Typed and not run yet. */
  readonly #queue: string[] = [];
  /** Nothing more will be typed, or is to be run. */
  #ended = false;
  #question: ((line: string | null) => void) | null = null;
  #arrived: (() => void) | null = null;
  #running: AbortController | null = null;
  #lines: Interface | null = null;

  constructor(options: PlainPromptOptions) {
    this.#options = options;
    const { workspace, table, printer, load, recorder } = options;
    this.#workspace = {
      ...workspace,
      surface: {
        ...workspace.surface,
        confirm: (question) => this.#confirm(question),
        ...(recorder && { recording: recorder }),
      },
    };
    this.#runner = new LineRunner({
      workspace: this.#workspace,
      table,
      printer,
      file: 'prompt',
      recorder,
      ...(load && { load }),
    });
  }

  async run(): Promise<void> {
    const { input, signal } = this.#options;
    const announcer = new Announcer((text) => this.#announce(text), this.#workspace.surface.console);
    const stopAnnouncing = await announcer.start(this.#workspace.cluster.control());
    this.#read(input);
    const end = () => {
      this.#queue.length = 0;
      this.#running?.abort();
      this.#end();
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    while (await this.#runOne());
    signal.removeEventListener('abort', end);
    stopAnnouncing();
    this.#ended = true;
    this.#lines?.close();
  }

  #read(input: NodeJS.ReadableStream): void {
    const lines = createInterface({ input, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
    this.#lines = lines;
    lines.on('line', (line) => this.#typed(line));
    lines.on('close', () => this.#inputEnded());
    // A terminal that went away: the same as its end.
    lines.on('error', () => this.#end());
  }

  /** Ctrl-D, or the terminal is gone. It ends the prompt where that stands, as on a terminal that can be drawn on. */
  #inputEnded(): void {
    if (this.#ended) return;
    const stands = this.#running === null && this.#queue.length === 0 && !this.#runner.incomplete;
    const again = stands ? null : this.#options.inputAgain();
    if (again === null) {
      this.#end();
      return;
    }
    this.#read(again);
    if (this.#question) {
      this.#write('\n');
      this.#question(null);
    } else if (this.#running === null) this.interrupt();
    else this.#write(`${STAYS}\n`);
  }

  /** Ctrl-C: stops what runs, or forgets an open block, or says how to leave. The terminal has cleared its line. */
  interrupt(): void {
    if (this.#running !== null) {
      this.#queue.length = 0;
      this.#write('\n');
      this.#running.abort();
      this.#question?.(null);
      return;
    }
    if (this.#runner.incomplete) this.#runner.reset();
    else this.#write(`\n${this.#options.howToLeave}`);
    this.#write(`\n${this.#promptText()}`);
  }

  /** The next line typed. False: the user leaves. */
  async #runOne(): Promise<boolean> {
    const line = await this.#next();
    if (line === null) {
      this.#write('\n');
      return false;
    }
    this.#running = new AbortController();
    try {
      return (await this.#runner.feed(line, this.#running.signal)) !== 'leave';
    } catch (thrown) {
      printFailure(thrown, this.#options.printer, 'text');
      return true;
    } finally {
      this.#running = null;
    }
  }

  #typed(line: string): void {
    if (this.#question) this.#question(line);
    else if (!this.#ended) this.#queue.push(line);
    this.#arrived?.();
  }

  #end(): void {
    this.#ended = true;
    this.#question?.(null);
    this.#arrived?.();
  }

  /** The next line to run, null at the end. What was typed ahead gets no prompt of its own. */
  async #next(): Promise<string | null> {
    if (this.#queue.length === 0 && !this.#ended) {
      this.#write(this.#promptText());
      await new Promise<void>((arrived) => {
        this.#arrived = arrived;
      });
      this.#arrived = null;
    }
    return this.#queue.shift() ?? null;
  }

  #promptText(): string {
    return this.#runner.incomplete ? '... ' : promptOf(this.#workspace.cluster.control(), this.#options.printer.view);
  }

  /** Below the prompt that stands, and the prompt again. */
  #announce(text: string): void {
    this.#write(this.#arrived === null ? `${text}\n` : `\n${text}\n${this.#promptText()}`);
  }

  async #confirm(question: string): Promise<boolean> {
    this.#write(`${question} [y/N] `);
    const answered = await new Promise<string | null>((answer) => {
      this.#question = answer;
    });
    this.#question = null;
    return answered !== null && /^y(?:es)?$/i.test(answered.trim());
  }

  #write(text: string): void {
    this.#options.output.write(text);
  }
}
