import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm, seededRandom } from '../../src/base/index.js';
import { type HardState, RawNode } from '../../src/raft/index.js';
import { membershipOf } from '../helpers/membership.js';
import { always, ELECTION_TICKS_MAX, entry, RaftCluster, record, testConfig } from '../helpers/raft-cluster.js';
import { ack, append, heartbeat, heartbeatResponse, vote } from '../helpers/raft-messages.js';

const restored = (hardState: HardState = { currentTerm: asTerm(0), votedFor: null }) => ({
  hardState,
  before: { index: asIndex(0), term: asTerm(0) },
  runs: [],
  lengths: new Uint32Array(0),
  applied: asIndex(0),
});

const node = (overrides: Parameters<typeof testConfig>[1] = {}) =>
  new RawNode({
    ...testConfig(['n1', 'n2', 'n3'], overrides),
    id: asNodeId('n1'),
    random: always(0.5),
    restored: restored(),
  });

describe('a Ready', () => {
  it('is there only when there is something to do', () => {
    const raw = node();
    expect(raw.hasReady()).toBe(false);
    raw.tick(1);
    expect(raw.hasReady()).toBe(false);
    raw.tick(ELECTION_TICKS_MAX);
    expect(raw.hasReady()).toBe(true);
    expect(raw.ready().committed).toBeUndefined();
    expect(raw.hasReady()).toBe(false);
  });

  it('that is due is announced: no ticks are left until it', () => {
    const c = new RaftCluster({ nodes: 2 });
    c.campaign('n1');
    c.deliver();
    const raw = c.raw('n1');
    raw.propose([record('x')]);
    raw.ready();
    raw.persisted(asIndex(2), asTerm(1));
    expect(raw.ticksToDeadline()).toBeGreaterThan(0);
    raw.step(ack({ from: 'n2', to: 'n1', term: 1, index: 2 }));
    expect(raw.ticksToDeadline()).toBe(0); // the news that 2 is committed
  });

  it('that only tells the commit index has nothing to write', () => {
    const raw = node();
    raw.step(append({ from: 'n2', to: 'n1', term: 1, terms: [1] }));
    raw.ready();
    raw.step(heartbeat({ from: 'n2', to: 'n1', term: 1, commit: 1 }));
    const ready = raw.ready();
    expect(ready).toMatchObject({ hardState: undefined, entries: [], messagesAfterPersist: [], roleChange: undefined });
    expect(ready.committed).toEqual({ after: 0, upTo: 1 });
    expect(raw.hasReady()).toBe(false);
  });

  it('carries term and vote together with the entries that need them, and the role change', () => {
    const raw = node();
    raw.step(append({ from: 'n2', to: 'n1', term: 3, terms: [2, 3] }));
    expect(raw.ready()).toMatchObject({
      hardState: { currentTerm: 3, votedFor: null },
      entries: [
        { index: 1, term: 2 },
        { index: 2, term: 3 },
      ],
      messages: [],
      messagesAfterPersist: [{ type: 'append-entries-response', success: true, index: 2 }],
      roleChange: { role: 'follower', term: 3, leader: 'n2' },
    });
  });

  it('names the range of an append, and holds no entries', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver();
    c.raw('n1').propose([record('x'), record('y')]);
    const ready = c.raw('n1').ready();
    expect(ready.messages).toMatchObject([
      { to: 'n2', prevLogIndex: 1, lastLogIndex: 3, entries: [] },
      { to: 'n3', prevLogIndex: 1, lastLogIndex: 3, entries: [] },
    ]);
    expect(ready.entries.map(({ index, term }) => [index, term])).toEqual([
      [2, 1],
      [3, 1],
    ]);
  });

  it('hands on the very bytes that were proposed', () => {
    const c = new RaftCluster({ nodes: 1 });
    c.pass(5);
    const proposed = record('x');
    c.raw('n1').propose([proposed]);
    expect(c.raw('n1').ready().entries[0]!.bytes).toBe(proposed.bytes);
  });
});

describe('a restart', () => {
  it('takes up term, vote, log and applied index, and applies nothing again', () => {
    const entries = [entry(6, 2), entry(7, 4)];
    const raw = new RawNode({
      ...testConfig(['n1', 'n2', 'n3']),
      id: asNodeId('n1'),
      random: always(0.5),
      restored: {
        hardState: { currentTerm: asTerm(4), votedFor: asNodeId('n2') },
        before: { index: asIndex(5), term: asTerm(2) },
        runs: [
          { term: asTerm(2), count: 1 },
          { term: asTerm(4), count: 1 },
        ],
        lengths: Uint32Array.from(entries, ({ length }) => length),
        applied: asIndex(6),
      },
    });
    expect(raw.status()).toMatchObject({
      role: 'follower',
      term: 4,
      votedFor: 'n2',
      leader: null,
      firstIndex: 6,
      lastIndex: 7,
      lastTerm: 4,
      commitIndex: 6,
      appliedIndex: 6,
      persistedIndex: 7,
    });
    expect(raw.hasReady()).toBe(false);
    raw.step(heartbeat({ from: 'n2', to: 'n1', term: 4, commit: 7 }));
    expect(raw.ready().committed).toEqual({ after: 6, upTo: 7 });
  });
});

