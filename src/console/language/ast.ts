import type { Span } from './position.js';

/** A piece of a word. `bytes` comes from `\xHH` escapes that are no text. */
export type WordPart =
  | { readonly type: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly type: 'bytes'; readonly bytes: Buffer }
  | { readonly type: 'expand'; readonly name: string; readonly span: Span };

/** Adjacent parts join, as in a shell: `a'b c'"${d}"` is one word. */
export interface Word {
  readonly parts: readonly WordPart[];
  readonly span: Span;
}

export const OPERATORS = ['==', '!=', '<', '<=', '>', '>=', '=~', 'contains'] as const;
export type Operator = (typeof OPERATORS)[number];

export type Matcher =
  | { readonly type: 'ok'; readonly span: Span }
  | {
      /** Missing or null, or with `negated` neither. */
      readonly type: 'nil';
      readonly path: readonly string[];
      readonly negated: boolean;
      readonly span: Span;
    }
  | { readonly type: 'error'; readonly code: string | null; readonly pattern: Word | null; readonly span: Span }
  | { readonly type: 'took'; readonly operator: Operator; readonly ms: number; readonly span: Span }
  | {
      readonly type: 'value';
      /** Empty: the principal value. */
      readonly path: readonly string[];
      readonly operator: Operator;
      readonly expected: Word;
      readonly span: Span;
    };

/** A command as it was written; the command table gives its words their meaning. */
export interface Call {
  readonly words: readonly Word[];
  readonly span: Span;
}

export interface CommandAction {
  readonly type: 'command';
  /** `!`: it must fail. */
  readonly negated: boolean;
  readonly call: Call;
  /** `&name`: runs in the background under this name. */
  readonly job: string | null;
  readonly matchers: readonly Matcher[];
  readonly span: Span;
}

export interface Block {
  readonly type: 'block';
  readonly statements: readonly Statement[];
  readonly span: Span;
}

export interface WithinAction {
  readonly type: 'within';
  readonly boundMs: number;
  readonly everyMs: number | null;
  readonly body: Action;
  readonly span: Span;
}

export interface RepeatAction {
  readonly type: 'repeat';
  readonly times: number;
  readonly as: string | null;
  readonly everyMs: number | null;
  readonly body: Action;
  readonly span: Span;
}

/** `source FILE`: the file was read and parsed together with the script that names it. */
interface SourceAction {
  readonly type: 'source';
  readonly script: Script;
  readonly span: Span;
}

export type Action = CommandAction | WithinAction | RepeatAction | Block | SourceAction;

export type Statement =
  | { readonly type: 'test'; readonly name: string; readonly span: Span }
  | { readonly type: 'set'; readonly name: string; readonly value: Word; readonly span: Span }
  | { readonly type: 'let'; readonly name: string; readonly action: Action; readonly span: Span }
  | { readonly type: 'cleanup'; readonly body: Block; readonly span: Span }
  | { readonly type: 'action'; readonly action: Action; readonly span: Span };

export interface Script {
  readonly source: { readonly file: string; readonly text: string };
  readonly statements: readonly Statement[];
}

/** The text of a word without expansions, or undefined when it has some (or bytes that are no text). */
export function literalOf(word: Word): string | undefined {
  let text = '';
  for (const part of word.parts) {
    if (part.type !== 'text') return undefined;
    text += part.text;
  }
  return text;
}

/** The text of a word written without any quotes or expansions: only such a word can be a keyword or an operator. */
export function bareOf(word: Word): string | undefined {
  const [only] = word.parts;
  return word.parts.length === 1 && only!.type === 'text' && !only!.quoted ? only!.text : undefined;
}

/** The bare text a word begins with; empty when it begins with a quote or an expansion. Options are told by it. */
export function bareStartOf(word: Word): string {
  const [first] = word.parts;
  return first?.type === 'text' && !first.quoted ? first.text : '';
}
