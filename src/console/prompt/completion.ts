import { LEVELS } from '../../base/index.js';
import { MANY_NODES, ONE_NODE } from '../../cluster/node-words.js';
import { EVENTS } from '../../diagnostics/index.js';
import type { Cluster } from '../cluster.js';
import { COMMON_OPTIONS } from '../commands/bind.js';
import type { OptionSpec, ValueKind } from '../commands/signature.js';
import type { CommandSpec } from '../commands/spec.js';
import type { CommandTable } from '../commands/table.js';
import { PREFIXES } from '../language/parser.js';
import type { Origin } from '../surface.js';

/** What can be offered, besides the table. */
export interface CompletionContext {
  readonly table: CommandTable;
  readonly origin: Origin;
  readonly nodes: readonly string[];
  readonly keys: readonly string[];
  readonly marks: readonly string[];
  readonly jobs: readonly string[];
  readonly variables: readonly string[];
  /** Commands that are not possible on this cluster are not offered. */
  readonly refuses?: Cluster['refuses'];
  /** Options that every command takes here. */
  readonly common?: readonly OptionSpec[];
}

export interface Completion {
  /** What the word at the cursor could become, in order. */
  readonly candidates: readonly string[];
  /** The part of the line, up to the cursor, that a candidate replaces. */
  readonly word: string;
}

/** What could stand at the cursor. A function of its arguments alone. */
export function complete(line: string, cursor: number, context: CompletionContext): Completion {
  const { words, current } = lastStatement(line.slice(0, cursor));
  const expansion = /\$\{([^}\s]*)$/.exec(current);
  const offers = expansion
    ? context.variables.map((name) => `${current.slice(0, expansion.index)}\${${name}}`)
    : offersFor(words, current, context);
  const candidates = [...new Set(offers)].filter((offer) => offer.startsWith(current));
  return { candidates: candidates.sort(), word: current };
}

/** The same for words that a shell has split already: all of one command. */
export function completeWords(
  words: readonly string[],
  current: string,
  context: CompletionContext,
): readonly string[] {
  const offers = new Set(offersFor(words, current, context));
  return [...offers].filter((offer) => offer.startsWith(current)).sort();
}

/** The words of the statement that the cursor is in, and the word being typed. */
function lastStatement(text: string): { readonly words: readonly string[]; readonly current: string } {
  let words: string[] = [];
  let current = '';
  let quote: string | null = null;
  for (const char of text) {
    if (quote !== null) {
      if (char === quote) quote = null;
      else current += char;
    } else if (char === '"' || char === "'") quote = char;
    else if (char === ' ' || char === '\t') {
      if (current !== '') words.push(current);
      current = '';
    } else if (char === ';') {
      words = [];
      current = '';
    } else current += char;
  }
  return { words: withoutPrefixes(words), current };
}

const DURATION_PREFIX = /^(?:within|repeat)$/;

/** `within 2s every 1s get` is about `get`. */
function withoutPrefixes(words: readonly string[]): readonly string[] {
  let rest = words;
  for (;;) {
    const [first, , third, , fifth] = rest;
    if (first === '!') rest = rest.slice(1);
    else if (first === 'let' && third === '=') rest = rest.slice(3);
    else if (first !== undefined && DURATION_PREFIX.test(first) && rest.length > 1) {
      const extra = third === 'as' && fifth === 'every' ? 4 : third === 'as' || third === 'every' ? 2 : 0;
      if (rest.length < 2 + extra) return rest;
      rest = rest.slice(2 + extra);
    } else return rest;
  }
}

function offersFor(words: readonly string[], current: string, context: CompletionContext): readonly string[] {
  const { table, origin } = context;
  if (origin !== 'one-shot' && words.includes('=>')) return ['ok', 'nil', 'error', 'took', 'contains'];
  const isPossible = (spec: CommandSpec) => context.refuses?.(spec) === undefined;
  if (words.length === 0) {
    const possible = table.for(origin).filter(isPossible);
    return [...possible.map(({ name }) => name.split(' ', 1)[0]!), ...PREFIXES];
  }
  const found = table.match(words);
  const seconds = words.length === 1 ? table.secondWords(words[0]!, isPossible) : [];
  if (!found || !isPossible(found.spec)) return seconds;
  return [...seconds, ...offersInCall(found.spec, words.slice(found.taken), current, context)];
}

