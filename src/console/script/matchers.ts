import { messageOf, RaftctlError, withinTime } from '../../base/index.js';
import { PATTERN_MS, patternTooSlow } from '../../diagnostics/index.js';
import type { Matcher, Operator, Word } from '../language/ast.js';
import { formatDuration } from '../language/duration.js';
import type { Outcome } from '../outcome.js';
import { atPath, type Data, dataText, sanitizeLine, toJson } from '../output/index.js';
import { missing } from './expand.js';

/** What a command came to: an answer or a failure, and how long it took. */
export type Result =
  | { readonly type: 'answer'; readonly outcome: Outcome; readonly tookMs: number }
  | { readonly type: 'failure'; readonly error: RaftctlError; readonly tookMs: number };

export interface Mismatch {
  readonly expected: string;
  readonly got: string;
}

/** The failure a result is, if it is one: thrown, or an answer that did not do what was asked. */
export function failureOf(result: Result): string | null {
  if (result.type === 'failure') return `error ${result.error.code}: ${result.error.message}`;
  const { unmet, unmetCode = 'command-failed' } = result.outcome;
  return unmet === undefined ? null : `error ${unmetCode}: ${unmet}`;
}

/** Null when the result is as expected. */
export function match(matcher: Matcher, result: Result, expandText: (word: Word) => string): Mismatch | null {
  switch (matcher.type) {
    case 'ok': {
      const failure = failureOf(result);
      return failure === null ? null : { expected: 'ok', got: failure };
    }
    case 'nil':
      return matchNil(matcher, result);
    case 'error':
      return matchError(matcher.code, matcher.pattern && expandText(matcher.pattern), result);
    case 'took': {
      const holds = compareNumbers(result.tookMs, matcher.operator, matcher.ms);
      return holds
        ? null
        : {
            expected: `took ${matcher.operator} ${formatDuration(matcher.ms)}`,
            got: `took ${formatDuration(result.tookMs)}`,
          };
    }
    case 'value':
      return matchValue(matcher, result, expandText(matcher.expected));
  }
}

function matchNil({ path, negated }: Extract<Matcher, { type: 'nil' }>, result: Result): Mismatch | null {
  const dotted = dottedOf(path);
  const expected = `${dotted}${negated ? '!= ' : ''}nil`;
  if (result.type === 'failure') return { expected, got: described(result) };
  const actual = valueAt(result.outcome, path);
  if (actual === undefined) return { expected, got: missing(result.outcome.document, path) };
  if ((actual === null) !== negated) return null;
  return { expected, got: path.length === 0 ? described(result) : `${dotted}${showData(actual)}` };
}

const dottedOf = (path: readonly string[]): string => (path.length === 0 ? '' : `.${path.join('.')} `);

/** The principal value, or what is at a path of the document; undefined: the document has no such path. */
const valueAt = ({ principal, document }: Outcome, path: readonly string[]): Data | undefined =>
  path.length === 0 ? principal : atPath(document, path);

function matchError(code: string | null, pattern: string | null, result: Result): Mismatch | null {
  const failure = failureOf(result);
  const expected = code !== null ? `error ${code}` : pattern !== null ? `error =~ ${pattern}` : 'error';
  if (failure === null) return { expected, got: described(result) };
  const actual = result.type === 'failure' ? result.error.code : (result.outcome.unmetCode ?? 'command-failed');
  if (code !== null && code !== actual) return { expected, got: failure };
  if (pattern !== null && !isFoundIn(failure, pattern)) return { expected, got: failure };
  return null;
}

function matchValue(
  matcher: Extract<Matcher, { type: 'value' }>,
  result: Result,
  expectedText: string,
): Mismatch | null {
  const { path, operator } = matcher;
  const dotted = dottedOf(path);
  const expected = `${dotted}${operator === '==' ? '' : `${operator} `}${show(expectedText)}`;
  if (result.type === 'failure') return { expected, got: described(result) };
  const { outcome } = result;
  const actual = valueAt(outcome, path);
  if (actual === undefined) return { expected, got: missing(outcome.document, path) };
  return holds(actual, operator, expectedText) ? null : { expected, got: `${dotted}${showData(actual)}` };
}

function holds(actual: Data, operator: Operator, expected: string): boolean {
  const text = dataText(actual);
  switch (operator) {
    case '==':
      return equal(actual, text, expected);
    case '!=':
      return !equal(actual, text, expected);
    case 'contains':
      return Array.isArray(actual) ? actual.some((item: Data) => dataText(item) === expected) : text.includes(expected);
    case '=~':
      return isFoundIn(text, expected);
    default: {
      // Numbers compare by size; anything else by its letters.
      const [left, right] = [numberOf(text), numberOf(expected)];
      if (left !== undefined && right !== undefined) return compareNumbers(left, operator, right);
      return actual !== null && compareNumbers(text < expected ? -1 : text > expected ? 1 : 0, operator, 0);
    }
  }
}

/** A number equals `1.0` and `1`; a string only its own letters. Nothing equals an empty string but one. */
function equal(actual: Data, text: string, expected: string): boolean {
  if (actual === null) return false;
  if (typeof actual === 'number') return numberOf(expected) === actual;
  return text === expected;
}

const numberOf = (text: string): number | undefined => (/^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined);

function compareNumbers(left: number, operator: Operator, right: number): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '!=':
      return left !== right;
    default:
      return left === right;
  }
}

function isFoundIn(text: string, pattern: string): boolean {
  const regex = compiled(pattern);
  return withinTime(PATTERN_MS, () => regex.test(text), patternTooSlow);
}

function compiled(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new RaftctlError('usage', `not a regular expression: ${messageOf(error)}`);
  }
}

/** A result in one line, for reports. */
export function described(result: Result): string {
  const failure = failureOf(result);
  if (failure !== null) return failure;
  return result.type === 'answer' ? showData(result.outcome.principal) : '';
}

const SHOWN = 200;

function showData(data: Data): string {
  if (data === null) return 'nil';
  if (Buffer.isBuffer(data) || typeof data === 'string') return show(data.toString());
  return shorten(toJson(data));
}

const show = (text: string): string => shorten(/^-?\d+(\.\d+)?$/.test(text) ? text : `"${sanitizeLine(text)}"`);

const shorten = (text: string): string =>
  text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text;
