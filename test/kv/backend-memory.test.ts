import { describe, expect, it } from 'vitest';
import { asIndex, asRevision, asTerm } from '../../src/base/index.js';
import { MemoryBackend } from '../../src/kv/backend-memory.js';
import type { BinaryKey } from '../../src/kv/key.js';
import { newVersion } from '../../src/kv/version.js';
import { ManualTime } from '../helpers/manual-time.js';

const KEY = 'k' as BinaryKey;
const META = { appliedIndex: asIndex(1), appliedTerm: asTerm(1), revision: asRevision(1) };

function committing(backend: MemoryBackend) {
  const outcomes: (Error | undefined)[] = [];
  const transaction = backend.begin();
  transaction.put(KEY, { ...newVersion(), version: 1 });
  transaction.commit(META, (error) => outcomes.push(error));
  return outcomes;
}

describe('the memory backend between committed and flushed', () => {
  it('shows what is committed, and loses it in a crash', () => {
    const time = new ManualTime();
    const backend = new MemoryBackend({ scheduler: time });
    const outcomes = committing(backend);
    expect(backend.find(KEY)?.version).toBe(1);
    expect(outcomes).toEqual([]);
    const reopened = backend.crash();
    expect(reopened.find(KEY)).toBeUndefined();
    expect(reopened.meta.appliedIndex).toBe(0);
    time.turn();
    expect(outcomes).toEqual([]);
  });

  it('flushes in the next turn, or after the time it was given', () => {
    const time = new ManualTime();
    const quick = committing(new MemoryBackend({ scheduler: time }));
    const slow = committing(new MemoryBackend({ scheduler: time, flushMs: () => 20 }));
    time.turn();
    expect([quick.length, slow.length]).toEqual([1, 0]);
    time.advance(19);
    expect(slow).toEqual([]);
    time.advance(1);
    expect(slow).toEqual([undefined]);
  });

  it('holds flushes until they are released', () => {
    const time = new ManualTime();
    const backend = new MemoryBackend({ scheduler: time });
    backend.holdFlushes();
    const outcomes = committing(backend);
    time.turn();
    expect(outcomes).toEqual([]);
    backend.releaseFlushes();
    time.turn();
    expect(outcomes).toEqual([undefined]);
    expect(backend.crash().find(KEY)?.version).toBe(1);
  });

  it('fails commits when told, and changes nothing then', () => {
    const time = new ManualTime();
    const backend = new MemoryBackend({ scheduler: time });
    backend.failCommits(new Error('no space'));
    const outcomes = committing(backend);
    time.turn();
    expect(outcomes).toEqual([new Error('no space')]);
    expect(backend.find(KEY)).toBeUndefined();
  });

  it('of before a crash is dead: nothing it does later shows', () => {
    const time = new ManualTime();
    const backend = new MemoryBackend({ scheduler: time });
    const reopened = backend.crash();
    const outcomes = committing(backend);
    time.turn();
    expect(outcomes).toEqual([]);
    expect(reopened.find(KEY)).toBeUndefined();
  });
});
