import { STAMP_EXPECTED } from './stamp.js';

/** A JSON object of a history, its fields not looked at yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Says what is wrong with a line; the reader adds where. */
export class LineFault extends Error {
  override readonly name = 'LineFault';
}

const OPERATIONS = ['put', 'get', 'del', 'cas'] as const;
type OperationName = (typeof OPERATIONS)[number];

export function parseObject(text: string): Fields {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new LineFault(`expected a JSON object, got ${shown(text)}: ${error instanceof Error ? error.message : ''}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new LineFault(`expected a JSON object, got ${shown(text)}`);
  }
  return parsed as Fields;
}

export function operationName(fields: Fields): OperationName {
  const name = OPERATIONS.find((known) => known === fields['op']);
  return name ?? refuse(fields, 'op', `one of ${OPERATIONS.join(', ')}`);
}

/** Names of clients are strings, or the numbers that some tools give to their processes. */
export function clientName(fields: Fields): string {
  const { client } = fields;
  if (typeof client === 'string') return client;
  return Number.isSafeInteger(client) ? String(client) : refuse(fields, 'client', 'a name or a whole number');
}

export function text(fields: Fields, field: string): string {
  const value = fields[field];
  return typeof value === 'string' ? value : refuse(fields, field, 'a string');
}

export function textOrNull(fields: Fields, field: string, nullMeans: string): string | null {
  const value = fields[field];
  return typeof value === 'string' || value === null
    ? value
    : refuse(fields, field, `a string, or null for ${nullMeans}`);
}

export function truth(fields: Fields, field: string): boolean {
  const value = fields[field];
  return typeof value === 'boolean' ? value : refuse(fields, field, 'true or false');
}

/** A field that may be left out. */
export function optionalText(fields: Fields, field: string): string | null {
  return fields[field] === undefined ? null : textOrNull(fields, field, 'not recorded');
}

/** A field that may be left out. */
export function optionalRevision(fields: Fields): number | null {
  const { revision } = fields;
  if (revision === undefined || revision === null) return null;
  if (Number.isSafeInteger(revision) && (revision as number) >= 0) return revision as number;
  return refuse(fields, 'revision', 'a whole number from 0, or null for not recorded');
}

export const refuseStamp = (fields: Fields, field: string): never => refuse(fields, field, STAMP_EXPECTED);

function refuse(fields: Fields, field: string, expected: string): never {
  const value = fields[field];
  const got = value === undefined ? 'nothing' : shown(JSON.stringify(value));
  throw new LineFault(`${field}: expected ${expected}, got ${got}`);
}

const SHOWN_MAX = 60;
const shown = (text: string): string => (text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text);
