import type { Word, WordPart } from './ast.js';
import { ScriptError, type Source, type Span } from './position.js';

export type Token =
  | { readonly type: 'word'; readonly word: Word; readonly span: Span }
  | { readonly type: 'newline' | 'semicolon' | 'comma' | 'end'; readonly span: Span };

/** After `=>` a bare word ends at a comma. */
export type LexMode = 'plain' | 'matcher';

const NAME = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)$/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\', $: '$' };

/** Splits a source into words and separators, one at a time: the parser says in which mode the next one is read. */
export class Lexer {
  readonly source: Source;
  readonly #text: string;
  #at = 0;
  #peeked: { readonly token: Token; readonly mode: LexMode; readonly before: number } | null = null;

  constructor(source: Source) {
    this.source = source;
    this.#text = source.text;
    // A first line "#!…" is a comment like any other.
    if (this.#text.startsWith('\ufeff')) this.#at = 1;
  }

  peek(mode: LexMode = 'plain'): Token {
    if (this.#peeked && this.#peeked.mode !== mode) {
      this.#at = this.#peeked.before;
      this.#peeked = null;
    }
    if (!this.#peeked) {
      const before = this.#at;
      this.#peeked = { token: this.#read(mode), mode, before };
    }
    return this.#peeked.token;
  }

  next(mode: LexMode = 'plain'): Token {
    const token = this.peek(mode);
    this.#peeked = null;
    return token;
  }

  #span(from: number, to = this.#at): Span {
    return { source: this.source, offset: from, length: Math.max(1, to - from) };
  }

  #read(mode: LexMode): Token {
    this.#skipBlanks();
    const from = this.#at;
    const char = this.#text[from];
    if (char === undefined) return { type: 'end', span: this.#span(from) };
    if (char === '\n') return this.#separator('newline');
    if (char === ';') return this.#separator('semicolon');
    if (char === ',' && mode === 'matcher') return this.#separator('comma');
    const word = this.#word(mode);
    return { type: 'word', word, span: word.span };
  }

  #separator(type: 'newline' | 'semicolon' | 'comma'): Token {
    this.#at += 1;
    return { type, span: this.#span(this.#at - 1) };
  }

