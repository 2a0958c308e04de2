import type { Axis } from './axis.js';
import type { Interval } from './chaos-record.js';
import { grouped, timeText } from './markup.js';

/** More intervals than this are not told apart on a screen. */
const INTERVALS_MAX = 600;
const WIDTH = 10_000;
const HEIGHT = 100;

/** A drawing with the labels of its vertical axis, from the top: share of the height, text. */
export interface Chart {
  readonly svg: string;
  readonly labels: readonly (readonly [at: number, text: string])[];
}

/** As many neighbours become one as it takes. Latencies of the whole are the worst of its parts: never better than seen. */
export function binned(intervals: readonly Interval[]): readonly Interval[] {
  const by = Math.ceil(intervals.length / INTERVALS_MAX);
  if (by <= 1) return intervals;
  return Array.from({ length: Math.ceil(intervals.length / by) }, (_, place) =>
    intervals.slice(place * by, (place + 1) * by).reduce((one, other) => ({
      beginMs: one.beginMs,
      endMs: other.endMs,
      acknowledged: one.acknowledged + other.acknowledged,
      unknown: one.unknown + other.unknown,
      failed: one.failed + other.failed,
      p50Ms: worse(one.p50Ms, other.p50Ms),
      p99Ms: worse(one.p99Ms, other.p99Ms),
    })),
  );
}

const worse = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.max(one, other);

/** Operations a second. */
export const perSecond = ({ beginMs, endMs }: Interval, count: number): number =>
  endMs > beginMs ? (count * 1_000) / (endMs - beginMs) : 0;

/** Acknowledged operations as an area, the others as strokes from the top. */
export function throughputChart(intervals: readonly Interval[], axis: Axis): Chart {
  const most = Math.max(...intervals.map((interval) => perSecond(interval, interval.acknowledged)), 1);
  const y = (rate: number): number => Number((HEIGHT - (rate / most) * HEIGHT * 0.92).toFixed(2));
  const steps = intervals.map((interval) => {
    const at = y(perSecond(interval, interval.acknowledged));
    return `L${axis.x(interval.beginMs, WIDTH)} ${at}L${axis.x(interval.endMs, WIDTH)} ${at}`;
  });
  const area = intervals.length === 0 ? '' : `M0 ${HEIGHT}${steps.join('')}L${WIDTH} ${HEIGHT}Z`;
  return {
    svg: drawing(`<path class="area" d="${area}"/>`, [8]),
    labels: [
      [0.08, `${grouped(most)}/s`],
      [1, '0'],
    ],
  };
}

/** Median and 99th percentile, on a logarithmic axis: a broken line where nothing was acknowledged. */
export function latencyChart(intervals: readonly Interval[], axis: Axis): Chart {
  const known = intervals.flatMap(({ p50Ms, p99Ms }) => [p50Ms, p99Ms]).filter((ms): ms is number => ms !== null);
  const lowest = Math.floor(Math.log10(Math.max(Math.min(...known, 1_000), 0.01)));
  const highest = Math.max(Math.ceil(Math.log10(Math.max(...known, 0.01))), lowest + 1);
  const share = (ms: number): number =>
    1 - Math.min(Math.max((Math.log10(Math.max(ms, 1e-3)) - lowest) / (highest - lowest), 0), 1);
  const y = (ms: number): number => Number((4 + share(ms) * (HEIGHT - 8)).toFixed(2));
  const decades = Array.from({ length: highest - lowest + 1 }, (_, place) => 10 ** (lowest + place));
  const line = (style: 'p50' | 'p99', of: (interval: Interval) => number | null): string =>
    `<path class="${style}" d="${broken(intervals, of, axis, y)}"/>`;
  return {
    svg: drawing(line('p99', ({ p99Ms }) => p99Ms) + line('p50', ({ p50Ms }) => p50Ms), decades.map(y)),
    labels: known.length === 0 ? [] : decades.map((ms) => [y(ms) / HEIGHT, timeText(ms)] as const).reverse(),
  };
}

/** Level over each interval that has a value. */
function broken(
  intervals: readonly Interval[],
  of: (interval: Interval) => number | null,
  axis: Axis,
  y: (ms: number) => number,
): string {
  let isOpen = false;
  return intervals
    .map((interval) => {
      const ms = of(interval);
      const join = isOpen ? 'L' : 'M';
      isOpen = ms !== null;
      return ms === null ? '' : `${join}${axis.x(interval.beginMs, WIDTH)} ${y(ms)}H${axis.x(interval.endMs, WIDTH)}`;
    })
    .join('');
}

const drawing = (content: string, lines: readonly number[]): string =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">` +
  `<path class="grid" d="${lines.map((at) => `M0 ${at}H${WIDTH}`).join('')}"/>${content}</svg>`;
