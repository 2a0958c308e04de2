import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/index.js';
import { connect } from '../../src/client/index.js';
import { errorOf, fateOf, Stage } from './stage.js';

/** What a program in JavaScript may hand in: nothing checks it before the library does. */
const wrong = (value: unknown): never => value as never;

type Mistake = readonly [call: string, run: (client: Client) => Promise<unknown>, code: string, message: string];

const timeouts = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5', 5n, null].map(
  (timeoutMs): Mistake => [
    `a timeout of ${typeof timeoutMs} ${timeoutMs}`,
    (client) => client.put('k', 'v', { timeoutMs: wrong(timeoutMs) }),
    'usage',
    `put: timeoutMs: expected milliseconds, above 0 and at most 2147483647, got ${shown(timeoutMs)}`,
  ],
);

const limits = [0, -1, 1.5, Number.NaN, 2 ** 32, '10'].map(
  (limit): Mistake => [
    `a limit of ${typeof limit} ${limit}`,
    (client) => client.scan({ limit: wrong(limit) }),
    'usage',
    `scan: limit: expected a whole number from 1 to 4294967295, got ${shown(limit)}`,
  ],
);

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

const BYTES = 'expected text or a Uint8Array, got';
const READ = "expected 'linearizable' or 'stale', got";
const VIA = "expected 'any', 'leader', 'follower' or the name of a node, got";
const HALF = 'expected text without halves of surrogate pairs, got "\\ud800"';

const MISTAKES: readonly Mistake[] = [
  ...timeouts,
  ...limits,
  ['a key that is a number', (c) => c.put(wrong(17), 'v'), 'bad-request', `put: key: ${BYTES} 17`],
  ['no key', (c) => c.get(wrong(undefined)), 'bad-request', `get: key: ${BYTES} undefined`],
  ['a key of wide numbers', (c) => c.get(wrong(new Uint16Array(2))), 'bad-request', `get: key: ${BYTES} Uint16Array`],
  ['a key that is a symbol', (c) => c.delete(wrong(Symbol('k'))), 'bad-request', `delete: key: ${BYTES} a symbol`],
  ['an empty key', (c) => c.read(''), 'key-empty', 'get: the key is empty: expected 1 byte or more'],
  [
    'a key too long',
    (c) => c.get('k'.repeat(65_536)),
    'key-too-large',
    'get: the key has 65536 bytes, at most 65535 fit in a request',
  ],
  ['a key with half a character', (c) => c.put('\ud800', 'v'), 'bad-request', `put: key: ${HALF}`],
  ['a value with half a character', (c) => c.put('k', '\ud800'), 'bad-request', `put: value: ${HALF}`],
  ['a value that is null', (c) => c.put('k', wrong(null)), 'bad-request', `put: value: ${BYTES} null`],
  ['a value that is an object', (c) => c.put('k', wrong({})), 'bad-request', `put: value: ${BYTES} Object`],
  [
    'a value too long',
    (c) => c.put('k', 'v'.repeat(11)),
    'value-too-large',
    'put: the value has 11 bytes, the cluster takes at most 10',
  ],
  [
    'an expected value that is a number',
    (c) => c.compareAndSet('k', wrong(1), 'v'),
    'bad-request',
    `compare-and-set: expected: ${BYTES} 1`,
  ],
  [
    'an expected value left out',
    (c) => c.compareAndSet('k', wrong(undefined), 'v'),
    'bad-request',
    `compare-and-set: expected: ${BYTES} undefined`,
  ],
  [
    'an expected value too long',
    (c) => c.compareAndSet('k', 'v'.repeat(11), 'v'),
    'value-too-large',
    'compare-and-set: the value has 11 bytes, the cluster takes at most 10',
  ],
  ['an unknown read mode', (c) => c.get('k', { read: wrong('Stale') }), 'usage', `get: read: ${READ} "Stale"`],
  [
    'an unknown read mode of a scan',
    (c) => c.scan({}, { read: wrong('toString') }),
    'usage',
    `scan: read: ${READ} "toString"`,
  ],
  ['a via that is a number', (c) => c.delete('k', { via: wrong(1) }), 'usage', `delete: via: ${VIA} 1`],
  ['a via without a name', (c) => c.get('k', { via: '' }), 'usage', `get: via: ${VIA} ""`],
  [
    'a via that nobody has',
    (c) => c.get('k', { via: 'node-09' }),
    'no-such-node',
    'no node "node-09" at the endpoints:',
  ],
  [
    'a signal that is none',
    (c) => c.get('k', { signal: wrong({}) }),
    'usage',
    'get: signal: expected an AbortSignal, got Object',
  ],
  [
    'a controller for a signal',
    (c) => c.put('k', 'v', { signal: wrong(new AbortController()) }),
    'usage',
    'put: signal: expected an AbortSignal, got AbortController',
  ],
  ['null for options', (c) => c.put('k', 'v', wrong(null)), 'usage', 'put: expected an object of options, got null'],
  ['a number for options', (c) => c.get('k', wrong(500)), 'usage', 'get: expected an object of options, got 500'],
  [
    'text for the range of a scan',
    (c) => c.scan(wrong('key-')),
    'usage',
    'scan: expected an object of options, got "key-"',
  ],
  [
    'bytes for the range of a scan',
    (c) => c.scan(wrong(Buffer.from('key-'))),
    'usage',
    'scan: expected an object of options, got Uint8Array',
  ],
  [
    'a prefix that is a list',
    (c) => c.scan({ prefix: wrong(['a']) }),
    'bad-request',
    `scan: prefix: ${BYTES} a list of 1`,
  ],
  [
    'a prefix too long',
    (c) => c.scan({ prefix: 'k'.repeat(65_536) }),
    'key-too-large',
    'scan: the prefix has 65536 bytes, at most 65535 fit in a request',
  ],
  [
    'an option in the wrong case',
    (c) => c.put('k', 'v', wrong({ timeoutMS: 5 })),
    'usage',
    'put: there is no option timeoutMS; did you mean timeoutMs?',
  ],
  [
    'an option of another call',
    (c) => c.put('k', 'v', wrong({ read: 'stale' })),
    'usage',
    'put: there is no option read',
  ],
  [
    'an option that is undefined',
    (c) => c.get('k', wrong({ vai: undefined })),
    'usage',
    'no option vai; did you mean via?',
  ],
  [
    'an option of a call in the range',
    (c) => c.scan(wrong({ read: 'stale' })),
    'usage',
    'scan: there is no option read',
  ],
  ['a range among the options', (c) => c.scan({}, wrong({ limit: 1 })), 'usage', 'scan: there is no option limit'],
  ['an unknown option of all pages', (c) => c.scanAll({}, wrong({ limits: 1 })), 'usage', 'there is no option limits'],
  ['an after that is a number', (c) => c.scan({ after: wrong(1) }), 'bad-request', `scan: after: ${BYTES} 1`],
];

