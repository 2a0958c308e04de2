import { PassThrough, Writable } from 'node:stream';
import { Terminal as Emulator } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TABLE } from '../../../src/console/commands/index.js';
import { HistoryFile } from '../../../src/console/files/index.js';
import { viewOf } from '../../../src/console/output/index.js';
import { Prompt } from '../../../src/console/prompt/index.js';
import { Terminal } from '../../../src/console/terminal/index.js';
import { fakeWorld } from '../fakes.js';

const CTRL_A = '\x01';
const CTRL_C = '\x03';
const CTRL_G = '\x07';
const CTRL_R = '\x12';
const CTRL_S = '\x13';
const ESC = '\x1b';
const LEFT = '\x1b[D';
const BACKSPACE = '\x7f';
const ENTER = '\r';

const PROMPT = 'demo node-01* t1 4/4> ';
const COLUMNS = 40;

/** What was typed before, and what is run: no command of ours, so that nothing happens but a complaint. */
class TypedLines extends HistoryFile {
  readonly ran: string[] = [];
  readonly #older: readonly string[];

  constructor(older: readonly string[]) {
    super(undefined);
    this.#older = older;
  }

  override get lines(): readonly string[] {
    return [...this.#older, ...this.ran];
  }

  override add(line: string): void {
    this.ran.push(line);
  }
}

/** The real prompt, its keys given as they come, on a terminal that knows what a person would see. */
class Typist {
  readonly history: TypedLines;
  readonly #input = new PassThrough();
  readonly #output: Writable;
  readonly #emulator = new Emulator({ cols: COLUMNS, rows: 200, allowProposedApi: true, convertEol: true });
  readonly #ending = new AbortController();
  readonly #left: Promise<void>;

  constructor(older: readonly string[]) {
    this.history = new TypedLines(older);
    const emulator = this.#emulator;
    const output = Object.assign(
      new Writable({ write: (chunk: Buffer, _encoding, done) => emulator.write(chunk, () => done()) }),
      { isTTY: true, columns: COLUMNS, rows: 200 },
    );
    this.#output = output;
    const { workspace } = fakeWorld('prompt');
    this.#left = new Prompt({
      workspace,
      table: TABLE,
      terminal: new Terminal(this.#input),
      output,
      view: viewOf(output, { NO_COLOR: '1' }),
      history: this.history,
      howToLeave: 'leave',
      signal: this.#ending.signal,
    }).run();
  }

