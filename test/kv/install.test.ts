import { describe, expect, it } from 'vitest';
import { asRevision } from '../../src/base/index.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { MemoryBackend } from '../../src/kv/backend-memory.js';
import type { BinaryKey } from '../../src/kv/key.js';
import { readMeta } from '../../src/kv/meta.js';
import { settleReceived } from '../../src/kv/received-state.js';
import { bytes, flushedIndexOf, put, StoreUnderTest } from './helpers.js';

/** Time passes until it is done. */
async function passing<T>({ time }: StoreUnderTest, work: Promise<T>): Promise<T> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    time.advance(1);
    await Promise.resolve();
  }
  return work;
}

/** A store that is behind, and the state of one that is further. */
async function twoStores() {
  const other = new StoreUnderTest();
  for (let nth = 1; nth <= 20; nth += 1) other.run(put(`k${nth % 5}`, `${nth}`));
  other.flushByTime();
  const copy = await passing(other, other.store.copy(''));
  const file = Buffer.alloc(copy.bytes);
  await passing(other, copy.read(file, 0));
  const kv = new StoreUnderTest();
  kv.run(put('k1', 'old'), put('gone', 'old'));
  return { kv, other, backend: MemoryBackend.ofCopy({ scheduler: realScheduler }, file), file };
}

const WANTED = new AbortController().signal;

describe('a state that was received', () => {
  it('is left when nobody wants it any more, however much of it is still to be read', async () => {
    const { backend } = await twoStores();
    const unwanted = new AbortController();
    const settling = settleReceived(backend, realScheduler, unwanted.signal);
    unwanted.abort();
    await expect(settling).rejects.toMatchObject({ code: 'aborted' });
    await expect(settleReceived(backend, realScheduler, unwanted.signal)).rejects.toMatchObject({ code: 'aborted' });
  });

  it('is read to its end before it counts: a version that is not as it was written, or is missing, is damage', async () => {
    for (const damage of ['changed', 'removed'] as const) {
      const { backend } = await twoStores();
      const transaction = backend.begin();
      if (damage === 'removed') transaction.remove('keys', 'k1' as BinaryKey);
      else transaction.put('keys', 'k1' as BinaryKey, 60);
      await new Promise<void>((done) => transaction.commit(() => done()));
      await expect(settleReceived(backend, realScheduler, WANTED)).rejects.toMatchObject({ code: 'data-damaged' });
    }
  });

  it('is settled with what its meta says', async () => {
    const { backend, other } = await twoStores();
    expect(await settleReceived(backend, realScheduler, WANTED)).toMatchObject({
      appliedIndex: 20,
      sum: other.store.sum,
    });
  });
});

describe('a state that comes from elsewhere', () => {
  it('takes the place of the old one at once, as a whole', async () => {
    const { kv, other, backend } = await twoStores();
    kv.store.install(backend);
    expect(kv.store.stateHash()).toBe(other.store.stateHash());
    expect(kv.get('gone')).toBeUndefined();
    expect(kv.store).toMatchObject({ appliedIndex: 20, revision: 21, flushedIndex: 20 });
    expect(kv.store.provenIndex).toBe(0);
  });

  it('has no past: what was before it is gone, what comes after it is told', async () => {
    const { kv, other, backend } = await twoStores();
    kv.store.install(backend);
    expect(() => kv.store.eventsFrom({ from: asRevision(21) })).toThrow(/revision 21 are gone/);
    other.run(put('next', '1'));
    kv.store.apply(other.log.slice(20));
    expect(kv.store.eventsFrom({ from: asRevision(22) }).events).toMatchObject([{ key: bytes('next') }]);
  });

  it('retires the old one: what is being written of it ends, and nothing more is', async () => {
    const { kv, backend } = await twoStores();
    kv.backend.holdFlushes();
    kv.flushByTime();
    kv.time.turn();
    const { retired } = kv.store.install(backend);
    let isRetired = false;
    void retired.then(() => {
      isRetired = true;
    });
    await Promise.resolve();
    kv.time.turn();
    expect(isRetired).toBe(false);
    kv.backend.releaseFlushes();
    kv.time.turn();
    await retired;
    kv.flushByTime();
    expect(flushedIndexOf(kv.backend)).toBe(2);
    expect(kv.fatal).toEqual([]);
  });

  it('is flushed on from there, into its own backend, when the own log holds it', async () => {
    const { kv, other, file } = await twoStores();
    const backend = MemoryBackend.ofCopy({ scheduler: kv.time }, file);
    kv.store.install(backend);
    other.run(put('next', '1'));
    kv.store.apply(other.log.slice(20));
    kv.flushByTime();
    expect(readMeta(backend)?.appliedIndex).toBe(20);
    kv.store.persistedUpTo(21);
    kv.flushByTime();
    expect(readMeta(backend)?.appliedIndex).toBe(21);
    expect(kv.store.provenIndex).toBe(20);
  });
});
