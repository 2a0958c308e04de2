import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm } from '../../src/base/index.js';
import { RawNode } from '../../src/raft/index.js';
import { always, entry, RaftCluster, testConfig } from '../helpers/raft-cluster.js';
import { append, heartbeat } from '../helpers/raft-messages.js';

/** n2, which follows n1 in term 2 with the log [1 2 2], of which the first entry is committed. */
function follower(options: ConstructorParameters<typeof RaftCluster>[0] = {}): RaftCluster {
  const c = new RaftCluster({ logs: { n2: [1, 2, 2] }, madeUp: true, ...options });
  c.step('n2', append({ from: 'n1', to: 'n2', term: 2, prev: [1, 1], commit: 1 }));
  c.drop();
  expect(c.status('n2')).toMatchObject({ leader: 'n1', commitIndex: 1, lastIndex: 3 });
  return c;
}

/** What the next Ready would have the disk write. */
const toWrite = (c: RaftCluster) =>
  c
    .host('n2')
    .raw.ready()
    .entries.map(({ index, term }) => [index, term] as [number, number]);

describe('storing entries (§5.3, AppendEntries 3 and 4)', () => {
  const cases: [title: string, prev: [number, number], terms: number[], written: [number, number][]][] = [
    ['one that is known and one that is new: the new one', [2, 2], [2, 2], [[4, 2]]],
    ['one known, one that conflicts: from the conflict on', [1, 1], [2, 3], [[3, 3]]],
    ['all known: nothing', [1, 1], [2, 2], []],
    [
      'nothing known: everything',
      [3, 2],
      [2, 3],
      [
        [4, 2],
        [5, 3],
      ],
    ],
  ];
  for (const [title, prev, terms, written] of cases) {
    it(`of ${title} is written`, () => {
      const c = follower();
      c.raw('n2').step(append({ from: 'n1', to: 'n2', term: 3, prev, terms }));
      expect(toWrite(c)).toEqual(written);
    });
  }

  it('entries that match are not written again, and stay durable', () => {
    const c = follower({ persist: 'on-demand' });
    c.step('n2', append({ from: 'n1', to: 'n2', term: 2, prev: [2, 2], terms: [2, 2] }));
    expect(c.status('n2').persistedIndex).toBe(3);
    c.persist('n2');
    expect(c.status('n2').persistedIndex).toBe(4);
  });

  it('what a conflict cuts off is told, and nothing is told of a plain append', () => {
    const c = follower();
    c.step('n2', append({ from: 'n1', to: 'n2', term: 2, prev: [3, 2], terms: [2] }));
    expect(c.events('n2', 'log-truncated')).toEqual([]);
    c.step('n2', append({ from: 'n1', to: 'n2', term: 3, prev: [2, 2], terms: [3] }));
    expect(c.events('n2', 'log-truncated')).toEqual([{ from: 3, lastIndex: 4, term: 2 }]);
  });

  it('a refusal changes nothing: an empty append that does not fit cuts nothing off', () => {
    const c = follower();
    c.step('n2', append({ from: 'n1', to: 'n2', term: 3, prev: [3, 3], commit: 3 }));
    expect(c.sent('append-entries-response')).toMatchObject([{ success: false, index: 3 }]);
    expect(c.log('n2')).toEqual([1, 2, 2]);
    expect(c.status('n2').commitIndex).toBe(1);
  });
});

describe('commit index of a follower (AppendEntries 5)', () => {
  it('rises with an append or a heartbeat, and is told when it does, and only then', () => {
    const c = follower();
    c.step('n2', append({ from: 'n1', to: 'n2', term: 2, prev: [1, 1], terms: [2], commit: 2 }));
    c.step('n2', append({ from: 'n1', to: 'n2', term: 2, prev: [1, 1], terms: [2], commit: 2 }));
    c.step('n2', heartbeat({ from: 'n1', to: 'n2', term: 2, commit: 2 }));
    c.step('n2', heartbeat({ from: 'n1', to: 'n2', term: 2, commit: 3 }));
    expect(c.events('n2', 'entry-committed')).toEqual([
      { after: 0, upTo: 1, term: 2 },
      { after: 1, upTo: 2, term: 2 },
      { after: 2, upTo: 3, term: 2 },
    ]);
  });

  it('may run ahead of the own disk: a quorum has what is committed, and the state machine gets it at once', () => {
    const c = follower({ persist: 'on-demand' });
    c.step('n2', append({ from: 'n1', to: 'n2', term: 2, prev: [3, 2], terms: [2], commit: 4 }));
    expect(c.status('n2')).toMatchObject({ commitIndex: 4, persistedIndex: 3 });
    expect(c.applied('n2')).toEqual(['1/1', '2/2', '3/2', '4/2']);
    // The acknowledgement waits for the disk all the same.
    expect(c.network).toEqual([]);
    c.persist('n2');
    expect(c.network).toMatchObject([{ success: true, index: 4 }]);
  });
});

