import type { Command, Option } from 'commander';
import { formatHostPort } from '../base/index.js';
import { COMMON_OPTIONS, type OptionSpec, TABLE } from '../console/commands/index.js';
import { completeWords } from '../console/prompt/completion.js';
import { splitGlobals } from './global-options.js';
import type { Host } from './host.js';

interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** What may stand behind every command of the table in a shell. */
const ANYWHERE: readonly OptionSpec[] = [
  ...COMMON_OPTIONS,
  { name: 'cluster', value: { label: 'NAME', kind: { type: 'text' } }, about: 'which of the running clusters' },
  { name: 'no-color', about: 'no colours' },
];

/**
 * The candidates for the last of `words`, the word being typed, one a line: `node-02<Tab>what it is`. The words are
 * those behind `raftctl`, as the shell has split them. `program` has the program's own commands.
 */
export async function shellCandidates(words: readonly string[], program: Command, host: Host): Promise<string> {
  const { rest } = splitGlobals(words.slice(0, -1));
  const current = words.at(-1) ?? '';
  const found = await candidates(rest, current, program, host);
  const unique = new Map(found.filter(({ word }) => word.startsWith(current)).map(({ word, about }) => [word, about]));
  return [...unique].map(([word, about]) => `${word}\t${about}`).join('\n');
}

async function candidates(
  words: readonly string[],
  current: string,
  program: Command,
  host: Host,
): Promise<readonly Candidate[]> {
  const [first] = words;
  if (['-C', '--cluster'].includes(words.at(-1) ?? '')) {
    return (await running(host)).map(({ name, directory }) => ({ word: name, about: directory }));
  }
  if (first === undefined) return current.startsWith('-') ? optionsOf(program) : firstWords(program);
  if (first === 'help') return words.length === 1 ? firstWords(program) : secondWords(words[1]!);
  const own = program.commands.find((command) => command.name() === first);
  if (first === 'recover' && words.length === 1 && !current.startsWith('-')) {
    const { recoverCandidates } = await import('./recover.js');
    return (await recoverCandidates(host)).map((word) => ({ word, about: 'a node of the cluster here' }));
  }
  if (own && first !== '__complete') return inProgram(own, words.slice(1), current);
  return inTable(words, current, host);
}

/** Behind a command of the program's own: its subcommands, options, and the values that commander knows. */
function inProgram(command: Command, words: readonly string[], current: string): readonly Candidate[] {
  const inner = command.commands.find((sub) => sub.name() === words[0]);
  if (inner) return inProgram(inner, words.slice(1), current);
  const before = words.at(-1) ?? '';
  const open = command.options.find(
    (option: Option) => option.required && [option.short, option.long].includes(before),
  );
  if (open) return (open.argChoices ?? []).map((word) => ({ word, about: open.description }));
  if (current.startsWith('-')) return optionsOf(command);
  if (words.length > 0) return [];
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  return [...choices.map((word) => ({ word, about: command.description() })), ...command.commands.map(described)];
}

/** Behind a command of the table: what the prompt would offer. */
async function inTable(words: readonly string[], current: string, host: Host): Promise<readonly Candidate[]> {
  const addresses = new Map(
    (await running(host)).flatMap(({ nodes }) => nodes.map((node) => [node.id, formatHostPort(node)])),
  );
  const offers = completeWords(words, current, {
    table: TABLE,
    origin: 'one-shot',
    common: ANYWHERE,
    nodes: [...addresses.keys()],
    keys: [],
    marks: [],
    jobs: [],
    variables: [],
  });
  const options = [...(TABLE.match(words)?.spec.options ?? []), ...ANYWHERE];
  const aboutOf = (word: string) =>
    options.find(({ name }) => word === `--${name}`)?.about ??
    TABLE.get(`${words[0]} ${word}`)?.about ??
    addresses.get(word) ??
    '';
  return offers.map((word) => ({ word, about: aboutOf(word) }));
}

const firstWords = (program: Command): readonly Candidate[] => [
  ...program.commands.filter((command) => !command.name().startsWith('__')).map(described),
  ...TABLE.firstWords('one-shot').map((word) => ({
    word,
    about: TABLE.get(word)?.about ?? `${word} ${TABLE.secondWords(word).join(', ')}`,
  })),
];

const secondWords = (first: string): readonly Candidate[] =>
  TABLE.secondWords(first).map((word) => ({ word, about: TABLE.get(`${first} ${word}`)?.about ?? '' }));

const described = (command: Command): Candidate => ({ word: command.name(), about: command.description() });

const optionsOf = (command: Command): readonly Candidate[] =>
  command.options.map((option) => ({ word: option.long ?? option.short ?? '', about: option.description }));

async function running(host: Host) {
  const { listClusters } = await host.loadCluster();
  return listClusters(host.environment);
}
