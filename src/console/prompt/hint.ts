import type { Interface } from 'node:readline';
import type { View } from '../output/index.js';

/** What is still missing, dim behind the cursor, gone with the next key. Only where it fits into the row. */
export class Hint {
  readonly #output: NodeJS.WritableStream;
  readonly #view: View;
  #shown = false;

  constructor(output: NodeJS.WritableStream, view: View) {
    this.#output = output;
    this.#view = view;
  }

  show(text: string, readline: Interface): void {
    const { cols } = readline.getCursorPos();
    if (text === '' || cols + text.length >= this.#view.columns) return;
    this.#shown = true;
    this.#output.write(`${this.#view.paint.dim(text)}\x1b[${text.length}D`);
  }

  clear(): void {
    if (this.#shown) this.#output.write('\x1b[K');
    this.#shown = false;
  }
}