describe('a log that was trimmed', () => {
  /** Its first entry is 6; the one before was of term 2; it is committed up to 6. */
  const trimmed = (): RawNode => {
    const entries = [entry(6, 2), entry(7, 3)];
    return new RawNode({
      ...testConfig(['n1', 'n2', 'n3']),
      id: asNodeId('n2'),
      random: always(0.5),
      restored: {
        hardState: { currentTerm: asTerm(3), votedFor: null },
        before: { index: asIndex(5), term: asTerm(2) },
        runs: [
          { term: asTerm(2), count: 1 },
          { term: asTerm(3), count: 1 },
        ],
        lengths: Uint32Array.from(entries, ({ length }) => length),
        applied: asIndex(6),
      },
    });
  };
  const answers = (raw: RawNode) => {
    const { messagesAfterPersist, messages, events } = raw.ready();
    expect(events.filter(({ event }) => event === 'message-impossible')).toEqual([]);
    return [...messages, ...messagesAfterPersist];
  };

  it('takes an append that starts below it: what is committed here is in the log of any leader', () => {
    const raw = trimmed();
    raw.step(append({ from: 'n1', to: 'n2', term: 3, prev: [2, 1], terms: [1, 2, 2, 2, 3, 3] }));
    expect(answers(raw)).toMatchObject([{ success: true, index: 8 }]);
    expect(raw.status().lastIndex).toBe(8);
  });

  it('answers one that ends below it with the commit index', () => {
    const raw = trimmed();
    raw.step(append({ from: 'n1', to: 'n2', term: 3, prev: [1, 1], terms: [1, 1] }));
    expect(answers(raw)).toMatchObject([{ success: true, index: 6 }]);
    expect(raw.status().lastIndex).toBe(7);
  });

  it('takes one that starts exactly at it', () => {
    const raw = trimmed();
    raw.step(append({ from: 'n1', to: 'n2', term: 3, prev: [5, 2], terms: [2, 3, 3] }));
    expect(answers(raw)).toMatchObject([{ success: true, index: 8 }]);
  });
});

describe('what a leader of the current term cannot have sent', () => {
  const malformed = {
    'a gap between entries': {
      message: { ...append({ from: 'n1', to: 'n2', term: 2, prev: [3, 2] }), lastLogIndex: asIndex(5) },
      entries: [entry(4, 2), entry(6, 2)],
      reason: 'entry 6 stands at 5',
    },
    'a first entry that does not follow prev': {
      message: { ...append({ from: 'n1', to: 'n2', term: 2, prev: [3, 2] }), lastLogIndex: asIndex(4) },
      entries: [entry(5, 2)],
      reason: 'entry 5 stands at 4',
    },
    'an entry missing': {
      message: { ...append({ from: 'n1', to: 'n2', term: 2, prev: [3, 2] }), lastLogIndex: asIndex(5) },
      entries: [entry(4, 2)],
      reason: '1 entries after 3 do not end at 5',
    },
    'falling terms': {
      message: { ...append({ from: 'n1', to: 'n2', term: 4, prev: [3, 2] }), lastLogIndex: asIndex(6) },
      entries: [entry(4, 4), entry(5, 4), entry(6, 3)],
      reason: 'entry 6 has term 3, the one before 4',
    },
    'an entry older than the one before it': {
      message: { ...append({ from: 'n1', to: 'n2', term: 2, prev: [3, 2] }), lastLogIndex: asIndex(4) },
      entries: [entry(4, 1)],
      reason: 'entry 4 has term 1, the one before 2',
    },
    'an entry of a future term': {
      message: { ...append({ from: 'n1', to: 'n2', term: 2, prev: [3, 2] }), lastLogIndex: asIndex(4) },
      entries: [entry(4, 3)],
      reason: 'an entry of term 3 in term 2',
    },
    'a committed entry with another term': {
      message: { ...append({ from: 'n1', to: 'n2', term: 2 }), lastLogIndex: asIndex(2) },
      entries: [entry(1, 2), entry(2, 2)],
      reason: 'entry 1 is committed here with another term',
    },
    'a prev that is committed with another term': {
      message: { ...append({ from: 'n1', to: 'n2', term: 2, prev: [1, 2] }), lastLogIndex: asIndex(2) },
      entries: [entry(2, 2)],
      reason: 'entry 1 is committed here with another term',
    },
  };
  for (const [flaw, { message, entries, reason }] of Object.entries(malformed)) {
    it(`${flaw} is reported in words, answered by nothing, and changes nothing`, () => {
      const c = follower();
      c.step('n2', { ...message, entries });
      expect(c.events('n2', 'message-impossible')).toEqual([{ from: 'n1', type: 'append-entries', reason }]);
      expect(c.log('n2')).toEqual([1, 2, 2]);
      expect(c.network).toEqual([]);
    });
  }

  it('a heartbeat of a second leader commits nothing and gets no answer that a read could count on', () => {
    const c = follower();
    c.step('n2', heartbeat({ from: 'n3', to: 'n2', term: 2, commit: 3, readRound: 7 }));
    expect(c.status('n2')).toMatchObject({ leader: 'n1', commitIndex: 1 });
    expect(c.network).toEqual([]);
  });

  it('a stale beat is answered without its read round', () => {
    const c = follower();
    c.step('n2', heartbeat({ from: 'n3', to: 'n2', term: 1, readRound: 7 }));
    expect(c.network).toMatchObject([{ type: 'heartbeat-response', to: 'n3', term: 2, readRound: 0 }]);
  });
});