  /** Blanks, joined lines, and a comment: `#` where a word could begin. */
  #skipBlanks(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === ' ' || char === '\t' || (char === '\r' && this.#text[this.#at + 1] === '\n')) this.#at += 1;
      else if (char === '\\' && this.#lineEndAfterBackslash() > 0) this.#joinLines();
      else if (char === '#') {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end === -1 ? this.#text.length : end;
      } else return;
    }
  }

  /** Characters of the line end that follows the backslash at the cursor; 0 when none does. */
  #lineEndAfterBackslash(): number {
    const after = this.#text.slice(this.#at + 1, this.#at + 3);
    if (after.startsWith('\n')) return 1;
    if (after === '\r\n') return 2;
    return after === '' ? 1 : 0;
  }

  #joinLines(): void {
    if (this.#at + 1 >= this.#text.length) {
      throw new ScriptError(
        this.#span(this.#at, this.#at + 1),
        'the last line ends in a backslash: a line must follow',
        {
          incomplete: true,
        },
      );
    }
    this.#at += 1 + this.#lineEndAfterBackslash();
  }

  #word(mode: LexMode): Word {
    const from = this.#at;
    const parts: WordPart[] = [];
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || this.#endsWord(char, mode)) break;
      if (char === "'") parts.push(this.#literal());
      else if (char === '"') this.#quoted(parts);
      else if (char === '$' && this.#text[this.#at + 1] === '{') parts.push(this.#expansion());
      else parts.push(this.#bare(mode));
    }
    return { parts, span: this.#span(from) };
  }

  #endsWord(char: string, mode: LexMode): boolean {
    if (char === ' ' || char === '\t' || char === '\n' || char === ';') return true;
    if (char === '\r') return this.#text[this.#at + 1] === '\n';
    if (char === '\\') return this.#lineEndAfterBackslash() > 0;
    return char === ',' && mode === 'matcher';
  }

  #bare(mode: LexMode): WordPart {
    const from = this.#at;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === "'" || char === '"' || this.#endsWord(char, mode)) break;
      if (char === '$' && this.#text[this.#at + 1] === '{') break;
      if (char < ' ' || char === '\x7f') throw this.#controlCharacter(char);
      this.#at += 1;
    }
    return { type: 'text', text: this.#text.slice(from, this.#at), quoted: false };
  }

  #controlCharacter(char: string): ScriptError {
    const hex = char.charCodeAt(0).toString(16).padStart(2, '0');
    return new ScriptError(this.#span(this.#at, this.#at + 1), `unexpected control character 0x${hex}`, {
      hint: `write it as "\\x${hex}"`,
    });
  }

  #literal(): WordPart {
    const from = this.#at;
    const end = this.#text.indexOf("'", from + 1);
    const text = end === -1 ? null : this.#text.slice(from + 1, end);
    if (text === null || text.includes('\n')) throw this.#unclosed(from);
    this.#at = end + 1;
    return { type: 'text', text, quoted: true };
  }

  #quoted(parts: WordPart[]): void {
    const from = this.#at;
    let text = '';
    const flush = () => {
      if (text !== '') parts.push({ type: 'text', text, quoted: true });
      text = '';
    };
    // An empty pair of quotes is a word too.
    parts.push({ type: 'text', text: '', quoted: true });
    this.#at += 1;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === '\n') throw this.#unclosed(from);
      if (char === '"') break;
      if (char === '\\') {
        const escaped = this.#escape();
        if (typeof escaped === 'string') text += escaped;
        else {
          flush();
          parts.push({ type: 'bytes', bytes: escaped });
        }
      } else if (char === '$' && this.#text[this.#at + 1] === '{') {
        flush();
        parts.push(this.#expansion());
      } else {
        text += char;
        this.#at += 1;
      }
    }
    flush();
    this.#at += 1;
  }

  /** A run of `\xHH` becomes text when it is UTF-8, bytes otherwise; so `"\xc3\xa9"` is one letter. */
  #escape(): string | Buffer {
    const from = this.#at;
    const run = /^(?:\\x[0-9a-fA-F]{2})+/.exec(this.#text.slice(from, from + 4_096));
    if (run) {
      this.#at += run[0].length;
      const bytes = Buffer.from(run[0].replaceAll('\\x', ''), 'hex');
      const text = bytes.toString('utf8');
      return Buffer.from(text, 'utf8').equals(bytes) ? text : bytes;
    }
    const replacement = ESCAPES[this.#text[from + 1] ?? ''];
    if (replacement === undefined) {
      throw new ScriptError(this.#span(from, from + 2), 'unknown escape: expected \\n \\t \\r \\" \\\\ \\$ or \\xHH', {
        hint: "a backslash stands for itself outside quotes and in '…'",
      });
    }
    this.#at += 2;
    return replacement;
  }

  #expansion(): WordPart {
    const from = this.#at;
    const end = this.#text.indexOf('}', from);
    const name = end === -1 ? null : this.#text.slice(from + 2, end);
    if (name === null || name.includes('\n'))
      throw new ScriptError(this.#span(from, from + 2), 'the brace that opens here is not closed by }');
    if (!NAME.test(name)) {
      throw new ScriptError(
        this.#span(from, end + 1),
        `expected a name in \${…}, such as \${old.node} or \${env:HOME}`,
      );
    }
    this.#at = end + 1;
    return { type: 'expand', name, span: this.#span(from) };
  }

  #unclosed(from: number): ScriptError {
    return new ScriptError(this.#span(from, from + 1), 'the quote that opens here is not closed on this line');
  }
}
