import { Readable } from 'node:stream';
import { KeySplitter } from './keys.js';

/** What a terminal's input offers; `process.stdin` does, and so do the streams of tests. */
export interface TerminalInput extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
  ref?(): void;
  unref?(): void;
}

/** A stream that looks like a terminal's standard input to readline and inquirer, and is fed by the one owner. */
export class TerminalReader extends Readable {
  readonly isTTY = true;
  isRaw = false;
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    super();
    this.#terminal = terminal;
  }

  setRawMode(mode: boolean): this {
    this.isRaw = mode;
    this.#terminal.updateMode();
    return this;
  }

  override _read(): void {}

  /** Gives the terminal back to the reader before. */
  close(): void {
    this.#terminal.release(this);
  }
}

/**
 * The only owner of standard input and raw mode. Bytes go to the reader that was opened last; when it closes, to the one
 * before. So an inquirer prompt inside a live readline neither leaks keys nor ends the process.
 */
export class Terminal {
  readonly #input: TerminalInput;
  readonly #readers: TerminalReader[] = [];
  readonly #splitter = new KeySplitter();
  #raw = false;
  #ended = false;

  constructor(input: TerminalInput) {
    this.#input = input;
  }

  /** Opens a reader and makes it the active one. */
  open(): TerminalReader {
    const reader = new TerminalReader(this);
    if (this.#readers.length === 0) this.#attach();
    this.#readers.push(reader);
    if (this.#ended) reader.push(null);
    return reader;
  }

  release(reader: TerminalReader): void {
    const at = this.#readers.indexOf(reader);
    if (at === -1) return;
    this.#readers.splice(at, 1);
    this.updateMode();
    if (this.#readers.length === 0) this.#detach();
  }

  /** Raw as long as one of the open readers wants it. */
  updateMode(): void {
    const raw = this.#readers.some((reader) => reader.isRaw);
    if (raw === this.#raw) return;
    this.#raw = raw;
    this.#input.setRawMode?.(raw);
  }

  #attach(): void {
    this.#input.on('data', this.#route);
    this.#input.on('end', this.#end);
    // A terminal that went away: the same as its end.
    this.#input.on('error', this.#end);
    this.#input.resume();
    this.#input.ref?.();
  }

  #detach(): void {
    this.#input.off('data', this.#route);
    this.#input.off('end', this.#end);
    this.#input.off('error', this.#end);
    this.#input.pause();
    this.#input.unref?.();
  }

  readonly #route = (chunk: Buffer | string): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (const piece of this.#splitter.split(bytes)) this.#readers.at(-1)?.push(piece);
  };

  readonly #end = (): void => {
    this.#ended = true;
    for (const reader of this.#readers) reader.push(null);
  };
}
