import type { ArgumentSpec, CommandSpec, Invocation, OptionSpec } from '../../src/console/commands/index.js';
import type { Outcome } from '../../src/console/outcome.js';
import type { Data } from '../../src/console/output/index.js';

interface VerbParts {
  readonly name: string;
  readonly about: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Says nothing by itself. */
  act?(call: Invocation): void;
  /** Answers with what is said, or the whole outcome. */
  answer?(call: Invocation): string | Outcome;
}

/** A word of the stories that the console does not have, as a command like any other. */
export const verb = ({ act, answer, ...parts }: VerbParts): CommandSpec => ({
  group: 'script',
  arguments: [],
  options: [],
  examples: [],
  ...parts,
  async run(_context, call) {
    act?.(call);
    const said = answer?.(call) ?? '';
    return typeof said === 'string' ? outcome('ok', said) : said;
  },
});

/** A principal value, which `=>` compares, and its text. */
export const outcome = (principal: Data, text: string): Outcome => ({ document: null, principal, text: () => text });

export const node: ArgumentSpec = { name: 'NODE', kind: { type: 'node' } };
export const peer: ArgumentSpec = { name: 'PEER', kind: { type: 'node' } };
export const someNodes: ArgumentSpec = { ...node, optional: true, many: true };
export const count = (name: string): ArgumentSpec => ({ name, kind: { type: 'count' } });

export const flag = (name: string, about: string): OptionSpec => ({ name, about });
export const option = (name: string, label: string, about: string, many = false): OptionSpec => ({
  name,
  about,
  value: { label, kind: { type: 'text' } },
  many,
});
