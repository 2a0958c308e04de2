import fc from 'fast-check';
import { asIndex, asNodeId, asTerm, LEVELS, type Level, type Membership } from '../../src/base/index.js';
import { ENTRY_TYPES, type Entry, makeRecord, RECORD_HEADER_BYTES, sealRecord } from '../../src/raft/entry.js';
import type { AppendEntries, Message } from '../../src/raft/message.js';
import {
  CLIENTS,
  type DiskFault,
  type EventDocument,
  FAULT_DELAY_MS_MAX,
  type LinkFault,
  type NodeFaults,
  type NodeStatus,
} from '../../src/wire/index.js';

export const A = asNodeId('node-a');
export const B = asNodeId('node-b');

const envelope = { from: fc.constant(A), to: fc.constant(B) };
const whole = fc.oneof(fc.maxSafeNat(), fc.nat({ max: 1000 }));
const term = whole.map(asTerm);
const index = whole.map(asIndex);
/** Any number but -0, which JSON writes as 0. */
const real = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);

/** Entries as they lie in memory: some alone in their buffer, some side by side with others. */
const entriesAfter = (prevLogIndex: number, termMax: number): fc.Arbitrary<Entry[]> =>
  fc
    .array(
      fc.record({
        payload: fc.uint8Array({ maxLength: 300 }),
        type: fc.constantFrom(...Object.values(ENTRY_TYPES)),
        term: fc.integer({ min: 1, max: termMax }),
        joinsPrevious: fc.boolean(),
      }),
      { maxLength: 12 },
    )
    .map((drafts) => {
      const terms = drafts.map((draft) => draft.term).sort((a, b) => a - b);
      const shared = Buffer.alloc(drafts.reduce((sum, { payload }) => sum + RECORD_HEADER_BYTES + payload.length, 0));
      let at = 0;
      return drafts.map(({ payload, type, joinsPrevious }, nth) => {
        const place = { index: asIndex(prevLogIndex + nth + 1), term: asTerm(terms[nth]!) };
        if (!joinsPrevious) return { ...place, ...makeRecord(type, payload) };
        shared.set(payload, at + RECORD_HEADER_BYTES);
        const entry = { ...place, type, bytes: shared, at, length: sealRecord(shared, at, type, payload.length) };
        at += entry.length;
        return entry;
      });
    });

export const appends: fc.Arbitrary<AppendEntries> = fc
  .record({ term: fc.integer({ min: 1, max: 2 ** 40 }), prevLogIndex: fc.nat({ max: 2 ** 30 }) })
  .chain((head) =>
    fc.record({
      head: fc.constant(head),
      prevLogTerm: term,
      leaderCommit: index,
      entries: entriesAfter(head.prevLogIndex, head.term),
    }),
  )
  .map(({ head, entries, ...rest }) => ({
    type: 'append-entries',
    from: A,
    to: B,
    term: asTerm(head.term),
    prevLogIndex: asIndex(head.prevLogIndex),
    lastLogIndex: asIndex(head.prevLogIndex + entries.length),
    entries,
    ...rest,
  }));

export const smallMessages: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    ...envelope,
    type: fc.constant('request-vote' as const),
    term,
    preVote: fc.boolean(),
    transfer: fc.boolean(),
    lastLogIndex: index,
    lastLogTerm: term,
  }),
  fc.record({
    ...envelope,
    type: fc.constant('request-vote-response' as const),
    term,
    preVote: fc.boolean(),
    granted: fc.boolean(),
    sticky: fc.boolean(),
  }),
  fc.record({
    ...envelope,
    type: fc.constant('append-entries-response' as const),
    term,
    success: fc.boolean(),
    index,
    hintIndex: index,
    hintTerm: term,
  }),
  fc.record({ ...envelope, type: fc.constant('heartbeat' as const), term, commitIndex: index, readRound: whole }),
  fc.record({ ...envelope, type: fc.constant('heartbeat-response' as const), term, readRound: whole }),
  fc.record({ ...envelope, type: fc.constant('read-index' as const), term, id: whole }),
  fc.record({ ...envelope, type: fc.constant('read-index-response' as const), term, id: whole, index }),
  fc.record({ ...envelope, type: fc.constant('timeout-now' as const), term }),
);

