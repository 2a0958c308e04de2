import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/base/index.js';
import { COMMON_OPTIONS, type CommandSpec, GROUPS, type OptionSpec, TABLE } from '../../src/console/commands/index.js';
import { optionLabel, usageOf } from '../../src/console/commands/signature.js';
import { FakeHost } from './fake-host.js';

const OWN = [
  'init',
  'up',
  'attach',
  'connect',
  'down',
  'rm',
  'recover',
  'ls',
  'exec',
  'config check',
  'node',
  'sim',
  'completion',
  'version',
];

const cell = (text: string): string => text.replaceAll('|', '\\|');

const options = (list: readonly OptionSpec[]): string =>
  list.map((option) => `| \`${cell(optionLabel(option))}\` | ${cell(option.about)} |`).join('\n');

function section(spec: CommandSpec): string {
  const examples = spec.examples.map(({ line, about }) => `    ${line.padEnd(46)}  # ${about}`).join('\n');
  const where = spec.only ? `\n\nOnly ${spec.only.map((place) => WHERE[place]).join(' and ')}.` : '';
  const table = spec.options.length === 0 ? '' : `\n\n| option | |\n|---|---|\n${options(spec.options)}`;
  const details = spec.details === undefined ? '' : `\n\n${spec.details}`;
  return `### \`${usageOf({ ...spec, options: [] })}\`\n\n${spec.about}.\n\n${examples}${details}${where}${table}`;
}

const WHERE = { prompt: 'at the prompt', script: 'in scripts', 'one-shot': 'from a shell' } as const;

async function reference(): Promise<string> {
  const own = await Promise.all(
    OWN.map(async (name) => {
      const { stdout } = await new FakeHost().run(...name.split(' '), '--help');
      return `### \`raftctl ${name}\`\n\n    ${stdout.trimEnd().replace(/\n/g, '\n    ')}`.replace(/ +$/gm, '');
    }),
  );
  const groups = GROUPS.map((group) => ({ group, specs: TABLE.specs.filter((spec) => spec.group === group) }));
  return [
    '# Commands',
    '<!-- Generated from the command table: `npx vitest run test/cli/reference -u`. -->',
    'The same words at the prompt, in [scripts](scripts.md), and from a shell on the running cluster (`raftctl get key-01`).\n' +
      'NODE is a name, a number, `leader`, `follower`, `followers`, `all`, `random`, `running`, `down`, or a glob in quotes.',
    `Every command takes\n\n| option | |\n|---|---|\n${options(COMMON_OPTIONS)}`,
    ...groups.flatMap(({ group, specs }) => [`## ${group}`, ...specs.map(section)]),
    '## From a shell only',
    ...own,
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

describe('docs/commands.md', () => {
  it('is what the command table says (stale? run this test with -u)', async () => {
    await expect(await reference()).toMatchFileSnapshot('../../docs/commands.md');
  });

  it('has every command of the program', async () => {
    const { stdout } = await new FakeHost().run('--help');
    const listed = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map((match) => match[1]!);
    const known = new Set(OWN.map((name) => name.split(' ')[0]));
    expect(stdout).toContain('Usage: raftctl');
    expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
    const commands = listed.filter((name) => !['put', 'watch', 'kill', 'members', 'logs', 'raftctl'].includes(name));
    expect(commands.length).toBeGreaterThan(8);
    for (const name of commands) expect(known).toContain(name);
  });
});
