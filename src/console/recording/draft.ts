import { resolve as absolute } from 'node:path';
import { type CommandAction, literalOf, type Statement, type Word, type WordPart } from '../language/ast.js';
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

/** What the statement as it was typed does not say. */
export interface Ran {
  /** What was chosen for an argument that was left out. */
  readonly picked: string | null;
  /** It ran so long (`--for`), whatever it was to; milliseconds. */
  readonly forMs?: number | null;
}

interface Edit {
  readonly span: Span;
  readonly text: string;
}

/**
 * How a statement is to stand in a script: as it was typed, but for what only this prompt knows. Values that were set
 * before the recording began, nodes that chance or a list chose, and where a sourced file is, are written out.
 */
export class Draft {
  readonly statement: Statement;
  readonly command: CommandAction | null;
  readonly #edits: Edit[] = [];

  constructor({ statement, known, valueNow, drawn }: DraftOptions) {
    this.statement = statement;
    this.command = commandOf(statement);
    // The words of one command come before the name that keeps its result (`set n ${n}0`). What stands in a block may
    // run again, when the name has its new value.
    const isBlock = this.command === null && statement.type !== 'set';
    const own = new Set([...known, ...(isBlock ? namesIn(statement) : [])]);
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

  /** The whole statement. */
  text(ran: Ran): string {
    return this.#spell(this.statement.span, ran);
  }

  /** Its one command, without `let`, `!`, `&job` and expectations. */
  callText(ran: Ran): string {
    return this.#spell((this.command?.call ?? this.statement).span, ran);
  }

  #spell(span: Span, { picked, forMs = null }: Ran): string {
    const { source, offset, length } = span;
    const end = offset + length;
    const added = [
      ...(picked === null ? [] : this.#behind(` ${wordOf(picked)}`)),
      ...(forMs === null ? [] : this.#lasting(`${Math.max(1, Math.round(forMs))}ms`)),
    ];
    const replaced = new Set(added.map((edit) => edit.span.offset));
    const edits = this.#edits.filter(
      (edit) => edit.span.source === source && edit.span.offset >= offset && !replaced.has(edit.span.offset),
    );
    edits.push(...added);
    let text = '';
    let at = offset;
    for (const edit of edits.sort((left, right) => left.span.offset - right.span.offset)) {
      if (edit.span.offset + edit.span.length > end) break;
      text += source.text.slice(at, edit.span.offset) + edit.text;
      at = edit.span.offset + edit.span.length;
    }
    return (text + source.text.slice(at, end)).trim();
  }

  /** Behind the words of its command. */
  #behind(text: string): readonly Edit[] {
    if (this.command === null) return [];
    const { source, offset, length } = this.command.call.span;
    return [{ span: { source, offset: offset + length, length: 0 }, text }];
  }

  /** `--for`, in place of the one that was typed. */
  #lasting(duration: string): readonly Edit[] {
    const words = this.command?.call.words ?? [];
    const at = words.findIndex((word) => /^--for(=|$)/.test(literalOf(word) ?? spelledBare(word)));
    if (at === -1) return this.#behind(` --for ${duration}`);
    const isAlone = literalOf(words[at]!) === '--for';
    const { span } = words[isAlone ? at + 1 : at]!;
    return [{ span, text: isAlone ? duration : `--for=${duration}` }];
  }
}

/** What it begins with, if that is bare text: an option may have an expansion behind its `=`. */
const spelledBare = ({ parts: [first] }: Word): string => (first?.type === 'text' && !first.quoted ? first.text : '');

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
