import { ERRORS, RaftctlError } from '../../base/index.js';

/** A text that is parsed: a script file, `-c`, standard input, or a line at the prompt. */
export interface Source {
  /** As the user named it; it opens every error message. */
  readonly file: string;
  readonly text: string;
}

/** A stretch of a source. `offset` and `length` count UTF-16 units of the text; line and column count from 1. */
export interface Span {
  readonly source: Source;
  readonly offset: number;
  readonly length: number;
}

interface Place {
  readonly line: number;
  readonly column: number;
  /** The whole line, without its end. */
  readonly text: string;
}

/** Where a span begins. Computed when somebody asks, which only errors and reports do. */
function placeOf(span: Span): Place {
  const { text } = span.source;
  const lineStart = text.lastIndexOf('\n', span.offset - 1) + 1;
  const lineEnd = text.indexOf('\n', lineStart);
  let line = 1;
  for (let at = 0; at < lineStart; at++) if (text.charCodeAt(at) === 10) line += 1;
  return {
    line,
    column: span.offset - lineStart + 1,
    text: text.slice(lineStart, lineEnd === -1 ? text.length : lineEnd).replace(/\r$/, ''),
  };
}

/** `seed.raft:7` — how reports name a statement. */
export const lineOf = (span: Span): string => `${span.source.file}:${placeOf(span).line}`;

export interface ScriptErrorOptions {
  readonly hint?: string;
  /** More input could make it right: an open `do`, a trailing backslash. The prompt then asks for the next line. */
  readonly incomplete?: boolean;
}

/** What is wrong with a script, with file, line, column, and a caret under the place. Nothing has been started. */
export class ScriptError extends RaftctlError {
  readonly span: Span;
  readonly incomplete: boolean;

  constructor(span: Span, problem: string, options: ScriptErrorOptions = {}) {
    super('script-invalid', withCaret(span, problem), {
      definite: ERRORS['script-invalid'].definite,
      ...(options.hint === undefined ? {} : { hint: options.hint }),
    });
    this.span = span;
    this.incomplete = options.incomplete ?? false;
  }
}

/** The hint where a word is taken for more than a value. */
export const intoQuotes = (value: string): string => `a value ${value} goes into quotes`;

/** Of a longer line, what stands around the place. */
const SHOWN_CHARACTERS = 160;
const PROBLEM_CHARACTERS = 400;

function withCaret(span: Span, problem: string): string {
  const place = placeOf(span);
  const from = Math.max(0, place.column - 1 - SHOWN_CHARACTERS / 2);
  const shown = place.text.slice(from, from + SHOWN_CHARACTERS).replace(/[\t\x00-\x1f\x7f-\x9f]/g, ' ');
  const before = place.column - 1 - from;
  const underline = '^'.repeat(Math.max(1, Math.min(span.length, shown.length - before)));
  const what = problem.length > PROBLEM_CHARACTERS ? `${problem.slice(0, PROBLEM_CHARACTERS)}…` : problem;
  return `${span.source.file}:${place.line}:${place.column} ${what}\n  ${shown}\n  ${' '.repeat(before)}${underline}`;
}
