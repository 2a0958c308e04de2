import type { Operation } from '../history/index.js';
import type { ShownOperation } from './verdict.js';

const TEXT_MAX = 40;

/** Text of a history in quotes, cut and without control characters: nothing of it can drive a terminal. */
export function quoted(text: string): string {
  const cut = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
  return JSON.stringify(cut).replace(
    /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same without quotes, where the text is a plain word. */
export const named = (text: string): string => (/^[\w.:@/-]{1,40}$/.test(text) ? text : quoted(text));

export const valueText = (value: string | null): string => (value === null ? '(nil)' : quoted(value));

export function operationText(operation: Operation): string {
  switch (operation.type) {
    case 'put':
      return `put ${quoted(operation.value)}`;
    case 'cas':
      return `cas ${valueText(operation.expected)} ${quoted(operation.value)}`;
    default:
      return operation.type;
  }
}

export function answerText(operation: Operation): string {
  if (operation.outcome !== 'ok') return 'unknown';
  if (operation.type === 'put') return 'OK';
  return operation.type === 'get' ? valueText(operation.output) : String(operation.output);
}

const NS_PER_MS = 1e6;

export const shownOperation = (operation: Operation): ShownOperation => ({
  line: operation.line,
  client: named(operation.client),
  node: operation.node === null ? null : named(operation.node),
  operation: operationText(operation),
  answer: answerText(operation),
  revision: operation.revision,
  calledMs: operation.call / NS_PER_MS,
  returnedMs: operation.outcome === 'ok' ? operation.return / NS_PER_MS : null,
});

/** A distance in time with as many digits as it needs to differ from nothing. */
export function duration(ns: number): string {
  if (ns < 1_000) return `${ns} ns`;
  return ns < NS_PER_MS ? `${round(ns / 1_000)} µs` : `${round(ns / NS_PER_MS)} ms`;
}

const round = (value: number): string => (value < 100 ? value.toFixed(3) : value.toFixed(1)).replace(/\.?0+$/, '');

/** `a`, `a or b`, `a, b or c`. */
export const choice = (items: readonly string[], word = 'or'): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`;
