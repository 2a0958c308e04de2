import { assert } from '../../base/index.js';
import type { Interval, OperationMark } from './chaos-record.js';

interface Tally {
  unknown: number;
  failed: number;
  readonly latencies: number[];
}

/**
 * Sorts operations into intervals of `widthMs` by the time of their answer; those that nobody answered count where they
 * were called, as do those that end after the run.
 */
export function intervalsOf(operations: Iterable<OperationMark>, durationMs: number, widthMs: number): Interval[] {
  assert(widthMs > 0 && durationMs > 0, () => `intervals of ${widthMs} ms over ${durationMs} ms`);
  const count = Math.ceil(durationMs / widthMs);
  const tallies = Array.from({ length: count }, (): Tally => ({ unknown: 0, failed: 0, latencies: [] }));
  for (const { beginMs, endMs, outcome } of operations) {
    const at = endMs === null || endMs > durationMs ? beginMs : endMs;
    const tally = tallies[Math.min(Math.max(Math.floor(at / widthMs), 0), count - 1)]!;
    if (outcome === 'failed') tally.failed += 1;
    else if (outcome === 'unknown' || endMs === null) tally.unknown += 1;
    else tally.latencies.push(endMs - beginMs);
  }
  return tallies.map(({ unknown, failed, latencies }, place) => {
    const sorted = Float64Array.from(latencies).sort();
    return {
      beginMs: place * widthMs,
      endMs: Math.min((place + 1) * widthMs, durationMs),
      acknowledged: sorted.length,
      unknown,
      failed,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
    };
  });
}

/** The least value that is not below the share `of` of all. */
const quantile = (sorted: Float64Array, of: number): number | null => sorted[Math.ceil(sorted.length * of) - 1] ?? null;
