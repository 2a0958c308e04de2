import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asRevision } from '../../src/base/index.js';
import type { KeyEvent } from '../../src/kv/types.js';
import { decodeWatch, decodeWatchEvents, encodeWatch, encodeWatchEvents } from '../../src/wire/index.js';
import { damaged, refusalOf, survives } from './hostile.js';

const key = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((drawn) => Buffer.from(drawn));
const value = fc.uint8Array({ maxLength: 200 }).map((drawn) => Buffer.from(drawn));
const revision = fc.integer({ min: 0, max: 2 ** 50 }).map(asRevision);

/** Revisions rise, as they do in a batch. */
const batches = fc
  .tuple(
    revision,
    fc.array(fc.record({ key, value, isDelete: fc.boolean(), step: fc.nat({ max: 3 }), version: fc.nat() })),
  )
  .map(([first, drawn]) => {
    let at: number = first;
    const events = drawn.map((each): KeyEvent => {
      at += each.step;
      return {
        type: each.isDelete ? 'delete' : 'put',
        key: each.key,
        value: each.value,
        createRevision: first,
        modRevision: asRevision(at),
        version: each.version,
      };
    });
    return { upTo: asRevision(at), events };
  });

const event = (modRevision: number): KeyEvent => ({
  type: 'put',
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  createRevision: asRevision(1),
  modRevision: asRevision(modRevision),
  version: 1,
});

describe('a watch on the wire', () => {
  it('is asked for as it arrives', () => {
    fc.assert(
      fc.property(revision, fc.boolean(), value, (from, isPrefix, which) => {
        const request = decodeWatch(encodeWatch(from, isPrefix, which));
        expect(request).toEqual({ from, isPrefix, key: which });
      }),
    );
  });

  it('has no flags but the one for a prefix', () => {
    const payload = encodeWatch(asRevision(1), true, Buffer.from('k'));
    payload[8] = 2;
    expect(refusalOf(() => decodeWatch(payload)).message).toBe('malformed watch: unknown flags 0x2 at byte 8');
  });

  it('brings its events in order, with all their numbers', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        expect(decodeWatchEvents(encodeWatchEvents(batch))).toEqual(batch);
      }),
    );
  });

  it('says how far it is without any event', () => {
    expect(decodeWatchEvents(encodeWatchEvents({ upTo: asRevision(7), events: [] }))).toEqual({ upTo: 7, events: [] });
  });

  it('with events out of order, or behind its own end, is refused', () => {
    const unordered = encodeWatchEvents({ upTo: asRevision(9), events: [event(4), event(3)] });
    expect(refusalOf(() => decodeWatchEvents(unordered)).message).toContain('revision 3 after 4');
    const beyond = encodeWatchEvents({ upTo: asRevision(2), events: [event(3)] });
    expect(refusalOf(() => decodeWatchEvents(beyond)).message).toContain('with a batch up to 2');
  });

  it('with an event that is no put and no delete is refused', () => {
    const payload = encodeWatchEvents({ upTo: asRevision(1), events: [event(1)] });
    payload[12] = 3;
    expect(refusalOf(() => decodeWatchEvents(payload)).message).toContain('unknown type of event 3 at byte 12');
  });

  it('with a count of events that the bytes cannot hold is refused before anything is made of it', () => {
    const payload = encodeWatchEvents({ upTo: asRevision(1), events: [] });
    payload.writeUInt32LE(0xffff_ffff, 8);
    expect(refusalOf(() => decodeWatchEvents(payload)).message).toContain('expected at least');
  });

  it('with a byte too few or too many is refused', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const payload = encodeWatchEvents(batch);
        expect(refusalOf(() => decodeWatchEvents(payload.subarray(0, -1))).code).toBe('bad-request');
        expect(refusalOf(() => decodeWatchEvents(Buffer.concat([payload, Buffer.alloc(1)]))).code).toBe('bad-request');
      }),
    );
  });

  it('damaged in any way never crashes the reader', () => {
    const good = fc.oneof(
      batches.map(encodeWatchEvents),
      key.map((which) => encodeWatch(asRevision(5), true, which)),
    );
    fc.assert(
      fc.property(good.chain(damaged), (payload) => {
        for (const decode of [decodeWatch, decodeWatchEvents]) survives(decode, payload);
      }),
      { numRuns: 500 },
    );
  });
});
