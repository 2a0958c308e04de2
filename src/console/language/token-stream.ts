import { bareOf, literalOf, type Word } from './ast.js';
import { parseDuration } from './duration.js';
import { Lexer, type LexMode, type Token } from './lexer.js';
import { ScriptError, type Source, type Span } from './position.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** What the parsers of statements and matchers share: the next token, what was expected, and where a stretch ended. */
export class TokenStream {
  readonly source: Source;
  readonly #lexer: Lexer;
  #consumedTo = 0;

  constructor(source: Source) {
    this.source = source;
    this.#lexer = new Lexer(source);
  }

  peek(mode: LexMode = 'plain'): Token {
    return this.#lexer.peek(mode);
  }

  next(mode: LexMode = 'plain'): Token {
    const token = this.#lexer.next(mode);
    if (token.type !== 'end') this.#consumedTo = token.span.offset + token.span.length;
    return token;
  }

  /** From the beginning of `from` to the end of what was consumed last. */
  spanFrom(from: Span): Span {
    return { ...from, length: Math.max(from.length, this.#consumedTo - from.offset) };
  }

  /** The next word if it is bare, without consuming it. */
  peekBare(mode: LexMode = 'plain'): string | undefined {
    const token = this.peek(mode);
    return token.type === 'word' ? bareOf(token.word) : undefined;
  }

  takeBare(text: string, mode: LexMode = 'plain'): boolean {
    if (this.peekBare(mode) !== text) return false;
    this.next(mode);
    return true;
  }

  endsStatement(mode: LexMode = 'plain'): boolean {
    const { type } = this.peek(mode);
    return type === 'newline' || type === 'semicolon' || type === 'end';
  }

  word(expected: string, mode: LexMode = 'plain'): Word {
    const token = this.peek(mode);
    if (token.type !== 'word') throw new ScriptError(token.span, `expected ${expected}, got ${nameOf(token)}`);
    this.next(mode);
    return token.word;
  }

  literal(expected: string): { readonly text: string; readonly span: Span } {
    const word = this.word(expected);
    const text = literalOf(word);
    if (text === undefined)
      throw new ScriptError(word.span, `expected ${expected} without \${…}: it is needed before the script runs`);
    return { text, span: word.span };
  }

  name(expected: string): string {
    const { text, span } = this.literal(expected);
    if (!NAME.test(text)) throw new ScriptError(span, `expected ${expected} (letters, digits, - and _), got '${text}'`);
    return text;
  }

  duration(expected: string, mode: LexMode = 'plain'): number {
    const word = this.word(expected, mode);
    const ms = parseDuration(literalOf(word) ?? '');
    if (ms === undefined) throw new ScriptError(word.span, `expected ${expected} such as 250ms, 3s or 1m`);
    return ms;
  }
}

export function nameOf(token: Token): string {
  switch (token.type) {
    case 'word':
      return `'${token.span.source.text.slice(token.span.offset, token.span.offset + token.span.length)}'`;
    case 'newline':
      return 'the end of the line';
    case 'semicolon':
      return "';'";
    case 'comma':
      return "','";
    case 'end':
      return 'the end of the input';
  }
}
