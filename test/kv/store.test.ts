import { describe, expect, it } from 'vitest';
import { asRevision, InvariantError } from '../../src/base/index.js';
import type { StoreMeta } from '../../src/kv/meta.js';
import { BOOTSTRAP, bytes, cas, commandEntry, del, metaAt, put, StoreUnderTest, transact } from './helpers.js';

/** Every story holds wherever the state lies: in the memtable, being flushed, or in the backend. */
const PLACES = [
  ['in the memtable', (_kv: StoreUnderTest) => {}],
  [
    'in a sealed memtable',
    (kv: StoreUnderTest) => {
      kv.backend.holdFlushes();
      kv.flushByTime();
    },
  ],
  ['in the backend', (kv: StoreUnderTest) => kv.flushByTime()],
] as const;

describe.each(PLACES)('a key %s', (_place, settle) => {
  const stateAfter = (...commands: Parameters<StoreUnderTest['run']>) => {
    const kv = new StoreUnderTest();
    kv.run(...commands);
    settle(kv);
    return kv;
  };

  it('carries the revision of its creation and of its last write, and counts its versions', () => {
    const kv = stateAfter(put('a', '1'), put('b', '2'));
    kv.run(put('a', '3'));
    expect(kv.get('a')).toEqual({ value: '3', createRevision: 2, modRevision: 4, version: 2 });
    expect(kv.get('b')).toEqual({ value: '2', createRevision: 3, modRevision: 3, version: 1 });
  });

  it('starts anew after a delete', () => {
    const kv = stateAfter(put('a', '1'), put('a', '2'));
    expect(kv.run(del('a'))).toEqual([{ succeeded: true, revision: 4 }]);
    expect(kv.get('a')).toBeUndefined();
    kv.run(put('a', '4'));
    expect(kv.get('a')).toEqual({ value: '4', createRevision: 5, modRevision: 5, version: 1 });
  });

  it('that is deleted stays deleted', () => {
    const kv = stateAfter(put('a', '1'), del('a'));
    expect(kv.get('a')).toBeUndefined();
    expect(kv.run(del('a'))).toEqual([{ succeeded: false, revision: 3 }]);
    expect(kv.keys()).toEqual([]);
  });

  it('is swapped when it holds the expected value, and only then', () => {
    const kv = stateAfter(put('a', 'old'));
    expect(kv.run(cas('a', 'OLD', 'x'), cas('a', 'older', 'x'), cas('a', '', 'x'), cas('a', null, 'x'))).toEqual([
      { succeeded: false, revision: 2 },
      { succeeded: false, revision: 2 },
      { succeeded: false, revision: 2 },
      { succeeded: false, revision: 2 },
    ]);
    expect(kv.run(cas('a', 'old', 'new'))).toEqual([{ succeeded: true, revision: 3 }]);
    expect(kv.get('a')).toEqual({ value: 'new', createRevision: 2, modRevision: 3, version: 2 });
  });

  it('may hold an empty value, which is not the same as no key', () => {
    const kv = stateAfter(put('a', ''));
    expect(kv.get('a')).toEqual({ value: '', createRevision: 2, modRevision: 2, version: 1 });
    expect(kv.run(cas('a', null, 'x'), cas('a', '', 'y'))).toMatchObject([{ succeeded: false }, { succeeded: true }]);
  });
});

describe('a command that changes nothing', () => {
  it('does not advance the revision: a delete of a missing key', () => {
    const kv = new StoreUnderTest();
    expect(kv.run(put('a', '1'), del('b'), put('a', '2'))).toEqual([
      { succeeded: true, revision: 2 },
      { succeeded: false, revision: 2 },
      { succeeded: true, revision: 3 },
    ]);
  });

  it('does not advance the revision: a cas of a missing key that expects a value', () => {
    const kv = new StoreUnderTest();
    expect(kv.run(cas('a', '', '1'), cas('a', 'x', '1'))).toEqual([
      { succeeded: false, revision: 1 },
      { succeeded: false, revision: 1 },
    ]);
    expect(kv.get('a')).toBeUndefined();
  });

  it('does not advance the revision: a no-op entry, though it counts as applied', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'));
    kv.noop();
    expect(kv.store.appliedIndex).toBe(2);
    expect(kv.store.revision).toBe(2);
  });
});

describe('apply', () => {
  it('creates a key by a cas that expects none', () => {
    const kv = new StoreUnderTest();
    expect(kv.run(cas('a', null, '1'))).toEqual([{ succeeded: true, revision: 2 }]);
    expect(kv.get('a')).toEqual({ value: '1', createRevision: 2, modRevision: 2, version: 1 });
  });

  it('answers undefined for entries that are no commands', () => {
    const kv = new StoreUnderTest();
    const entries = [commandEntry(1, put('a', '1')), { ...commandEntry(2, put('a', '2')), type: 2 as const }];
    expect(kv.store.apply(entries)).toEqual([{ succeeded: true, revision: 2 }, undefined]);
  });

  it('takes a part of a list of entries', () => {
    const kv = new StoreUnderTest();
    const entries = [1, 2, 3, 4].map((index) => commandEntry(index, put('a', `${index}`)));
    expect(kv.store.apply(entries, 0, 1)).toHaveLength(1);
    expect(kv.store.apply(entries, 1, 3)).toEqual([
      { succeeded: true, revision: 3 },
      { succeeded: true, revision: 4 },
    ]);
    expect(kv.get('a')?.value).toBe('3');
  });

  it('refuses a gap and a repetition: both are bugs', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'));
    expect(() => kv.store.apply([commandEntry(3, put('a', '3'))])).toThrow(InvariantError);
    expect(() => kv.store.apply([commandEntry(1, put('a', '1'))])).toThrow('entry 1 after 1');
  });

  it('refuses a committed entry that is no command', () => {
    const kv = new StoreUnderTest();
    const entry = commandEntry(1, put('a', '1'));
    expect(() => kv.store.apply([{ ...entry, length: entry.length - 1 }])).toThrow(
      /entry 1 is committed and no command/,
    );
    expect(() => kv.store.apply([commandEntry(1, put('', '1'))])).toThrow(/empty key/);
  });
});

