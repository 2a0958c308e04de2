import { clearScreenDown, cursorTo, type Interface, moveCursor } from 'node:readline';

/** Writes above the line that is being typed, and draws that line again below: also when it wraps over several rows. */
export class LineWriter {
  readonly #output: NodeJS.WritableStream;
  #readline: Interface | null = null;
  /** What came while somebody else had the screen; null: nobody has. */
  #held: string | null = null;

  constructor(output: NodeJS.WritableStream) {
    this.#output = output;
  }

  /** From now on there is a line to keep; null: there is none any more. */
  attach(readline: Interface | null): void {
    this.#readline = readline;
  }

  /** Somebody else draws on the screen (a picker): what is written waits until `release`. */
  hold(): void {
    if (this.#readline) this.#clear(this.#readline);
    this.#held = '';
  }

  release(): void {
    const held = this.#held ?? '';
    this.#held = null;
    this.above(held);
  }

  /** `text` ends without a newline; one is written after it. */
  above(text: string): void {
    if (text === '') return;
    const whole = text.endsWith('\n') ? text : `${text}\n`;
    if (this.#held !== null) {
      this.#held += whole;
      return;
    }
    const readline = this.#readline;
    if (!readline) {
      this.#output.write(whole);
      return;
    }
    this.#clear(readline);
    // Raw mode: the terminal does not return the carriage by itself everywhere.
    this.#output.write(whole.replace(/\r?\n/g, '\r\n'));
    readline.prompt(true);
  }

  /** Draws prompt and line again after `change` changed them: what is there is cleared by what it was. */
  redraw(change: () => void): void {
    const readline = this.#held === null ? this.#readline : null;
    if (readline) this.#clear(readline);
    change();
    readline?.prompt(true);
  }

  #clear(readline: Interface): void {
    const { rows } = readline.getCursorPos();
    if (rows > 0) moveCursor(this.#output, 0, -rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
    // readline remembers on which row it left the cursor; it is on the first one now.
    Object.assign(readline, { prevRows: 0 });
  }
}
