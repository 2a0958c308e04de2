import { didYouMean } from '../../base/index.js';
import type { Word } from './ast.js';
import { ScriptError } from './position.js';

/** The names that have a value by the time a line runs; a misspelt `${name}` is found before anything starts. */
export class Scope {
  readonly #names = new Set<string>(['tmp']);
  readonly #environment: Readonly<Record<string, string | undefined>> | undefined;

  constructor(known: Iterable<string> = [], environment?: Readonly<Record<string, string | undefined>>) {
    for (const name of known) this.#names.add(name);
    this.#environment = environment;
  }

  add(name: string): void {
    this.#names.add(name);
  }

  check(word: Word): void {
    for (const part of word.parts) {
      if (part.type !== 'expand') continue;
      if (part.name.startsWith('env:')) {
        const variable = part.name.slice('env:'.length);
        if (this.#environment && this.#environment[variable] === undefined) {
          throw new ScriptError(part.span, `the environment has no variable ${variable}`);
        }
        continue;
      }
      const name = part.name.split('.', 1)[0]!;
      if (this.#names.has(name)) continue;
      throw new ScriptError(
        part.span,
        `nothing has set '${name}' before this line${didYouMean(name, this.#names, (near) => `\${${near}}`)}`,
        {
          hint: 'let NAME = COMMAND keeps a result, set NAME VALUE keeps a word',
        },
      );
    }
  }
}
