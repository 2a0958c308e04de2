import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';
import { readMeta } from '../../src/kv/meta.js';
import { bytes, contentsOf, del, flushedIndexOf, put, StoreUnderTest } from './helpers.js';

/** What each transaction of the backend was given, in order: keys written, `-` before a removed one. */
function recordTransactions(kv: StoreUnderTest) {
  const transactions: string[][] = [];
  const { backend } = kv;
  const begin = backend.begin.bind(backend);
  backend.begin = () => {
    const changes: string[] = [];
    const inner = begin();
    return {
      get bytes() {
        return inner.bytes;
      },
      put(database, key, length) {
        if (database === 'keys') changes.push(key);
        return inner.put(database, key, length);
      },
      remove(database, key) {
        changes.push(`-${key}`);
        inner.remove(database, key);
      },
      commit(done) {
        transactions.push(changes);
        inner.commit(done);
      },
    };
  };
  return transactions;
}

describe('a flush', () => {
  it('begins one interval after the first change, not after the last', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'));
    kv.time.advance(4_900);
    kv.run(put('b', '1'));
    kv.time.advance(99);
    expect(kv.store.flushedIndex).toBe(0);
    kv.time.advance(1);
    expect(kv.store.flushedIndex).toBe(2);
  });

  it('is proven by the next one: until then its mark may be lost, whatever was reported', () => {
    const kv = new StoreUnderTest();
    expect(kv.store.provenIndex).toBe(0);
    kv.run(put('a', '1'));
    kv.flushByTime();
    expect([kv.store.flushedIndex, kv.store.provenIndex]).toEqual([1, 0]);
    kv.run(put('b', '1'), put('c', '1'));
    kv.flushByTime();
    expect([kv.store.flushedIndex, kv.store.provenIndex]).toEqual([3, 1]);
  });

  it('waits when the own log lost entries to another leader and has not written their successors yet', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'), put('b', '1'));
    kv.flushByTime();
    // Entries 3 to 5 were durable here, then overwritten; a quorum of others has committed what replaces them.
    kv.store.persistedUpTo(5);
    kv.store.persistedUpTo(2);
    kv.apply(put('c', '2'), put('d', '2'), put('e', '2'));
    kv.flushByTime();
    expect(kv.store.flushedIndex).toBe(2);
    kv.store.persistedUpTo(5);
    kv.time.advance(5_000);
    expect(kv.store.flushedIndex).toBe(5);
  });

  it('is not waited for when there is nothing to flush', () => {
    const kv = new StoreUnderTest();
    expect(kv.time.pending).toEqual([]);
    kv.run(put('a', '1'));
    kv.flushByTime();
    expect(kv.time.pending).toEqual([]);
  });

  it('begins at once when the memtable takes too much memory', () => {
    const kv = new StoreUnderTest({ flushBytes: 1_000 });
    kv.run(put('a', 'x'.repeat(500)));
    kv.time.turn();
    expect(kv.store.flushedIndex).toBe(0);
    kv.run(put('b', 'x'.repeat(500)));
    kv.time.turn();
    expect(kv.store.flushedIndex).toBe(2);
  });

  it('begins when a start would have to apply many entries again, however few keys they changed', () => {
    const kv = new StoreUnderTest({ flushEntries: 3 });
    kv.run(put('a', '1'), put('a', '2'));
    kv.time.turn();
    expect(kv.store.flushedIndex).toBe(0);
    kv.run(put('a', '3'));
    kv.time.turn();
    expect(kv.store.flushedIndex).toBe(3);
  });

  it('writes each key once, as it stands at the end', () => {
    const kv = new StoreUnderTest();
    const transactions = recordTransactions(kv);
    kv.run(put('a', '1'), put('b', '1'), put('a', '2'), del('b'), put('c', '1'), del('c'), put('c', '2'));
    kv.flushByTime();
    expect(transactions.map((changes) => changes.toSorted())).toEqual([['-b', 'a', 'c']]);
  });

  it('counts no-op entries: the log can be trimmed behind them', () => {
    const kv = new StoreUnderTest();
    kv.noop();
    kv.flushByTime();
    expect(kv.store.flushedIndex).toBe(1);
    expect(readMeta(kv.backend.crash())).toMatchObject({ appliedIndex: 1, appliedTerm: 2, revision: 1 });
  });

  it('takes several turns for many keys, and leaves reads as they are meanwhile', () => {
    const kv = new StoreUnderTest();
    const slices: number[] = [];
    const defer = kv.time.defer.bind(kv.time);
    kv.time.defer = (run) => {
      slices.push(kv.keys('', 10_000).length);
      defer(run);
    };
    kv.run(...Array.from({ length: 3_500 }, (_, nth) => put(`key-${nth}`, 'v')));
    kv.flushByTime();
    expect(kv.store.flushedIndex).toBe(3_500);
    expect(slices.length).toBeGreaterThan(3);
    expect(new Set(slices)).toEqual(new Set([3_500]));
  });

  it('goes on alone: what is applied meanwhile waits for the next', () => {
    const kv = new StoreUnderTest({ flushBytes: 300 });
    const transactions = recordTransactions(kv);
    kv.backend.holdFlushes();
    kv.run(put('a', 'x'.repeat(300)));
    kv.time.turn();
    kv.run(put('b', 'x'.repeat(300)), put('a', 'new'));
    kv.run(put('c', 'x'.repeat(300)));
    kv.time.turn();
    expect(transactions).toEqual([['a']]);
    expect(kv.get('a')?.value).toBe('new');
    kv.backend.releaseFlushes();
    kv.time.turn();
    expect(transactions).toEqual([['a'], ['b', 'a', 'c']]);
    expect(kv.store.flushedIndex).toBe(4);
  });

  it('is reported with what it held', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '12345'), put('a', '1234'), put('bb', ''));
    kv.flushByTime();
    expect(kv.emit.events.at(-1)).toEqual({
      event: 'state-flushed',
      fields: { index: 3, revision: 4, keys: 2, bytes: 7, ms: 0 },
    });
  });

  it('tells how much is not flushed', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', 'x'.repeat(1_000)));
    const one = kv.store.unflushedBytes;
    expect(one).toBeGreaterThan(1_000);
    kv.run(put('a', 'y'.repeat(1_000)));
    expect(kv.store.unflushedBytes).toBe(one);
    kv.run(del('a'));
    expect(kv.store.unflushedBytes).toBe(one - 1_000);
    kv.flushByTime();
    expect(kv.store.unflushedBytes).toBe(0);
  });
});

