import { describe, expect, it } from 'vitest';
import { Acknowledgements } from '../../../src/verify/chaos/recovery.js';
import type { Operation } from '../../../src/verify/history/index.js';

const MS = 1e6;
let line = 0;
const put = (callMs: number, returnMs: number, outcome: Operation['outcome'] = 'ok'): Operation => {
  line += 1;
  const stamps = { call: callMs * MS, return: outcome === 'ok' ? returnMs * MS : Number.POSITIVE_INFINITY };
  return { type: 'put', line, client: 'c', key: 'k', value: String(line), outcome, ...stamps, revision: 1, node: null };
};
const get = (callMs: number, returnMs: number): Operation => {
  const { line: nth, client, key, outcome, call, return: end, node } = put(callMs, returnMs);
  return { type: 'get', line: nth, client, key, outcome, call, return: end, revision: 1, node, output: null };
};

describe('recovery', () => {
  it('is until the first write was acknowledged that was called afterwards', () => {
    // The first was called before; the second is answered later than the third.
    const writes = new Acknowledgements([put(5, 12), put(11, 60), put(20, 31), put(70, 80)]);
    expect(writes.afterMs(10)).toBe(21);
    expect(writes.afterMs(65)).toBe(15);
    expect(writes.afterMs(90)).toBeNull();
  });

  it('is not a matter of reads, nor of writes of which nobody knows', () => {
    const writes = new Acknowledgements([get(10, 11), put(12, 13, 'unknown'), put(20, 25)]);
    expect(writes.afterMs(10)).toBe(15);
  });
});

describe('the longest gap', () => {
  const writes = new Acknowledgements([put(0, 10), put(10, 20), put(20, 120), put(120, 125)]);

  it('is the longest time between two acknowledgements that touches the stretch', () => {
    expect(writes.longestGapMs(0, 200)).toBe(100);
    expect(writes.longestGapMs(50, 60)).toBe(100);
    expect(writes.longestGapMs(0, 15)).toBe(10);
  });

  it('lasts to the end where nothing comes any more', () => {
    expect(writes.longestGapMs(0, 900)).toBe(775);
    expect(new Acknowledgements([]).longestGapMs(5, 9)).toBe(4);
  });
});
