/** What needs no quotes, wherever it stands: no space, no sign of the language. */
const BARE = /^(?!=>)[\w./:@%+*^=,-]+$/;

/** The text as a word that means it: bare where that is enough, else in double quotes. */
export function wordOf(text: string): string {
  if (BARE.test(text)) return text;
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/[\0-\x1f\x7f]/g, escapeOf);
  // In double quotes `${` begins an expansion; the next part may be in single ones.
  return `"${escaped.replaceAll('${', `$"'{'"`)}"`;
}

const escapeOf = (char: string): string =>
  char === '\n' ? '\\n' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
