import { describe, expect, it } from 'vitest';
import { MemoryBackend } from '../../src/kv/backend-memory.js';
import type { BinaryKey } from '../../src/kv/key.js';
import { ManualTime } from '../helpers/manual-time.js';
import { valueAt } from './helpers.js';

const KEY = 'k' as BinaryKey;

function committing(backend: MemoryBackend) {
  const outcomes: (Error | undefined)[] = [];
  const transaction = backend.begin();
  const at = transaction.put('keys', KEY, 1);
  transaction.bytes.write('v', at);
  transaction.commit((error) => outcomes.push(error));
  return outcomes;
}

describe('the memory backend between committed and flushed', () => {
  it('shows what is committed, and loses it in a crash', () => {
    const time = new ManualTime();
    const backend = new MemoryBackend({ scheduler: time });
    const outcomes = committing(backend);
    expect(valueAt(backend, 'k')).toBe('v');
    expect(outcomes).toEqual([]);
    const reopened = backend.crash();
    expect(valueAt(reopened, 'k')).toBeUndefined();
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
    expect(valueAt(backend.crash(), 'k')).toBe('v');
  });

  it('fails commits when told, and changes nothing then', () => {
    const time = new ManualTime();
    const backend = new MemoryBackend({ scheduler: time });
    backend.failCommits(new Error('no space'));
    const outcomes = committing(backend);
    time.turn();
    expect(outcomes).toEqual([new Error('no space')]);
    expect(valueAt(backend, 'k')).toBeUndefined();
  });

  it('of before a crash is dead: nothing it does later shows', () => {
    const time = new ManualTime();
    const backend = new MemoryBackend({ scheduler: time });
    const reopened = backend.crash();
    const outcomes = committing(backend);
    time.turn();
    expect(outcomes).toEqual([]);
    expect(valueAt(reopened, 'k')).toBeUndefined();
  });
});
