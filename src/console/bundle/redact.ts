import type { FieldValue } from '../../base/index.js';
import type { DiagnosticEvent } from '../../diagnostics/index.js';

/** What stands for text that was left out. */
const GONE = '…';

/** `key-01` out of `put key-01 …`: which commands name keys, the command table knows. */
export type CommandWithoutKeys = (line: string) => string;

/**
 * Messages put what users wrote into quotes, keys among it. From the first quote to the last of its kind, all of that
 * goes: a key may have quotes in it.
 */
export const withoutQuoted = (text: string): string =>
  text.replace(/"[^\n]*"/g, `"${GONE}"`).replace(/(?<!\w)'[^\n]*'(?!\w)/g, `'${GONE}'`);

/** A line of a node's log: an event, or whatever else its process said. */
export function redactLogLine(line: string): string {
  if (!EVENT_LINE.test(line)) return withoutQuoted(line);
  return line.replace(QUOTED_FIELD, (_, name: string, json: string) => {
    const text = unquoted(json);
    return text === undefined ? `${name}="${GONE}"` : `${name}=${JSON.stringify(withoutQuoted(text))}`;
  });
}

/** `12:03:04.123 info  node-02 raft role-changed`, then fields. */
const EVENT_LINE = /^\d\d:\d\d:\d\d\.\d{3} (?:error|warn|info|debug|trace) +\S+ \S+ [a-z0-9-]+(?: [\w.]+=|$)/;
const QUOTED_FIELD = /(?<= )([\w.]+)=("(?:[^"\\]|\\.)*")/g;

function unquoted(json: string): string | undefined {
  try {
    return String(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** An event, with nothing in it that a user wrote into the store, searched for, or named. */
export function redactEvent<Event extends DiagnosticEvent>(event: Event, withoutKeys: CommandWithoutKeys): Event {
  const fields: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(event.fields)) {
    if (typeof value !== 'string') fields[name] = value;
    else if (event.event === 'command' && name === 'line') fields[name] = withoutKeys(value);
    else if (name === 'pattern') fields[name] = GONE;
    else if (name === 'lastLine') fields[name] = redactLogLine(value);
    else fields[name] = withoutQuoted(value);
  }
  return { ...event, fields };
}

/** Every text in a document; its shape stays. */
export function redactDocument(document: unknown): unknown {
  if (typeof document === 'string') return withoutQuoted(document);
  if (Array.isArray(document)) return document.map(redactDocument);
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(Object.entries(document).map(([name, value]) => [name, redactDocument(value)]));
}

/**
 * Lines of a history (verify/history) under names that stand for keys and values: the same name for the same text, so
 * that it can be checked as before.
 */
export class HistoryNames {
  readonly #keys = new Map<string, string>();
  readonly #values = new Map<string, string>();

  redact(line: string): string {
    let operation: Record<string, unknown>;
    try {
      operation = JSON.parse(line);
    } catch {
      return '';
    }
    const value = (of: unknown) => (typeof of === 'string' ? nameOf(of, this.#values, 'value') : of);
    const { client, op, key, call_ns, return_ns, ok, revision, node } = operation;
    const kept = { client, op, key: nameOf(String(key), this.#keys, 'key'), call_ns, return_ns, ok, revision, node };
    const written = ['value', 'expected', 'output'].flatMap((field) =>
      field in operation ? [[field, value(operation[field])] as const] : [],
    );
    return JSON.stringify({ ...kept, ...Object.fromEntries(written) });
  }
}

function nameOf(text: string, names: Map<string, string>, kind: string): string {
  const known = names.get(text) ?? `${kind}-${names.size + 1}`;
  names.set(text, known);
  return known;
}
