import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/kv/index.js';
import { readMeta } from '../../src/kv/meta.js';
import { verifyState } from '../../src/kv/verify-state.js';
import { cas, del, put, StoreUnderTest, transact } from './helpers.js';

const command: fc.Arbitrary<Command> = fc
  .tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2', 'v'.repeat(200)), fc.nat(3))
  .map(([key, value, kind]) => [put(key, value), del(key), cas(key, null, value), cas(key, '1', value)][kind]!);

describe('what all keys add up to', () => {
  it('is the same counted command by command, across flushes and crashes, and read from the backend', () => {
    const step = fc.oneof({ weight: 8, arbitrary: command }, fc.constantFrom('flush', 'crash'));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const kv = new StoreUnderTest();
        for (const next of steps) {
          if (next === 'flush') kv.flushByTime();
          else if (next === 'crash') kv.crash();
          else kv.run(next);
        }
        kv.flushByTime();
        expect(kv.store.sum).toEqual(verifyState(kv.backend, undefined));
        expect(kv.store.sum.keys).toBe(kv.keys().length);
        if (kv.store.appliedIndex > 0) expect(readMeta(kv.backend)!.sum).toEqual(kv.store.sum);
      }),
    );
  });

  it('is counted where it was never recorded', async () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'), put('b', '2'));
    kv.flushByTime();
    const { sum, ...old } = readMeta(kv.backend)!;
    const changed = transact(kv.backend, {}, { meta: { ...old, sum: undefined } });
    kv.time.advance(1);
    await changed;
    expect(readMeta(kv.backend)!.sum).toBeUndefined();
    expect(kv.reopened().sum).toEqual(sum);
  });
});

describe('a point of the state', () => {
  it('is the same on stores that applied the same, and remembered for those that are further or behind', () => {
    const [one, other] = [new StoreUnderTest(), new StoreUnderTest()];
    const commands = Array.from({ length: 3_000 }, (_, nth) => put(`key-${nth % 50}`, `${nth}`));
    one.run(...commands.slice(0, 2_500));
    for (const each of commands) other.run(each);
    expect(one.store.point()).toMatchObject({ index: 2_500, hash: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(other.store.pastPoints()).toEqual(one.store.pastPoints());
    expect(one.store.pastPoints().map(({ index }) => index)).toEqual([1_024, 2_048]);
    one.run(...commands.slice(2_500));
    expect(one.store.point()).toEqual(other.store.point());
  });

  it('differs with a value, a key, a revision, and the order of two writes of one key', () => {
    const hashOf = (...commands: Command[]) => {
      const kv = new StoreUnderTest();
      kv.run(...commands);
      return kv.store.point().hash;
    };
    const hashes = [
      hashOf(put('a', '1'), put('b', '2')),
      hashOf(put('a', '1'), put('b', '3')),
      hashOf(put('a', '1'), put('c', '2')),
      hashOf(put('b', '2'), put('a', '1')),
      hashOf(put('a', '1'), put('b', '2'), del('c')),
      hashOf(put('a', '1'), put('b', '2'), put('c', ''), del('c')),
      hashOf(),
    ];
    // A delete of a missing key changes nothing.
    expect(new Set(hashes).size).toBe(hashes.length - 1);
  });
});

describe('a large state', () => {
  async function reopenedAfter(changes: Record<string, Buffer | null>): Promise<StoreUnderTest> {
    const kv = new StoreUnderTest({ verifyKeysMax: 1_500 });
    kv.run(...Array.from({ length: 2_000 }, (_, nth) => put(`key-${nth}`, `${nth}`)));
    kv.flushByTime();
    const changed = transact(kv.backend, changes);
    kv.time.advance(1);
    await changed;
    kv.crash();
    return kv;
  }

  it('is verified while the store works already', async () => {
    const kv = await reopenedAfter({});
    expect(kv.emit.events.map(({ event }) => event)).not.toContain('state-verified');
    kv.run(put('key-1', 'changed'), del('key-1999'), put('new', '1'));
    const flushed = kv.store.flush();
    kv.time.advance(1);
    await flushed;
    kv.time.advance(20);
    expect(kv.emit.events.at(-1)).toEqual({ event: 'state-verified', fields: { place: 'memory', keys: 2_000 } });
    expect(kv.fatal).toEqual([]);
    expect(kv.store.sum).toEqual(verifyState(kv.backend, undefined));
  });

  it('ends the node when it is found damaged', async () => {
    const kv = await reopenedAfter({ 'key-1999': null });
    expect(kv.fatal).toEqual([]);
    kv.time.advance(20);
    expect(kv.fatal).toEqual([
      expect.objectContaining({
        code: 'data-damaged',
        message: 'memory: the state is damaged: expected 2000 keys, as its last flush recorded, got 1999',
      }),
    ]);
  });

  it('is not verified any more once the store is closed', async () => {
    const kv = await reopenedAfter({ 'key-1999': null });
    const closing = kv.store.close();
    kv.time.advance(20);
    await closing;
    expect(kv.fatal).toEqual([]);
  });
});
