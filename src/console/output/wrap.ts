import { widthOf } from './sanitize.js';

/** A number and its unit are one word. */
const BLANK = / (?!(?:ms|s)\b)/;

/** Breaks a text between words, so that no line is wider than `width`, unless a word is. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BLANK)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
