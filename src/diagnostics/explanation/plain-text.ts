import { formatDuration } from '../../base/index.js';
import type { Explanation } from './document.js';

/** For scripts and programs: a line a thing, however wide. */
export function plainText(explanation: Explanation): string {
  const blocks = explanation.episodes.map(({ headline, rows, conclusions }) => [
    headline,
    ...rows.map(({ atMs, text }) => `${timeText(atMs)} ${text}`),
    ...conclusions.map(({ text }) => text),
  ]);
  return [...blocks, explanation.notes]
    .map((lines) => lines.join('\n'))
    .filter((block) => block !== '')
    .join('\n\n');
}

/** `+38 ms`; the fault itself is `0 ms`, and who noticed before the supervisor did comes before it. */
export function timeText(ms: number): string {
  if (Math.abs(ms) < 0.05) return '0 ms';
  return ms < 0 ? `-${formatDuration(-ms)}` : `+${formatDuration(ms)}`;
}
