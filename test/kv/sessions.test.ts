import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asIndex, asRevision, asTerm, type LogIndex } from '../../src/base/index.js';
import {
  type Command,
  checkCommand,
  DATA_VERSION,
  encodeCommand,
  encodeOpenSession,
  encodeTime,
  type InSession,
  readSession,
  SESSION_WINDOW,
} from '../../src/kv/index.js';
import type { BinaryKey } from '../../src/kv/key.js';
import { Session } from '../../src/kv/session.js';
import { ENTRY_TYPES, makeRecord } from '../../src/raft/entry.js';
import { bytes, cas, contentsOf, del, put, StoreUnderTest, transact, underSession } from './helpers.js';

class Sessions extends StoreUnderTest {
  open(): LogIndex {
    return (this.enter(encodeOpenSession()) as { session: LogIndex }).session;
  }

  write(command: Command, session: number, sequence: number, lowest = sequence) {
    return this.enter(underSession(command, session, sequence, lowest));
  }

  pass(ms: number) {
    return this.enter(encodeTime(this.store.sessions.time + ms));
  }
}

const limited = (limits: Partial<typeof DATA_VERSION.sessions>): Sessions =>
  new Sessions({ data: { ...DATA_VERSION, sessions: { ...DATA_VERSION.sessions, ...limits } } });

describe('a session', () => {
  it('is named by the index of the entry that opened it, and changes no key', () => {
    const kv = new Sessions();
    kv.run(put('a', '1'));
    expect(kv.enter(encodeOpenSession())).toEqual({ session: 2 });
    expect([kv.store.revision, kv.store.sessions.count]).toEqual([2, 1]);
  });

  it('runs a write once, however often it comes, and answers what came of it then', () => {
    const kv = new Sessions();
    const id = kv.open();
    expect(kv.write(put('a', '1'), id, 1)).toEqual({ succeeded: true, revision: 2 });
    expect(kv.write(put('a', '2'), id, 2, 1)).toEqual({ succeeded: true, revision: 3 });
    expect(kv.write(put('a', '1'), id, 1)).toEqual({ succeeded: true, revision: 2 });
    expect(kv.get('a')).toMatchObject({ value: '2', version: 2 });
    expect(kv.store.revision).toBe(3);
  });

  it('remembers what failed as well: a cas does not succeed on its second try', () => {
    const kv = new Sessions();
    const id = kv.open();
    expect(kv.write(cas('a', 'x', '1'), id, 1)).toEqual({ succeeded: false, revision: 1 });
    expect(kv.write(del('a'), id, 2, 1)).toEqual({ succeeded: false, revision: 1 });
    kv.run(put('a', 'x'));
    expect(kv.write(cas('a', 'x', '1'), id, 1)).toEqual({ succeeded: false, revision: 1 });
    expect(kv.get('a')?.value).toBe('x');
  });

  it('runs a write whose successors came first', () => {
    const kv = new Sessions();
    const id = kv.open();
    kv.write(put('a', '2'), id, 2, 1);
    expect(kv.write(put('a', '1'), id, 1)).toEqual({ succeeded: true, revision: 3 });
  });

  it('forgets what is acknowledged, and never runs it again', () => {
    const kv = new Sessions();
    const id = kv.open();
    kv.write(put('a', '1'), id, 1);
    kv.write(put('a', '2'), id, 2);
    expect(kv.write(put('a', '1'), id, 1)).toMatchObject({ code: 'sequence-acknowledged', definite: false });
    expect(kv.get('a')).toMatchObject({ value: '2', version: 2 });
  });

  it('is not mistaken by an acknowledgement that comes late', () => {
    const kv = new Sessions();
    const id = kv.open();
    kv.write(put('a', '1'), id, 5, 5);
    expect(kv.write(put('a', '2'), id, 6, 3)).toMatchObject({ succeeded: true });
    expect(kv.write(put('a', '0'), id, 4, 3)).toMatchObject({ code: 'sequence-acknowledged' });
  });

  it('that nobody opened runs nothing, for certain', () => {
    const kv = new Sessions();
    kv.open();
    expect(kv.write(put('a', '1'), 7, 1)).toMatchObject({ code: 'session-expired', definite: true });
    expect([kv.get('a'), kv.store.revision]).toEqual([undefined, 1]);
  });
});