  /** Types, and answers when everything is on the screen. */
  async types(...chunks: readonly (string | Buffer)[]): Promise<this> {
    for (const chunk of chunks) {
      this.#input.write(chunk);
      await turns();
    }
    await turns();
    // The emulator takes one write after the other, and says when.
    while (this.#output.writableLength > 0) await turns();
    return this;
  }

  /** The line with its prompt, as it looks. */
  get shown(): string {
    return this.screen.at(-1) ?? '';
  }

  /** All lines that are not empty, however many rows they take. */
  get screen(): readonly string[] {
    const { active } = this.#emulator.buffer;
    const lines: string[] = [];
    for (let row = 0; row < active.length; row++) {
      const found = active.getLine(row);
      const text = found?.translateToString(true) ?? '';
      if (found?.isWrapped) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    return lines.filter((line) => line !== '');
  }

  /** Where the cursor is in `shown`. */
  get cursor(): number {
    const { active } = this.#emulator.buffer;
    let row = active.baseY + active.cursorY;
    const last = row;
    while (active.getLine(row)?.isWrapped) row -= 1;
    return (last - row) * COLUMNS + active.cursorX;
  }

  async leaves(): Promise<void> {
    this.#ending.abort();
    await this.#left;
    this.#emulator.dispose();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise(setImmediate);
}

function typist(...older: readonly string[]): Typist {
  const one = new Typist(older);
  onTestFinished(() => one.leaves());
  return one;
}

const OLDER = ['xx one', 'yy two', 'xx three', 'yy four'];

describe('Ctrl-R at the prompt', () => {
  it('finds the newest line that has what is typed, and runs it at Enter', async () => {
    const at = typist(...OLDER);
    await at.types(CTRL_R);
    expect(at.shown).toBe("(reverse-i-search)`': ");
    await at.types('t', 'h');
    expect(at.shown).toBe("(reverse-i-search)`th': xx three");
    expect(at.cursor).toBe("(reverse-i-search)`th': xx ".length);
    await at.types(ENTER);
    expect(at.history.ran).toEqual(['xx three']);
    expect(at.shown).toBe(PROMPT);
  });

  it('goes further back with Ctrl-R, and forward with Ctrl-S; says when there is nothing more', async () => {
    const at = typist(...OLDER, 'xx three');
    await at.types(`${CTRL_R}xx`);
    expect(at.shown).toBe("(reverse-i-search)`xx': xx three");
    await at.types(CTRL_R);
    // The same line, an older time, is no other line.
    expect(at.shown).toBe("(reverse-i-search)`xx': xx one");
    await at.types(CTRL_R);
    expect(at.shown).toBe("(failed reverse-i-search)`xx': xx one");
    await at.types(CTRL_S);
    expect(at.shown).toBe("(reverse-i-search)`xx': xx three");
    await at.types(BACKSPACE, BACKSPACE, 'yy');
    expect(at.shown).toBe("(reverse-i-search)`yy': yy four");
    await at.types(ENTER, CTRL_R, CTRL_R);
    expect(at.shown).toBe("(reverse-i-search)`yy': yy four");
  });

  it('is left with Ctrl-G, Esc or Ctrl-C', async () => {
    const at = typist(...OLDER);
    await at.types('ab', LEFT, `${CTRL_R}xx`, CTRL_G);
    expect([at.shown, at.cursor]).toEqual([`${PROMPT}ab`, PROMPT.length + 1]);
    await at.types(`${CTRL_R}yy`, CTRL_C);
    expect(at.shown).toBe(PROMPT);
    await at.types('c', `${CTRL_R}yy`);
    // readline waits a moment for what may follow an Esc.
    const left = `${PROMPT}c`;
    await at.types(ESC);
    while (at.shown !== left) await at.types();
    await at.types(ENTER);
    expect(at.history.ran).toEqual(['c']);
  });

  it('hands the line over to be edited by any other key, which acts on it', async () => {
    const at = typist(...OLDER);
    await at.types(`${CTRL_R}hree`, LEFT, 'T');
    expect(at.shown).toBe(`${PROMPT}xx Tthree`);
    await at.types(`${CTRL_R}two`, CTRL_A, 'z', ENTER);
    expect(at.history.ran).toEqual(['zyy two']);
  });

  it('leaves nothing of a longer line on the screen', async () => {
    const long = 'x'.repeat(3 * COLUMNS);
    const at = typist('x', long);
    await at.types(`${CTRL_R}x`);
    expect(at.screen).toEqual([`(reverse-i-search)\`x': ${long}`]);
    await at.types(CTRL_R);
    expect(at.screen).toEqual(["(reverse-i-search)`x': x"]);
    await at.types(CTRL_S);
    expect(at.screen).toEqual([`(reverse-i-search)\`x': ${long}`]);
    await at.types(CTRL_G);
    expect(at.screen).toEqual([PROMPT]);
  });

  it('takes a paste into the line found, and keeps to a line that nothing is found for', async () => {
    const at = typist(...OLDER);
    await at.types(`${CTRL_R}zz`);
    expect(at.shown).toBe("(failed reverse-i-search)`zz': ");
    await at.types(CTRL_G, `${CTRL_R}four`, '\x1b[200~pp\x1b[201~');
    expect(at.shown).toBe(`${PROMPT}yy ppfour`);
  });
});

describe('what is shown is what is run', () => {
  const KEYS = ['x', 'y', ' ', 'é', '日', LEFT, '\x1b[C', '\x1b[A', '\x1b[B', '\x1b[H', '\x1b[F', '\x1b[3~'].concat([
    BACKSPACE,
    CTRL_A,
    '\x05',
    '\x0b',
    '\x15',
    '\x17',
    CTRL_R,
    CTRL_R,
    CTRL_S,
    CTRL_G,
    ENTER,
  ]);
  const LONG = 'x'.repeat(COLUMNS - PROMPT.length);
  const HISTORY = ['xx y', 'yy é x', LONG, `${LONG}y`, `日 ${'yx '.repeat(20)}y`, 'x y'];

  /** All that is typed, key by key or in these pieces: what was run, and the line that is left, shown and then run. */
  async function outcome(pieces: readonly (string | Buffer)[]) {
    const at = new Typist(HISTORY);
    try {
      await at.types(...pieces);
      const { shown, cursor } = at;
      const rest = at.screen.slice(0, -1);
      const before = [...at.history.ran];
      // Out of a search that goes on, with the line found.
      await at.types('\x05');
      const line = at.shown;
      await at.types(ENTER);
      const ran = at.history.ran.slice(before.length);
      // Lines typed ahead have no prompt of their own: only an untouched screen is the same however keys come.
      return { before, shown, cursor, line, ran, rest: before.length === 0 ? rest : [] };
    } finally {
      await at.leaves();
    }
  }

  it('whatever keys come, in whatever pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...KEYS), { maxLength: 25 }),
        fc.array(fc.nat(80), { maxLength: 4 }),
        async (typed, cuts) => {
          const one = await outcome(typed);
          // Nothing is left behind where it was drawn before.
          expect(one.rest).toEqual([]);
          expect(one.line.trimEnd()).toBe(`${PROMPT}${one.ran[0] ?? ''}`.trimEnd());
          const bytes = Buffer.from(typed.join(''));
          const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
          const pieces = edges.slice(1).map((end, index) => bytes.subarray(edges[index]!, end));
          expect(await outcome(pieces.filter(({ length }) => length > 0))).toEqual(one);
        },
      ),
      { numRuns: 80 },
    );
  });
});
