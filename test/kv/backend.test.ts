import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { asIndex, asRevision, asTerm } from '../../src/base/index.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import type { Backend } from '../../src/kv/backend.js';
import { LmdbBackend } from '../../src/kv/backend-lmdb.js';
import { MemoryBackend } from '../../src/kv/backend-memory.js';
import { type BinaryKey, FIRST_KEY } from '../../src/kv/key.js';
import { EMPTY_META, type StoreMeta } from '../../src/kv/meta.js';
import type { Version } from '../../src/kv/version.js';
import { bytes } from './helpers.js';

/** How the suite opens a backend, and what a killed process leaves behind. */
interface Harness {
  open(): Backend;
  /** Opens what would be there if the process had been killed now. */
  crash(): Backend;
  clean(): Promise<void>;
}

function memoryHarness(): Harness {
  let backend = new MemoryBackend({ scheduler: realScheduler });
  return {
    open: () => backend,
    crash: () => {
      backend = backend.crash();
      return backend;
    },
    clean: async () => {},
  };
}

function lmdbHarness(): Harness {
  const root = mkdtempSync(join(tmpdir(), 'raftctl-kv-'));
  const opened: Backend[] = [];
  const open = () => {
    opened.push(LmdbBackend.open(join(root, `${opened.length}`)));
    return opened.at(-1)!;
  };
  return {
    open,
    crash() {
      // The file as it is, without the lock file: what another process would find.
      cpSync(join(root, `${opened.length - 1}`, 'data.mdb'), join(root, `${opened.length}`, 'data.mdb'));
      return open();
    },
    async clean() {
      for (const backend of opened) await backend.close();
      rmSync(root, { recursive: true });
    },
  };
}

const key = (text: string) => text as BinaryKey;
const metaAt = (index: number, revision = index): StoreMeta => ({
  appliedIndex: asIndex(index),
  appliedTerm: asTerm(3),
  revision: asRevision(revision),
});

/** A version whose value lies somewhere in a larger buffer. */
const versionOf = (value: string, number = 1): Version => ({
  bytes: bytes(`<<${value}>>`),
  start: 2,
  end: 2 + value.length,
  createRevision: asRevision(7),
  modRevision: asRevision(7 + number - 1),
  version: number,
});

const textOf = (version: Version | undefined) => version?.bytes.toString('latin1', version.start, version.end);

type Changes = Readonly<Record<string, Version | null>>;