describe('the core', () => {
  it('is deterministic: the same inputs give the same outputs', () => {
    const transcript = () => {
      const c = new RaftCluster({ nodes: 5, random: (name) => seededRandom(name.charCodeAt(1)) });
      const seen: string[] = [];
      for (let round = 0; round < 30; round += 1) {
        c.pass(100);
        const [leader] = c.leaders();
        if (leader) c.propose(leader, `${round}`);
        c.read(c.names[round % 5]!);
        if (round % 10 === 9 && leader) {
          c.isolate(leader);
          c.pass(2 * ELECTION_TICKS_MAX);
          c.heal();
        }
        seen.push(JSON.stringify(c.names.map((name) => [c.status(name), c.host(name).events, c.host(name).reads])));
      }
      return seen;
    };
    expect(transcript()).toEqual(transcript());
  });

  it('refuses configurations that cannot work', () => {
    expect(() => node({ heartbeatTicks: 400 })).toThrow(/heartbeat 400 < election min 400/);
    expect(() => node({ electionTicksMin: 900 })).toThrow(/election min 900 <= max 800/);
    expect(() => node({ membership: membershipOf(asNodeId('n1'), asNodeId('n1')) })).toThrow(/distinct/);
    expect(() => node({ heartbeatTicks: 0 })).toThrow(/heartbeatTicks 0: expected at least 1/);
    expect(() => node({ appendBytesMax: 0 })).toThrow(/byte bounds must be positive/);
    expect(() => node({ uncommittedBytesMax: 0 })).toThrow(/byte bounds must be positive/);
  });

  it('takes a heartbeat just below the election timeout, and one fixed timeout (§5.6: the host knows its network)', () => {
    node({ heartbeatTicks: 399 });
    node({ electionTicksMin: 800 });
  });

  it('has a clock that only goes forward', () => {
    const raw = node();
    raw.tick(0);
    expect(() => raw.tick(-1)).toThrow(/ticked -1/);
  });

  it('calls a follower active for an election timeout after its last word, to the tick', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver();
    const active = () => c.status('n1').progress?.[asNodeId('n2')]?.active;
    expect(active()).toBe(true); // it won its vote
    c.tick(ELECTION_TICKS_MAX / 2, 'n1');
    for (const from of ['n2', 'n3']) c.step('n1', heartbeatResponse({ from, to: 'n1', term: 1 }));
    c.tick(ELECTION_TICKS_MAX / 2, 'n1');
    c.step('n1', heartbeatResponse({ from: 'n3', to: 'n1', term: 1 }));
    c.tick(ELECTION_TICKS_MAX / 2 - 1, 'n1');
    expect(active()).toBe(true);
    c.tick(1, 'n1');
    expect(active()).toBe(false);
  });

  it('takes everybody for active who had no chance to say anything yet', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver(({ type }) => type.startsWith('request-vote'));
    expect(c.status('n1').progress).toMatchObject({ n2: { active: true }, n3: { active: true } });
  });

  it('is content to wait longer when its disk has done something for a leader, and for nobody else', () => {
    const written = (then: (c: RaftCluster) => void) => {
      const c = new RaftCluster({ nodes: 4, persist: 'on-demand', random: () => always(0) });
      c.step('n2', append({ from: 'n1', to: 'n2', term: 1, terms: [1] }));
      then(c);
      c.tick(9, 'n2');
      const before = c.raw('n2').ticksToDeadline();
      c.raw('n2').persisted(asIndex(1), asTerm(1));
      return c.raw('n2').ticksToDeadline() - before;
    };
    expect(written(() => {})).toBe(9);
    expect(written((c) => c.step('n2', vote({ from: 'n3', to: 'n2', term: 5, granted: false })))).toBe(0);
    const candidacy = (c: RaftCluster) => {
      c.suspect('n2', 'n1');
      for (const from of ['n3', 'n4']) c.step('n2', vote({ from, to: 'n2', term: 2, preVote: true }));
      expect(c.role('n2')).toBe('candidate');
    };
    expect(written(candidacy)).toBe(0);
  });

  it('refuses a log that is ahead of its term: term and vote were lost', () => {
    expect(
      () =>
        new RawNode({
          ...testConfig(['n1']),
          id: asNodeId('n1'),
          random: always(0.5),
          restored: { ...restored(), runs: [{ term: asTerm(3), count: 1 }], lengths: Uint32Array.of(9) },
        }),
    ).toThrow(/ends with term 3, currentTerm is 0/);
  });

  it('refuses a message for somebody else: that is the host mixing up its nodes', () => {
    expect(() => node().step(heartbeat({ from: 'n3', to: 'n2', term: 1 }))).toThrow(/handed a message for n2/);
  });

  it('refuses to be told that more was applied than is committed', () => {
    expect(() => node().applied(asIndex(1))).toThrow(/applied 1/);
  });
});