describe('a flush and the own log', () => {
  it('waits until the log holds the last entry it would write', () => {
    const kv = new StoreUnderTest();
    kv.apply(put('a', '1'), put('b', '1'));
    kv.persist(1);
    kv.flushByTime();
    expect(kv.store.flushedIndex).toBe(0);
    kv.persist(2);
    kv.time.turn();
    expect(kv.store.flushedIndex).toBe(2);
    expect(flushedIndexOf(kv.backend.crash())).toBe(2);
  });

  it('never takes along what was applied after it was sealed', () => {
    const kv = new StoreUnderTest();
    kv.apply(put('a', '1'));
    kv.flushByTime();
    kv.apply(put('a', '2'), put('b', '2'));
    kv.persist(1);
    kv.time.turn();
    expect(kv.store.flushedIndex).toBe(1);
    const reopened = kv.backend.crash();
    expect(readMeta(reopened)).toMatchObject({ appliedIndex: 1, revision: 2 });
    expect(contentsOf(reopened)).toEqual([expect.stringMatching(/^a=.*1$/s)]);
  });
});

describe('flush()', () => {
  it('resolves when everything applied before it is flushed, through the flush that is already going on', async () => {
    const kv = new StoreUnderTest();
    kv.backend.holdFlushes();
    kv.run(put('a', '1'));
    kv.flushByTime();
    kv.run(put('b', '1'));
    const flushed = kv.store.flush();
    kv.backend.releaseFlushes();
    kv.time.turn();
    await flushed;
    expect(kv.store.flushedIndex).toBe(2);
    await kv.store.flush();
  });
});

describe('close()', () => {
  it('flushes what was applied', async () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'));
    const closed = kv.store.close();
    kv.time.turn();
    await closed;
    expect(flushedIndexOf(kv.backend.crash())).toBe(1);
    expect(kv.time.pending).toEqual([]);
  });

  it('finishes the flush that is going on, and one more', async () => {
    const kv = new StoreUnderTest();
    kv.backend.holdFlushes();
    kv.run(put('a', '1'));
    kv.flushByTime();
    kv.run(put('b', '1'));
    const closed = kv.store.close();
    kv.backend.releaseFlushes();
    // The second flush begins in a promise's turn.
    for (let turn = 0; turn < 10; turn += 1) {
      kv.time.turn();
      await Promise.resolve();
    }
    await closed;
    expect(flushedIndexOf(kv.backend.crash())).toBe(2);
  });

  it('does not wait for a log that does not come, and flushes nothing then', async () => {
    const kv = new StoreUnderTest();
    kv.apply(put('a', '1'));
    kv.flushByTime();
    const waiting = kv.store.flush();
    await kv.store.close();
    await expect(waiting).rejects.toMatchObject({ code: 'closed' });
    expect(flushedIndexOf(kv.backend.crash())).toBe(0);
  });
});

describe('a flush that fails', () => {
  it('is fatal, once, and says what and where', async () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'), put('b', '1'));
    kv.backend.failCommits(new Error('MDB_MAP_FULL'));
    const flushed = kv.store.flush();
    kv.time.turn();
    await expect(flushed).rejects.toBeInstanceOf(RaftctlError);
    expect(kv.fatal).toHaveLength(1);
    expect(kv.fatal[0]).toMatchObject({
      code: 'disk-failed',
      message: 'memory: writing the state up to index 2 failed: MDB_MAP_FULL',
    });
    expect(kv.emit.events.at(-1)).toEqual({
      event: 'state-flush-failed',
      fields: { index: 2, error: 'MDB_MAP_FULL' },
    });
  });

  it('is the last: nothing is flushed or promised afterwards', async () => {
    const kv = new StoreUnderTest();
    const transactions = recordTransactions(kv);
    kv.run(put('a', '1'));
    kv.backend.failCommits(new Error('EIO'));
    kv.flushByTime();
    kv.run(put('b', '1'));
    kv.flushByTime();
    await expect(kv.store.flush()).rejects.toMatchObject({ code: 'disk-failed' });
    expect(transactions).toEqual([['a']]);
    expect(kv.fatal).toHaveLength(1);
    expect(kv.store.flushedIndex).toBe(0);
    expect(kv.store.get(bytes('a'))?.value).toEqual(bytes('1'));
    await kv.store.close();
  });
});
