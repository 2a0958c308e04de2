import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asRevision, asTerm, RaftctlError } from '../../src/base/index.js';
import * as wire from '../../src/wire/index.js';
import { A, appends, B, events, nodeFaults, smallMessages, statuses } from './arbitraries.js';
import { survives } from './hostile.js';

/**
 * Every message of the protocol, with any of its bytes turned into numbers that lie about what follows. A decoder
 * refuses it, or makes something of it that is not larger than what arrived.
 */

const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 }).map((array) => Buffer.from(array));
const version = { createRevision: asRevision(1), modRevision: asRevision(2), version: 1 };
const entries = fc.array(fc.record({ key: bytes, value: bytes }), { maxLength: 8 });

type Protocol = Readonly<Record<string, readonly [good: fc.Arbitrary<Buffer>, decode: (payload: Buffer) => unknown]>>;

const raft = fc.oneof(smallMessages, appends).map((message) => {
  const { kind, parts } = wire.encodeMessage(message);
  return Buffer.concat([Buffer.from([kind]), ...parts]);
});

const PROTOCOL: Protocol = {
  'a message between nodes': [raft, (payload) => wire.decodeMessage(payload[0] ?? 0, payload.subarray(1), A, B)],
  'a forwarded call': [bytes, wire.decodeForward],
  'a write': [
    fc.tuple(bytes, bytes).map(([key, value]) => wire.encodeWrite(9, { type: 'put', key, value })),
    wire.decodeWrite,
  ],
  'a get': [bytes.map((key) => wire.encodeGet(9, 'stale', key)), wire.decodeGet],
  'a scan': [
    fc
      .tuple(bytes, fc.option(bytes, { nil: undefined }))
      .map(([prefix, after]) => wire.encodeScan({ timeoutMs: 1, mode: 'stale', limit: 9, prefix, after })),
    wire.decodeScan,
  ],
  'a watch': [bytes.map((key) => wire.encodeWatch(asRevision(3), true, key)), wire.decodeWatch],
  'the answer to a write': [
    fc.boolean().map((succeeded) => wire.encodeOkWrite({ succeeded, revision: asRevision(7) })),
    wire.decodeOkWrite,
  ],
  'the answer to who opens a session': [
    fc.nat().map((session) => wire.encodeOkSession({ session: asIndex(session) })),
    wire.decodeOkSession,
  ],
  'the answer to a get': [
    bytes.map((value) => Buffer.concat(wire.encodeOkGet(asRevision(3), { value, ...version }))),
    wire.decodeOkGet,
  ],
  'the answer to a scan': [
    entries.map((list) => {
      const found = list.map((entry) => ({ ...entry, ...version }));
      return wire.encodeOkScan({ entries: found, more: false, revision: asRevision(3) });
    }),
    wire.decodeOkScan,
  ],
  'an error': [
    fc.string().map((text) => wire.encodeError(new RaftctlError('timeout', text, { hint: text }), A)),
    wire.decodeError,
  ],
  'the events of a watch': [
    entries.map((list) =>
      wire.encodeWatchEvents({
        upTo: asRevision(20),
        events: list.map(({ key, value }, nth) => ({
          ...version,
          type: 'put' as const,
          key,
          value,
          modRevision: asRevision(nth + 1),
        })),
      }),
    ),
    wire.decodeWatchEvents,
  ],
  'a status': [statuses.map(wire.encodeNodeStatus), wire.decodeNodeStatus],
  'a batch of events': [
    fc.array(events, { maxLength: 4 }).map((list) => wire.encodeEventBatch({ instance: 'i', events: list, lost: 0 })),
    wire.decodeEventBatch,
  ],
  'a subscription': [
    fc.nat().map((after) => wire.encodeSubscribeEvents({ after, level: 'info' })),
    wire.decodeSubscribeEvents,
  ],
  'a level': [fc.constant(wire.encodeLogLevel({ level: 'debug' })), wire.decodeLogLevel],
  'a transfer': [
    fc.nat().map((timeoutMs) => wire.encodeTransfer({ to: asNodeId('node-a'), timeoutMs })),
    wire.decodeTransfer,
  ],
  'a change of the membership': [
    fc
      .nat()
      .map((timeoutMs) =>
        wire.encodeChangeMembership({ change: { type: 'remove', node: asNodeId('node-a') }, timeoutMs }),
      ),
    wire.decodeChangeMembership,
  ],
  'a membership': [
    statuses.map(({ membership }) => wire.encodeMembershipDocument(membership)),
    wire.decodeMembershipDocument,
  ],
  'what a node is to suffer': [nodeFaults.map(wire.encodeNodeFaults), wire.decodeNodeFaults],
  'who leads': [
    fc.nat().map((term) => wire.encodeLeadership({ leader: asNodeId('node-a'), term: asTerm(term) })),
    wire.decodeLeadership,
  ],
  'a note': [bytes, wire.decodeNote],
  'the beginning of a snapshot': [
    fc.nat().map((size) => wire.encodeSnapshotBegin({ term: asTerm(3), bytes: size })),
    wire.decodeSnapshotBegin,
  ],
  'a part of a snapshot': [
    bytes.map((data) => Buffer.concat(wire.encodeSnapshotPart({ offset: 7, data }))),
    wire.decodeSnapshotPart,
  ],
  'the end of a snapshot': [fc.nat().map(wire.encodeSnapshotEnd), wire.decodeSnapshotEnd],
  'what was received of a snapshot': [fc.nat().map(wire.encodeSnapshotReceived), wire.decodeSnapshotReceived],
  'that a snapshot was installed': [
    fc.nat().map((index) => wire.encodeSnapshotInstalled(asIndex(index))),
    wire.decodeSnapshotInstalled,
  ],
};

const LIES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];

/** The bytes with up to three numbers in them that are not true, of one, two or four bytes, either way round. */
function lyingAbout(good: Buffer): fc.Arbitrary<Buffer> {
  const lie = fc.record({
    at: fc.nat({ max: Math.max(0, good.length - 1) }),
    value: fc.constantFrom(...LIES),
    width: fc.constantFrom(1, 2, 4),
    isBigEndian: fc.boolean(),
  });
  return fc.array(lie, { minLength: 1, maxLength: 3 }).map((lies) => {
    const bytes = Buffer.from(good);
    for (const { at, value, width, isBigEndian } of lies) {
      for (let i = 0; i < width && at + i < bytes.length; i += 1) {
        bytes[at + i] = (value >>> (8 * (isBigEndian ? width - 1 - i : i))) & 0xff;
      }
    }
    return bytes;
  });
}

/** How many things it consists of; views of the payload count once. */
function thingsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 1;
  return Object.values(value).reduce((sum: number, part) => sum + thingsIn(part), 1);
}

describe('numbers that lie about what follows are refused, or make nothing large of it:', () => {
  it.each(Object.entries(PROTOCOL))('in %s', (_, [good, decode]) => {
    fc.assert(
      fc.property(good.chain(lyingAbout), (payload) => {
        survives((lied) => expect(thingsIn(decode(lied))).toBeLessThan(64 + 8 * lied.length), payload);
      }),
      { numRuns: 400 },
    );
  });

  it('and no decoder of the protocol is left out', () => {
    const decoders = Object.keys(wire).filter((name) => name.startsWith('decode'));
    const source = Object.values(PROTOCOL).map(([, decode]) => `${decode.name} ${decode}`);
    expect(decoders.filter((name) => !source.some((text) => text.includes(name)))).toEqual([]);
  });
});
