import { describe, expect, it } from 'vitest';
import {
  atPath,
  colourLevel,
  columns,
  fitColumns,
  sanitize,
  sanitizeLine,
  textOrBase64,
  toJson,
  viewOf,
  widthOf,
} from '../../../src/console/output/index.js';

describe('a table', () => {
  const rows = [
    ['NODE', 'ROLE', 'PID'],
    ['node-01', 'leader', '4711'],
    ['node-02', 'follower', '4712', '(3 s old)'],
  ];

  it('keeps all its columns where they fit', () => {
    expect(fitColumns(rows, 34, [1, 2])).toEqual(rows);
  });

  it('goes without the most dispensable ones where they do not, and never without the rest', () => {
    expect(fitColumns(rows, 33, [1, 2])[2]).toEqual(['node-02', '4712', '(3 s old)']);
    expect(fitColumns(rows, 1, [1, 2, 3]).map((row) => row.join())).toEqual(['NODE', 'node-01', 'node-02']);
  });
});

describe('the width of a stream', () => {
  it.each([
    [{ isTTY: true, columns: 132 }, 132],
    // Nobody told the terminal its size: it is not the narrowest there is.
    [{ isTTY: true, columns: 0 }, 80],
    [{}, 80],
  ])('of %j', (stream, width) => {
    expect(viewOf(stream, {}).columns).toBe(width);
  });
});

describe('colours', () => {
  const terminal = { isTTY: true };

  it.each([
    ['a terminal', terminal, { TERM: 'xterm' }, 1],
    ['a terminal of 256 colours', terminal, { TERM: 'xterm-256color' }, 2],
    ['a pipe', {}, { TERM: 'xterm' }, 0],
    ['TERM=dumb', terminal, { TERM: 'dumb' }, 0],
    ['NO_COLOR=1', terminal, { TERM: 'xterm', NO_COLOR: '1' }, 0],
    ['an empty NO_COLOR', terminal, { TERM: 'xterm', NO_COLOR: '' }, 1],
    ['FORCE_COLOR on a pipe', {}, { FORCE_COLOR: '1' }, 1],
    ['FORCE_COLOR=0 on a terminal', terminal, { TERM: 'xterm', FORCE_COLOR: '0' }, 0],
    ['NO_COLOR against FORCE_COLOR', terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, 0],
  ] as const)('for %s', (_name, stream, environment, level) => {
    expect(colourLevel(stream, environment)).toBe(level);
  });

  it('are off with --no-color, whatever the environment says', () => {
    expect(colourLevel(terminal, { FORCE_COLOR: '1' }, true)).toBe(0);
  });
});

describe('foreign text', () => {
  it('loses everything a terminal might obey', () => {
    expect(sanitize('a\x1b]0;title\x07b\rc\x9bm\u202ed\ne\tf')).toBe('a\\x1b]0;title\\x07b\\x0dc\\x9bm\\u202ed\ne\tf');
    expect(sanitizeLine('a\nb\tc')).toBe('a\\nb\\tc');
  });
});

describe('columns', () => {
  it('line up, wide characters and colours counted as they look', () => {
    expect(
      columns([
        ['a', 'b'],
        ['日本', 'c'],
        ['\x1b[31mred\x1b[39m', 'd'],
      ]),
    ).toBe('a     b\n日本  c\n\x1b[31mred\x1b[39m   d');
    expect(widthOf('é日\x1b[1mx')).toBe(4);
  });
});

describe('data', () => {
  it('becomes JSON with bytes as text where they are text', () => {
    expect(
      toJson({ a: Buffer.from('é'), b: Buffer.from([0xff]), c: [1, null, undefined as never], d: undefined }),
    ).toBe('{"a":"é","b":{"base64":"/w=="},"c":[1,null,null]}');
    expect(textOrBase64(Buffer.from('\ufffd'))).toBe('\ufffd');
  });

  it('is found by its path, and only its own', () => {
    const data = { nodes: [{ role: 'leader' }] };
    expect(atPath(data, ['nodes', '0', 'role'])).toBe('leader');
    expect(atPath(data, ['nodes', '1', 'role'])).toBeUndefined();
    expect(atPath(data, ['constructor'])).toBeUndefined();
  });
});