const level: fc.Arbitrary<Level> = fc.constantFrom(...LEVELS);

const memberships: fc.Arbitrary<Membership> = fc.record({
  voters: fc.subarray([A, B]),
  outgoing: fc.subarray([A, B]),
  learners: fc.subarray([A, B]),
  members: fc.array(fc.record({ id: fc.constantFrom(A, B), incarnation: whole, host: fc.string(), port: fc.nat() })),
});

/** A node's status with one value of each kind drawn. */
const linkFaults: fc.Arbitrary<LinkFault> = fc
  .record({
    peer: fc.constantFrom<LinkFault['peer']>(A, B, CLIENTS),
    direction: fc.constantFrom('in' as const, 'out' as const),
  })
  .chain((link) => {
    const delayMs = fc.double({ min: 0, max: FAULT_DELAY_MS_MAX, noNaN: true }).map((value) => value + 0);
    const lossRate = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
    return fc.oneof(
      fc.constant({ ...link, type: 'cut' as const }),
      fc.record({ delayMs, jitterMs: delayMs }).map((slow) => ({ ...link, type: 'slow' as const, ...slow })),
      lossRate.map((rate) => ({ ...link, type: 'flaky' as const, lossRate: rate })),
    );
  });

export const nodeFaults: fc.Arbitrary<NodeFaults> = fc.record({
  links: fc.array(linkFaults, { maxLength: 5 }),
  disk: fc.constantFrom<DiskFault | null>(null, { type: 'full' }, { type: 'failing' }, { type: 'slow', delayMs: 200 }),
});

export const statuses: fc.Arbitrary<NodeStatus> = fc
  .record({ term, index, text: fc.string(), level, milliseconds: real })
  .chain(({ term, index, text, level, milliseconds }) =>
    fc.record({
      node: fc.constant(A),
      instance: fc.constant(text),
      pid: fc.nat(),
      version: fc.constant('1.2.3'),
      dataVersion: fc.nat(),
      clusterVersion: fc.nat(),
      role: fc.constantFrom('follower' as const, 'pre-candidate' as const, 'candidate' as const, 'leader' as const),
      term: fc.constant(term),
      leader: fc.constantFrom(B, null),
      commitIndex: fc.constant(index),
      appliedIndex: fc.constant(index),
      lastIndex: fc.constant(index),
      firstIndex: fc.constant(asIndex(1)),
      persistedIndex: fc.constant(index),
      flushedIndex: fc.constant(index),
      revision: fc.nat().map((value) => value as NodeStatus['revision']),
      state: fc.record({
        keys: fc.nat(),
        index: fc.constant(index),
        hash: fc.string(),
        past: fc.array(fc.record({ index: fc.constant(index), hash: fc.string() }), { maxLength: 3 }),
      }),
      sessions: fc.nat(),
      uptimeMs: fc.constant(milliseconds),
      memory: fc.record({ rss: whole, heapUsed: whole, external: whole }),
      cpuMs: fc.constant(milliseconds),
      membership: memberships,
      links: fc.array(fc.record({ peer: fc.constant(B), state: fc.string() }), { maxLength: 5 }),
      connections: fc.nat(),
      level: fc.constant(level),
      faults: nodeFaults,
    }),
  );

export const events: fc.Arbitrary<EventDocument> = fc.record({
  node: fc.constant(A),
  instance: fc.string(),
  sequence: whole,
  component: fc.string(),
  level,
  event: fc.string(),
  fields: fc.dictionary(
    fc.string().filter((name) => name !== '__proto__'),
    fc.oneof(fc.string(), real, fc.boolean(), fc.constant(null)),
    { maxKeys: 5 },
  ),
  wall: real,
  time: real,
});
