import type { Mutation } from './catalogue.js';
import type { Caught } from './mutant.js';

const BEGIN = '<!-- mutations: begin -->';
const END = '<!-- mutations: end -->';

/** The score as the docs show it: which seed was the first to find each bug, and by which claim. */
export function scoreTable(mutations: readonly Mutation[], found: ReadonlyMap<Mutation, Caught | null>): string {
  const rows = mutations.map((mutation) => {
    const caught = found.get(mutation) ?? null;
    const by = caught === null ? 'NOT FOUND' : caught.claim;
    return `| ${mutation.name} | ${mutation.edits.map(({ file }) => `\`${file}\``).join(' ')} | ${caught?.seed ?? '–'} | ${mutation.seeds} | ${by} |`;
  });
  const score = mutations.filter((mutation) => (found.get(mutation) ?? null) !== null).length;
  return [
    `${score} of ${mutations.length} found.`,
    '',
    '| the bug | made in | found by seed | of | the claim that broke |',
    '| --- | --- | ---: | ---: | --- |',
    ...rows,
  ].join('\n');
}

export function withScore(document: string, score: string): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`the document has no place for the score: ${BEGIN} … ${END}`);
  return `${document.slice(0, from + BEGIN.length)}\n\n${score}\n\n${document.slice(to)}`;
}
