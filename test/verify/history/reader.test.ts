import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../../src/base/index.js';
import { historyLine, parseHistory } from '../../../src/verify/history/index.js';

const PUT = { client: 'c1', op: 'put', key: 'x', value: 'a', call_ns: '100', return_ns: '200', ok: true };
const GET = { client: 'c2', op: 'get', key: 'x', call_ns: '300', return_ns: '400', ok: true, output: 'a' };
const CAS = {
  client: 'c3',
  op: 'cas',
  key: 'x',
  expected: 'a',
  value: 'b',
  call_ns: '500',
  return_ns: '600',
  ok: true,
  output: true,
};
const DEL = { client: 'c4', op: 'del', key: 'x', call_ns: '700', return_ns: '800', ok: true, output: false };

const parse = (...records: readonly unknown[]) =>
  parseHistory(
    records.map((record) => JSON.stringify(record)),
    'h.jsonl',
  );
const parseText = (...lines: readonly string[]) => parseHistory(lines, 'h.jsonl');

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof RaftctlError && error.code === 'history-invalid') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('a history line', () => {
  it('of each kind is read, its times relative to the first call', () => {
    const { operations, originNs } = parse(PUT, GET, CAS, { ...DEL, revision: 3, node: 'node-02' });
    expect(originNs).toBe(100n);
    const recorded = { key: 'x', outcome: 'ok', revision: null, node: null };
    expect(operations).toEqual([
      { type: 'put', line: 1, client: 'c1', ...recorded, call: 0, return: 100, value: 'a' },
      { type: 'get', line: 2, client: 'c2', ...recorded, call: 200, return: 300, output: 'a' },
      {
        type: 'cas',
        line: 3,
        client: 'c3',
        ...recorded,
        call: 400,
        return: 500,
        expected: 'a',
        value: 'b',
        output: true,
      },
      {
        type: 'del',
        line: 4,
        client: 'c4',
        ...recorded,
        call: 600,
        return: 700,
        output: false,
        revision: 3,
        node: 'node-02',
      },
    ]);
  });

  it('may stand anywhere: operations are put in order of their calls and keep their line numbers', () => {
    const { operations, originNs } = parse(DEL, CAS, GET, PUT);
    expect(operations.map(({ line, call }) => [line, call])).toEqual(
      [
        [4, 0],
        [3, 200],
        [2, 400],
        [1, 600],
      ].map(([line], nth) => [line, [0, 200, 400, 600][nth]]),
    );
    expect(originNs).toBe(100n);
  });

  it('keeps every nanosecond of a 64-bit stamp, as a string and as an integer that JSON would round', () => {
    const strings = parse(
      { ...PUT, call_ns: '18446744073709551613', return_ns: '18446744073709551615' },
      { ...GET, call_ns: '18446744073709551614', return_ns: null, ok: null },
    );
    const integers = parseText(
      '{"client":"c1","op":"put","key":"\\"call_ns\\": 5","value":"a","call_ns": 1700000000000000001,"return_ns":1700000000000000003,"ok":true}',
      '{"client":"c2","op":"get","key":"x","call_ns":1700000000000000002, "return_ns" : 1700000000000000004,"ok":true,"output":null}',
    );
    expect(strings.originNs).toBe(18446744073709551613n);
    expect(strings.operations.map(({ call }) => call)).toEqual([0, 1]);
    expect(strings.operations[0]!.return).toBe(2);
    expect(integers.originNs).toBe(1700000000000000001n);
    expect(integers.operations.map((operation) => [operation.call, operation.return])).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  it('without a return, or with a null ok, has an unknown outcome; ok false with a return had no effect', () => {
    const { operations } = parse(
      { ...PUT, return_ns: null, ok: false },
      { ...CAS, ok: null, output: undefined },
      { ...DEL, ok: false, output: undefined },
    );
    expect(operations.map((operation) => [operation.outcome, operation.return])).toEqual([
      ['unknown', Number.POSITIVE_INFINITY],
      ['unknown', Number.POSITIVE_INFINITY],
      ['failed', 700],
    ]);
  });

  it('may have more fields, a number for a client, a CR at its end, and empty lines around it', () => {
    const { operations } = parseText('', `${JSON.stringify({ ...PUT, client: 7, process: 'x', extra: [1] })}\r`, '  ');
    expect(operations).toMatchObject([{ line: 2, client: '7' }]);
  });

  it('is written as it is read', () => {
    const history = parse(
      PUT,
      GET,
      CAS,
      { ...DEL, revision: 3, node: 'node-02' },
      { ...PUT, client: 'c9', return_ns: null, ok: null },
      { ...DEL, client: 'c8', ok: false },
    );
    const lines = history.operations.map((operation) => historyLine(operation, history.originNs));
    const again = parseHistory(lines);
    const withoutLines = ({ operations, originNs }: typeof history) => ({
      originNs,
      operations: operations.map((operation) => ({ ...operation, line: 0 })),
    });
    expect(withoutLines(again)).toEqual(withoutLines(history));
  });
});

describe('a malformed history is refused with the line and what was expected:', () => {
  const cases: Record<string, { readonly history: () => unknown; readonly says: string }> = {
    'not JSON': {
      history: () => parseText(JSON.stringify(PUT), 'put x'),
      says: 'h.jsonl:2: expected a JSON object, got put x',
    },
    'cut off in the middle': {
      history: () => parseText(JSON.stringify(PUT), JSON.stringify(GET).slice(0, 30)),
      says: 'h.jsonl:2: expected a JSON object, got {"client":"c2","op":"get","key',
    },
    'an array': { history: () => parse(PUT, [PUT]), says: 'h.jsonl:2: expected a JSON object, got [' },
    'an unknown operation': {
      history: () => parse({ ...PUT, op: 'append' }),
      says: 'h.jsonl:1: op: expected one of put, get, del, cas, got "append"',
    },
    'no client': {
      history: () => parse({ ...PUT, client: undefined }),
      says: 'client: expected a name or a whole number, got nothing',
    },
    'no key': { history: () => parse({ ...PUT, key: undefined }), says: 'key: expected a string, got nothing' },
    'a put without a value': {
      history: () => parse({ ...PUT, value: undefined }),
      says: 'value: expected a string, got nothing',
    },
    'a value that is no string': {
      history: () => parse({ ...PUT, value: 5 }),
      says: 'value: expected a string, got 5',
    },
    'a cas without an expected value': {
      history: () => parse({ ...CAS, expected: undefined }),
      says: 'expected: expected a string, or null for no such key, got nothing',
    },
    'a get without an output': {
      history: () => parse({ ...GET, output: undefined }),
      says: 'output: expected a string, or null for no such key, got nothing',
    },
    'a cas that answers a value': {
      history: () => parse({ ...CAS, output: 'b' }),
      says: 'output: expected true or false, got "b"',
    },
    'no call': { history: () => parse({ ...PUT, call_ns: undefined }), says: 'call_ns: expected nanoseconds' },
    'no return, which is not the same as null': {
      history: () => parse({ ...PUT, return_ns: undefined }),
      says: 'return_ns: expected nanoseconds',
    },
    'a negative stamp': { history: () => parse({ ...PUT, call_ns: -1 }), says: 'call_ns: expected nanoseconds' },
    'a stamp with a fraction': {
      history: () => parse({ ...PUT, call_ns: 1.5 }),
      says: 'call_ns: expected nanoseconds',
    },
    'a stamp in words': { history: () => parse({ ...PUT, call_ns: '12ms' }), says: 'got "12ms"' },
    'a stamp beyond 64 bits': {
      history: () => parse({ ...PUT, call_ns: '18446744073709551616' }),
      says: 'from 0 to 2^64 - 1',
    },
    'a huge number': { history: () => parse({ ...PUT, call_ns: 1e300 }), says: 'call_ns: expected nanoseconds' },
    'a return before its call': {
      history: () => parse(PUT, { ...GET, call_ns: '400', return_ns: '399' }),
      says: 'h.jsonl:2: return_ns 399 is before call_ns 400',
    },
    'stamps of two clocks': {
      history: () => parse(PUT, { ...GET, call_ns: '1700000000000000000', return_ns: '1700000000000000001' }),
      says: 'h.jsonl:2: call_ns 1700000000000000000 is over 104 days from 100: expected the stamps of one clock',
    },
    'an answer without ok': {
      history: () => parse({ ...PUT, ok: undefined }),
      says: 'ok: expected true or false, got nothing',
    },
    'ok without a return': {
      history: () => parse({ ...PUT, return_ns: null }),
      says: 'ok: expected false or null where return_ns is null, got true',
    },
    'a revision that is none': {
      history: () => parse({ ...PUT, revision: -2 }),
      says: 'revision: expected a whole number from 0',
    },
    'a line twice': {
      history: () => parse(PUT, GET, CAS, GET),
      says: 'h.jsonl:4: repeats line 2: the same get by c2, called at the same time',
    },
    'an operation recorded twice, with two outcomes': {
      history: () => parse(PUT, { ...CAS, return_ns: null, ok: null }, CAS),
      says: 'h.jsonl:3: repeats line 2: the same cas by c3, called at the same time',
    },
    'nothing at all': {
      history: () => parseText('', ' '),
      says: 'h.jsonl: expected a line for each operation, got none',
    },
  };
  for (const [name, { history, says }] of Object.entries(cases)) {
    it(name, () => {
      expect(refusal(history)).toContain(says);
    });
  }

  it('a line of any size is cut in the message', () => {
    expect(refusal(() => parseText('x'.repeat(10_000_000))).length).toBeLessThan(300);
  });
});

describe('operations that look alike are no repetition', () => {
  it('of other clients, at other times, or with other values', () => {
    const { operations } = parse(PUT, { ...PUT, client: 'c2' }, { ...PUT, call_ns: '101' }, { ...PUT, value: 'b' });
    expect(operations).toHaveLength(4);
  });
});