function offersInCall(
  spec: CommandSpec,
  words: readonly string[],
  current: string,
  context: CompletionContext,
): readonly string[] {
  const options = [...spec.options, ...(context.common ?? COMMON_OPTIONS)];
  const named = (word: string) => options.find((option) => word === `--${option.name}` || word === `-${option.short}`);
  const open = named(words.at(-1) ?? '');
  if (open?.value) return offersOfKind(open.value.kind, context);
  if (current.startsWith('-')) {
    const used = new Set(words);
    return options.map((option) => `--${option.name}`).filter((name) => !used.has(name) || named(name)?.many === true);
  }
  const positional = words.filter(
    (word, index) => !word.startsWith('-') && !named(words[index - 1] ?? '')?.value,
  ).length;
  const argument = spec.arguments[positional] ?? (spec.arguments.at(-1)?.many ? spec.arguments.at(-1) : undefined);
  return argument ? offersOfKind(argument.kind, context, current) : [];
}

function offersOfKind(kind: ValueKind, context: CompletionContext, current = ''): readonly string[] {
  switch (kind.type) {
    case 'node':
      return context.nodes;
    case 'selector':
      return [...(kind.or ?? []), ...selectors(context)];
    case 'selectors':
      return behind(current, ',', context);
    case 'arrow':
      return current.includes('->')
        ? behind(current, '->', context)
        : behind(current, '->', context).map((from) => `${from}->`);
    case 'via':
      return [...context.nodes, 'leader', 'follower', 'any'];
    case 'key':
      return context.keys;
    case 'command':
      return context.table.specs.flatMap((spec) => spec.name.split(' '));
    case 'level':
      return LEVELS;
    case 'choice':
      return kind.choices;
    case 'mark':
      return context.marks;
    case 'job':
      return context.jobs;
    case 'pair':
      return pairs(current, context);
    default:
      return [];
  }
}

const selectors = ({ nodes }: CompletionContext): readonly string[] => [...nodes, ...ONE_NODE, ...MANY_NODES];

/** What may follow the last separator of the word, with all that comes before it; what stands there already is not offered. */
function behind(current: string, separator: string, context: CompletionContext): readonly string[] {
  const at = current.lastIndexOf(separator);
  const before = at === -1 ? '' : current.slice(0, at + separator.length);
  const named = before.split(separator);
  return selectors(context)
    .filter((word) => !named.includes(word))
    .map((word) => `${before}${word}`);
}

function pairs(current: string, context: CompletionContext): readonly string[] {
  if (current.startsWith('kind=')) return Object.keys(EVENTS).map((name) => `kind=${name}`);
  if (current.startsWith('node=')) return context.nodes.map((node) => `node=${node}`);
  if (current.startsWith('level=')) return LEVELS.map((level) => `level=${level}`);
  return ['kind=', 'node=', 'level=', 'component='];
}

/** The arguments that are still missing, to be shown dim behind the cursor: ` VALUE`. Empty when nothing is. */
export function hintFor(line: string, context: CompletionContext): string {
  if (line.trim() === '' || !line.endsWith(' ')) return '';
  const { words } = lastStatement(line);
  const found = context.table.match(words);
  if (!found || words.includes('=>')) return '';
  const rest = words.slice(found.taken);
  const options = [...found.spec.options, ...COMMON_OPTIONS];
  const open = options.find((option) => rest.at(-1) === `--${option.name}` || rest.at(-1) === `-${option.short}`);
  if (open?.value) return open.value.label;
  const given = rest.filter((word) => !word.startsWith('-')).length;
  return found.spec.arguments
    .slice(given)
    .map((argument) => (argument.optional ? `[${argument.name}]` : argument.name))
    .join(' ');
}
