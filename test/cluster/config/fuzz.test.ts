import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { RaftctlError } from '../../../src/base/index.js';
import { type ClusterConfig, loadConfig, parseConfig } from '../../../src/cluster/index.js';
import { temporaryDirectory } from '../temporary-directory.js';

/** Whatever stands in cluster.yaml, it is a configuration or a refusal that says where; never anything else. */

const FILE = 'cluster.yaml';
const SHIPPED = readFileSync(FILE, 'utf8');
const MESSAGE_MAX = 10_000;

function expectSound(config: ClusterConfig): void {
  const { nodes, raft, storage, logs } = config;
  expect(nodes.length).toBeGreaterThanOrEqual(1);
  expect(nodes.length).toBeLessThanOrEqual(32);
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
  for (const { id, host, port } of nodes) {
    expect(id).toMatch(/^[a-z][a-z0-9_.-]{0,62}$/);
    expect(host.length).toBeGreaterThan(0);
    expect(port >= 1 && port <= 65_535 && Number.isInteger(port)).toBe(true);
  }
  expect(raft.electionTimeoutMs[0]).toBeGreaterThanOrEqual(3 * raft.heartbeatMs);
  expect(storage.maxValueBytes).toBeGreaterThan(0);
  expect(Number.isInteger(logs.files)).toBe(true);
  expect(Object.isFrozen(config)).toBe(true);
}

/** A refusal of few words, of which every line names a place that is in the text. */
function expectRefusal(thrown: unknown, file: string, lines: number): string {
  expect(thrown).toBeInstanceOf(RaftctlError);
  const { code, message } = thrown as RaftctlError;
  expect(code).toBe('config-invalid');
  expect(message.length).toBeLessThan(MESSAGE_MAX);
  for (const line of message.split('\n')) {
    if (/^… and \d+ more$/.test(line)) continue;
    expect(line.startsWith(`${file}:`), line).toBe(true);
    const [, at, column] = /^:(\d+):(\d+) ./.exec(line.slice(file.length)) ?? [];
    expect(Number(at), line).toBeGreaterThanOrEqual(1);
    expect(Number(at), line).toBeLessThanOrEqual(lines);
    expect(Number(column), line).toBeGreaterThanOrEqual(1);
  }
  return message;
}

const linesOf = (text: string): number => text.split(/\r\n|\r|\n/).length;

/** Parses; answers the refusal, or undefined for a configuration. */
function outcomeOf(text: string): string | undefined {
  let config: ClusterConfig;
  try {
    config = parseConfig(text, FILE);
  } catch (thrown) {
    return expectRefusal(thrown, FILE, linesOf(text));
  }
  expectSound(config);
  return undefined;
}

const KEYS = ['cluster', 'nodes', 'basePort', 'host', 'raft', 'heartbeat', 'electionTimeout', 'storage', 'dir'];
const MORE_KEYS = ['maxValue', 'supervisor', 'restart', 'stopTimeout', 'logs', 'level', 'exclude', 'maxFile', 'files'];
const key = fc.oneof(
  { arbitrary: fc.constantFrom(...KEYS, ...MORE_KEYS, 'id', 'port'), weight: 6 },
  { arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', '<<', '', '~', 'nods'), weight: 1 },
  { arbitrary: fc.string({ maxLength: 12 }), weight: 1 },
);
const scalar = fc.oneof(
  fc.constantFrom<unknown>(4, 0, -1, 1e308, 2 ** 53, Number.POSITIVE_INFINITY, Number.NaN, null, true, '', '60ms'),
  fc.constantFrom<unknown>(
    '400ms..800ms',
    '9'.repeat(400),
    `${'9'.repeat(400)}ms`,
    '16MiB',
    'debug',
    '../x',
    '\0',
    '[',
  ),
  fc.double(),
  fc.bigInt().map(String),
  fc.string({ unit: 'grapheme' }),
  fc.date({ noInvalidDate: true }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 8 }).map((pairs) => new Map(pairs)),
  ),
}));

/** A good file with a few words of it lost, doubled, moved or replaced by what YAML has a meaning for. */
const tokens = [
  '[',
  ']',
  '{',
  '}',
  ':',
  '- ',
  '? ',
  '&a ',
  '*a',
  '!!int ',
  '!',
  '|',
  '>',
  '"',
  "'",
  '#',
  '%',
  '@',
  '`',
];
const moreTokens = ['\n', '\t', '  ', '---\n', '...\n', '<<: ', '\uFEFF', '\0', '\u2028', '\ud800', 'nodes: 4\n', ', '];
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.nat({ max: 40 }),
  insert: fc.oneof(fc.constantFrom(...tokens, ...moreTokens), fc.string({ maxLength: 10 })),
});
const mutated = fc
  .tuple(
    fc.constantFrom(SHIPPED, withoutComments(SHIPPED), 'nodes:\n  - { id: a, port: 1 }\n'),
    fc.array(edit, { minLength: 1, maxLength: 6 }),
  )
  .map(([text, edits]) =>
    edits.reduce((now, { at, drop, insert }) => {
      const from = Math.floor(at * now.length);
      return now.slice(0, from) + insert + now.slice(from + drop);
    }, text),
  );

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/^#\s?/gm, '');
}