describe('a mistake is the failure of its call alone, at once and definite, and 40 others go on:', () => {
  it.each(MISTAKES)('%s', async (_, run, code, message) => {
    const stage = new Stage();
    const node = await stage.node('node-01', { leader: 'node-01', maxValueBytes: 10 });
    const client = await stage.client([node]);
    const [connection] = node.connections;
    const others = Array.from({ length: 40 }, (_, nth) => fateOf(client.put(`key-${nth}`, 'x')));
    const failed = fateOf(run(client));
    await Promise.resolve();
    await Promise.resolve();
    expect(failed().error).toMatchObject({ name: 'RaftctlError', code, definite: true });
    expect(failed().error?.message).toContain(message);
    await stage.settle();
    expect(node.received).toHaveLength(40);
    for (const [nth, request] of node.received.entries()) request.okWrite(nth + 1);
    await stage.settle();
    expect(others.map((fate) => fate().value?.revision)).toEqual(Array.from({ length: 40 }, (_, nth) => nth + 1));
    expect(node.connections).toEqual([connection]);
    expect(stage.time.pending.length).toBeLessThanOrEqual(1);
    await client.close();
  });

  it.each([
    ['no target', wrong(undefined), {}, 'bad-request', `watch: key: ${BYTES} undefined`],
    ['null', wrong(null), {}, 'bad-request', `watch: key: ${BYTES} null`],
    ['an empty key', '', {}, 'key-empty', 'watch: the key is empty: expected 1 byte or more'],
    ['a prefix that is a number', { prefix: wrong(1) }, {}, 'bad-request', `watch: prefix: ${BYTES} 1`],
    ['a misspelt option', 'k', wrong({ form: 1 }), 'usage', 'watch: there is no option form; did you mean from?'],
    ['more than a prefix', wrong({ prefix: 'a', from: 1 }), {}, 'usage', 'watch: there is no option from'],
    ['from 0', 'k', { from: 0 }, 'usage', 'watch: from: expected a revision, which is a whole number from 1, got 0'],
    ['from text', 'k', { from: wrong('7') }, 'usage', 'whole number from 1, got "7"'],
    ['a timeout of NaN', 'k', { timeoutMs: Number.NaN }, 'usage', 'watch: timeoutMs: expected milliseconds'],
    ['a signal that is none', 'k', { signal: wrong(1) }, 'usage', 'watch: signal: expected an AbortSignal, got 1'],
  ])('a watch, which throws, of %s', async (_, target, options, code, message) => {
    const stage = new Stage();
    const node = await stage.node('node-01', { leader: 'node-01' });
    const client = await stage.client([node]);
    const others = Array.from({ length: 40 }, (_, nth) => fateOf(client.get(`key-${nth}`)));
    const error = await errorOf((async () => client.watch(target, options))());
    expect(error).toMatchObject({ code, definite: true });
    expect(error.message).toContain(message);
    node.serve();
    await stage.settle();
    for (const request of node.received) request.okGet(1);
    await stage.settle();
    expect(others.map((fate) => fate().value)).toEqual(new Array(40).fill(null));
    await client.close();
  });
});

describe('connecting', () => {
  it.each([
    ['to nothing', undefined, {}, 'endpoints: expected host:port as text, or a list of such texts, got undefined'],
    ['to a number', 3331, {}, 'endpoints: expected host:port as text'],
    ['to a list with a number in it', ['localhost:1', 3331], {}, 'got 3331'],
    ['with null for options', 'localhost:1', null, 'connect: expected an object of options, got null'],
    ['with a timeout in text', 'localhost:1', { timeoutMs: '5s' }, 'connect: timeoutMs: expected milliseconds'],
    [
      'with a misspelt option',
      'localhost:1',
      { session: false },
      'connect: there is no option session; did you mean sessions?',
    ],
    ['with half a connection', 'localhost:1', { connections: 0.5 }, 'connect: connections: expected a whole number'],
    [
      'with a cluster id of a number',
      'localhost:1',
      { clusterId: 7 },
      'connect: clusterId: expected 32 hex digits, got 7',
    ],
    ['with a signal that is none', 'localhost:1', { signal: 'x' }, 'connect: signal: expected an AbortSignal, got "x"'],
  ])('%s is refused before anything is dialed', async (_, endpoints, options, message) => {
    const error = await errorOf(connect(wrong(endpoints), wrong(options)));
    expect(error).toMatchObject({ code: 'usage', definite: true });
    expect(error.message).toContain(message);
  });
});