describe('get', () => {
  it('finds keys of any bytes, byte for byte', () => {
    const kv = new StoreUnderTest();
    kv.run(put('\0', 'zero'), put('\xff\xfe', 'high'), put('\xc3\xa9', 'e'));
    kv.flushByTime();
    expect(kv.get('\0')?.value).toBe('zero');
    expect(kv.get('\xff\xfe')?.value).toBe('high');
    expect(kv.store.get(Buffer.from('é', 'utf8'))?.value).toEqual(bytes('e'));
    expect(kv.store.get(bytes('é'))).toBeUndefined();
    expect(kv.store.get(bytes(''))).toBeUndefined();
  });

  it('reads a key that is a view into another array', () => {
    const kv = new StoreUnderTest();
    kv.run(put('key', '1'));
    expect(kv.store.get(new Uint8Array(Buffer.from('a key b')).subarray(2, 5))?.value).toEqual(bytes('1'));
  });

  it('answers bytes that later writes do not touch', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', 'first'));
    const before = kv.store.get(bytes('a'));
    kv.run(put('a', 'other'));
    kv.flushByTime();
    kv.run(put('a', 'third'));
    kv.flushByTime();
    expect(before?.value).toEqual(bytes('first'));
    expect(before?.version).toBe(1);
  });
});

describe('values and the buffers they arrive in', () => {
  it('a small value does not keep a huge buffer alive', () => {
    const kv = new StoreUnderTest();
    const entry = commandEntry(1, put('a', 'small'));
    const huge = Buffer.alloc(2 << 20);
    huge.set(entry.bytes, 5_000);
    kv.store.apply([{ ...entry, bytes: huge, at: 5_000 }]);
    expect(kv.store.get(bytes('a'))?.value).toEqual(bytes('small'));
    expect(kv.store.get(bytes('a'))?.value.buffer).not.toBe(huge.buffer);
  });

  it('otherwise values are not copied', () => {
    const kv = new StoreUnderTest();
    const entry = commandEntry(1, put('a', 'value'));
    kv.store.apply([entry]);
    expect(kv.store.get(bytes('a'))?.value.buffer).toBe(entry.bytes.buffer);
  });
});

describe('stateHash', () => {
  it('is equal for equal logs, however they were batched and flushed', () => {
    const one = new StoreUnderTest();
    const other = new StoreUnderTest();
    const commands = [
      put('a', '1'),
      put('b', '2'),
      del('a'),
      put('a', '3'),
      cas('b', '2', '4'),
      put('c', ''),
      del('c'),
    ];
    one.run(...commands);
    for (const command of commands) {
      other.run(command);
      other.flushByTime();
    }
    expect(one.store.stateHash()).toBe(other.store.stateHash());
  });

  it.each([
    ['a value', [put('a', '2'), put('b', '1')]],
    ['a key', [put('aa', '1'), put('b', '1')]],
    ['where key and value part', [put('a1', ''), put('b', '1')]],
    ['the order of writes', [put('b', '1'), put('a', '1')]],
    ['a write that a delete took back', [put('a', '1'), put('b', '1'), put('c', '1'), del('c')]],
  ])('differs by %s', (_what, commands) => {
    const one = new StoreUnderTest();
    const other = new StoreUnderTest();
    one.run(put('a', '1'), put('b', '1'));
    other.run(...commands);
    expect(other.store.stateHash()).not.toBe(one.store.stateHash());
  });

  const [first, ...others] = BOOTSTRAP.members;
  const hashOf = (meta: Partial<StoreMeta>): string => {
    const kv = new StoreUnderTest();
    void transact(kv.backend, {}, { meta: { ...metaAt(1), ...meta } });
    return kv.reopened().stateHash();
  };

  it.each([
    ['the cluster version', { clusterVersion: 2 }],
    ['the revision', { revision: asRevision(2) }],
  ])('differs by %s', (_what, meta) => {
    expect(hashOf(meta)).not.toBe(hashOf({}));
  });

  it('is equal whoever the members are: one that joins does not know who the first were', () => {
    const membership = { ...BOOTSTRAP, members: others, voters: others.map(({ id }) => id) };
    expect(hashOf({ membership })).toBe(hashOf({}));
  });

  it('is equal where members listen elsewhere: that is not replicated', () => {
    const moved = { ...BOOTSTRAP, members: [{ ...first!, port: 9_999 }, ...others] };
    const kv = new StoreUnderTest();
    const [here, there] = [kv.reopened(), kv.reopened(moved)];
    expect(there.membership).not.toEqual(here.membership);
    expect(there.stateHash()).toBe(here.stateHash());
  });
});
