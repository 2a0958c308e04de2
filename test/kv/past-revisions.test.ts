import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asRevision, RaftctlError } from '../../src/base/index.js';
import type { KeyEvent, KvStore } from '../../src/kv/index.js';
import { PastRevisions } from '../../src/kv/past-revisions.js';
import { newVersion } from '../../src/kv/version.js';
import { bytes, cas, del, put, StoreUnderTest } from './helpers.js';

const told = ({ type, key, value, createRevision, modRevision, version }: KeyEvent) =>
  `${modRevision} ${type} ${key}=${value} (${createRevision}, ${version})`;

const from = (store: KvStore, revision: number) => store.eventsFrom({ from: asRevision(revision) }).events.map(told);

function refusal(run: () => unknown): RaftctlError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof RaftctlError) return thrown;
  }
  throw new Error('it was answered');
}

/** Events of one revision each, under keys of their numbers. */
function ringOf(bytesMax: number, revisions: number, value = 'x'.repeat(60)): PastRevisions {
  const ring = new PastRevisions(bytesMax, asRevision(0));
  for (let revision = 1; revision <= revisions; revision += 1) addTo(ring, revision, `key-${revision}`, value);
  return ring;
}

function addTo(ring: PastRevisions, revision: number, key: string, value: string): void {
  const at = asRevision(revision);
  ring.add(bytes(key + value), 0, key.length, key.length + value.length, {
    ...newVersion(),
    createRevision: at,
    modRevision: at,
    version: 1,
  });
}

describe('past revisions of a store', () => {
  it('tell what every command changed, with the numbers that the key had then', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'), put('a', '2'), cas('a', '2', '3'), del('a'), cas('a', null, '4'), put('b', ''));
    expect(from(kv.store, 1)).toEqual([
      '2 put a=1 (2, 1)',
      '3 put a=2 (2, 2)',
      '4 put a=3 (2, 3)',
      '5 delete a= (0, 0)',
      '6 put a=4 (6, 1)',
      '7 put b= (7, 1)',
    ]);
    expect(from(kv.store, 6)).toEqual(['6 put a=4 (6, 1)', '7 put b= (7, 1)']);
  });

  it('go back to the very beginning of a store that was empty: nobody missed anything', () => {
    const kv = new StoreUnderTest();
    expect(kv.store.oldestRevision).toBe(1);
    expect(kv.store.eventsFrom({ from: asRevision(1) })).toMatchObject({ events: [], upTo: 1 });
  });

  it('do not tell of commands that changed nothing', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'), del('nope'), cas('a', 'x', 'y'));
    expect(from(kv.store, 1)).toEqual(['2 put a=1 (2, 1)']);
  });

  it('have nothing yet of a revision to come', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'));
    expect(kv.store.eventsFrom({ from: asRevision(3) })).toMatchObject({ events: [], upTo: 2 });
    expect(kv.store.eventsFrom({ from: asRevision(9) })).toMatchObject({ events: [], upTo: 8 });
  });

  it('are told by key to whoever asks so, and say how far was looked', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'), put('b', '2'), put('a', '3'), put('c', '4'));
    const found = kv.store.eventsFrom({ from: asRevision(1), wants: (key) => key === 'a' });
    expect(found.events.map(told)).toEqual(['2 put a=1 (2, 1)', '4 put a=3 (2, 2)']);
    expect(found.upTo).toBe(5);
  });

  it('begin, after a restart, behind what the backend held: what the log brings back is told again', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'), put('a', '2'));
    kv.flushByTime();
    kv.run(put('a', '3'));
    kv.crash();
    expect(kv.store.oldestRevision).toBe(4);
    expect(from(kv.store, 4)).toEqual(['4 put a=3 (2, 3)']);
    const error = refusal(() => from(kv.store, 3));
    expect([error.code, error.definite]).toEqual(['revision-gone', true]);
    expect(error.message).toBe('the events of revision 3 are gone: the oldest that can be had is 4');
  });

  it('keep their bytes, whatever becomes of the entries that brought them', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', 'kept'));
    for (const { bytes: entry } of kv.log) entry.fill(0);
    expect(from(kv.store, 1)).toEqual(['2 put a=kept (2, 1)']);
  });

  it('take no more memory than they may', () => {
    const kv = new StoreUnderTest({ historyBytes: 16 << 10 });
    for (let nth = 1; nth <= 1_000; nth += 1) kv.run(put('a', `${nth}`.padStart(100)));
    const { oldestRevision } = kv.store;
    expect(oldestRevision).toBeGreaterThan(800);
    expect(from(kv.store, oldestRevision)).toHaveLength(1_001 - oldestRevision + 1);
    expect(refusal(() => from(kv.store, oldestRevision - 1)).message).toContain(`had is ${oldestRevision}`);
  });
});

