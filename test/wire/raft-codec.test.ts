import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asIndex, asTerm } from '../../src/base/index.js';
import { type Entry, makeRecord, payloadOf } from '../../src/raft/entry.js';
import type { AppendEntries, Message } from '../../src/raft/message.js';
import { KIND } from '../../src/wire/kinds.js';
import { decodeMessage, encodeMessage } from '../../src/wire/raft-codec.js';
import { A, appends, B, smallMessages } from './arbitraries.js';
import { damaged, refusalOf, survives } from './hostile.js';

const sent = (message: Message): { kind: number; payload: Buffer } => {
  const { kind, parts } = encodeMessage(message);
  return { kind, payload: Buffer.concat(parts) };
};

const arrived = (message: Message): Message => {
  const { kind, payload } = sent(message);
  return decodeMessage(kind, payload, A, B);
};

const meaning = ({ index, term, type, ...entry }: Entry) => ({
  index,
  term,
  type,
  payload: payloadOf({ type, ...entry }).toString('hex'),
});

const append = (entries: readonly Entry[], rest: Partial<AppendEntries> = {}): AppendEntries => ({
  type: 'append-entries',
  from: A,
  to: B,
  term: asTerm(9),
  prevLogIndex: asIndex(4),
  prevLogTerm: asTerm(2),
  lastLogIndex: asIndex(4 + entries.length),
  leaderCommit: asIndex(3),
  entries,
  ...rest,
});

const entry = (index: number, term: number, text: string): Entry => ({
  index: asIndex(index),
  term: asTerm(term),
  ...makeRecord(1, Buffer.from(text)),
});

/** term 9, after (4, 2): three entries of terms 3, 3 and 5. Header 40 bytes, two runs, records from byte 64. */
const threeEntries = (): Buffer => sent(append([entry(5, 3, 'one'), entry(6, 3, 'two'), entry(7, 5, 'three')])).payload;

const refused = (payload: Buffer) => refusalOf(() => decodeMessage(KIND.appendEntries, payload, A, B)).message;

describe('messages between nodes', () => {
  it('arrive as they were sent', () => {
    fc.assert(
      fc.property(smallMessages, (message) => {
        expect(arrived(message)).toEqual(message);
      }),
    );
  });

  it('appends arrive with the same entries, index by index and term by term', () => {
    fc.assert(
      fc.property(appends, (message) => {
        const received = arrived(message) as AppendEntries;
        expect({ ...received, entries: [] }).toEqual({ ...message, entries: [] });
        expect(received.entries.map(meaning)).toEqual(message.entries.map(meaning));
      }),
    );
  });

  it('an append sends the very bytes of the records it was given', () => {
    const shared = Buffer.concat([entry(5, 3, 'one').bytes, entry(6, 3, 'two').bytes]);
    const first = { ...entry(5, 3, 'one'), bytes: shared };
    const second = { ...entry(6, 3, 'two'), bytes: shared, at: first.length };
    const { parts } = encodeMessage(append([first, second]));
    expect(parts).toHaveLength(2);
    expect(parts[1]!.buffer).toBe(shared.buffer);
    expect(parts[1]!).toEqual(shared);
  });

  it('a range without entries is filled with those given beside it', () => {
    const named = append([], { lastLogIndex: asIndex(5) });
    const { kind, parts } = encodeMessage(named, [entry(5, 3, 'cached')]);
    const received = decodeMessage(kind, Buffer.concat(parts), A, B) as AppendEntries;
    expect(received.entries.map(meaning)).toEqual([meaning(entry(5, 3, 'cached'))]);
  });

  it('a range filled with too few entries is a bug, not a message', () => {
    expect(() => encodeMessage(append([], { lastLogIndex: asIndex(5) }))).toThrow('(4, 5] filled with 0 entries');
  });

  it('received entries point into the payload, and records keep their bytes', () => {
    const payload = threeEntries();
    const received = decodeMessage(KIND.appendEntries, payload, A, B) as AppendEntries;
    for (const { bytes } of received.entries) expect(bytes).toBe(payload);
    expect(received.entries.map((each) => each.at)).toEqual([64, 76, 88]);
  });

  it('sender and receiver are those of the link, whatever the bytes say', () => {
    const { kind, payload } = sent(append([]));
    expect(decodeMessage(kind, payload, B, A)).toMatchObject({ from: B, to: A });
  });
});

