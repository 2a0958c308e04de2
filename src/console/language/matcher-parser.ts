import { isErrorCode } from '../../base/index.js';
import { bareOf, literalOf, type Matcher, OPERATORS, type Operator, type Word } from './ast.js';
import { intoQuotes, ScriptError } from './position.js';
import { nameOf, type TokenStream } from './token-stream.js';

const PATH = /^(?:\.[A-Za-z_][A-Za-z0-9_-]*|\.\d+)+$/;

/** What is missing is nil here, and null in documents. */
const NIL: ReadonlySet<string> = new Set(['nil', 'null']);

/** What stands after `=>`: matchers between commas, to the end of the statement. */
export function parseMatchers(tokens: TokenStream): Matcher[] {
  const matchers = [parseMatcher(tokens)];
  while (tokens.peek('matcher').type === 'comma') {
    tokens.next('matcher');
    matchers.push(parseMatcher(tokens));
  }
  if (!tokens.endsStatement('matcher')) {
    const extra = tokens.peek('matcher');
    throw new ScriptError(extra.span, `expected ',' or the end of the statement, got ${nameOf(extra)}`, {
      hint: intoQuotes('with blanks'),
    });
  }
  return matchers;
}

function parseMatcher(tokens: TokenStream): Matcher {
  const first = tokens.peek('matcher').span;
  switch (tokens.peekBare('matcher')) {
    case 'ok':
      tokens.next('matcher');
      return { type: 'ok', span: first };
    case 'nil':
      tokens.next('matcher');
      return { type: 'nil', path: [], negated: false, span: first };
    case 'error':
      return parseError(tokens);
    case 'took':
      return parseTook(tokens);
    default:
      return parseValue(tokens);
  }
}

function parseError(tokens: TokenStream): Matcher {
  const { span } = tokens.next('matcher');
  if (tokens.takeBare('=~', 'matcher')) {
    const pattern = tokens.word('a pattern after =~', 'matcher');
    checkPattern(pattern);
    return { type: 'error', code: null, pattern, span: tokens.spanFrom(span) };
  }
  if (tokens.peek('matcher').type !== 'word') return { type: 'error', code: null, pattern: null, span };
  const word = tokens.word('an error code', 'matcher');
  const code = literalOf(word) ?? '';
  if (!isErrorCode(code)) {
    throw new ScriptError(word.span, `'${code}' is no error code`, {
      hint: 'codes are words such as no-leader, timeout, no-such-node; a pattern is written error =~ PATTERN',
    });
  }
  return { type: 'error', code, pattern: null, span: tokens.spanFrom(span) };
}

function parseTook(tokens: TokenStream): Matcher {
  const { span } = tokens.next('matcher');
  const operator = parseOperator(tokens);
  if (operator === undefined || operator === '=~' || operator === 'contains') {
    const got = tokens.peek('matcher');
    throw new ScriptError(got.span, `expected < <= > >= == or != after took, got ${nameOf(got)}`);
  }
  const ms = tokens.duration('a duration', 'matcher');
  return { type: 'took', operator, ms, span: tokens.spanFrom(span) };
}

function parseValue(tokens: TokenStream): Matcher {
  const { span } = tokens.peek('matcher');
  const path = parsePath(tokens);
  const given = parseOperator(tokens);
  const operator = given ?? '==';
  // Behind a path or an operator it cannot be meant as a text: that is written in quotes.
  const isNil = (path.length > 0 || given !== undefined) && NIL.has(tokens.peekBare('matcher') ?? '');
  if (isNil && (operator === '==' || operator === '!=')) {
    tokens.next('matcher');
    return { type: 'nil', path, negated: operator === '!=', span: tokens.spanFrom(span) };
  }
  const expected = tokens.word(path.length > 0 ? `a value to compare .${path.join('.')} with` : 'a value', 'matcher');
  if (operator === '=~') checkPattern(expected);
  return { type: 'value', path, operator, expected, span: tokens.spanFrom(span) };
}

function parsePath(tokens: TokenStream): string[] {
  const bare = tokens.peekBare('matcher');
  if (bare === undefined || !/^\.[A-Za-z_]/.test(bare)) return [];
  const { span } = tokens.next('matcher');
  if (!PATH.test(bare)) throw new ScriptError(span, `expected a path such as .term or .nodes.0.role, got '${bare}'`);
  return bare.slice(1).split('.');
}

function parseOperator(tokens: TokenStream): Operator | undefined {
  const bare = tokens.peekBare('matcher');
  if (bare === undefined) return undefined;
  const operator = OPERATORS.find((candidate) => candidate === bare);
  if (operator !== undefined) {
    tokens.next('matcher');
    return operator;
  }
  const glued = /^(?:==|!=|<=|>=|=~|<|>)/.exec(bare);
  if (glued) {
    throw new ScriptError(tokens.peek('matcher').span, `expected a blank after '${glued[0]}'`, {
      hint: intoQuotes('that begins with it'),
    });
  }
  return undefined;
}

function checkPattern(word: Word): void {
  const text = literalOf(word);
  if (text === undefined) return;
  try {
    new RegExp(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /, '') : '';
    throw new ScriptError(word.span, `not a regular expression: ${reason || bareOf(word)}`);
  }
}