/** One transaction: puts, and removals where the version is null. Resolves when it is flushed. */
function transact(backend: Backend, meta: StoreMeta, changes: Changes): Promise<void> {
  const entries = Object.entries(changes);
  const size = entries.reduce(
    (sum, [name, version]) => sum + name.length + (version ? version.end - version.start : 0),
    0,
  );
  const transaction = backend.begin({ keys: entries.length, bytes: size });
  for (const [name, version] of entries) {
    if (version === null) transaction.remove(key(name));
    else transaction.put(key(name), version);
  }
  return new Promise((resolve, reject) =>
    transaction.commit(meta, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

function contents(backend: Backend, from: BinaryKey = FIRST_KEY, before?: BinaryKey): string[] {
  const cursor = backend.range(from, before);
  const found: string[] = [];
  for (; cursor.key !== undefined; cursor.advance()) found.push(`${cursor.key}=${textOf(cursor.version)}`);
  cursor.close();
  return found;
}

describe.each([
  ['memory', memoryHarness],
  ['lmdb', lmdbHarness],
])('the %s backend', (_name, makeHarness) => {
  let harness: Harness;
  const open = () => {
    harness = makeHarness();
    return harness.open();
  };
  afterEach(() => harness.clean());

  it('is empty at first, and says so', () => {
    const backend = open();
    expect(backend.meta).toEqual(EMPTY_META);
    expect(backend.find(key('a'))).toBeUndefined();
    expect(contents(backend)).toEqual([]);
  });

  it('gives back value and numbers of a key', async () => {
    const backend = open();
    await transact(backend, metaAt(1), { a: versionOf('value', 4) });
    expect(backend.find(key('a'))).toMatchObject({ createRevision: 7, modRevision: 10, version: 4 });
    expect(textOf(backend.find(key('a')))).toBe('value');
  });

  it('keeps numbers beyond 32 bits', async () => {
    const backend = open();
    const large = asRevision(2 ** 53 - 1);
    await transact(backend, metaAt(2 ** 40 + 5, 2 ** 50), { a: { ...versionOf('v'), modRevision: large } });
    expect(backend.find(key('a'))?.modRevision).toBe(large);
    expect(harness.crash().meta).toEqual(metaAt(2 ** 40 + 5, 2 ** 50));
  });

  it('replaces and removes; a removal of what is not there is nothing', async () => {
    const backend = open();
    await transact(backend, metaAt(1), { a: versionOf('long value'), b: versionOf('b') });
    await transact(backend, metaAt(2), { a: versionOf('v'), b: null, c: null });
    expect(contents(backend)).toEqual(['a=v']);
    expect(backend.find(key('b'))).toBeUndefined();
  });

  it('shows nothing of a transaction before its commit', async () => {
    const backend = open();
    const transaction = backend.begin({ keys: 1, bytes: 2 });
    transaction.put(key('a'), versionOf('1'));
    expect(backend.find(key('a'))).toBeUndefined();
    await new Promise<void>((resolve) => transaction.commit(metaAt(1), () => resolve()));
    expect(textOf(backend.find(key('a')))).toBe('1');
  });

  it('shows a transaction from its flushed point on, whatever was read right before', async () => {
    const backend = open();
    let reading = true;
    const read = () => {
      if (!reading) return;
      backend.find(key('a'));
      setImmediate(read);
    };
    read();
    for (let round = 1; round <= 30; round += 1) {
      const transaction = backend.begin({ keys: 1, bytes: 10 });
      transaction.put(key('a'), versionOf('v', round));
      const seen = await new Promise((resolve) => {
        transaction.commit(metaAt(round), () => resolve(backend.find(key('a'))?.version));
      });
      expect(seen).toBe(round);
    }
    reading = false;
  });

  it('copies what a transaction is given', async () => {
    const backend = open();
    const transaction = backend.begin({ keys: 1, bytes: 6 });
    const version = versionOf('value');
    transaction.put(key('a'), version);
    version.bytes.fill('!');
    await new Promise<void>((resolve) => transaction.commit(metaAt(1), () => resolve()));
    expect(textOf(backend.find(key('a')))).toBe('value');
  });

  it('walks ranges in bytewise order, first key included, last excluded', async () => {
    const backend = open();
    const names = ['\0', '\0\0', 'a', 'a\0', 'a\xff', 'b', '\x7f', '\x80', '\xff', '\xff\xff'];
    await transact(backend, metaAt(1), Object.fromEntries(names.toReversed().map((name) => [name, versionOf('')])));
    expect(contents(backend)).toEqual(names.map((name) => `${name}=`));
    expect(contents(backend, key('a'), key('b'))).toEqual(['a=', 'a\0=', 'a\xff=']);
    expect(contents(backend, key('a\0'), key('a\0'))).toEqual([]);
    expect(contents(backend, key('\x80'))).toEqual(['\x80=', '\xff=', '\xff\xff=']);
    expect(contents(backend, key('\xff\xff\xff'))).toEqual([]);
  });

  it('lets a range be left early, and be walked while others are', async () => {
    const backend = open();
    await transact(backend, metaAt(1), { a: versionOf('1'), b: versionOf('2'), c: versionOf('3') });
    const outer = backend.range(FIRST_KEY, undefined);
    const { bytes: value, start, end } = outer.version;
    expect(contents(backend, key('b'))).toEqual(['b=2', 'c=3']);
    outer.advance();
    expect(outer.key).toBe('b');
    expect(textOf(outer.version)).toBe('2');
    expect(value.toString('latin1', start, end)).toBe('1');
    outer.close();
    expect(contents(backend)).toEqual(['a=1', 'b=2', 'c=3']);
  });

  it('stores empty values, keys of 1 KiB and values of 1 MiB', async () => {
    const backend = open();
    const long = 'k'.repeat(1024);
    const large = Buffer.alloc(1 << 20, 'large value ').toString('latin1');
    await transact(backend, metaAt(1), {
      e: versionOf(''),
      [long]: versionOf(large),
      [`${long.slice(1)}l`]: versionOf('x'),
    });
    expect(textOf(backend.find(key('e')))).toBe('');
    expect(textOf(backend.find(key(long)))).toBe(large);
    expect(textOf(backend.find(key(`${long.slice(1)}l`)))).toBe('x');
  });

  it('survives a crash with all flushed transactions, data and meta', async () => {
    const backend = open();
    await transact(backend, metaAt(1), { a: versionOf('1'), b: versionOf('1') });
    await transact(backend, metaAt(2), { a: versionOf('2'), b: null });
    const reopened = harness.crash();
    expect(reopened.meta).toEqual(metaAt(2));
    expect(contents(reopened)).toEqual(['a=2']);
  });

  it('takes a transaction of meta alone', async () => {
    const backend = open();
    await transact(backend, metaAt(5, 0), {});
    expect(harness.crash().meta).toEqual(metaAt(5, 0));
  });

  it('holds after any transactions what a Map would hold', async () => {
    const names = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', '\0', '\xff') });
    const values = fc.option(fc.string({ maxLength: 70, unit: fc.constantFrom('x', '\0') }), { freq: 3 });
    const transactions = fc.array(fc.dictionary(names, values, { maxKeys: 12, noNullPrototype: true }), {
      maxLength: 6,
    });
    const backend = open();
    let index = 0;
    await fc.assert(
      fc.asyncProperty(transactions, async (list) => {
        const model = new Map(contents(backend).map((pair) => [pair.slice(0, pair.indexOf('=')), pair]));
        for (const changes of list) {
          index += 1;
          const versions = Object.entries(changes).map(([name, value]) => [
            name,
            value === null ? null : versionOf(value),
          ]);
          await transact(backend, metaAt(index), Object.fromEntries(versions));
          for (const [name, value] of Object.entries(changes)) {
            if (value === null) model.delete(name);
            else model.set(name, `${name}=${value}`);
          }
        }
        expect(contents(backend)).toEqual([...model.keys()].sort().map((name) => model.get(name)));
      }),
      { numRuns: 15 },
    );
  });
});
