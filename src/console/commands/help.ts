import { didYouMean, RaftctlError } from '../../base/index.js';
import type { Outcome } from '../outcome.js';
import { columns, type View } from '../output/index.js';
import { COMMON_OPTIONS } from './bind.js';
import { GROUPS, type Group, optionLabel, usageOf } from './signature.js';
import type { CommandSpec } from './spec.js';
import { type CommandTable, HELP_LISTS } from './table.js';

const TITLES: Readonly<Record<Group, string>> = {
  data: 'Data',
  nodes: 'Nodes',
  members: 'Members',
  faults: 'Faults',
  watching: 'Watching',
  waiting: 'Waiting',
  load: 'Load',
  script: 'Scripts',
  prompt: 'Prompt',
};

/** `help`, made from the table itself. */
export function helpCommand(table: () => CommandTable): CommandSpec {
  return {
    name: 'help',
    group: 'prompt',
    offline: true,
    about: 'Lists the commands, or explains one by examples',
    arguments: [{ name: 'COMMAND', kind: { type: 'command' }, optional: true, many: true }],
    options: [],
    examples: [
      { line: 'help', about: 'all commands, by group' },
      { line: 'help kill', about: 'one command' },
    ],
    async run(context, call) {
      const asked = call.all('COMMAND');
      if (asked.length === 0) {
        return overview(table().for(context.surface.origin));
      }
      return explained(table(), asked.join(' '));
    },
  };
}

function overview(specs: readonly CommandSpec[]): Outcome {
  return {
    document: specs.map(specDocument),
    principal: specs.length,
    text: ({ paint }) => {
      const groups = GROUPS.map((group) => ({ group, specs: specs.filter((spec) => spec.group === group) }));
      const blocks = groups
        .filter((block) => block.specs.length > 0)
        .map((block) => `${paint.bold(TITLES[block.group])}\n${listing(block.specs)}`);
      return [
        ...blocks,
        SELECTORS,
        'help COMMAND shows examples; Tab completes; -o json answers in JSON; --timeout 3s bounds a command',
      ].join('\n\n');
    },
  };
}

const SELECTORS =
  'NODE is a name, a number, leader, follower, followers, all, random, running, down, or a glob in quotes';

const listing = (specs: readonly CommandSpec[]): string =>
  columns(
    specs.map((spec) => [`  ${[spec.name, ...spec.arguments.map((argument) => argument.name)].join(' ')}`, spec.about]),
  );

function explained(table: CommandTable, name: string): Outcome {
  const exact = table.get(name);
  const specs = exact ? [exact] : table.specs.filter((spec) => spec.name.startsWith(`${name} `));
  if (specs.length === 0) {
    const known = [...table.specs.map((spec) => spec.name), ...table.firstWords()];
    throw new RaftctlError('usage', `there is no command '${name}'${didYouMean(name, known)}`, {
      hint: HELP_LISTS,
    });
  }
  return {
    document: specs.map(specDocument),
    principal: name,
    text: (view) => specs.map((spec) => page(spec, view)).join('\n\n'),
  };
}

/** Examples first: they are what people read. */
function page(spec: CommandSpec, { paint }: View): string {
  const examples = columns(spec.examples.map((example) => [`  ${example.line}`, paint.dim(example.about)]));
  const options = [...spec.options, ...COMMON_OPTIONS].map((option) => [`  ${optionLabel(option)}`, option.about]);
  return [
    `${spec.about}.`,
    `${paint.bold('Examples')}\n${examples}`,
    ...(spec.details === undefined ? [] : [spec.details]),
    `${paint.bold('Usage')}\n  ${usageOf(spec)}`,
    `${paint.bold('Options')}\n${columns(options)}`,
  ].join('\n\n');
}

const specDocument = (spec: CommandSpec) => ({
  name: spec.name,
  group: spec.group,
  about: spec.about,
  usage: usageOf(spec),
  examples: spec.examples.map(({ line, about }) => ({ line, about })),
  options: spec.options.map((option) => ({ option: optionLabel(option), about: option.about })),
});
