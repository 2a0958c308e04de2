import { assert } from '../../base/index.js';
import { parseDuration } from '../language/duration.js';
import type { Span } from '../language/position.js';
import { wordOf } from '../language/quoting.js';
import type { CommandSignature } from './signature.js';

/** A word with its value, on its way to an argument or option. */
export interface Arg {
  /** Null while the script is only parsed and the word has expansions. */
  readonly text: string | null;
  /** Set when the value is bytes that are no text. */
  readonly bytes?: Buffer;
  /** The unquoted text it begins with: tells options from values. A word from the shell is unquoted throughout. */
  readonly start: string;
  readonly span?: Span;
}

export const literalArg = (text: string): Arg => ({ text, start: text });

/** A command called with its words bound to arguments and options, all checked by kind. */
export class Invocation<Spec extends CommandSignature = CommandSignature> {
  readonly spec: Spec;
  readonly #values: ReadonlyMap<string, readonly Arg[]>;
  /** As it was written, for messages. */
  readonly line: string;

  constructor(spec: Spec, values: ReadonlyMap<string, readonly Arg[]>, line: string) {
    this.spec = spec;
    this.#values = values;
    this.line = line;
  }

  /** For others: what is written, compared or replaced is nobody's business but the caller's. */
  get lineWithoutValues(): string {
    const { name, arguments: all, options } = this.spec;
    const words = all.flatMap((argument) =>
      this.all(argument.name).map((text) => (argument.kind.type === 'value' ? '…' : wordOf(text))),
    );
    const given = options.flatMap((option) =>
      this.all(option.name).map((text) => (option.value ? `--${option.name} ${wordOf(text)}` : `--${option.name}`)),
    );
    return [name, ...words, ...given].join(' ');
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value of an argument (`KEY`) or option (`via`); undefined when it was left out. */
  find(name: string): string | undefined {
    const arg = this.#values.get(name)?.at(-1);
    assert(arg?.text !== null, `${this.spec.name}: ${name} ran before it was expanded`);
    return arg?.text;
  }

  text(name: string): string {
    const text = this.find(name);
    assert(text !== undefined, `${this.spec.name}: ${name} was not bound`);
    return text;
  }

  all(name: string): readonly string[] {
    return (this.#values.get(name) ?? []).map((arg) => arg.text ?? '');
  }

  bytes(name: string): Buffer {
    const arg = this.#values.get(name)?.at(-1);
    assert(arg !== undefined, `${this.spec.name}: ${name} was not bound`);
    return arg.bytes ?? Buffer.from(arg.text ?? '', 'utf8');
  }

  /** A bare `-`: standard input is meant. After `--`, or in quotes, it is a dash. */
  isDash(name: string): boolean {
    const arg = this.#values.get(name)?.at(-1);
    return arg?.text === '-' && arg.start === '-';
  }

  duration(name: string): number | undefined {
    const text = this.find(name);
    return text === undefined ? undefined : parseDuration(text);
  }

  count(name: string): number | undefined {
    const text = this.find(name);
    return text === undefined ? undefined : Number(text);
  }
}
