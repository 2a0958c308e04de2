import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { type Backend, STATE_FILE, type StateCopy } from '../../src/kv/backend.js';
import { LmdbBackend } from '../../src/kv/backend-lmdb.js';
import { MemoryBackend } from '../../src/kv/backend-memory.js';
import { type BinaryKey, FIRST_KEY } from '../../src/kv/key.js';
import { META_KEY, readMeta } from '../../src/kv/meta.js';
import { settleReceived } from '../../src/kv/received-state.js';
import { NO_KEYS } from '../../src/kv/state-sum.js';
import { contentsOf, metaAt, transact, valueAt } from './helpers.js';

/** How the suite opens a backend, and what a killed process leaves behind. */
interface Harness {
  open(): Backend;
  /** Opens what would be there if the process had been killed now. */
  crash(): Backend;
  /** Opens what was copied from another one. */
  openCopy(file: Buffer): Backend;
  readonly scratch: string;
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
    openCopy(file) {
      backend = MemoryBackend.ofCopy({ scheduler: realScheduler }, file);
      return backend;
    },
    scratch: '',
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
    openCopy(file) {
      mkdirSync(join(root, `${opened.length}`));
      writeFileSync(join(root, `${opened.length}`, STATE_FILE), file);
      return open();
    },
    scratch: join(root, 'copy'),
    async clean() {
      for (const backend of opened) await backend.close();
      rmSync(root, { recursive: true });
    },
  };
}

