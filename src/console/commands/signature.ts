import type { Origin } from '../surface.js';

export const GROUPS = [
  'data',
  'nodes',
  'members',
  'faults',
  'watching',
  'waiting',
  'load',
  'script',
  'prompt',
] as const;
export type Group = (typeof GROUPS)[number];

/** What a word stands for: binding checks it, completion offers it. */
export type ValueKind =
  | {
      readonly type:
        | 'text'
        | 'key'
        | 'value'
        | 'node'
        | 'selectors'
        | 'arrow'
        | 'via'
        | 'pair'
        | 'command'
        | 'mark'
        | 'job'
        | 'file';
    }
  /** A NODE, or one of the words that may stand in its place. */
  | { readonly type: 'selector'; readonly or?: readonly string[] }
  | { readonly type: 'pattern' | 'duration' | 'percent' | 'count' | 'level' | 'name' }
  | { readonly type: 'choice'; readonly choices: readonly string[]; readonly aliases?: readonly string[] };

export interface ArgumentSpec {
  /** In capitals, as help shows it. */
  readonly name: string;
  readonly kind: ValueKind;
  readonly optional?: boolean;
  /** Takes all that follow. Only the last argument may. */
  readonly many?: boolean;
  /** Left out at the prompt, the command asks for it. */
  readonly asked?: boolean;
  /** With this option, what stands here is another argument. */
  readonly instead?: { readonly option: string; readonly name: string };
}

export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** Absent: a flag. */
  readonly value?: { readonly label: string; readonly kind: ValueKind };
  readonly many?: boolean;
  /** The option that says the opposite: only one of the two can be given. */
  readonly excludes?: string;
  readonly about: string;
}

export interface Example {
  readonly line: string;
  readonly about: string;
}

/** How a command is written and what help says of it: all that is known of it before it runs. */
export interface CommandSignature {
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
  /** From its first argument on, words are taken as they are, options too: a command line of somebody else's. */
  readonly raw?: boolean;
  /** Needs no cluster. */
  readonly offline?: boolean;
  /** Works on a cluster that does not run, too: `Surface.stopped` says where its data is. */
  readonly alsoStopped?: true;
  /** Changes the cluster or its data: whoever else is at this cluster is told. */
  readonly acts?: true;
  /** Makes no sense everywhere; absent: it does. */
  readonly only?: readonly Origin[];
}

export const usageOf = (signature: CommandSignature): string =>
  [
    signature.name,
    ...signature.arguments.map(argumentLabel),
    ...signature.options.map((option) => `[${optionLabel(option)}]`),
  ].join(' ');

export function argumentLabel(argument: ArgumentSpec): string {
  const label = argument.many ? `${argument.name}…` : argument.name;
  return argument.optional ? `[${label}]` : label;
}

export function optionLabel(option: OptionSpec): string {
  const name = option.short === undefined ? `--${option.name}` : `-${option.short}|--${option.name}`;
  return option.value ? `${name} ${option.value.label}` : name;
}
