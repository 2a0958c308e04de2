import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RaftctlError, seededRandom, silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { LmdbBackend } from '../../src/kv/backend-lmdb.js';
import { type Command, KvStore, MemoryBackend } from '../../src/kv/index.js';
import { BOOTSTRAP, cas, commandEntry, del, put } from './helpers.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'raftctl-store-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const fatal: RaftctlError[] = [];

/** Flushes after every few entries, so that reads, writes and commits overlap. */
function openStore(): KvStore {
  const options = { onFatal: (error: RaftctlError) => fatal.push(error), flushBytes: 20_000 };
  const backend = LmdbBackend.open(directory);
  const store = KvStore.open({
    backend,
    bootstrap: BOOTSTRAP,
    emit: silent,
    clock: realClock,
    scheduler: realScheduler,
    options,
  });
  return store;
}

function randomCommands(count: number): Command[] {
  const random = seededRandom(7);
  const pick = (most: number) => Math.floor(random.next() * most);
  return Array.from({ length: count }, () => {
    const key = `key-${pick(300)}`;
    const value = 'v'.repeat(pick(400));
    switch (pick(4)) {
      case 0:
        return del(key);
      case 1:
        return cas(key, pick(2) === 0 ? null : value, value);
      default:
        return put(key, value);
    }
  });
}

const nextTurn = () => new Promise<void>((resolve) => realScheduler.defer(resolve));

it('a store on LMDB equals one on memory at every step, while flushes overlap with writes, and after a restart', async () => {
  const entries = randomCommands(6_000).map((command, nth) => commandEntry(nth + 1, command));
  const memory = KvStore.open({
    backend: new MemoryBackend({ scheduler: realScheduler }),
    bootstrap: BOOTSTRAP,
    emit: silent,
    clock: realClock,
    scheduler: realScheduler,
    options: { onFatal: (error) => fatal.push(error) },
  });
  let store = openStore();
  const flushes = new Set<number>();
  for (let from = 0; from < entries.length; from += 50) {
    expect(store.apply(entries, from, from + 50)).toEqual(memory.apply(entries, from, from + 50));
    store.persistedUpTo(from + 50);
    await nextTurn();
    flushes.add(store.flushedIndex);
    if (from % 500 === 0) expect(store.stateHash()).toBe(memory.stateHash());
    if (from === 3_000) {
      await store.close();
      store = openStore();
      expect(store.appliedIndex).toBe(memory.appliedIndex);
      store.persistedUpTo(from + 50);
    }
  }
  await store.flush();
  expect(store.stateHash()).toBe(memory.stateHash());
  expect(flushes.size).toBeGreaterThan(4);
  expect(fatal).toEqual([]);
  await store.close();
});
