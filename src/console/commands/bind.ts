import { didYouMean, LEVELS, RaftctlError } from '../../base/index.js';
import { A_DURATION, parseDuration } from '../language/duration.js';
import { A_PERCENTAGE, parsePercent } from '../language/percent.js';
import { intoQuotes, ScriptError } from '../language/position.js';
import type { Origin } from '../surface.js';
import { AN_ARROW, arrowOf } from './arrow.js';
import { type Arg, Invocation } from './invocation.js';
import {
  type ArgumentSpec,
  argumentLabel,
  type CommandSignature,
  type OptionSpec,
  usageOf,
  type ValueKind,
} from './signature.js';

/** Options that every command takes. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'output',
    short: 'o',
    value: { label: 'FORMAT', kind: { type: 'choice', choices: ['text', 'json'] } },
    about: 'text, or json: one document on standard output',
  },
  { name: 'timeout', value: { label: 'DUR', kind: { type: 'duration' } }, about: 'give up after this long' },
];

export interface Words {
  /** The last word of the command's name. */
  readonly name: Arg;
  readonly args: readonly Arg[];
  /** The whole command as it was written. */
  readonly line: string;
}

/** Gives each word its place: arguments in order, options by name. Throws `usage`, or a ScriptError where the word stands. */
export function bindCall<Spec extends CommandSignature>(
  spec: Spec,
  words: Words,
  origin: Origin,
  common = COMMON_OPTIONS,
): Invocation<Spec> {
  const { args, line } = words;
  const options = [...spec.options, ...common];
  const values = new Map<string, Arg[]>();
  const positional: Arg[] = [];
  let optionsEnded = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    const raw = spec.raw === true && positional.length > 0;
    if (optionsEnded || raw || !looksLikeOption(arg) || isNegative(spec, positional.length, arg)) {
      // A dash after `--` is only a dash.
      positional.push(optionsEnded ? { ...arg, start: '' } : arg);
    } else if (arg.start === '--' && arg.text === '--') optionsEnded = true;
    else at += bindOption(spec, options, values, args, at);
  }
  bindPositional(spec, positional, values, { last: args.at(-1) ?? words.name, asks: origin === 'prompt' });
  return new Invocation(spec, values, line);
}

const looksLikeOption = (arg: Arg): boolean => arg.start.startsWith('-') && arg.start !== '-';

/** `-5ms` where a quantity is expected: what is wrong with it is its sign, not that there is no such option. */
const isNegative = ({ arguments: all }: CommandSignature, nth: number, { start }: Arg): boolean =>
  /^-\d/.test(start) && ['duration', 'percent', 'count'].includes(all[nth]?.kind.type ?? '');

/** Binds the option at `at`; answers how many words after it were its value. */
function bindOption(
  spec: CommandSignature,
  options: readonly OptionSpec[],
  values: Map<string, Arg[]>,
  args: readonly Arg[],
  at: number,
): number {
  const arg = args[at]!;
  const equals = arg.start.indexOf('=');
  const name = equals === -1 ? arg.start : arg.start.slice(0, equals);
  const option = options.find((candidate) => name === `--${candidate.name}` || name === `-${candidate.short}`);
  if (!option) throw unknownOption(spec, options, arg, name);
  if (!option.many && values.has(option.name)) throw problem(arg, `${name} is given twice`);
  if (option.excludes !== undefined && values.has(option.excludes)) {
    throw problem(arg, `--${option.excludes} and --${option.name} exclude each other: give one of them`);
  }
  let value: Arg = { text: 'true', start: 'true' };
  let taken = 0;
  if (equals !== -1) {
    if (!option.value) throw problem(arg, `${name} takes no value`);
    value = { ...arg, text: arg.text === null ? null : arg.text.slice(equals + 1), start: '' };
  } else if (option.value) {
    const next = args[at + 1];
    if (next === undefined) throw problem(arg, `${name} needs a value: ${name} ${option.value.label}`);
    value = next;
    taken = 1;
  }
  if (option.value) checkKind(option.value.kind, name, value, arg);
  values.set(option.name, [...(values.get(option.name) ?? []), value]);
  return taken;
}

