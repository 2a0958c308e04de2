import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asNodeId, asRevision, ERRORS, type ErrorCode, RaftctlError } from '../../src/base/index.js';
import { type Command, decodeCommand } from '../../src/kv/command.js';
import { encodeDocument } from '../../src/wire/document.js';
import {
  decodeError,
  decodeGet,
  decodeOkGet,
  decodeOkScan,
  decodeOkWrite,
  decodeScan,
  decodeWrite,
  encodeError,
  encodeGet,
  encodeOkGet,
  encodeOkScan,
  encodeOkWrite,
  encodeScan,
  encodeWrite,
  WRITE_HEADER_BYTES,
} from '../../src/wire/index.js';
import { damaged, refusalOf, survives } from './hostile.js';

const timeoutMs = fc.integer({ min: 0, max: 0xffff_ffff });
const key = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((drawn) => Buffer.from(drawn));
const bytes = fc.uint8Array({ maxLength: 200 }).map((drawn) => Buffer.from(drawn));
const mode = fc.constantFrom('linearizable' as const, 'stale' as const);
const revision = fc.maxSafeNat().map(asRevision);

const commands: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, value: bytes }),
  fc.record({ type: fc.constant('delete' as const), key }),
  fc.record({ type: fc.constant('cas' as const), key, expected: fc.option(bytes, { nil: null }), value: bytes }),
);

const scans = fc.record({
  timeoutMs,
  mode,
  limit: fc.integer({ min: 0, max: 0xffff_ffff }),
  prefix: bytes,
  after: fc.option(key, { nil: undefined }),
});

const stored = fc.record({
  value: bytes,
  createRevision: revision,
  modRevision: revision,
  version: fc.maxSafeNat(),
});
const entries = fc.array(
  fc.record({ key, value: bytes, createRevision: revision, modRevision: revision, version: fc.nat() }),
  {
    maxLength: 8,
  },
);