async function fileOf(copy: StateCopy, pieceBytes: number): Promise<Buffer> {
  const file = Buffer.alloc(copy.bytes);
  for (let at = 0; at < file.length; at += pieceBytes) {
    await copy.read(file.subarray(at, Math.min(at + pieceBytes, file.length)), at);
  }
  return file;
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

  it('is empty at first, in all its databases', () => {
    const backend = open();
    expect(backend.find('keys', FIRST_KEY)).toBeUndefined();
    expect(contentsOf(backend)).toEqual([]);
    expect(contentsOf(backend, 'meta')).toEqual([]);
  });

  it('replaces and removes; a removal of what is not there is nothing', async () => {
    const backend = open();
    await transact(backend, { a: 'long value', b: 'b' });
    await transact(backend, { a: 'v', b: null, c: null });
    expect(contentsOf(backend)).toEqual(['a=v']);
    expect(valueAt(backend, 'b')).toBeUndefined();
  });

  it('keeps its databases apart, and changes several of them in one transaction', async () => {
    const backend = open();
    const transaction = backend.begin({ changes: 3, bytes: 30 });
    for (const [database, value] of [
      ['keys', 'k'],
      ['meta', 'm'],
    ] as const) {
      const at = transaction.put(database, 'a' as BinaryKey, 1);
      transaction.bytes.write(value, at);
    }
    transaction.remove('meta', 'b' as BinaryKey);
    await new Promise<void>((resolve) => transaction.commit(() => resolve()));
    const reopened = harness.crash();
    expect([contentsOf(reopened, 'keys'), contentsOf(reopened, 'meta')]).toEqual([['a=k'], ['a=m']]);
  });

  it('is copied as of one transaction, whatever is written meanwhile, in pieces of any size', async () => {
    const backend = open();
    await transact(backend, { a: 'x'.repeat(5_000), b: '1' }, { meta: metaAt(7) });
    const copying = backend.copyTo(harness.scratch);
    const writing = transact(backend, { b: '2' });
    const [copy] = await Promise.all([copying, writing]);
    await transact(backend, { c: '3' });
    expect(harness.scratch === '' || existsSync(harness.scratch)).toBe(harness.scratch === '');
    const copied = harness.openCopy(await fileOf(copy, 1_000));
    await copy.close();
    expect(contentsOf(copied).map((entry) => entry.slice(0, 3))).toEqual(['a=x', expect.stringMatching(/^b=[12]$/)]);
    expect(readMeta(copied)).toEqual(metaAt(7));
  });

  it('that was copied would be found again once it is settled, and goes on from there', async () => {
    const backend = open();
    await transact(backend, {}, { meta: metaAt(7) });
    const copy = await backend.copyTo(harness.scratch);
    const received = harness.openCopy(await fileOf(copy, copy.bytes));
    await copy.close();
    const settled = { ...metaAt(7), sum: NO_KEYS };
    expect(await settleReceived(received, realScheduler, new AbortController().signal)).toEqual(settled);
    const again = harness.crash();
    expect(readMeta(again)).toEqual(settled);
    await transact(again, { a: '2' }, { meta: metaAt(9) });
    expect(contentsOf(harness.crash())).toEqual(['a=2']);
  });

  it('that was copied empty is no state', async () => {
    const backend = open();
    await transact(backend, { a: '1' });
    const copy = await backend.copyTo(harness.scratch);
    const received = harness.openCopy(await fileOf(copy, 64));
    await copy.close();
    await expect(settleReceived(received, realScheduler, new AbortController().signal)).rejects.toMatchObject({
      code: 'data-damaged',
    });
    expect(received.find('meta', META_KEY)).toBeUndefined();
  });

  it('shows nothing of a transaction before its commit', async () => {
    const backend = open();
    const transaction = backend.begin({ changes: 1, bytes: 2 });
    const at = transaction.put('keys', 'a' as BinaryKey, 1);
    transaction.bytes.write('1', at);
    expect(valueAt(backend, 'a')).toBeUndefined();
    await new Promise<void>((resolve) => transaction.commit(() => resolve()));
    expect(valueAt(backend, 'a')).toBe('1');
  });

  it('shows a transaction from its flushed point on, whatever was read right before', async () => {
    const backend = open();
    let reading = true;
    const read = () => {
      if (!reading) return;
      backend.find('keys', 'a' as BinaryKey);
      setImmediate(read);
    };
    read();
    for (let round = 1; round <= 30; round += 1) {
      const seen = await transact(backend, { a: `v${round}` }).then(() => valueAt(backend, 'a'));
      expect(seen).toBe(`v${round}`);
    }
    reading = false;
  });

  it('walks ranges in bytewise order, first key included, last excluded', async () => {
    const backend = open();
    const names = ['\0', '\0\0', 'a', 'a\0', 'a\xff', 'b', '\x7f', '\x80', '\xff', '\xff\xff'];
    await transact(backend, Object.fromEntries(names.toReversed().map((name) => [name, ''])));
    expect(contentsOf(backend)).toEqual(names.map((name) => `${name}=`));
    expect(contentsOf(backend, 'keys', 'a', 'b')).toEqual(['a=', 'a\0=', 'a\xff=']);
    expect(contentsOf(backend, 'keys', 'a\0', 'a\0')).toEqual([]);
    expect(contentsOf(backend, 'keys', '\x80')).toEqual(['\x80=', '\xff=', '\xff\xff=']);
    expect(contentsOf(backend, 'keys', '\xff\xff\xff')).toEqual([]);
  });

  it('keeps a snapshot as it was, over turns and commits, until that is closed', async () => {
    const backend = open();
    await transact(backend, { a: '1', b: '2', c: '3' });
    const snapshot = backend.snapshot();
    const cursor = snapshot.range('keys', FIRST_KEY, undefined);
    const seen: string[] = [];
    for (let round = 0; cursor.key !== undefined; round += 1, cursor.advance()) {
      const { bytes: value, start, end } = cursor.value;
      seen.push(`${cursor.key}=${value.toString('latin1', start, end)}`);
      await transact(backend, { [`a${round}`]: 'new', b: 'other', c: null });
      await new Promise<void>((resolve) => realScheduler.after(1, resolve));
    }
    cursor.close();
    snapshot.close();
    expect(seen).toEqual(['a=1', 'b=2', 'c=3']);
    expect(contentsOf(backend)).toEqual(['a=1', 'a0=new', 'a1=new', 'a2=new', 'b=other']);
  });

  it('lets a range be left early, and be walked while others are', async () => {
    const backend = open();
    await transact(backend, { a: '1', b: '2', c: '3' });
    const outer = backend.range('keys', FIRST_KEY, undefined);
    const { bytes: value, start, end } = outer.value;
    expect(contentsOf(backend, 'keys', 'b')).toEqual(['b=2', 'c=3']);
    outer.advance();
    expect(outer.key).toBe('b');
    expect(outer.value.bytes.toString('latin1', outer.value.start, outer.value.end)).toBe('2');
    expect(value.toString('latin1', start, end)).toBe('1');
    outer.close();
    expect(contentsOf(backend)).toEqual(['a=1', 'b=2', 'c=3']);
  });

  it('stores empty values, keys of 1 KiB and values of 1 MiB', async () => {
    const backend = open();
    const long = 'k'.repeat(1024);
    const large = Buffer.alloc(1 << 20, 'large value ').toString('latin1');
    await transact(backend, {
      e: '',
      [long]: large,
      [`${long.slice(1)}l`]: 'x',
    });
    expect(valueAt(backend, 'e')).toBe('');
    expect(valueAt(backend, long)).toBe(large);
    expect(valueAt(backend, `${long.slice(1)}l`)).toBe('x');
  });

  it('survives a crash with all flushed transactions', async () => {
    const backend = open();
    await transact(backend, { a: '1', b: '1' });
    await transact(backend, { a: '2', b: null });
    expect(contentsOf(harness.crash())).toEqual(['a=2']);
  });

  it('takes a transaction of nothing', async () => {
    const backend = open();
    await transact(backend, {});
    expect(contentsOf(harness.crash())).toEqual([]);
  });

  it('holds after any transactions what a Map would hold', async () => {
    const names = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', '\0', '\xff') });
    const values = fc.option(fc.string({ maxLength: 70, unit: fc.constantFrom('x', '\0') }), { freq: 3 });
    const transactions = fc.array(fc.dictionary(names, values, { maxKeys: 12, noNullPrototype: true }), {
      maxLength: 6,
    });
    const backend = open();
    await fc.assert(
      fc.asyncProperty(transactions, async (list) => {
        const model = new Map(contentsOf(backend).map((pair) => [pair.slice(0, pair.indexOf('=')), pair]));
        for (const changes of list) {
          await transact(backend, changes);
          for (const [name, value] of Object.entries(changes)) {
            if (value === null) model.delete(name);
            else model.set(name, `${name}=${value}`);
          }
        }
        expect(contentsOf(backend)).toEqual([...model.keys()].sort().map((name) => model.get(name)));
      }),
      { numRuns: 15 },
    );
  });
});
