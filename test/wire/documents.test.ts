import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm } from '../../src/base/index.js';
import { decodeDocument, encodeDocument } from '../../src/wire/document.js';
import {
  decodeChangeMembership,
  decodeEventBatch,
  decodeLeadership,
  decodeLogLevel,
  decodeMembershipDocument,
  decodeNodeStatus,
  decodeSubscribeEvents,
  decodeTransfer,
  encodeChangeMembership,
  encodeEventBatch,
  encodeLeadership,
  encodeLogLevel,
  encodeMembershipDocument,
  encodeNodeStatus,
  encodeSubscribeEvents,
  encodeTransfer,
} from '../../src/wire/documents.js';
import { decodeForward, encodeForward } from '../../src/wire/forward-codec.js';
import { decodeNote, encodeNote } from '../../src/wire/note.js';
import { events, statuses } from './arbitraries.js';
import { damaged, refusalOf, survives } from './hostile.js';

const readers = [
  decodeNodeStatus,
  decodeEventBatch,
  decodeSubscribeEvents,
  decodeLogLevel,
  decodeTransfer,
  decodeLeadership,
  decodeChangeMembership,
  decodeMembershipDocument,
];

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

  it('a change of the membership, and the membership it makes, arrive as they were sent', () => {
    const node = asNodeId('node-02');
    const member = { id: node, incarnation: 2, host: '::1', port: 3332 };
    const changes = [
      { type: 'add', member },
      { type: 'promote', node },
      { type: 'remove', node },
      { type: 'replace', node, by: asNodeId('node-05') },
    ] as const;
    for (const change of changes) {
      expect(decodeChangeMembership(encodeChangeMembership({ change, timeoutMs: 9 }))).toEqual({
        change,
        timeoutMs: 9,
      });
    }
    const membership = { voters: [node], outgoing: [], learners: [], members: [member] };
    for (const sent of [membership, { ...membership, former: [{ id: asNodeId('node-01'), incarnation: 1 }] }]) {
      expect(decodeMembershipDocument(encodeMembershipDocument(sent))).toEqual(sent);
    }
    expect(() => decodeChangeMembership(encodeDocument({ change: { type: 'promote' }, timeoutMs: 1 }))).toThrow(/node/);
  });

  it('a transfer, to somebody or anybody, and who leads then arrive as they were sent', () => {
    for (const to of [null, asNodeId('node-02')]) {
      expect(decodeTransfer(encodeTransfer({ to, timeoutMs: 9 }))).toEqual({ to, timeoutMs: 9 });
    }
    const leadership = { leader: asNodeId('node-02'), term: asTerm(3) };
    expect(decodeLeadership(encodeLeadership(leadership))).toEqual(leadership);
  });

  it('a field without a value is left out', () => {
    const [event] = fc.sample(events, 1);
    const batch = { instance: 'abc', lost: 0, events: [{ ...event!, fields: { leader: undefined } }] };
    expect(decodeEventBatch(encodeEventBatch(batch)).events[0]!.fields).toStrictEqual({});
  });

  it('members that this version does not know are dropped', () => {
    expect(decodeLogLevel(encodeDocument({ level: 'info', colour: 'red' }))).toEqual({ level: 'info' });
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
    expect(refusalOf(() => decodeNodeStatus(encodeDocument(wrong))).message).toBe(
      'malformed status.links[1].peer: expected text, got 12',
    );
    expect(refusalOf(() => decodeLogLevel(encodeDocument({ level: 'loud' }))).message).toBe(
      'malformed log-level.level: expected error or warn or info or debug or trace, got "loud"',
    );
    expect(refusalOf(() => decodeSubscribeEvents(encodeDocument({ after: -1, level: 'info' }))).message).toBe(
      'malformed subscribe-events.after: expected a whole number, got -1',
    );
    expect(refusalOf(() => decodeLogLevel(encodeDocument([]))).message).toBe(
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

describe('documents from strangers', () => {
  const decode = (bytes: string | Buffer) => decodeDocument(Buffer.from(bytes as string), 'document');
  const refused = (bytes: string | Buffer) => refusalOf(() => decode(bytes)).message;

  it('arrive with all that JSON has', () => {
    const document = {
      none: null,
      yes: true,
      no: false,
      numbers: [0, -1.5, 2 ** 53],
      text: 'nœud "1" \\ \n',
      empty: {},
    };
    expect(decode(encodeDocument(document))).toStrictEqual(document);
  });

  it('that are undefined travel as null, and their undefined members not at all', () => {
    expect(decode(encodeDocument(undefined))).toBeNull();
    expect(decode(encodeDocument({ leader: undefined, term: 1 }))).toStrictEqual({ term: 1 });
  });

  it('of halves of a character keep them, as escapes', () => {
    const bytes = encodeDocument('\ud800');
    expect(bytes.toString()).toBe('"\\ud800"');
    expect(decode(bytes)).toBe('\ud800');
  });

  it('deeper than 16 levels are refused, not followed', () => {
    expect(decode('['.repeat(16) + ']'.repeat(16))).toBeInstanceOf(Array);
    expect(refused('['.repeat(17) + ']'.repeat(17))).toBe('malformed document: more than 16 levels deep at byte 16');
    expect(refused('['.repeat(1_000_000))).toContain('more than 16 levels deep');
    expect(refused('{"a":'.repeat(100_000))).toContain('more than 16 levels deep');
    expect(refused(`["]]","\\"]",${'['.repeat(16)}`)).toContain('more than 16 levels deep');
  });

  it('may be wide, and have brackets in their texts', () => {
    const wide = { lists: Array.from({ length: 100 }, () => []), text: `${'['.repeat(40)}\\"${'{'.repeat(40)}` };
    expect(decode(encodeDocument(wide))).toEqual(wide);
  });

  it('of no bytes, half a document, or two documents are refused', () => {
    expect(refused('')).toContain('malformed document: Unexpected end of JSON input');
    expect(refused('{"a":1')).toContain('malformed document: ');
    expect(refused('{"a":"')).toContain('malformed document: ');
    expect(refused('"\\')).toContain('malformed document: ');
    expect(refused('1 1')).toContain('malformed document: ');
    expect(refused('NaN')).toContain('malformed document: ');
  });

  it('that are no UTF-8 are refused', () => {
    expect(refused(Buffer.from([0x22, 0xff, 0x22]))).toBe('malformed document: it is no UTF-8');
    expect(refused(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toBe('malformed document: it is no UTF-8');
  });

  it('change no prototype by a member called __proto__', () => {
    const document = decode('{"__proto__":{"level":"info"}}');
    expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
    expect(refusalOf(() => decodeLogLevel(Buffer.from('{"__proto__":{"level":"info"}}'))).message).toContain(
      'malformed log-level.level: expected',
    );
  });

  it('may not name a field __proto__', () => {
    const [event] = fc.sample(events, 1);
    const batch = encodeEventBatch({ instance: 'abc', lost: 0, events: [{ ...event!, fields: { xxxxxxxxx: 1 } }] });
    const hostile = Buffer.from(batch.toString().replace('xxxxxxxxx', '__proto__'));
    expect(refusalOf(() => decodeEventBatch(hostile)).message).toBe(
      'malformed event-batch.events[0].fields: a member may not be called __proto__',
    );
  });

  it('of random bytes are plain data or bad-request', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array)),
      fc
        .array(fc.constantFrom(...'[]{}",:\\u0d8e1-. tfn'), { maxLength: 40 })
        .map((parts) => Buffer.from(parts.join(''))),
      fc.json().map((json) => Buffer.from(json)),
    );
    fc.assert(
      fc.property(bytes, (payload) => survives(decode, payload)),
      { numRuns: 3000 },
    );
  });
});

describe('notes', () => {
  it('tell term, leader and the longest value', () => {
    const note = { term: asTerm(2 ** 40), leader: asNodeId('nœud-02'), maxValueBytes: 1 << 20 };
    expect(decodeNote(encodeNote(note))).toEqual(note);
  });

  it('of a member tell its start, and what it has seen of the other', () => {
    const start = { starts: 3, term: asTerm(7), index: asIndex(2 ** 33) };
    const note = { term: asTerm(8), leader: null, maxValueBytes: 0, start };
    expect(decodeNote(encodeNote(note))).toEqual(note);
    const seen = {
      node: asNodeId('node-02'),
      incarnation: 3,
      starts: 2,
      instance: 'abcd',
      term: asTerm(6),
      index: asIndex(9),
    };
    const whole = encodeNote({ ...note, seen });
    expect(decodeNote(whole)).toEqual({ ...note, seen });
    // Whole fields or nothing.
    for (let bytes = 14; bytes < whole.length; bytes += 1) {
      if (bytes !== encodeNote(note).length)
        expect(() => decodeNote(whole.subarray(0, bytes))).toThrow('malformed note');
    }
    expect(() => decodeNote(Buffer.concat([whole, Buffer.alloc(1)]))).toThrow('malformed note');
  });

  it('without a leader tell none', () => {
    expect(decodeNote(encodeNote({ term: asTerm(3), leader: null }))).toEqual({
      term: 3,
      leader: null,
      maxValueBytes: 0,
    });
  });

  it('that are too short or too long are refused', () => {
    expect(refusalOf(() => decodeNote(Buffer.alloc(12))).message).toContain('expected at least 13 bytes, got 12');
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