describe('the ring', () => {
  it('holds its bound whatever the sizes, has all from its oldest revision on, and refuses what is older', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(sizes, fc.constantFrom(1_024, 8_192, 65_536), (lengths, bytesMax) => {
        const ring = new PastRevisions(bytesMax, asRevision(0));
        lengths.forEach((length, nth) => {
          addTo(ring, nth + 1, `key-${nth + 1}`, 'v'.repeat(length));
          const newest = Math.max(256, 48 + `key-${nth + 1}`.length + length);
          expect(ring.bytes).toBeLessThanOrEqual(Math.max(bytesMax, newest));
        });
        const { events } = ring.find({ from: ring.oldest, bytesMax: 1 << 30 });
        const kept = lengths.length - ring.oldest + 1;
        expect(events.map(({ modRevision }) => modRevision)).toEqual(
          Array.from({ length: kept }, (_, nth) => ring.oldest + nth),
        );
        for (const { modRevision, key, value } of events) {
          expect(`${key}`).toBe(`key-${modRevision}`);
          expect(value).toHaveLength(lengths[modRevision - 1]!);
        }
        if (lengths.length > 0) expect(kept).toBeGreaterThan(0);
        if (ring.oldest > 1)
          expect(refusal(() => ring.find({ from: asRevision(ring.oldest - 1) })).code).toBe('revision-gone');
      }),
    );
  });

  it('keeps the newest event, however large', () => {
    const ring = ringOf(4_096, 3);
    addTo(ring, 4, 'large', 'v'.repeat(100_000));
    expect(ring.oldest).toBe(4);
    expect(ring.find({ from: asRevision(4) }).events[0]?.value).toHaveLength(100_000);
  });

  it('is read in batches that follow each other without a gap', () => {
    const ring = ringOf(1 << 20, 500);
    const seen: number[] = [];
    let batches = 0;
    for (let next = 1; next <= 500; batches += 1) {
      const { events, upTo } = ring.find({ from: asRevision(next), bytesMax: 1_000 });
      seen.push(...events.map(({ modRevision }) => modRevision));
      next = upTo + 1;
    }
    expect(batches).toBeGreaterThan(10);
    expect(seen).toEqual(Array.from({ length: 500 }, (_, nth) => nth + 1));
  });

  it('never splits the events of one revision: not in a batch, and not when it forgets', () => {
    const ring = new PastRevisions(2_048, asRevision(0));
    for (let revision = 1; revision <= 40; revision += 1) {
      for (const key of ['a', 'b', 'c']) addTo(ring, revision, key, 'v'.repeat(50));
    }
    expect(ring.oldest).toBeGreaterThan(1);
    for (let next: number = ring.oldest; next <= 40; ) {
      const { events, upTo } = ring.find({ from: asRevision(next), bytesMax: 100 });
      const keys = events.map(({ modRevision, key }) => `${modRevision}${key}`);
      const whole = Array.from({ length: upTo - next + 1 }, (_, nth) => next + nth);
      expect(keys).toEqual(whole.flatMap((revision) => ['a', 'b', 'c'].map((key) => `${revision}${key}`)));
      next = upTo + 1;
    }
  });
});
