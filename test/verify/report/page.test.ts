import { describe, expect, it } from 'vitest';
import { binned } from '../../../src/verify/report/charts.js';
import { type MarkOutcome, type OperationMark, reportPage } from '../../../src/verify/report/index.js';
import { escapeHtml, scriptJson, shortened, timeText } from '../../../src/verify/report/markup.js';
import { sampleOf } from '../../../src/verify/report/operations.js';
import { storyOfChaos } from './story-of-chaos.js';

const marks = (count: number, outcome: MarkOutcome, from = 0): OperationMark[] =>
  Array.from({ length: count }, (_, place) => ({
    client: 'c',
    op: 'put',
    key: 'k',
    beginMs: from + place,
    endMs: from + place + 1,
    outcome,
  }));

describe('the page of a run', () => {
  it('is the same for the same record, and names no address but its own', () => {
    const page = reportPage(storyOfChaos());
    expect(reportPage(storyOfChaos())).toBe(page);
    expect(page).not.toMatch(/https?:|\bsrc=|@import|url\(/);
  });

  it('says the slowest recovery as the verdict does: not of faults behind whose end others went on', () => {
    expect(reportPage({ ...storyOfChaos(10), slowestRecoveryMs: 2 })).toContain('id="count-recovery"><dd>2 ms</dd>');
    expect(reportPage({ ...storyOfChaos(10), slowestRecoveryMs: null })).toContain('id="count-recovery"><dd>–</dd>');
  });

  it('refuses a run without a duration, which has no timeline', () => {
    expect(() => reportPage({ ...storyOfChaos(10), durationMs: 0 })).toThrow('has no timeline');
  });
});

describe('foreign text', () => {
  it('ends no element, no attribute and no script, and hides nothing', () => {
    expect(escapeHtml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;');
    expect(escapeHtml('a\x00\x1b\u202e\ud800b\n')).toBe('a\\x00\\x1b\\u202e\\ud800b\n');
    expect(escapeHtml('🗝 naïve')).toBe('🗝 naïve');
    expect(scriptJson(['</script><!--'])).toBe('["\\u003c/script>\\u003c!--"]');
  });

  it('that is too long is cut between characters, and says how long it was', () => {
    expect(shortened('abc', 3)).toBe('abc');
    expect(shortened('ab🗝cd', 3)).toBe('ab… (6 characters)');
  });

  it('has times as people write them', () => {
    expect([0, 0.4213, 38.2, 1_260, 61_234, 245_000].map(timeText)).toEqual([
      '0 ms',
      '0.42 ms',
      '38 ms',
      '1.26 s',
      '61.2 s',
      '4 min 5 s',
    ]);
  });
});

describe('a sample of operations', () => {
  it('is all of them, by begin, while they are few', () => {
    const { shown, note } = sampleOf([...marks(10, 'ok', 50), ...marks(10, 'failed')]);
    expect(shown.map(({ beginMs }) => beginMs)).toEqual(
      [...Array(10).keys(), ...Array(10).keys()].map((one, at) => one + (at < 10 ? 0 : 50)),
    );
    expect(note).toBe('');
  });

  it('keeps all that are rare and thins out the usual ones evenly, and says so', () => {
    const { shown, note } = sampleOf([...marks(9_000, 'ok'), ...marks(100, 'unknown'), ...marks(2, 'lost')]);
    expect(shown).toHaveLength(4_000);
    expect(shown.filter(({ outcome }) => outcome !== 'ok')).toHaveLength(102);
    expect(shown.findLast(({ outcome }) => outcome === 'ok')?.beginMs).toBeGreaterThan(8_990);
    expect(note).toMatch(/^4,000 of 9,102 operations are shown: all that failed, are unknown or lost/);
  });

  it('never leaves out a lost write for those that failed', () => {
    const { shown, note } = sampleOf([
      ...marks(50_000, 'failed'),
      ...marks(30, 'lost', 60_000),
      ...marks(50_000, 'ok'),
    ]);
    expect(shown).toHaveLength(4_000);
    expect(shown.filter(({ outcome }) => outcome === 'lost')).toHaveLength(30);
    expect(shown.filter(({ outcome }) => outcome === 'ok')).toHaveLength(2_000);
    expect(note).toContain('what is lost first');
  });
});

describe('intervals that are joined', () => {
  it('add up, and have the worst latency of their parts', () => {
    const one = { acknowledged: 1, unknown: 2, failed: 3, p50Ms: 4, p99Ms: null };
    const intervals = Array.from({ length: 1_300 }, (_, place) => ({ ...one, beginMs: place, endMs: place + 1 }));
    intervals[1] = { ...intervals[1]!, p50Ms: 9 };
    const joined = binned(intervals);
    expect(joined).toHaveLength(434);
    expect(joined[0]).toEqual({ beginMs: 0, endMs: 3, acknowledged: 3, unknown: 6, failed: 9, p50Ms: 9, p99Ms: null });
    expect(joined.at(-1)).toMatchObject({ beginMs: 1_299, endMs: 1_300 });
  });
});
