import { RaftctlError } from '../../src/base/index.js';

/** The groups of `partition A,B C…`: nodes that are not named form one more. */
export function groupsOf(words: readonly string[], names: readonly string[]): readonly (readonly string[])[] {
  const named = words.map((word) => word.split(','));
  const unknown = named.flat().find((name) => !names.includes(name));
  if (unknown !== undefined) throw new RaftctlError('no-such-node', `no node '${unknown}'`);
  const rest = names.filter((name) => !named.flat().includes(name));
  return [...named, rest].filter((group) => group.length > 0);
}

export const groupsText = (groups: readonly (readonly string[])[]): string =>
  groups.map((group) => group.join(', ')).join(' | ');

/** The two ends of `A->B`. */
export function endsOf(cut: string): [from: string, to: string] {
  const [from, to] = cut.split('->');
  if (from && to) return [from, to];
  throw new RaftctlError('usage', `'${cut}': expected A->B`);
}
