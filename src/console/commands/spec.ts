import type { Context } from '../context.js';
import type { Data, View } from '../output/index.js';
import type { BoundCall } from './bound-call.js';

export const GROUPS = ['data', 'nodes', 'watching', 'waiting', 'load', 'script', 'prompt'] as const;
export type Group = (typeof GROUPS)[number];

/** What a word stands for: binding checks it, completion offers it. */
export type ValueKind =
  | {
      readonly type:
        | 'text'
        | 'key'
        | 'value'
        | 'node'
        | 'selector'
        | 'via'
        | 'pair'
        | 'command'
        | 'mark'
        | 'job'
        | 'file';
    }
  | { readonly type: 'pattern' | 'duration' | 'count' | 'level' | 'name' }
  | { readonly type: 'choice'; readonly choices: readonly string[] };

export interface ArgumentSpec {
  /** In capitals, as help shows it. */
  readonly name: string;
  readonly kind: ValueKind;
  readonly optional?: boolean;
  /** Takes all that follow. Only the last argument may. */
  readonly many?: boolean;
  /** Left out at the prompt, the command asks for it. */
  readonly asked?: boolean;
}

export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** Absent: a flag. */
  readonly value?: { readonly label: string; readonly kind: ValueKind };
  readonly many?: boolean;
  readonly about: string;
}

export interface Example {
  readonly line: string;
  readonly about: string;
}

export interface CommandSpec {
  /** One word, or two (`wait leader`). */
  readonly name: string;
  readonly group: Group;
  /** One line, as a sentence without its full stop. */
  readonly about: string;
  /** More, below the examples. */
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly Example[];
  /** Lasts until it is stopped (a followed log), or as long as it says (a sleep): the general bound does not apply. */
  readonly unbounded?: (call: BoundCall, origin: Origin) => boolean;
  /** From its first argument on, words are taken as they are, options too: a command line of somebody else's. */
  readonly raw?: boolean;
  /** Needs no cluster. */
  readonly offline?: boolean;
  /** Makes no sense everywhere; absent: it does. */
  readonly only?: readonly Origin[];
  run(context: Context, call: BoundCall): Promise<Outcome>;
}

export type Origin = 'prompt' | 'script' | 'one-shot';

/** What a command answered. */
export interface Outcome {
  /** The documented shape of `-o json`; `.paths` look into it. */
  readonly document: Data;
  /** What a matcher without a path compares. */
  readonly principal: Data;
  /** What a person sees; an empty string prints nothing. */
  readonly text: (view: View) => string | Buffer;
  /** It ran and answered, and yet did not do what was asked (a cas that found another value): exit code 1. */
  readonly unmet?: string | undefined;
  /** The prompt ends after it. */
  readonly leave?: boolean;
}

/** A command that changes something and has little to say. */
export const done = (document: Data, text: string, principal: Data = 'ok'): Outcome => ({
  document,
  principal,
  text: () => text,
});

export const usageOf = (spec: CommandSpec): string =>
  [spec.name, ...spec.arguments.map(argumentLabel), ...spec.options.map((option) => `[${optionLabel(option)}]`)].join(
    ' ',
  );

export function argumentLabel(argument: ArgumentSpec): string {
  const label = argument.many ? `${argument.name}…` : argument.name;
  return argument.optional ? `[${label}]` : label;
}

export function optionLabel(option: OptionSpec): string {
  const name = option.short === undefined ? `--${option.name}` : `-${option.short}|--${option.name}`;
  return option.value ? `${name} ${option.value.label}` : name;
}
