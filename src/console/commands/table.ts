import { assert, didYouMean, RaftctlError } from '../../base/index.js';
import { bareStartOf, type Call, literalOf, type Word } from '../language/ast.js';
import { ScriptError } from '../language/position.js';
import { wordOf } from '../language/quoting.js';
import type { Origin } from '../surface.js';
import { bindCall } from './bind.js';
import type { Arg } from './invocation.js';
import type { OptionSpec } from './signature.js';
import type { CommandSpec, Runnable } from './spec.js';

export const HELP_LISTS = 'help lists the commands';

/** The one list of commands. The prompt, scripts, one-shot use, help and completion all ask it. */
export class CommandTable {
  readonly specs: readonly CommandSpec[];
  readonly #byName: ReadonlyMap<string, CommandSpec>;

  constructor(specs: readonly CommandSpec[]) {
    this.specs = specs;
    this.#byName = new Map(specs.map((spec) => [spec.name, spec]));
    assert(this.#byName.size === specs.length, 'two commands have the same name');
  }

  get(name: string): CommandSpec | undefined {
    return this.#byName.get(name);
  }

  /** The commands that can be used from `origin`. */
  for(origin: Origin): readonly CommandSpec[] {
    return this.specs.filter((spec) => !spec.only || spec.only.includes(origin));
  }

  /** First words, `wait` once. */
  firstWords(origin?: Origin): string[] {
    const specs = origin ? this.for(origin) : this.specs;
    return [...new Set(specs.map((spec) => spec.name.split(' ', 1)[0]!))];
  }

  /** What can follow a first word: `leader`, `event` after `wait`. */
  secondWords(first: string, isMeant: (spec: CommandSpec) => boolean = () => true): string[] {
    return this.specs
      .filter((spec) => spec.name.startsWith(`${first} `) && isMeant(spec))
      .map((spec) => spec.name.slice(first.length + 1));
  }

  /** The longest name that the words begin with. */
  match(words: readonly (string | null)[]): { readonly spec: CommandSpec; readonly taken: number } | undefined {
    const long = words.length > 1 ? this.#byName.get(`${words[0]} ${words[1]}`) : undefined;
    if (long) return { spec: long, taken: 2 };
    const short = this.#byName.get(words[0] ?? '');
    return short && { spec: short, taken: 1 };
  }

  /** Finds the command and binds its words. Throws `usage`, or a ScriptError where the words have places. */
  bind(args: readonly Arg[], origin: Origin, common?: readonly OptionSpec[]): Runnable {
    const found = this.match(args.map((arg) => arg.text));
    if (!found) throw this.#unknown(args);
    const { spec, taken } = found;
    if (spec.only && !spec.only.includes(origin)) {
      throw problem(
        args[0]!,
        `${spec.name} is not possible here`,
        `it belongs ${spec.only.map((where) => PLACES[where]).join(' or ')}`,
      );
    }
    const line = args.map((arg) => (arg.text === null ? '…' : wordOf(arg.text))).join(' ');
    return bindCall(spec, { name: args[taken - 1]!, args: args.slice(taken), line }, origin, common);
  }

  /** For the parser: is this call possible, as far as its text tells? */
  check(call: Call, origin: Origin): void {
    this.bind(call.words.map(argOf), origin);
  }

  #unknown(args: readonly Arg[]): RaftctlError {
    const [first, second] = args;
    const typed = first?.text ?? '';
    const seconds = this.secondWords(typed);
    if (seconds.length > 0) {
      if (!second) return problem(first!, `${typed} needs ${seconds.join(' or ')}`, `see help ${typed}`);
      const suggestion = didYouMean(second.text ?? '', seconds, (near) => `${typed} ${near}`);
      return problem(second, `${typed} has no '${second.text ?? '…'}': expected ${seconds.join(', ')}${suggestion}`);
    }
    return problem(first!, `unknown command '${typed}'${didYouMean(typed, this.firstWords())}`, HELP_LISTS);
  }
}

const PLACES: Readonly<Record<Origin, string>> = {
  prompt: 'at the prompt',
  script: 'in a script',
  'one-shot': 'in a shell',
};

/** A word of a script before it runs: expansions are still unknown. */
const argOf = (word: Word): Arg => ({
  text: literalOf(word) ?? null,
  start: bareStartOf(word),
  span: word.span,
});

function problem(arg: Arg, message: string, hint?: string): RaftctlError {
  const options = hint === undefined ? {} : { hint };
  return arg.span ? new ScriptError(arg.span, message, options) : new RaftctlError('usage', message, options);
}