describe('the end of a session', () => {
  it('comes when the log has counted longer than it may be idle', () => {
    const kv = limited({ idleMs: 100 });
    const [idle, busy] = [kv.open(), kv.open()];
    kv.pass(60);
    kv.write(put('a', '1'), busy, 1);
    kv.pass(40);
    expect(kv.store.sessions.count).toBe(2);
    kv.pass(1);
    expect(kv.store.sessions.count).toBe(1);
    expect(kv.write(put('a', '2'), idle, 1)).toMatchObject({ code: 'session-expired' });
    expect(kv.write(put('a', '1'), busy, 1)).toEqual({ succeeded: true, revision: 2 });
  });

  it('does not come by time that was counted already', () => {
    const kv = limited({ idleMs: 100 });
    kv.open();
    kv.enter(encodeTime(100));
    expect([kv.enter(encodeTime(100)), kv.enter(encodeTime(60))]).toMatchObject([
      { succeeded: false },
      { succeeded: false },
    ]);
    expect([kv.store.sessions.time, kv.store.sessions.count]).toEqual([100, 1]);
  });

  it('comes to the least recently active one when there are too many', () => {
    const kv = limited({ most: 2 });
    const [first, second] = [kv.open(), kv.open()];
    kv.write(put('a', '1'), first, 1);
    const third = kv.open();
    expect(kv.write(put('b', '1'), second, 1)).toMatchObject({ code: 'session-expired' });
    expect(kv.write(put('b', '1'), first, 2)).toMatchObject({ succeeded: true });
    expect(kv.write(put('b', '1'), third, 1)).toMatchObject({ succeeded: true });
  });

  it('is for good: its name never comes back', () => {
    const kv = limited({ most: 1 });
    const first = kv.open();
    kv.write(put('a', '1'), first, 1);
    kv.open();
    expect(kv.write(put('a', '1'), first, 1)).toMatchObject({ code: 'session-expired' });
    expect(kv.get('a')?.version).toBe(1);
  });
});

describe('sessions on disk', () => {
  const crowded = () => {
    const kv = limited({ most: 3, idleMs: 100 });
    const ids = [kv.open(), kv.open(), kv.open()];
    kv.pass(10);
    for (let sequence = 1; sequence <= 40; sequence += 1) kv.write(put('a', `${sequence}`), ids[1]!, sequence, 1);
    kv.write(put('b', '1'), ids[0]!, 1);
    return { kv, ids: ids as [LogIndex, LogIndex, LogIndex] };
  };

  it('are there after a crash with all that they remember', () => {
    const { kv, ids } = crowded();
    const hash = kv.store.stateHash();
    kv.flushByTime();
    expect(kv.store.flushedIndex).toBe(kv.store.appliedIndex);
    kv.crash();
    expect(kv.store.stateHash()).toBe(hash);
    expect(kv.store.sessions.time).toBe(10);
    expect(kv.write(put('a', '7'), ids[1], 7, 1)).toEqual({ succeeded: true, revision: 8 });
    expect(kv.get('a')).toMatchObject({ value: '40', version: 40 });
    // The order of their activity as well: the third was not used since it was opened.
    kv.open();
    expect(kv.write(put('c', '1'), ids[2], 1)).toMatchObject({ code: 'session-expired' });
    expect(kv.write(put('c', '1'), ids[0], 2)).toMatchObject({ succeeded: true });
  });

  it('are those of the point that the flush stands for, not of what came while it was written', () => {
    const kv = new Sessions();
    const id = kv.open();
    kv.write(put('a', '1'), id, 1);
    kv.backend.holdFlushes();
    const flushed = kv.store.flush();
    kv.apply(put('x', '1'));
    const entry = { ...makeRecord(ENTRY_TYPES.command, underSession(put('a', '2'), id, 2)), term: asTerm(1) };
    kv.store.apply([{ ...entry, index: asIndex(4) }]);
    kv.backend.releaseFlushes();
    kv.time.turn();
    return flushed.then(() => {
      const [stored] = contentsOf(kv.backend, 'sessions');
      const value = bytes(stored!.slice(9));
      const session = Session.decode(stored!.slice(0, 8) as BinaryKey, { bytes: value, start: 0, end: value.length });
      expect([session?.lastIndex, session?.resultOf(1)]).toEqual([2, { succeeded: true, revision: 2 }]);
    });
  });

  it('go from there when they end', () => {
    const { kv } = crowded();
    kv.flushByTime();
    expect(contentsOf(kv.backend, 'sessions')).toHaveLength(3);
    kv.pass(101);
    kv.flushByTime();
    expect(contentsOf(kv.backend, 'sessions')).toEqual([]);
    kv.crash();
    expect([kv.store.sessions.count, kv.store.sessions.time]).toEqual([0, 111]);
  });

  it('are read with their checksum: a state with a damaged one is refused', async () => {
    const { kv } = crowded();
    kv.flushByTime();
    const [stored] = contentsOf(kv.backend, 'sessions');
    const record = bytes(stored!.slice(9));
    record[20] = record[20]! ^ 1;
    const damaged = transact(kv.backend, { [stored!.slice(0, 8)]: record }, { database: 'sessions' });
    kv.time.turn();
    await damaged;
    expect(() => kv.reopened()).toThrow(
      expect.objectContaining({ code: 'data-damaged', message: expect.stringContaining('session 0000000000000001') }),
    );
  });

  it('are part of the digest of the state', () => {
    const [one, other] = [new Sessions(), new Sessions()];
    for (const kv of [one, other]) kv.open();
    one.write(del('x'), 1, 1);
    other.write(del('x'), 1, 2);
    expect(one.store.stateHash()).not.toBe(other.store.stateHash());
  });
});