/** Buffers and plain byte arrays of equal bytes compare equal. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_name, item) => (item?.type === 'Buffer' || item instanceof Uint8Array ? hex(item) : item)),
  );
const hex = (item: Uint8Array | { data: number[] }): string =>
  Buffer.from(item instanceof Uint8Array ? item : item.data).toString('hex');

describe('requests of clients', () => {
  it('a write carries its timeout and its command', () => {
    fc.assert(
      fc.property(timeoutMs, commands, (timeout, command) => {
        const payload = encodeWrite(timeout, command);
        expect(decodeWrite(payload).timeoutMs).toBe(timeout);
        const decoded = decodeCommand(payload, WRITE_HEADER_BYTES, payload.length - WRITE_HEADER_BYTES);
        expect(plain(decoded)).toEqual(plain(command));
      }),
    );
  });

  it("a write's command is a view of the payload, so that a node proposes the bytes it received", () => {
    const payload = encodeWrite(1, { type: 'put', key: Buffer.from('k'), value: Buffer.from('v') });
    const { command } = decodeWrite(payload);
    expect(command.buffer).toBe(payload.buffer);
    expect(command.byteOffset).toBe(payload.byteOffset + WRITE_HEADER_BYTES);
  });

  it('a get arrives as it was sent', () => {
    fc.assert(
      fc.property(timeoutMs, mode, bytes, (timeout, how, which) => {
        const request = decodeGet(encodeGet(timeout, how, which));
        expect(plain(request)).toEqual(plain({ timeoutMs: timeout, mode: how, key: which }));
      }),
    );
  });

  it('a scan arrives as it was sent', () => {
    fc.assert(
      fc.property(scans, (request) => {
        expect(plain(decodeScan(encodeScan(request)))).toEqual(plain(request));
      }),
    );
  });

  it('an unknown read mode is refused', () => {
    const payload = encodeGet(1, 'stale', Buffer.from('k'));
    payload[4] = 3;
    expect(refusalOf(() => decodeGet(payload)).message).toBe('malformed get: unknown read mode 3');
  });

  it('a scan whose prefix is cut short is refused', () => {
    const whole = { timeoutMs: 1, mode: 'stale' as const, limit: 1, prefix: Buffer.from('prefix'), after: undefined };
    const payload = encodeScan(whole).subarray(0, -1);
    expect(refusalOf(() => decodeScan(payload)).message).toBe('malformed scan: expected at least 17 bytes, got 16');
  });

  it('damaged requests are refused and never crash the reader', () => {
    const good = fc.oneof(
      commands.map((command) => encodeWrite(5, command)),
      key.map((which) => encodeGet(5, 'stale', which)),
      scans.map(encodeScan),
    );
    fc.assert(
      fc.property(good.chain(damaged), (payload) => {
        for (const decode of [decodeWrite, decodeGet, decodeScan]) survives(decode, payload);
      }),
      { numRuns: 500 },
    );
  });
});

describe('answers of nodes', () => {
  it('arrive as they were sent', () => {
    fc.assert(
      fc.property(fc.boolean(), revision, fc.option(stored, { nil: undefined }), (succeeded, at, found) => {
        expect(decodeOkWrite(encodeOkWrite({ succeeded, revision: at }))).toEqual({ succeeded, revision: at });
        const got = decodeOkGet(Buffer.concat(encodeOkGet(at, found)));
        expect(plain(got)).toEqual(plain({ revision: at, found }));
      }),
    );
  });

  it('a scan arrives with its entries in order', () => {
    fc.assert(
      fc.property(entries, fc.boolean(), revision, (found, more, at) => {
        const got = decodeOkScan(encodeOkScan({ entries: found, more, revision: at }));
        expect(plain(got)).toEqual(plain({ entries: found, more, revision: at }));
      }),
    );
  });

  it('a scan that grows over its bound is cut, and says that there is more', () => {
    const numbers = { createRevision: asRevision(1), modRevision: asRevision(1), version: 1 };
    const found = ['a', 'b', 'c'].map((name) => ({ key: Buffer.from(name), value: Buffer.alloc(400), ...numbers }));
    const cut = decodeOkScan(encodeOkScan({ entries: found, more: false, revision: asRevision(9) }, 1000));
    expect(cut.entries.map((entry) => entry.key.toString())).toEqual(['a', 'b']);
    expect(cut.more).toBe(true);
  });

  it('one entry over the bound travels alone, so that a scan always gets on', () => {
    const numbers = { createRevision: asRevision(1), modRevision: asRevision(1), version: 1 };
    const found = [{ key: Buffer.from('a'), value: Buffer.alloc(5000), ...numbers }];
    const whole = decodeOkScan(encodeOkScan({ entries: found, more: false, revision: asRevision(9) }, 1000));
    expect(whole.entries).toHaveLength(1);
    expect(whole.more).toBe(false);
  });

  it("a get's value is sent from where it lies", () => {
    const value = Buffer.from('content 01');
    const parts = encodeOkGet(asRevision(3), {
      value,
      createRevision: asRevision(1),
      modRevision: asRevision(2),
      version: 2,
    });
    expect(parts[1]).toBe(value);
  });

  it('a count of entries that the bytes cannot hold is refused before anything is made of it', () => {
    const payload = encodeOkScan({ entries: [], more: false, revision: asRevision(1) });
    payload.writeUInt32LE(0xffff_ffff, 9);
    expect(refusalOf(() => decodeOkScan(payload)).message).toContain('expected at least');
  });

  it('a scan with a byte too few or too many is refused', () => {
    fc.assert(
      fc.property(entries, (found) => {
        const payload = encodeOkScan({ entries: found, more: false, revision: asRevision(1) });
        expect(refusalOf(() => decodeOkScan(payload.subarray(0, -1))).code).toBe('bad-request');
        expect(refusalOf(() => decodeOkScan(Buffer.concat([payload, Buffer.alloc(1)]))).code).toBe('bad-request');
      }),
    );
  });

  it('damaged answers are refused and never crash the reader', () => {
    const good = fc.oneof(
      revision.map((at) => encodeOkWrite({ succeeded: true, revision: at })),
      stored.map((found) => Buffer.concat(encodeOkGet(asRevision(1), found))),
      entries.map((found) => encodeOkScan({ entries: found, more: true, revision: asRevision(1) })),
      fc.constant(encodeError(new RaftctlError('no-leader', 'none is known'), asNodeId('node-02'))),
    );
    fc.assert(
      fc.property(good.chain(damaged), (payload) => {
        for (const decode of [decodeOkWrite, decodeOkGet, decodeOkScan, decodeError]) survives(decode, payload);
      }),
      { numRuns: 500 },
    );
  });
});

describe('errors on the wire', () => {
  it('keep code, message, certainty, hint and the leader', () => {
    const codes = Object.keys(ERRORS) as ErrorCode[];
    fc.assert(
      fc.property(
        fc.constantFrom(...codes),
        fc.string(),
        fc.boolean(),
        fc.string({ minLength: 1 }),
        (code, text, definite, hint) => {
          const { error, leader } = decodeError(
            encodeError(new RaftctlError(code, text, { definite, hint }), asNodeId('node-02')),
          );
          expect({ ...error, message: error.message }).toEqual({
            name: 'RaftctlError',
            code,
            definite,
            hint,
            message: text,
          });
          expect(leader).toBe('node-02');
        },
      ),
    );
  });

  it('without a hint and a leader they have none', () => {
    const { error, leader } = decodeError(encodeError(new RaftctlError('no-leader', 'none')));
    expect(error.hint).toBeUndefined();
    expect(leader).toBeNull();
  });

  it('a code from a later version becomes internal and is named', () => {
    const payload = encodeDocument({ code: 'too-hot', message: 'cool down', definite: true, advice: 'new member' });
    const { error } = decodeError(payload);
    expect(error).toMatchObject({ code: 'internal', definite: true, message: 'too-hot: cool down' });
  });

  it('an error without a certainty is refused, never guessed', () => {
    const payload = encodeDocument({ code: 'timeout', message: 'late' });
    expect(refusalOf(() => decodeError(payload)).message).toBe(
      'malformed error.definite: expected true or false, got undefined',
    );
  });
});
