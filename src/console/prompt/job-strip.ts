import { type View, widthOf } from '../output/index.js';
import type { JobView } from '../script/jobs.js';

/** Above the prompt, one line for the jobs that tell how far they are; nothing without any. */
export function jobStrip(jobs: readonly JobView[], { paint, columns }: Pick<View, 'paint' | 'columns'>): string {
  const telling = jobs.filter(({ state, progress }) => state === 'running' && progress !== null);
  if (telling.length === 0) return '';
  const text = telling.map(({ name, progress }) => `${name}: ${progress}`).join('  ');
  return `${paint.dim(cut(text, columns - 1))}\n`;
}

/** A line that wraps is no strip. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) >= width) break;
    kept += character;
  }
  return `${kept}…`;
}
