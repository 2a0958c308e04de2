/** Durations and sizes carry their unit: `60ms`, `1.5s`, `2m`; `512B`, `64KiB`, `16MiB`, `1GiB`. */
const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const SIZE_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
const QUANTITY = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/;

/** Milliseconds, or undefined if the text is no duration. */
export const parseDuration = (text: string): number | undefined => parseQuantity(text, DURATION_MS);

/** Whole bytes, or undefined if the text is no size. */
export const parseSize = (text: string): number | undefined => parseQuantity(text, SIZE_BYTES);

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, number, unit] = QUANTITY.exec(text) ?? [];
  if (number === undefined || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  const value = Number(number) * units[unit]!;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** `400ms..800ms`. */
export function parseDurationRange(text: string): readonly [min: number, max: number] | undefined {
  const [first, last, ...more] = text.split('..');
  if (first === undefined || last === undefined || more.length > 0) return undefined;
  const min = parseDuration(first.trim());
  const max = parseDuration(last.trim());
  return min === undefined || max === undefined ? undefined : [min, max];
}

export function formatDuration(ms: number): string {
  const unit = ms === 0 ? 'ms' : (['h', 'm', 's'].find((name) => ms % DURATION_MS[name]! === 0) ?? 'ms');
  return `${ms / DURATION_MS[unit]!}${unit}`;
}

export function formatSize(bytes: number): string {
  const unit = bytes === 0 ? 'B' : (['GiB', 'MiB', 'KiB'].find((name) => bytes % SIZE_BYTES[name]! === 0) ?? 'B');
  return `${bytes / SIZE_BYTES[unit]!}${unit}`;
}
