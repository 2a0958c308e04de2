import { describe, expect, it } from 'vitest';
import { checkHistory, verdictText } from '../../../src/verify/checker/index.js';
import type { History } from '../../../src/verify/history/index.js';
import { stillClock, story } from './story.js';

const textOf = (history: History) => verdictText(checkHistory(history, { clock: stillClock, name: 'history.jsonl' }));

describe('the text of a verdict', () => {
  it('that passes says how it was decided', () => {
    expect(textOf(story('0-10 put a\n20-30 get -> a'))).toBe(
      'history.jsonl: 2 operations on 1 key\nlinearizable: the key, by search (0.00 s)',
    );
    expect(textOf(story('0-10 x: put a @1\n20-30 y: put a @2\n40-? y: put b'))).toBe(
      'history.jsonl: 3 operations on 2 keys, 1 of unknown outcome\n' +
        'linearizable: all 2 keys, by the revisions of the answers (0.00 s)',
    );
  });

  it('that fails shows the bad part as a table, when each operation was open, and why', () => {
    const text = textOf(
      story(`
        0-10   put a
        5-?    put b
        20-30  get -> b
        40-50  get -> a`),
    );
    expect(text).toBe(
      [
        'history.jsonl: 4 operations on 1 key, 1 of unknown outcome',
        'VIOLATION: 1 of 1 key is not linearizable',
        '',
        'key x: no order',
        'No order explains its 4 operations:',
        '',
        '  LINE  CLIENT  CALLED     RETURNED   OPERATION  ANSWER',
        '     1  c1      0.000 ms   10.000 ms  put "a"    OK       ├───┤',
        '     2  c2      5.000 ms   never      put "b"    unknown    ├───────────?',
        '     3  c3      20.000 ms  30.000 ms  get        "b"            ├─┤',
        '     4  c4      40.000 ms  50.000 ms  get        "a"                ├─┤',
        '',
        'No order of them fits both their times and their answers.',
        'Line 1 had returned 10 ms before line 3 was called.',
        'Line 1 overlaps line 2: either may come first.',
        'Line 2 overlaps lines 3 and 4: either may come first.',
        'Line 3 had returned 10 ms before line 4 was called.',
        'By these operations alone, line 4 could only have answered "b".',
      ].join('\n'),
    );
  });

  it('shows nodes and revisions where they were recorded, and as many digits as tell the times apart', () => {
    const { operations } = story('0-10 put a @1\n20-30 get -> (nil) @1');
    const near = operations.map((operation) => ({
      ...operation,
      call: operation.call / 1e6,
      return: operation.return / 1e6,
      node: `node-0${operation.line}`,
    }));
    const text = textOf({ operations: near, originNs: 0n });
    expect(text).toContain('CLIENT  NODE     CALLED       RETURNED     OPERATION  ANSWER  REVISION');
    expect(text).toContain('c2      node-02  0.000020 ms  0.000030 ms  get        (nil)   1');
  });

  it('never lets text of a history reach a terminal as it is', () => {
    const { operations } = story('0-10 put a\n20-30 get -> z');
    const evil = '\u001b[2J\u009b31m\u202etxt\nkey';
    const hostile = operations.map((operation) => ({ ...operation, key: evil, client: evil, node: evil }));
    const withValue = hostile.map((operation) =>
      operation.type === 'get' ? { ...operation, output: evil } : operation,
    );
    const text = textOf({ operations: withValue, originNs: 0n });
    expect(text).toContain('VIOLATION');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it('cuts long values', () => {
    const { operations } = story('0-10 put a\n20-30 get -> b');
    const long = operations.map((operation) =>
      operation.type === 'get' ? { ...operation, output: 'x'.repeat(1_000_000) } : operation,
    );
    expect(textOf({ operations: long, originNs: 0n }).length).toBeLessThan(1_000);
  });
});
