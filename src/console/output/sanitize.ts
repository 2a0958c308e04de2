/** Everything a terminal might obey: C0 but tab and newline, DEL, C1, and the marks that reverse or hide text. */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Makes foreign text harmless and visible: an escape becomes `\x1b`. Newlines and tabs stay. */
export const sanitize = (text: string): string => text.replace(CONTROLS, visible);

/** The same for text that must stay on one line. */
export const sanitizeLine = (text: string): string =>
  sanitize(text).replace(/[\n\t]/g, (char) => (char === '\n' ? '\\n' : '\\t'));

function visible(char: string): string {
  const code = char.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

const ESCAPES = /\x1b\[[0-9;]*m/g;

/** Columns that a line of ours takes on a terminal: without colours, wide characters counted twice. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text.replace(ESCAPES, '')) {
    const code = char.codePointAt(0)!;
    width += isWide(code) ? 2 : 1;
  }
  return width;
}

/** East Asian wide blocks and emoji. */
const isWide = (code: number): boolean =>
  code >= 0x1100 &&
  (code <= 0x115f ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff));