describe('bytes that no node sent', () => {
  it('are refused as bad-request and never crash the reader', () => {
    fc.assert(
      fc.property(
        fc.oneof(smallMessages, appends).chain((message) => {
          const { kind, payload } = sent(message);
          return fc.record({ kind: fc.constant(kind), payload: damaged(payload) });
        }),
        ({ kind, payload }) => survives((bytes) => decodeMessage(kind, bytes, A, B), payload),
      ),
      { numRuns: 500 },
    );
  });

  it('any truncation of any message is refused', () => {
    fc.assert(
      fc.property(fc.oneof(smallMessages, appends), (message) => {
        const { kind, payload } = sent(message);
        for (let length = 0; length < payload.length; length += 1) {
          const cut = payload.subarray(0, length);
          expect(refusalOf(() => decodeMessage(kind, cut, A, B)).code).toBe('bad-request');
        }
      }),
      { numRuns: 40 },
    );
  });

  it('any flipped bit in a record is found by its checksum or its bounds', () => {
    const good = threeEntries();
    for (let at = 64; at < good.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const bytes = Buffer.from(good);
        bytes[at] = bytes[at]! ^ (1 << bit);
        expect(refused(bytes)).toMatch(/record|fit/);
      }
    }
  });

  it('an unknown kind is named', () => {
    expect(refusalOf(() => decodeMessage(99, Buffer.alloc(8), A, B)).message).toContain('unknown kind 99');
  });

  it('a count that the bytes cannot hold is refused before anything is made of it', () => {
    const bytes = threeEntries();
    bytes.writeUInt32LE(0xffff_ffff, 32);
    bytes.writeUInt32LE(0xffff_ffff, 36);
    expect(refused(bytes)).toContain('4294967295 entries in 4294967295 terms do not fit');
  });

  it('more terms than entries are refused', () => {
    const bytes = threeEntries();
    bytes.writeUInt32LE(1, 32);
    expect(refused(bytes)).toContain('1 entries in 2 terms');
  });

  it('a term that falls along the log is refused (§5.3)', () => {
    const bytes = threeEntries();
    bytes.writeUInt32LE(2, 52);
    expect(refused(bytes)).toContain('term 2 after term 3');
  });

  it('two runs of one term are refused, and so is term 0', () => {
    const twice = threeEntries();
    twice.writeUInt32LE(3, 52);
    expect(refused(twice)).toContain('term 3 after term 3');
    const zero = threeEntries();
    zero.writeUInt32LE(0, 40);
    expect(refused(zero)).toContain('term 0 after term 0');
  });

  it('an entry of a later term than its message is refused', () => {
    const bytes = threeEntries();
    bytes.writeUInt32LE(4, 0);
    expect(refused(bytes)).toContain('an entry of term 5 in a message of term 4');
  });

  it('terms that name fewer, or more, entries than there are get refused', () => {
    const fewer = threeEntries();
    fewer.writeUInt32LE(1, 48);
    expect(refused(fewer)).toContain('its terms name 2 of 3 entries');
    const more = threeEntries();
    more.writeUInt32LE(4, 48);
    expect(refused(more)).toContain('a run of 4 entries, 3 of 3 left');
    const none = threeEntries();
    none.writeUInt32LE(0, 60);
    expect(refused(none)).toContain('a run of 0 entries');
  });

  it('bytes behind the last record are refused', () => {
    expect(refused(Buffer.concat([threeEntries(), Buffer.from('x')]))).toContain('1 bytes after the last record');
  });

  it('a number over 2^53 is refused rather than rounded', () => {
    const { kind, payload } = sent(append([]));
    payload.writeUInt32LE(0x20_0000, 12);
    expect(refusalOf(() => decodeMessage(kind, payload, A, B)).message).toContain('over 2^53');
  });

  it('entries whose index would pass 2^53 are refused', () => {
    const bytes = threeEntries();
    bytes.writeUInt32LE(0xffff_ffff, 8);
    bytes.writeUInt32LE(0x1f_ffff, 12);
    expect(refused(bytes)).toContain('entries after index 9007199254740991');
  });

  it('unknown flags are refused, so that a later version may give them a meaning', () => {
    const vote = sent({
      type: 'request-vote-response',
      from: A,
      to: B,
      term: asTerm(1),
      preVote: true,
      granted: true,
      sticky: false,
    });
    vote.payload[8] = 8;
    expect(refusalOf(() => decodeMessage(vote.kind, vote.payload, A, B)).message).toContain('unknown flags 0x8');
  });
});