describe('a session’s memory', () => {
  it('is that of a map from which what is acknowledged is taken, whatever comes in which order', () => {
    const anyStep = fc.record({
      ahead: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: SESSION_WINDOW - 1 })),
      advance: fc.oneof(fc.constant(0), fc.nat({ max: 30 }), fc.nat({ max: 3_000 })),
    });
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), fc.nat(40), (steps, recodedAt) => {
        let session = new Session(asIndex(1), asIndex(1), 0);
        const model = new Map<number, number>();
        let lowest = 1;
        for (const [nth, { ahead, advance }] of steps.entries()) {
          if (nth === recodedAt) {
            const bytes = session.encode();
            session = Session.decode(session.key, { bytes, start: 0, end: bytes.length })!;
          }
          lowest += advance;
          session.acknowledge(lowest);
          for (const known of [...model.keys()]) if (known < lowest) model.delete(known);
          const sequence = lowest + ahead;
          expect(session.resultOf(sequence)?.revision).toBe(model.get(sequence));
          if (!model.has(sequence)) {
            session.remember(sequence, { succeeded: nth % 2 === 0, revision: asRevision(nth + 2) });
            model.set(sequence, nth + 2);
          }
        }
        for (const [sequence, revision] of model) {
          expect(session.resultOf(sequence)).toEqual({ succeeded: revision % 2 === 0, revision });
        }
        expect(session.lowest).toBe(lowest);
      }),
    );
  });
});

describe('a command under a session', () => {
  const LIMITS = { maxKeyBytes: 8, maxValueBytes: 16 };
  const check = (encoded: Buffer) => checkCommand(encoded, 0, encoded.length, LIMITS);

  it('carries it between header and key, and is as before without one', () => {
    const encoded = underSession(put('k', 'v'), 258, 1_025, 1_024);
    expect(encoded.toString('hex')).toBe('0102010001000000000000000201000000000000010400000000000001006b76');
    expect(encodeCommand(put('k', 'v')).toString('hex')).toBe('0100010001000000000000006b76');
    const expected: InSession = { session: asIndex(258), sequence: 1_025, lowest: 1_024 };
    expect(readSession(encoded, 0)).toEqual(expected);
    expect(readSession(encodeCommand(put('k', 'v')), 0)).toBeUndefined();
    expect(check(encoded)).toBeUndefined();
  });

  it.each([
    ['session 0', [0, 1, 1], /sequence 1 of session 0/],
    ['sequence 0', [1, 0, 0], /sequence 0 of session 1/],
    ['a lowest sequence of 0', [1, 5, 0], /sequence 5 with 5 before it unacknowledged/],
    ['more than the window', [1, 5_000, 5_000 - SESSION_WINDOW], /sequence 5000 with 1024 before it/],
  ] as const)('is refused with %s', (_what, [session, sequence, lowest], message) => {
    expect(check(underSession(put('k', 'v'), session, sequence, lowest))?.message).toMatch(message);
  });

  it('is refused when it is cut anywhere', () => {
    const encoded = underSession(put('k', 'v'), 1, 1);
    for (let length = 0; length < encoded.length; length += 1) {
      expect(checkCommand(encoded, 0, length, LIMITS)?.code, `${length} bytes`).toBe('bad-request');
    }
  });

  it('needs the version that brings sessions, as opening one does', () => {
    const kv = new Sessions();
    const refusals = [encodeOpenSession(), underSession(put('k', 'v'), 1, 1)].map((command) =>
      kv.store.refusalOf(command),
    );
    expect(refusals.map((error) => error?.code)).toEqual(['version-too-low', 'version-too-low']);
  });

  it('may be opened by anybody; the time is told by leaders alone', () => {
    expect(check(encodeOpenSession())).toBeUndefined();
    expect(check(encodeTime(5))?.code).toBe('bad-request');
    expect(check(Buffer.concat([encodeOpenSession(), Buffer.alloc(1)]))?.code).toBe('bad-request');
  });
});
