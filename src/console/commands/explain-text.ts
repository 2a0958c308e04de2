import { timeText } from '../../diagnostics/explanation/plain-text.js';
import type { Explanation } from '../../diagnostics/index.js';
import { formatDuration } from '../language/duration.js';
import { sanitizeLine, type View, wrap } from '../output/index.js';

type Episode = Explanation['episodes'][number];

/** Below that a column of text is no use beside the times: it goes below them. */
const TEXT_COLUMNS_MIN = 24;

/** What a person reads, as wide as the terminal. `wall`: now. */
export function drawn(explanation: Explanation, view: View, wall: number): string {
  const blocks = explanation.episodes.map((episode) => episodeText(episode, view, wall));
  const notes = explanation.notes.flatMap((note) => lines(note, view, view.columns));
  return [...blocks, notes.join('\n')].filter((block) => block !== '').join('\n\n');
}

function episodeText({ headline, wall: began, rows, conclusions }: Episode, view: View, wall: number): string {
  const { paint, columns } = view;
  const ago = `${formatDuration(Math.max(0, wall - began))} ago`;
  const head = lines(headline, view, columns).map((line) => paint.bold(line));
  const timeline = rows.flatMap(({ atMs, text }) => rowLines(timeText(atMs), text, view, widthOfTimes(rows)));
  const learned = conclusions.flatMap(({ text }) => lines(text, view, columns));
  return [...head, paint.dim(`(${ago})`), '', ...timeline, '', ...learned].join('\n');
}

const widthOfTimes = (rows: Episode['rows']): number => Math.max(...rows.map(({ atMs }) => timeText(atMs).length));

function rowLines(time: string, text: string, view: View, width: number): readonly string[] {
  const { paint, columns } = view;
  const left = columns - width - 2;
  if (left < TEXT_COLUMNS_MIN) return [paint.dim(time), ...lines(text, view, columns - 2).map((line) => `  ${line}`)];
  const [first = '', ...rest] = lines(text, view, left);
  const indent = ' '.repeat(width + 2);
  return [`${paint.dim(time.padStart(width))}  ${first}`, ...rest.map((line) => `${indent}${line}`)];
}

/** Texts have words of other programs in them: reasons why connections ended. */
const lines = (text: string, { terminal }: View, width: number): readonly string[] =>
  wrap(terminal ? sanitizeLine(text) : text, width);
