import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import { Terminal } from '@xterm/headless';
import { onTestFailed } from 'vitest';
import { bundle } from '../../helpers/bundle.js';

/** Makes a program of a fixture in TypeScript. */
export async function bundleFixture(entry: string): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'raftctl-test-')), 'fixture.mjs');
  await bundle(entry, outfile);
  return outfile;
}

export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A program in a real pseudo-terminal, with a terminal emulator that knows what a person would see. */
export class Screen {
  readonly #pty: IPty;
  readonly #terminal: Terminal;
  readonly #watchers = new Set<() => void>();
  exitCode: number | null = null;
  /** What it died of; 0: it ended by itself. */
  exitSignal: number | null = null;
  /** All that was printed, as it was sent to the terminal. */
  printed = '';

  constructor(
    command: readonly string[],
    { columns = 80, rows = 24, environment = {}, cwd = process.cwd() }: ScreenOptions = {},
  ) {
    // A wait that ran out of time says nothing of what was there instead.
    onTestFailed(() => console.error(`the screen at the end:\n${this.text}`));
    this.#terminal = new Terminal({ cols: columns, rows, allowProposedApi: true });
    const [program, ...args] = command;
    const { NO_COLOR: _, ...inherited } = process.env;
    this.#pty = spawn(program!, args, {
      cols: columns,
      rows,
      cwd,
      name: environment['TERM'] ?? 'xterm-256color',
      env: { ...inherited, ...environment },
    });
    this.#pty.onData((data) => {
      this.printed += data;
      this.#terminal.write(data, () => this.#notify());
    });
    this.#pty.onExit(({ exitCode, signal = 0 }) => {
      // It has ended when the terminal shows the last of what it said.
      this.#terminal.write('', () => {
        this.exitCode = exitCode;
        this.exitSignal = signal;
        this.#notify();
      });
    });
  }

  type(keys: string): void {
    this.#pty.write(keys);
  }

  kill(signal: string): void {
    this.#pty.kill(signal);
  }

  /** The window is closed, or the connection is cut: there is no terminal any more. */
  hangUp(): void {
    // Not in its types.
    (this.#pty as IPty & { destroy(): void }).destroy();
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** The rows with something on them, as they look. */
  get text(): string {
    const { active } = this.#terminal.buffer;
    const rows = Array.from({ length: active.length }, (_, row) =>
      (active.getLine(row)?.translateToString(true) ?? '').trimEnd(),
    );
    return rows.join('\n').replace(/\n+$/, '');
  }

  get cursor(): { readonly column: number; readonly row: number } {
    const { cursorX, cursorY, baseY } = this.#terminal.buffer.active;
    return { column: cursorX, row: baseY + cursorY };
  }

  /** `text` without the breaks of rows: a line that wraps is one again. */
  get unwrapped(): string {
    return this.text.replaceAll('\n', '');
  }

  /**
   * Resolves when the screen shows it, or is as it should be; the test's own time limit is the bound. A prompt is cleared
   * and drawn anew at any time: what is asserted of the screen belongs in here, and not behind a wait for something else.
   */
  shows(wanted: string | RegExp | ((screen: Screen) => boolean)): Promise<string> {
    return this.#until(() => {
      if (typeof wanted === 'function') return wanted(this);
      return typeof wanted === 'string' ? this.text.includes(wanted) : wanted.test(this.text);
    });
  }

  ends(): Promise<string> {
    return this.#until(() => this.exitCode !== null);
  }

  close(): void {
    if (this.exitCode === null) this.#pty.kill('SIGKILL');
  }

  #until(holds: () => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (holds()) {
          this.#watchers.delete(check);
          resolve(this.text);
        } else if (this.exitCode !== null) {
          this.#watchers.delete(check);
          reject(new Error(`the program ended with ${this.exitCode}; the screen:\n${this.text}`));
        }
      };
      this.#watchers.add(check);
      check();
    });
  }

  #notify(): void {
    for (const check of this.#watchers) check();
  }
}
