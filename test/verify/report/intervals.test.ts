import { describe, expect, it } from 'vitest';
import { intervalsOf, type MarkOutcome, type OperationMark } from '../../../src/verify/report/index.js';

const mark = (beginMs: number, endMs: number | null, outcome: MarkOutcome = 'ok'): OperationMark => ({
  client: 'c1',
  op: 'put',
  key: 'k',
  beginMs,
  endMs,
  outcome,
});

describe('intervals of a run', () => {
  it('lie side by side over the whole of it, the last one as short as it has to be, and say when nothing happened', () => {
    const intervals = intervalsOf([], 250, 100);
    expect(intervals.map(({ beginMs, endMs }) => [beginMs, endMs])).toEqual([
      [0, 100],
      [100, 200],
      [200, 250],
    ]);
    expect(intervals[0]).toMatchObject({ acknowledged: 0, unknown: 0, failed: 0, p50Ms: null, p99Ms: null });
  });

  it('have what was answered in them, and what was not where it was called', () => {
    const [first, second] = intervalsOf(
      [mark(10, 20), mark(90, 110), mark(95, null, 'unknown'), mark(10, 150, 'failed'), mark(199, 900)],
      200,
      100,
    );
    expect(first).toMatchObject({ acknowledged: 1, unknown: 1, failed: 0 });
    expect(second).toMatchObject({ acknowledged: 2, unknown: 0, failed: 1 });
  });

  it('count a write that was acknowledged and is lost as acknowledged, and one without an answer never', () => {
    const [only] = intervalsOf([mark(1, 2, 'lost'), mark(3, null, 'ok')], 10, 10);
    expect(only).toMatchObject({ acknowledged: 1, unknown: 1 });
  });

  it('have the latencies that half and 99 of a hundred did not exceed', () => {
    const latencies = Array.from({ length: 100 }, (_, place) => 100 - place);
    const [only] = intervalsOf(
      latencies.map((latency) => mark(0, latency)),
      1_000,
      1_000,
    );
    expect(only).toMatchObject({ acknowledged: 100, p50Ms: 50, p99Ms: 99 });
    expect(intervalsOf([mark(0, 7)], 10, 10)[0]).toMatchObject({ p50Ms: 7, p99Ms: 7 });
  });
});