function unknownOption(spec: CommandSignature, options: readonly OptionSpec[], arg: Arg, name: string): Error {
  const names = options.flatMap((option) => [`--${option.name}`, ...(option.short ? [`-${option.short}`] : [])]);
  const suggestion = name.length > 2 ? didYouMean(name, names) : '';
  return problem(arg, `${spec.name} has no option ${name}${suggestion}`, {
    hint: `usage: ${usageOf(spec)}; a value that begins with - goes after --`,
  });
}

function bindPositional(
  spec: CommandSignature,
  positional: readonly Arg[],
  values: Map<string, Arg[]>,
  { last, asks }: { readonly last: Arg; readonly asks: boolean },
): void {
  let at = 0;
  for (const argument of spec.arguments) {
    const given = argument.many ? positional.slice(at) : positional.slice(at, at + 1);
    at += given.length;
    if (given.length === 0) {
      if (argument.optional || (asks && argument.asked)) continue;
      const { instead } = argument;
      const label = instead && values.has(instead.option) ? instead.name : argumentLabel(argument);
      throw problem(last, `${spec.name} needs ${label}`, { hint: `usage: ${usageOf(spec)}` });
    }
    for (const arg of given) checkArgument(argument, arg);
    values.set(argument.name, [...given]);
  }
  const extra = positional[at];
  if (extra !== undefined) {
    throw problem(extra, `${spec.name} takes no more arguments than ${countOf(spec)}, got '${extra.text ?? '…'}'`, {
      hint: `usage: ${usageOf(spec)}; ${intoQuotes('with blanks')}`,
    });
  }
}

const countOf = (spec: CommandSignature): string =>
  spec.arguments.length === 0 ? 'none' : String(spec.arguments.length);

const checkArgument = (argument: ArgumentSpec, arg: Arg): void => checkKind(argument.kind, argument.name, arg, arg);

/** What can be known of a value from its text alone. Whether a node exists is known when the command runs. */
function checkKind(kind: ValueKind, name: string, value: Arg, place: Arg): void {
  const { text } = value;
  if (text === null) return;
  const expected = expectation(kind, text);
  if (expected !== undefined) throw problem(value.span ? value : place, `${name}: expected ${expected}, got '${text}'`);
}

function expectation(kind: ValueKind, text: string): string | undefined {
  switch (kind.type) {
    case 'duration':
      return parseDuration(text) === undefined ? A_DURATION : undefined;
    case 'percent':
      return parsePercent(text) === undefined ? A_PERCENTAGE : undefined;
    case 'selectors':
      return text.split(',').includes('') ? 'nodes with commas between them, such as node-01,node-02' : undefined;
    case 'arrow':
      return arrowOf(text) === undefined ? AN_ARROW : undefined;
    case 'count':
      return /^\d{1,12}$/.test(text) ? undefined : 'a number';
    case 'level':
      return LEVELS.some((level) => level === text) ? undefined : `${LEVELS.join(', ')}${didYouMean(text, LEVELS)}`;
    case 'choice':
      return kind.choices.includes(text) || kind.aliases?.includes(text)
        ? undefined
        : `${kind.choices.join(' or ')}${didYouMean(text, kind.choices)}`;
    case 'pair':
      return /^[^=]+=/.test(text) ? undefined : 'FIELD=VALUE, such as kind=role-changed';
    case 'name':
    case 'mark':
      return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(text) ? undefined : 'a name of letters, digits, - and _';
    case 'pattern':
      return isPattern(text) ? undefined : 'a regular expression';
    case 'node':
    case 'selector':
      return text === '' ? 'a node' : undefined;
    default:
      return undefined;
  }
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

function problem(arg: Arg, message: string, options: { hint?: string } = {}): RaftctlError {
  return arg.span ? new ScriptError(arg.span, message, options) : new RaftctlError('usage', message, options);
}
