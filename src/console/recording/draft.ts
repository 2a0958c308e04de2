import { resolve as absolute } from 'node:path';
import type { CommandAction, Statement, Word, WordPart } from '../language/ast.js';
import type { Span } from '../language/position.js';
import { wordOf } from '../language/quoting.js';
import { commandOf, namesIn, visit } from './visit.js';

export interface DraftOptions {
  readonly statement: Statement;
  /** Names that have a value in the script by now. */
  readonly known: ReadonlySet<string>;
  /** What an expansion stands for just now; undefined: nothing. */
  readonly valueNow: (name: string, word: Word) => string | undefined;
  /** Words that mean something else each time, and what they meant this time. */
  readonly drawn: ReadonlyMap<Word, string>;
}

/**
 * How a statement is to stand in a script: as it was typed, but for what only this prompt knows. Values that were set
 * before the recording began, nodes that chance or a list chose, and where a sourced file is, are written out.
 */
export class Draft {
  readonly statement: Statement;
  readonly command: CommandAction | null;
  readonly #edits: { readonly span: Span; readonly text: string }[] = [];

  constructor({ statement, known, valueNow, drawn }: DraftOptions) {
    this.statement = statement;
    this.command = commandOf(statement);
    const own = new Set([...known, ...namesIn(statement)]);
    const isForeign = (name: string): boolean =>
      !name.startsWith('env:') && name !== 'tmp' && !own.has(name.split('.', 1)[0]!);
    visit(statement, {
      word: (word) => {
        const node = drawn.get(word);
        if (node !== undefined) this.#edits.push({ span: word.span, text: wordOf(node) });
        if (!word.parts.some((part) => part.type === 'expand' && isForeign(part.name))) return;
        const value = (name: string) => (isForeign(name) ? valueNow(name, word) : undefined);
        const parts = word.parts.filter((part) => part.type !== 'text' || part.text !== '');
        this.#edits.push({ span: word.span, text: parts.map((part) => spelled(part, value)).join('') });
      },
      sourced: (file, span) => this.#edits.push({ span, text: `source ${wordOf(absolute(file))}` }),
    });
  }

  /** The whole statement. `picked`: what was chosen for an argument that was left out. */
  text(picked: string | null): string {
    return this.#spell(this.statement.span, picked);
  }

  /** Its one command, without `let`, `!`, `&job` and expectations. */
  callText(picked: string | null): string {
    return this.#spell((this.command?.call ?? this.statement).span, picked);
  }

  #spell(span: Span, picked: string | null): string {
    const { source, offset, length } = span;
    const end = offset + length;
    const edits = this.#edits.filter((edit) => edit.span.source === source && edit.span.offset >= offset);
    if (picked !== null && this.command !== null) {
      const call = this.command.call.span;
      edits.push({ span: { source, offset: call.offset + call.length, length: 0 }, text: ` ${wordOf(picked)}` });
    }
    let text = '';
    let at = offset;
    for (const edit of edits.sort((left, right) => left.span.offset - right.span.offset)) {
      if (edit.span.offset + edit.span.length > end) break;
      text += source.text.slice(at, edit.span.offset) + edit.text;
      at = edit.span.offset + edit.span.length;
    }
    return (text + source.text.slice(at, end)).trim();
  }
}

/** A part of a word by itself: adjacent ones join, each with quotes of its own. */
function spelled(part: WordPart, value: (name: string) => string | undefined): string {
  switch (part.type) {
    case 'text':
      return part.quoted ? inQuotes(part.text) : part.text;
    case 'bytes':
      return `"${[...part.bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
    case 'expand': {
      const known = value(part.name);
      return known === undefined ? `\${${part.name}}` : inQuotes(known);
    }
  }
}

/** Never bare: a value is not to become an option, an operator or nothing at all. */
function inQuotes(text: string): string {
  const word = wordOf(text);
  return word.startsWith('"') ? word : `"${word}"`;
}
