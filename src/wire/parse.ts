import { asNodeId, type NodeId } from '../base/index.js';
import { malformed } from './bytes.js';

/**
 * Documents from the wire, checked once and typed from there on. A parser takes what was decoded and the path that
 * names it in the error: `malformed status.links[2].peer: expected text, got 12`. Members that a parser does not name
 * are dropped, so a newer node may say more. (A general schema library would cost every node process 50 ms of start.)
 */
export type Parser<T> = (value: unknown, path: string) => T;

type Parsed<P> = P extends Parser<infer T> ? T : never;

function refuse(expected: string, value: unknown, path: string): never {
  throw malformed(path, `expected ${expected}, got ${describe(value)}`);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
}

export const text: Parser<string> = (value, path) => (typeof value === 'string' ? value : refuse('text', value, path));

export const truth: Parser<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : refuse('true or false', value, path);

export const finite: Parser<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse('a number', value, path);

/** A whole number from 0 to 2^53 - 1. */
export const count: Parser<number> = (value, path) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : refuse('a whole number', value, path);

/** A number, whole or not, from `min` to `max`. */
export const between =
  (min: number, max: number): Parser<number> =>
  (value, path) =>
    typeof value === 'number' && value >= min && value <= max
      ? value
      : refuse(`a number from ${min} to ${max}`, value, path);

/** `text` or `count` with a brand: the name of the thing is the caller's word for it. */
export const branded =
  <From, To extends From>(parser: Parser<From>, brand: (value: From) => To): Parser<To> =>
  (value, path) =>
    brand(parser(value, path));

export const oneOf =
  <const Choices extends readonly string[]>(choices: Choices): Parser<Choices[number]> =>
  (value, path) =>
    typeof value === 'string' && choices.includes(value) ? value : refuse(choices.join(' or '), value, path);

export const nullable =
  <T>(parser: Parser<T>): Parser<T | null> =>
  (value, path) =>
    value === null ? null : parser(value, path);

/** Undefined and absent are one. */
export const optional =
  <T>(parser: Parser<T>): Parser<T | undefined> =>
  (value, path) =>
    value === undefined ? undefined : parser(value, path);

export const list =
  <T>(parser: Parser<T>, max = Number.POSITIVE_INFINITY): Parser<readonly T[]> =>
  (value, path) => {
    if (!Array.isArray(value)) return refuse('a list', value, path);
    if (value.length > max) return refuse(`a list of ${max} at most`, value, path);
    return value.map((item, nth) => parser(item, `${path}[${nth}]`));
  };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const record =
  <T>(parser: Parser<T>): Parser<Readonly<Record<string, T>>> =>
  (value, path) => {
    if (!isObject(value)) return refuse('an object', value, path);
    // Names of a stranger's choice: this one sets a prototype as soon as somebody assigns it.
    if (Object.hasOwn(value, '__proto__')) throw malformed(path, 'a member may not be called __proto__');
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, parser(item, `${path}.${name}`)]));
  };

export const object =
  <Shape extends Readonly<Record<string, Parser<unknown>>>>(
    shape: Shape,
  ): Parser<{ readonly [Name in keyof Shape]: Parsed<Shape[Name]> }> =>
  (value, path) => {
    if (!isObject(value)) return refuse('an object', value, path);
    const parsed: Record<string, unknown> = {};
    for (const name of Object.keys(shape)) parsed[name] = shape[name]!(value[name], `${path}.${name}`);
    return parsed as { readonly [Name in keyof Shape]: Parsed<Shape[Name]> };
  };

export const nodeId: Parser<NodeId> = branded(text, asNodeId);
