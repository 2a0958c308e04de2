import { LEVELS, type Level, messageOf, RaftctlError } from '../base/index.js';
import type { DiagnosticEvent } from './event.js';
import { isLevel, LEVEL_RANK } from './level.js';
import { renderEvent } from './render.js';

/** Which events somebody wants to see or count. Plain data, so that it crosses the control socket; absent = any. */
export interface EventFilter {
  /** This level or a more severe one. */
  readonly level?: Level;
  /** Emitted by one of these, or by the supervisor about one of these (its field `node`). */
  readonly nodes?: readonly string[];
  readonly components?: readonly string[];
  /** The event's name. */
  readonly event?: string;
  /** None of these names. */
  readonly without?: readonly string[];
  /** Fields whose text must be equal. */
  readonly fields?: Readonly<Record<string, string>>;
  /** At least one of these matches the rendered line. See `compilePattern`. */
  readonly include?: readonly string[];
  /** None of these matches the rendered line. */
  readonly exclude?: readonly string[];
  /** At or after this monotonic time. */
  readonly sinceTime?: number;
}

/** What `logs` leaves out unless told otherwise. */
export const DEFAULT_EXCLUDE: readonly string[] = ['heartbeat', 'ping'];

/**
 * Reads `kind=role-changed to=leader node=node-02`. `kind` (or `event`), `node`, `component` and `level` name the
 * event's own parts, every other key a field. Names after `node` and `component` may be a list: `node=node-01,node-02`.
 */
export function parseFilter(words: readonly string[], base: EventFilter = {}): EventFilter {
  let filter = base;
  for (const word of words) {
    const at = word.indexOf('=');
    if (at <= 0) {
      throw new RaftctlError('usage', `'${word}': expected key=value, such as kind=role-changed or to=leader`);
    }
    filter = withPair(filter, word.slice(0, at), word.slice(at + 1));
  }
  return filter;
}

function withPair(filter: EventFilter, key: string, value: string): EventFilter {
  switch (key) {
    case 'kind':
    case 'event':
      return { ...filter, event: value };
    case 'node':
      return { ...filter, nodes: value.split(',') };
    case 'component':
      return { ...filter, components: value.split(',') };
    case 'level':
      return { ...filter, level: parseLevel(value) };
    default:
      return { ...filter, fields: { ...filter.fields, [key]: value } };
  }
}

function parseLevel(text: string): Level {
  if (isLevel(text)) return text;
  throw new RaftctlError('usage', `unknown level '${text}': expected one of ${LEVELS.join(', ')}`);
}

export type EventMatcher = (event: DiagnosticEvent) => boolean;

/** Makes a filter into a test. The cheap questions come first; a line is rendered only if a pattern wants to see it. */
export function compileFilter(filter: EventFilter): EventMatcher {
  const rank = filter.level === undefined ? Number.POSITIVE_INFINITY : LEVEL_RANK[filter.level];
  const sinceTime = filter.sinceTime ?? Number.NEGATIVE_INFINITY;
  const nodes = filter.nodes && new Set(filter.nodes);
  const without = filter.without && new Set(filter.without);
  const components = filter.components && new Set(filter.components);
  const fields = Object.entries(filter.fields ?? {});
  const include = filter.include?.map(compilePattern) ?? [];
  const exclude = filter.exclude?.map(compilePattern) ?? [];
  return (event) => {
    if (LEVEL_RANK[event.level] > rank || event.time < sinceTime) return false;
    if (filter.event !== undefined && event.event !== filter.event) return false;
    if (without?.has(event.event)) return false;
    if (nodes && !isAbout(event, nodes)) return false;
    if (components && !components.has(event.component)) return false;
    if (!fields.every(([key, value]) => String(event.fields[key]) === value)) return false;
    if (include.length === 0 && exclude.length === 0) return true;
    const line = renderEvent(event);
    if (include.length > 0 && !include.some((pattern) => pattern.test(line))) return false;
    return !exclude.some((pattern) => pattern.test(line));
  };
}

/** Whether a filter has regular expressions, which can take for ever: to be asked `withinTime`. */
export const hasPatterns = ({ include = [], exclude = [] }: EventFilter): boolean =>
  include.length > 0 || exclude.length > 0;

/** A pattern can take time that doubles with every letter. */
export const PATTERN_MS = 1_000;

export const patternTooSlow = (): RaftctlError =>
  new RaftctlError('usage', `a regular expression took over ${PATTERN_MS} ms`, {
    hint: 'one repetition inside another, as in (a+)+, takes twice as long for each letter: write it with one',
  });

/** For a single event; whoever asks about many compiles the filter once. */
export const matches = (filter: EventFilter, event: DiagnosticEvent): boolean => compileFilter(filter)(event);

function isAbout(event: DiagnosticEvent, nodes: ReadonlySet<string>): boolean {
  if (nodes.has(event.node)) return true;
  const subject = event.fields['node'];
  return event.node === 'supervisor' && typeof subject === 'string' && nodes.has(subject);
}

const PLAIN_WORD = /^[\w-]+$/;

/**
 * A regular expression, case ignored. One that is only a word matches where a word begins: `ping` finds `ping-sent` and
 * leaves `stopping` alone; `.*ping` finds both.
 */
export function compilePattern(source: string): RegExp {
  try {
    return new RegExp(PLAIN_WORD.test(source) ? `\\b${source}` : source, 'i');
  } catch (thrown) {
    throw new RaftctlError('usage', `'${source}' is not a regular expression: ${messageOf(thrown)}`);
  }
}

/** The filter in the words of `parseFilter`, for messages. */
export function describeFilter(filter: EventFilter): string {
  const words = [
    filter.event && `kind=${filter.event}`,
    filter.without && `without=${filter.without.join(',')}`,
    filter.nodes && `node=${filter.nodes.join(',')}`,
    filter.components && `component=${filter.components.join(',')}`,
    filter.level && `level=${filter.level}`,
    ...Object.entries(filter.fields ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(filter.include ?? []).map((pattern) => `--include ${pattern}`),
    ...(filter.exclude ?? []).map((pattern) => `--exclude ${pattern}`),
  ].filter((word) => word !== undefined && word !== '');
  return words.length > 0 ? words.join(' ') : 'of any kind';
}
