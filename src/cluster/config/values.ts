import { LEVELS, type Level, messageOf } from '../../base/index.js';
import { compilePattern } from '../../diagnostics/index.js';
import { formatDuration, formatSize, parseDuration, parseDurationRange, parseSize } from './quantities.js';
import { Expected, type ParseValue } from './reader.js';

/** The kinds of values in cluster.yaml, each with the words for what it expects. */

export const wholeBetween =
  (min: number, max: number): ParseValue<number> =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : new Expected(`${min}-${max}`);

export const PORT = wholeBetween(1, 65_535);

export const durationBetween =
  (min: number, max: number): ParseValue<number> =>
  (value) => {
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    if (ms !== undefined && ms >= min && ms <= max) return ms;
    return new Expected(`a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as ${example(min)}`);
  };

const example = (min: number): string => (min < 1_000 ? '60ms' : '5s');

export const durationRange =
  (min: number, max: number): ParseValue<readonly [number, number]> =>
  (value) => {
    const range = typeof value === 'string' ? parseDurationRange(value) : undefined;
    if (range === undefined) return new Expected('two durations such as 400ms..800ms');
    if (range[0] >= min && range[1] <= max && range[0] < range[1]) return range;
    return new Expected(`a rising range from ${formatDuration(min)} to ${formatDuration(max)}`);
  };

export const sizeBetween =
  (min: number, max: number): ParseValue<number> =>
  (value) => {
    const bytes = typeof value === 'string' ? parseSize(value) : undefined;
    if (bytes !== undefined && bytes >= min && bytes <= max) return bytes;
    return new Expected(`a size from ${formatSize(min)} to ${formatSize(max)}, such as 16MiB`);
  };

export const choice =
  <const Choices extends readonly string[]>(choices: Choices): ParseValue<Choices[number]> =>
  (value) =>
    choices.find((one) => one === value) ?? new Expected(choices.join(' or '));

/** A text of a given shape. */
export const word =
  (shape: RegExp, what: string): ParseValue<string> =>
  (value) =>
    typeof value === 'string' && shape.test(value) ? value : new Expected(what);

export const HOST = word(/^[\w.:%-]{1,255}$/, 'a host name or address such as 127.0.0.1');

export const LEVEL: ParseValue<Level> = choice(LEVELS);

/** Every event is held against each. */
const PATTERNS_MAX = 64;

/** A list of patterns as `--exclude` takes them. */
export const patternList: ParseValue<readonly string[]> = (value) => {
  const patterns = Array.isArray(value) ? value : [undefined];
  if (patterns.length > PATTERNS_MAX) return new Expected(`at most ${PATTERNS_MAX} patterns`);
  for (const pattern of patterns) {
    if (typeof pattern !== 'string') return new Expected('a list of patterns such as [heartbeat, ping]');
    try {
      compilePattern(pattern);
    } catch (thrown) {
      return new Expected(`regular expressions (${messageOf(thrown)})`);
    }
  }
  return patterns;
};
