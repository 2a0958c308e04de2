import type { LoadFigures } from '../../verify/load/index.js';

/** How a load does, in one line: `300/s · 11,204 ok · 0 failed · 0 unknown · p50 1.2 ms · p99 4.1 ms · gap 312 ms`. */
export function stripText({ lastSecond, lastTen, total, longestGapMs, gapMs }: LoadFigures): string {
  const { p50Ms, p99Ms } = lastTen;
  const latency = p50Ms === null ? [] : [`p50 ${ms(p50Ms)} · p99 ${ms(p99Ms ?? p50Ms)}`];
  const silence = gapMs >= SILENCE_MS ? [`no answer for ${ms(gapMs)}`] : [];
  return [
    `${count(Math.round(lastSecond.throughput))}/s`,
    ...silence,
    `${count(total.ok)} ok`,
    `${count(total.failed)} failed`,
    `${count(total.unknown)} unknown`,
    ...latency,
    `gap ${ms(longestGapMs)}`,
  ].join(' · ');
}

const SILENCE_MS = 1_000;

export const count = (value: number): string => value.toLocaleString('en-US');

/** Three digits are enough for people. */
export const ms = (value: number): string =>
  value >= 10_000
    ? `${(value / 1e3).toFixed(1)} s`
    : `${value >= 100 ? Math.round(value) : Number(value.toPrecision(2))} ms`;