describe('any cluster.yaml is a configuration, or refused with file, line and column:', () => {
  it('a good one with a few edits', () => {
    let accepted = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        if (outcomeOf(text) === undefined) accepted += 1;
      }),
      { numRuns: 1500 },
    );
    expect(accepted, 'some edits do no harm').toBeGreaterThan(10);
  });

  it('one of any values in any places, known keys among them', () => {
    fc.assert(
      fc.property(value, (document) => void outcomeOf(stringify(document))),
      { numRuns: 1000 },
    );
  });

  it('any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => void outcomeOf(text)),
      { numRuns: 500 },
    );
  });

  it('any bytes in a file', () => {
    const directory = temporaryDirectory();
    const file = join(directory, FILE);
    const shipped = readFileSync(FILE);
    const damagedFile = fc
      .array(fc.tuple(fc.nat({ max: shipped.length - 1 }), fc.uint8Array({ minLength: 1, maxLength: 6 })), {
        maxLength: 5,
      })
      .map((bursts) => {
        const bytes = Buffer.from(shipped);
        for (const [at, burst] of bursts) bytes.set(burst.subarray(0, bytes.length - at), at);
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(damagedFile, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        writeFileSync(file, bytes);
        try {
          expectSound(loadConfig(file));
        } catch (thrown) {
          expectRefusal(thrown, file, linesOf(Buffer.from(bytes).toString('latin1')));
        }
      }),
      { numRuns: 600 },
    );
  });
});

/** As large as a file may be, whatever it repeats. */
const full = (text: string): string => text.repeat(Math.floor(65_000 / text.length));
const nested = (depth: number): string => Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:`).join('\n');
const letters = [...'abcdefghij'];

describe('a cluster.yaml that means harm is refused in few words and little time:', () => {
  it.each<[string, string]>([
    ['lists in lists, open', full('[')],
    ['lists in lists', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['mappings in mappings', full('{a: ')],
    ['blocks in blocks', nested(350)],
    ['dashes', full('- ')],
    ['complex keys', full('? ')],
    ['a list that contains itself', 'nodes: &a [*a]'],
    ['a mapping that contains itself', 'nodes: &a { id: *a }'],
    [
      'aliases of aliases',
      letters.map((at, i) => `${at}: &${at} [${'*'.concat(letters[i - 1] ?? at, ', ').repeat(9)}]`).join('\n'),
    ],
    ['thousands of aliases', `nodes:\n  - &a { id: a, port: 1 }\n${full('  - *a\n')}`],
    ['thousands of nodes', `nodes:\n${full('  - {}\n')}`],
    ['thousands of unknown keys', Array.from({ length: 5_000 }, (_, i) => `key-${i}: 1`).join('\n')],
    ['one key, thousands of times', full('nodes: 4\n')],
    ['a key without end', `${full('k')}: 1`],
    ['a number without end', `nodes: ${full('9')}`],
    ['a duration without end', `nodes: 1\nraft: { heartbeat: ${full('9')}ms }`],
    ['a name without end', `nodes: 1\ncluster: ${full('n')}`],
    ['tags', full('!')],
    ['anchors', full('&a ')],
    ['quotes', full('"')],
    ['directives', full('%\n')],
    ['documents', full('---\n')],
    ['block scalars', full('|')],
    ['patterns', `nodes: 1\nlogs: { exclude: [${full('(a+)+$,')}] }`],
    ['the values of YAML 1.1', '%YAML 1.1\n---\n<<: { nodes: 4 }\nnodes: 0o17\n'],
  ])('%s', (_, text) => {
    expect(outcomeOf(text)).toMatch(/cluster\.yaml:\d+:\d+ /);
  });

  it('nesting to any depth', () => {
    const shapes = fc.constantFrom(
      ['[', ']'],
      ['{a: ', '}'],
      ['- ', ''],
      ['? ', ''],
      ['nodes: [', ']'],
      ['!!seq [', ']'],
    );
    fc.assert(
      fc.property(shapes, fc.nat({ max: 3_000 }), fc.boolean(), ([open, close], depth, isClosed) => {
        outcomeOf(open!.repeat(depth) + (isClosed ? close!.repeat(depth) : ''));
      }),
      { numRuns: 60 },
    );
  });

  it('more than 64 KiB', () => {
    expect(() => parseConfig(`nodes: 4\n${'#'.repeat(10 << 20)}`, FILE)).toThrow(
      'cluster.yaml: expected at most 65536 bytes, got 10485769',
    );
  });

  it('a file that never ends', () => {
    expect(() => loadConfig('/dev/zero')).toThrow('/dev/zero: expected at most 65536 bytes, got more');
  });
});

describe('the encoding of a cluster.yaml', () => {
  const loaded = (bytes: Buffer): ClusterConfig => {
    const file = join(temporaryDirectory(), FILE);
    writeFileSync(file, bytes);
    return loadConfig(file);
  };

  it('is UTF-8, with a byte order mark or without, and with line ends of any kind', () => {
    for (const text of ['nodes: 3', '\uFEFFnodes: 3', 'nodes: 3\r\nhost: localhost\r\n', '# ü 日本 \uFFFD\nnodes: 3']) {
      expect(loaded(Buffer.from(text)).nodes).toHaveLength(3);
    }
  });

  it.each<[string, Buffer, string]>([
    ['Latin-1', Buffer.from('nodes: 3\n# for Zo\xeb\n', 'latin1'), '2:9'],
    ['Latin-1 behind what is no mistake', Buffer.from([0xef, 0xbf, 0xbd, 0x20, 0xff]), '1:3'],
    ['UTF-16', Buffer.from('\uFEFFnodes: 3', 'utf16le'), '1:1'],
    ['half a character at the end', Buffer.from('nodes: 3 # \u00fc').subarray(0, -1), '1:12'],
  ])('is refused with its place when it is %s', (_, bytes, place) => {
    expect(() => loaded(bytes)).toThrow(new RegExp(`cluster\\.yaml:${place} not UTF-8`));
  });
});
