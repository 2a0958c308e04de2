const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A timer counts its milliseconds in 31 bits, 596 hours, and goes off at once above that. */
const DURATION_MS_MAX = 500 * 3_600_000;

/** What a message calls a duration that is asked for. */
export const A_DURATION = 'a duration such as 250ms, 3s or 1m, at most 500h';

/** `250ms`, `3s`, `1.5s`, `1m` in milliseconds; undefined for anything else, and for more than a timer can wait. */
export function parseDuration(text: string): number | undefined {
  const found = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  if (!found) return undefined;
  const ms = Number(found[1]) * UNITS[found[2]!]!;
  return ms <= DURATION_MS_MAX ? ms : undefined;
}

export { formatDuration } from '../../base/index.js';
