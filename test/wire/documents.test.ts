import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asNodeId, asTerm } from '../../src/base/index.js';
import { packDocument, unpackDocument } from '../../src/wire/document.js';
import {
  decodeEventBatch,
  decodeLogLevel,
  decodeNodeStatus,
  decodeSubscribeEvents,
  encodeEventBatch,
  encodeLogLevel,
  encodeNodeStatus,
  encodeSubscribeEvents,
} from '../../src/wire/documents.js';
import { decodeForward, encodeForward } from '../../src/wire/forward-codec.js';
import { decodeNote, encodeNote } from '../../src/wire/note.js';
import { events, statuses } from './arbitraries.js';
import { damaged, refusalOf, survives } from './hostile.js';

const readers = [decodeNodeStatus, decodeEventBatch, decodeSubscribeEvents, decodeLogLevel];

describe('documents', () => {
  it('a status arrives as it was sent', () => {
    fc.assert(
      fc.property(statuses, (status) => {
        expect(decodeNodeStatus(encodeNodeStatus(status))).toEqual(status);
      }),
    );
  });

  it('a batch of events arrives as it was sent', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 5 }), fc.nat(), (batch, lost) => {
        const sent = { instance: 'abc', lost, events: batch };
        expect(decodeEventBatch(encodeEventBatch(sent))).toEqual(sent);
      }),
    );
  });

  it('a subscription and a log level arrive as they were sent', () => {
    expect(decodeSubscribeEvents(encodeSubscribeEvents({ after: 17, level: 'debug' }))).toEqual({
      after: 17,
      level: 'debug',
    });
    expect(decodeLogLevel(encodeLogLevel({ level: 'trace' }))).toEqual({ level: 'trace' });
  });

  it('a field without a value survives', () => {
    const [event] = fc.sample(events, 1);
    const batch = { instance: 'abc', lost: 0, events: [{ ...event!, fields: { leader: undefined } }] };
    expect(decodeEventBatch(encodeEventBatch(batch)).events[0]!.fields).toEqual({ leader: undefined });
  });

  it('members that this version does not know are dropped', () => {
    expect(decodeLogLevel(packDocument({ level: 'info', colour: 'red' }))).toEqual({ level: 'info' });
  });

  it('what is wrong is named by its path, with expected and received', () => {
    const [status] = fc.sample(statuses, 1);
    const wrong = {
      ...status!,
      links: [
        { peer: 'node-b', state: 'connected' },
        { peer: 12, state: 'connected' },
      ],
    };
    expect(refusalOf(() => decodeNodeStatus(packDocument(wrong))).message).toBe(
      'malformed status.links[1].peer: expected text, got 12',
    );
    expect(refusalOf(() => decodeLogLevel(packDocument({ level: 'loud' }))).message).toBe(
      'malformed log-level.level: expected error or warn or info or debug or trace, got "loud"',
    );
    expect(refusalOf(() => decodeSubscribeEvents(packDocument({ after: -1, level: 'info' }))).message).toBe(
      'malformed subscribe-events.after: expected a whole number, got -1',
    );
    expect(refusalOf(() => decodeLogLevel(packDocument([]))).message).toBe(
      'malformed log-level: expected an object, got a list of 0',
    );
  });

  it('damaged documents are refused and never crash the reader', () => {
    const good = fc.oneof(
      statuses.map(encodeNodeStatus),
      fc.array(events, { maxLength: 3 }).map((batch) => encodeEventBatch({ instance: 'abc', lost: 0, events: batch })),
    );
    fc.assert(
      fc.property(good.chain(damaged), (payload) => {
        for (const read of readers) survives(read, payload);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('MessagePack from strangers', () => {
  const refused = (...bytes: number[]) => refusalOf(() => unpackDocument(Buffer.from(bytes), 'document')).message;

  it('a list or map longer than its bytes is refused before anything is made of it', () => {
    expect(refused(0xdd, 0xff, 0xff, 0xff, 0xff, 0x01)).toContain('needs 4294967300 bytes, has 6');
    expect(refused(0xdf, 0xff, 0xff, 0xff, 0xff, 0x01)).toContain('has 6');
    expect(refused(0xdc, 0xff, 0xff)).toContain('has 3');
    expect(refused(0xde, 0xff, 0xff)).toContain('has 3');
    expect(refused(0xdb, 0x7f, 0xff, 0xff, 0xff)).toContain('has 5');
  });

  it('a document deeper than 16 levels is refused, not followed', () => {
    expect(refused(...new Array(100_000).fill(0x91), 0x01)).toContain('more than 16 levels deep');
  });

  it("the library's extensions are not reached", () => {
    const recordDefinition = [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01];
    expect(refused(...recordDefinition)).toBe('malformed document: unexpected type 0xd4 at byte 0');
    expect(refused(0xc7, 0x01, 0x05, 0x00)).toContain('unexpected type 0xc7');
    expect(refused(0xc4, 0x01, 0x00)).toContain('unexpected type 0xc4');
    expect(refused(0xc1)).toContain('unexpected type 0xc1');
  });

  it('a map key that is no text is refused', () => {
    expect(refused(0x81, 0x01, 0x01)).toContain('a map key that is no text at byte 1');
  });

  it('no bytes, half a document, and two documents are refused', () => {
    expect(refused()).toContain('ends in the middle, at byte 0');
    expect(refused(0x82, 0xa1, 0x61, 0x01)).toContain('needs 5 bytes, has 4');
    expect(refused(0x01, 0x01)).toContain('1 bytes after the document');
  });

  it('a member called __proto__ changes no prototype', () => {
    const payload = Buffer.concat([
      Buffer.from([0x81, 0xa9]),
      Buffer.from('__proto__'),
      Buffer.from([0x81, 0xa1, 0x61, 0x01]),
    ]);
    expect(Object.getPrototypeOf(unpackDocument(payload, 'document'))).toBe(Object.prototype);
  });

  it('random bytes are plain data or bad-request', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        survives((payload) => unpackDocument(payload, 'document'), Buffer.from(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('notes', () => {
  it('tell term, leader and the longest value', () => {
    const note = { term: asTerm(2 ** 40), leader: asNodeId('nœud-02'), maxValueBytes: 1 << 20 };
    expect(decodeNote(encodeNote(note))).toEqual(note);
  });

  it('without a leader tell none', () => {
    expect(decodeNote(encodeNote({ term: asTerm(3), leader: null }))).toEqual({
      term: 3,
      leader: null,
      maxValueBytes: 0,
    });
  });

  it('that are too short or too long are refused', () => {
    expect(refusalOf(() => decodeNote(Buffer.alloc(11))).message).toContain('expected at least 12 bytes, got 11');
    expect(refusalOf(() => decodeNote(Buffer.alloc(257))).message).toContain('257 bytes, at most 256');
  });

  it('of any bytes are understood or refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => survives(decodeNote, Buffer.from(bytes))));
  });
});

describe('forwarded requests', () => {
  it('wrap kind and payload unread, and unwrap without a copy', () => {
    const payload = Buffer.from('a write');
    const parts = encodeForward(48, payload.subarray(0, 2), payload.subarray(2));
    expect(parts[1]!.buffer).toBe(payload.buffer);
    const arrived = Buffer.concat(parts);
    const forwarded = decodeForward(arrived);
    expect(forwarded.kind).toBe(48);
    expect(forwarded.payload.toString()).toBe('a write');
    expect(forwarded.payload.buffer).toBe(arrived.buffer);
  });

  it('of no bytes are refused', () => {
    expect(refusalOf(() => decodeForward(Buffer.alloc(0))).code).toBe('bad-request');
  });
});
