import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm } from '../../src/base/index.js';
import { ENTRY_TYPES, RECORD_HEADER_BYTES } from '../../src/raft/index.js';
import { ELECTION_TICKS_MAX, entry, HEARTBEAT_TICKS, RaftCluster, record } from '../helpers/raft-cluster.js';
import { ack, append, heartbeat, heartbeatResponse, refusal } from '../helpers/raft-messages.js';

function led(options: ConstructorParameters<typeof RaftCluster>[0] = {}): RaftCluster {
  const c = new RaftCluster(options);
  c.campaign('n1');
  c.settle();
  expect(c.leaders()).toEqual(['n1']);
  return c;
}

/** Records of 10 bytes each. */
const BYTES = record('x').length;
const letters = (count: number): string[] => Array.from({ length: count }, () => 'x');
const progressOf = (c: RaftCluster, peer: string) =>
  Object.entries(c.status('n1').progress ?? {}).find(([id]) => id === peer)?.[1];
const ranges = (c: RaftCluster, to: string) =>
  c.sent('append-entries', { to }).map(({ prevLogIndex, lastLogIndex }) => [prevLogIndex, lastLogIndex]);

describe('appending', () => {
  it('what is proposed in one turn travels as one message to each follower', () => {
    const c = led();
    const raw = c.raw('n1');
    for (const text of ['x', 'y', 'z']) raw.propose([record(text)]);
    c.tick(0, 'n1');
    expect(ranges(c, 'n2')).toEqual([[1, 4]]);
    expect(c.sent('append-entries', { to: 'n2' })[0]!.entries).toHaveLength(3);
  });

  it('a message is cut by bytes, and one larger entry travels alone', () => {
    const c = led({ config: { appendBytesMax: 2 * BYTES } });
    c.propose('n1', 'a', 'b', 'c', 'long enough to be more than two', 'e');
    expect(ranges(c, 'n2')).toEqual([
      [1, 3],
      [3, 4],
      [4, 5],
      [5, 6],
    ]);
  });

  it('in Probe one append is out at a time, in Replicate they follow one another without waiting', () => {
    const c = led({ config: { appendBytesMax: BYTES } });
    c.unreachable('n1', 'n2');
    c.propose('n1', ...letters(3));
    expect(ranges(c, 'n2')).toEqual([]);
    expect(ranges(c, 'n3')).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    c.drop();
    c.linked('n1', 'n2');
    expect(ranges(c, 'n2')).toEqual([[1, 2]]);
    c.propose('n1', 'more');
    expect(ranges(c, 'n2')).toEqual([[1, 2]]);
    c.deliver();
    expect(progressOf(c, 'n2')).toMatchObject({ match: 5, next: 6, state: 'replicate' });
  });

  it('the window is bounded by messages; an ack moves it on', () => {
    const c = led({ config: { appendBytesMax: BYTES, inflightMessagesMax: 2 }, madeUp: true });
    c.propose('n1', ...letters(5));
    expect(ranges(c, 'n2')).toEqual([
      [1, 2],
      [2, 3],
    ]);
    c.drop();
    c.step('n1', ack({ from: 'n2', to: 'n1', term: 1, index: 2 }));
    expect(ranges(c, 'n2').filter(([prev, last]) => last! > prev!)).toEqual([[3, 4]]);
    c.step('n1', ack({ from: 'n2', to: 'n1', term: 1, index: 4 }));
    expect(ranges(c, 'n2').filter(([prev, last]) => last! > prev!)).toEqual([
      [3, 4],
      [4, 5],
      [5, 6],
    ]);
  });

  it('the window is bounded by bytes', () => {
    const c = led({ config: { appendBytesMax: BYTES, inflightBytesMax: 3 * BYTES } });
    c.propose('n1', ...letters(9));
    expect(ranges(c, 'n2')).toHaveLength(3);
  });

  it('acks are merged: one for all appends of a turn, and never beyond what is durable', () => {
    const c = new RaftCluster({ nodes: 2, persist: 'on-demand' });
    for (let at = 0; at < 3; at += 1) {
      c.raw('n2').step(append({ from: 'n1', to: 'n2', term: 1, prev: [at, at === 0 ? 0 : 1], terms: [1] }));
    }
    c.tick(0, 'n2');
    c.step('n2', append({ from: 'n1', to: 'n2', term: 1, prev: [3, 1], terms: [1] }));
    c.step('n2', append({ from: 'n1', to: 'n2', term: 1, prev: [1, 1] }));
    expect(c.network).toEqual([]);
    c.persist('n2', 1);
    expect(c.network).toMatchObject([{ success: true, index: 3 }]);
    c.persist('n2');
    expect(c.network.slice(1)).toMatchObject([
      { success: true, index: 4 },
      { success: true, index: 1 },
    ]);
  });

  it('an append that starts below what is committed is taken from there, and answered with the commit index', () => {
    const c = led({ madeUp: true });
    c.propose('n1', 'x', 'y');
    c.deliver();
    const committed = c.host('n2').log.slice();
    c.step('n2', append({ from: 'n1', to: 'n2', term: 1 }));
    c.step('n2', {
      ...append({ from: 'n1', to: 'n2', term: 1 }),
      lastLogIndex: asIndex(4),
      entries: [...committed, entry(4, 1)],
    });
    expect(c.network).toMatchObject([
      { success: true, index: 3 },
      { success: true, index: 4 },
    ]);
  });
});

describe('a new leader', () => {
  it('begins its term with an entry that holds nothing but its header', () => {
    const c = led();
    expect(c.host('n1').log).toMatchObject([{ type: ENTRY_TYPES.noop, length: RECORD_HEADER_BYTES }]);
  });

  it('has an election timeout to hear from somebody, counted from its election', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver(({ type }) => type.startsWith('request-vote'));
    expect(c.role('n1')).toBe('leader');
    c.isolate('n1');
    c.tick(ELECTION_TICKS_MAX - 1, 'n1');
    expect(c.role('n1')).toBe('leader');
    c.tick(1, 'n1');
    expect(c.role('n1')).toBe('follower');
  });
});

describe('a leader', () => {
  it('takes a proposal of nothing for what it is', () => {
    const c = led();
    expect(c.propose('n1')).toEqual({ type: 'accepted', firstIndex: 2, count: 0, term: 1 });
    expect(c.status('n1').lastIndex).toBe(1);
  });

  it('has nothing to do when an ack or a beat tells it what it knows', () => {
    const c = led();
    c.raw('n1').step(ack({ from: 'n2', to: 'n1', term: 1, index: 1 }));
    c.raw('n1').step(heartbeatResponse({ from: 'n2', to: 'n1', term: 1 }));
    expect(c.raw('n1').hasReady()).toBe(false);
  });

  it('is not disturbed by links of strangers', () => {
    const c = led();
    for (const report of ['unreachable', 'unlinked', 'suspect'] as const) c[report]('n1', 'x9');
    c.raw('n1').linked(asNodeId('x9'), { term: asTerm(0), leader: null });
    c.step('n1', heartbeatResponse({ from: 'x9', to: 'n1', term: 1 }));
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 1 });
    expect(c.network).toEqual([]);
  });
});

describe('commit index', () => {
  it('a leader commits with its followers disks alone, while its own still works', () => {
    const c = led({ persist: 'on-demand' });
    c.propose('n1', 'x');
    c.deliver();
    c.persist('n2');
    c.persist('n3');
    c.deliver();
    expect(c.status('n1')).toMatchObject({ commitIndex: 2, persistedIndex: 1 });
  });

  it('a single voter commits when its disk has the entry, not before', () => {
    const c = led({ nodes: 1, persist: 'on-demand' });
    c.propose('n1', 'x');
    expect(c.status('n1').commitIndex).toBe(1);
    c.persist('n1');
    expect(c.applied('n1')).toEqual(['x']);
  });

  it('the news goes to caught-up followers at once, by one empty append each, which is answered like any other', () => {
    const c = led();
    c.propose('n1', 'x');
    c.deliver(({ type, to }) => type === 'append-entries' && to !== 'n1');
    c.deliver(({ type }) => type === 'append-entries-response');
    expect(c.network).toMatchObject(
      ['n2', 'n3'].map((to) => ({ to, prevLogIndex: 2, lastLogIndex: 2, leaderCommit: 2, entries: [] })),
    );
    c.deliver(({ type }) => type === 'append-entries');
    expect(c.status('n2').commitIndex).toBe(2);
    expect(c.network).toMatchObject(['n2', 'n3'].map((from) => ({ from, to: 'n1', success: true, index: 2 })));
    c.settle();
    expect(c.network).toEqual([]);
  });

  it('a probe is answered also when all it brings is the news', () => {
    const c = led();
    c.propose('n1', 'x');
    c.deliver(({ type, to }) => type === 'append-entries' && to !== 'n1');
    c.deliver(({ type }) => type === 'append-entries-response');
    c.drop();
    c.unlinked('n1', 'n2');
    c.linked('n1', 'n2');
    c.settle();
    expect(c.status('n1').progress).toMatchObject({ n2: { state: 'replicate', match: 2 } });
    expect(c.status('n2').commitIndex).toBe(2);
  });

  it('news that travels with entries is not sent twice', () => {
    const c = led();
    c.propose('n1', 'x');
    c.deliver(({ type, to }) => type === 'append-entries' && to !== 'n3');
    const [acked] = c.sent('append-entries-response', { from: 'n2' });
    c.drop();
    c.raw('n1').propose([record('y')]);
    c.step('n1', acked!);
    expect(c.sent('append-entries', { to: 'n2' })).toMatchObject([
      { prevLogIndex: 2, lastLogIndex: 3, leaderCommit: 2 },
    ]);
  });

  it('news that was lost comes with the next heartbeat, and never beyond what the follower has', () => {
    const c = led();
    c.cut('n1', 'n3');
    c.propose('n1', 'x');
    c.deliver();
    c.heal();
    c.tick(HEARTBEAT_TICKS, 'n1');
    expect(c.sent('heartbeat')).toMatchObject([
      { to: 'n2', commitIndex: 2 },
      { to: 'n3', commitIndex: 1 },
    ]);
  });

  it('it never falls, whatever an old message says', () => {
    const c = led();
    c.propose('n1', 'x');
    c.deliver();
    c.step('n2', heartbeat({ from: 'n1', to: 'n2', term: 1, commit: 1 }));
    c.step('n2', append({ from: 'n1', to: 'n2', term: 1, prev: [2, 1], commit: 1 }));
    expect(c.status('n2').commitIndex).toBe(2);
  });

  it('what other nodes lack is committed as soon as enough have it, in clusters of even size too', () => {
    const c = led({ nodes: 4 });
    c.isolate('n4');
    c.propose('n1', 'x');
    c.deliver(({ to, from }) => to === 'n2' || from === 'n2');
    expect(c.status('n1').commitIndex).toBe(1);
    c.deliver();
    expect(c.status('n1').commitIndex).toBe(2);
  });
});

describe('lost, late and repeated messages', () => {
  it('a probe that was lost is repeated when a heartbeat is answered, also to a follower that lacks nothing', () => {
    const c = led();
    c.unreachable('n1', 'n2');
    expect(progressOf(c, 'n2')).toMatchObject({ state: 'probe' });
    c.pass(HEARTBEAT_TICKS);
    expect(progressOf(c, 'n2')).toMatchObject({ state: 'replicate', match: 1 });
  });

  it('a window full of lost messages does not stop replication for ever', () => {
    const c = led({ config: { appendBytesMax: BYTES, inflightMessagesMax: 3 } });
    c.propose('n1', ...letters(8));
    c.drop(({ to }) => to === 'n2');
    c.deliver();
    c.drop(({ to }) => to === 'n2');
    c.pass(3 * HEARTBEAT_TICKS);
    expect(progressOf(c, 'n2')).toMatchObject({ match: 9, next: 10 });
  });

  it('acks that were lost are asked for again', () => {
    const c = led();
    c.propose('n1', 'x');
    c.deliver(({ type }) => type === 'append-entries');
    c.drop();
    c.pass(3 * HEARTBEAT_TICKS);
    expect(progressOf(c, 'n2')).toMatchObject({ match: 2 });
  });

  it('read rounds bring many heartbeat responses, but the probe is repeated once a beat', () => {
    const c = led();
    c.unreachable('n1', 'n2');
    c.tick(HEARTBEAT_TICKS, 'n1');
    c.drop();
    for (let at = 0; at < 5; at += 1) c.step('n1', heartbeatResponse({ from: 'n2', to: 'n1', term: 1 }));
    expect(ranges(c, 'n2')).toEqual([[1, 1]]);
  });

  it('losses are looked for half a beat after the last look, to the tick', () => {
    const c = led();
    c.unreachable('n1', 'n2');
    const beat = () => c.step('n1', heartbeatResponse({ from: 'n2', to: 'n1', term: 1 }));
    c.tick(HEARTBEAT_TICKS / 2 - 1, 'n1');
    beat();
    expect(ranges(c, 'n2')).toEqual([]);
    c.tick(1, 'n1');
    beat();
    expect(ranges(c, 'n2')).toEqual([[1, 1]]);
    c.tick(HEARTBEAT_TICKS / 2 - 1, 'n1');
    beat();
    expect(ranges(c, 'n2')).toHaveLength(1);
    c.tick(1, 'n1');
    c.drop();
    beat();
    expect(ranges(c, 'n2')).toEqual([[1, 1]]);
  });

  it('a follower that has everything, or whose acks come in, is asked for nothing', () => {
    const c = led({ madeUp: true });
    const beat = () => {
      c.tick(HEARTBEAT_TICKS, 'n1');
      c.drop();
      c.step('n1', heartbeatResponse({ from: 'n2', to: 'n1', term: 1 }));
    };
    for (let beats = 0; beats < 3; beats += 1) {
      beat();
      expect(c.network).toEqual([]); // it lacks nothing
    }
    c.propose('n1', ...letters(3));
    c.propose('n1', 'x');
    beat();
    c.drop();
    c.step('n1', ack({ from: 'n2', to: 'n1', term: 1, index: 4 }));
    beat();
    expect(ranges(c, 'n2')).toEqual([]); // it is on its way
    beat();
    expect(ranges(c, 'n2')).toEqual([[5, 5]]); // now it has been silent for a beat
  });

  it('a later append that overtakes an earlier one is refused once, and nothing is lost', () => {
    const c = led({ config: { appendBytesMax: BYTES } });
    c.propose('n1', ...letters(3));
    c.network.reverse();
    c.deliver();
    c.pass(2 * HEARTBEAT_TICKS);
    for (const name of c.names) expect(c.applied(name)).toHaveLength(3);
  });

  it('a late refusal does not throw back what is known', () => {
    const c = led();
    c.propose('n1', 'x', 'y');
    c.deliver();
    c.step('n1', refusal({ from: 'n2', to: 'n1', term: 1, index: 2, hint: [0, 0] }));
    expect(progressOf(c, 'n2')).toMatchObject({ match: 3, next: 4, state: 'replicate' });
    c.propose('n1', 'z');
    c.drop();
    c.step('n1', refusal({ from: 'n2', to: 'n1', term: 1, index: 4, hint: [3, 1] }));
    expect(progressOf(c, 'n2')).toMatchObject({ match: 3, next: 4, state: 'probe' });
    c.drop();
    c.step('n1', refusal({ from: 'n2', to: 'n1', term: 1, index: 4, hint: [0, 0] }));
    expect(progressOf(c, 'n2')).toMatchObject({ match: 3, next: 4 });
    expect(c.network).toEqual([]);
  });

  it('a link that went down and came up starts from what is certain', () => {
    const c = led();
    c.propose('n1', 'x');
    c.drop();
    c.unlinked('n1', 'n2');
    expect(progressOf(c, 'n2')).toMatchObject({ state: 'probe', match: 1, next: 2 });
    expect(ranges(c, 'n2')).toEqual([]);
    c.linked('n1', 'n2');
    expect(ranges(c, 'n2')).toEqual([[1, 2]]);
  });

  it('hints skip whole terms: nine shapes of divergence converge within two refusals', () => {
    const pairs: [ours: number[], theirs: number[]][] = [
      [
        [1, 2, 2, 4, 4, 4, 4],
        [1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3],
      ],
      [
        [1, 2, 2, 4, 4, 4, 5],
        [1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3],
      ],
      [
        [1, 1, 1, 1, 6],
        [1, 1, 1, 1, 2],
      ],
      [
        [1, 1, 1, 1, 5, 5],
        [1, 1, 1, 1, 3, 4],
      ],
      [
        [1, 1, 1, 1, 1, 1, 9],
        [1, 1, 1, 4, 4, 6, 6],
      ],
      [
        [1, 4, 6],
        [1, 1, 1, 2, 2, 3],
      ],
      [
        [2, 2, 2, 2, 2, 6],
        [1, 1, 1, 1, 1],
      ],
      [[1, 1, 1, 1], []],
      [
        [1, 3, 3, 3, 3, 3, 7],
        [1, 2, 2, 2, 2, 2, 2],
      ],
    ];
    for (const [ours, theirs] of pairs) {
      const c = new RaftCluster({ logs: { n1: ours, n2: theirs, n3: ours }, terms: { n1: 9, n2: 9, n3: 9 } });
      c.campaign('n1');
      c.deliver();
      expect(c.leaders()).toEqual(['n1']);
      expect(c.log('n2')).toEqual(c.log('n1'));
      const refusals = c.events('n1', 'append-rejected').filter(({ peer }) => peer === 'n2');
      expect(refusals.length).toBeLessThanOrEqual(2);
    }
  });
});

describe('the quota on uncommitted bytes', () => {
  const limited = () => {
    const c = led({ config: { uncommittedBytesMax: 5 * BYTES } });
    c.isolate('n1');
    return c;
  };

  it('takes what fits and drops the rest', () => {
    const c = limited();
    expect(c.propose('n1', ...letters(7))).toEqual({ type: 'accepted', firstIndex: 2, count: 5, term: 1 });
    expect(c.propose('n1', 'x')).toEqual({ type: 'dropped', reason: 'quota' });
    expect(c.status('n1').lastIndex).toBe(6);
  });

  it('takes one entry of any size when nothing else is uncommitted, the no-op of a fresh leader included', () => {
    const c = limited();
    expect(c.propose('n1', 'x'.repeat(1000))).toMatchObject({ type: 'accepted', count: 1 });
    expect(c.propose('n1', 'x')).toEqual({ type: 'dropped', reason: 'quota' });

    const fresh = new RaftCluster({ config: { uncommittedBytesMax: 1 } });
    fresh.campaign('n1');
    fresh.deliver(({ type }) => type.startsWith('request-vote'));
    expect(fresh.status('n1')).toMatchObject({ role: 'leader', commitIndex: 0 });
    expect(fresh.propose('n1', 'x')).toMatchObject({ type: 'accepted' });
  });

  it('is free again once the entries are committed', () => {
    const c = limited();
    c.propose('n1', ...letters(5));
    c.drop();
    c.heal();
    c.pass(2 * HEARTBEAT_TICKS);
    expect(c.propose('n1', ...letters(5))).toMatchObject({ count: 5 });
  });

  it('has a second one for a leader whose own disk hangs while its followers commit: memory holds what it lacks', () => {
    const c = led({ persist: 'on-demand', config: { unsyncedBytesMax: 3 * BYTES } });
    const takes = (): boolean => {
      const { type } = c.propose('n1', 'x');
      c.deliver();
      for (const name of ['n2', 'n3']) c.persist(name);
      c.deliver();
      return type === 'accepted';
    };
    expect([takes(), takes(), takes(), takes(), takes()]).toEqual([true, true, true, true, false]);
    expect(c.status('n1')).toMatchObject({ commitIndex: 5, lastIndex: 5, persistedIndex: 1 });
    expect(c.propose('n1', 'x')).toEqual({ type: 'dropped', reason: 'disk-behind' });
    c.persist('n1');
    expect(takes()).toBe(true);
  });

  it('only a leader takes proposals', () => {
    const c = led();
    expect(c.propose('n2', 'x')).toEqual({ type: 'dropped', reason: 'not-leader' });
  });
});

describe('durability', () => {
  it('a truncation lowers the durable mark, and a write it overtook says nothing', () => {
    const c = new RaftCluster({ persist: 'on-demand', logs: { n2: [1] }, madeUp: true });
    c.step('n2', append({ from: 'n1', to: 'n2', term: 2, prev: [1, 1], terms: [2, 2] }));
    c.step('n2', append({ from: 'n3', to: 'n2', term: 3, prev: [1, 1], terms: [3] }));
    expect(c.status('n2')).toMatchObject({ lastIndex: 2, persistedIndex: 1 });
    c.persist('n2', 1);
    expect(c.status('n2').persistedIndex).toBe(1);
    c.persist('n2', 1);
    expect(c.status('n2').persistedIndex).toBe(2);
  });

  it('a write that completes after its entry was replaced, and put back, is not taken for the second write', () => {
    const c = new RaftCluster({ persist: 'on-demand', madeUp: true });
    c.step('n2', append({ from: 'n1', to: 'n2', term: 2, terms: [2] }));
    c.step('n2', append({ from: 'n3', to: 'n2', term: 3, terms: [3] }));
    c.step('n2', append({ from: 'n1', to: 'n2', term: 4, terms: [2] }));
    c.persist('n2', 1);
    expect(c.status('n2').persistedIndex).toBe(0);
    c.persist('n2', 2);
    expect(c.status('n2').persistedIndex).toBe(1);
  });

  it('a write of its own that ends after a leader was deposed does not commit anything', () => {
    const c = led({ persist: 'on-demand' });
    c.isolate('n1');
    c.propose('n1', 'x');
    c.step('n1', append({ from: 'n2', to: 'n1', term: 2, prev: [1, 1], terms: [2] }));
    c.raw('n1').persisted(asIndex(2), asTerm(1));
    expect(c.status('n1')).toMatchObject({ persistedIndex: 1, commitIndex: 1 });
  });

  it('what was staged and truncated in one turn is never handed out', () => {
    const c = new RaftCluster({ persist: 'on-demand', madeUp: true });
    c.raw('n2').step(append({ from: 'n1', to: 'n2', term: 2, terms: [2, 2, 2] }));
    c.raw('n2').step(append({ from: 'n3', to: 'n2', term: 3, prev: [1, 2], terms: [3] }));
    const ready = c.raw('n2').ready();
    expect(ready.entries.map(({ index, term }) => [index, term])).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });
});

describe('messages that cannot be', () => {
  const malformed = {
    'a gap between entries': {
      ...append({ from: 'n1', to: 'n2', term: 2, terms: [2, 2] }),
      entries: [entry(1, 2), entry(3, 2)],
    },
    'an entry missing': { ...append({ from: 'n1', to: 'n2', term: 2, terms: [2, 2] }), entries: [entry(1, 2)] },
    'falling terms': append({ from: 'n1', to: 'n2', term: 2, terms: [2, 1] }),
    'an entry older than the one before it': append({ from: 'n1', to: 'n2', term: 2, prev: [1, 2], terms: [1] }),
    'an entry of a future term': append({ from: 'n1', to: 'n2', term: 2, terms: [3] }),
    'a committed entry with another term': append({ from: 'n1', to: 'n2', term: 2, prev: [0, 0], terms: [2, 2] }),
    'a prev that is committed with another term': append({ from: 'n1', to: 'n2', term: 2, prev: [1, 2], terms: [2] }),
    'a commit index beyond the log': heartbeat({ from: 'n1', to: 'n2', term: 2, commit: 9 }),
  };
  for (const [flaw, message] of Object.entries(malformed)) {
    it(`${flaw}: reported, and the log is as before`, () => {
      const c = led({ madeUp: true });
      const { lastIndex, commitIndex } = c.status('n2');
      expect([lastIndex, commitIndex]).toEqual([1, 1]);
      c.step('n2', message);
      expect(c.status('n2')).toMatchObject({ lastIndex, commitIndex });
      expect(c.log('n2')).toEqual([1]);
      expect(c.events('n2', 'message-impossible')).toHaveLength(1);
      expect(c.sent('append-entries-response')).toEqual([]);
    });
  }

  it('a second leader in one term is reported and not followed', () => {
    const c = led();
    for (const name of ['n1', 'n2']) {
      c.step(name, append({ from: 'n3', to: name, term: 1, prev: [1, 1], terms: [1] }));
      c.step(name, heartbeat({ from: 'n3', to: name, term: 1 }));
      expect(c.events(name, 'message-impossible')).toHaveLength(2);
      expect(c.status(name)).toMatchObject({ leader: 'n1', lastIndex: 1 });
    }
  });

  it('an ack beyond the log, and a read round that never was, are reported and not believed', () => {
    const c = led();
    c.step('n1', ack({ from: 'n2', to: 'n1', term: 1, index: 9 }));
    c.step('n1', heartbeatResponse({ from: 'n2', to: 'n1', term: 1, readRound: 9 }));
    expect(c.events('n1', 'message-impossible')).toHaveLength(2);
    expect(progressOf(c, 'n2')).toMatchObject({ match: 1 });
    c.read('n1');
    expect(c.host('n1').reads).toEqual([]);
  });

  it('a term that is no number is reported', () => {
    const c = led();
    for (const term of [Number.NaN, -1, 2 ** 60]) c.step('n1', heartbeat({ from: 'n2', to: 'n1', term }));
    expect(c.events('n1', 'message-impossible')).toHaveLength(3);
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 1 });
  });

  it('a follower whose disk was wiped under its name does not make the leader forget or spin', () => {
    const c = led({ madeUp: true });
    c.propose('n1', ...letters(3));
    c.deliver();
    c.crash('n2');
    c.restart('n2', { wiped: true });
    c.pass(4 * ELECTION_TICKS_MAX);
    expect(progressOf(c, 'n2')).toMatchObject({ match: 4 });
    expect(c.status('n2').lastIndex).toBe(0);
    expect(c.events('n2', 'message-impossible')).not.toEqual([]);
  });

  it('strangers are not counted', () => {
    const c = led();
    c.isolate('n1');
    c.propose('n1', 'x');
    for (const from of ['x1', 'x2']) c.step('n1', ack({ from, to: 'n1', term: 1, index: 2 }));
    expect(c.status('n1').commitIndex).toBe(1);
  });
});

describe('news of the commit index', () => {
  const patient = () => {
    const c = new RaftCluster({ nodes: 3, config: { commitNewsTicks: 5 } });
    c.elect('n1');
    c.tick(5, 'n1');
    c.settle();
    return c;
  };

  it('go with the next entries, without a message of their own', () => {
    const c = patient();
    c.propose('n1', 'a');
    c.settle();
    expect(c.applied('n1')).toEqual(['a']);
    expect(c.applied('n2')).toEqual([]);
    c.propose('n1', 'b');
    c.settle();
    expect(c.applied('n2')).toEqual(['a']);
  });

  it('go by themselves when no entries come for a few ticks', () => {
    const c = patient();
    c.propose('n1', 'a');
    c.settle();
    expect(c.raw('n1').ticksToDeadline()).toBeLessThanOrEqual(5);
    c.tick(5, 'n1');
    c.settle();
    expect(c.applied('n2')).toEqual(['a']);
    expect(c.applied('n3')).toEqual(['a']);
  });

  it("come with a read's own round, so that a follower's read waits for no timer", () => {
    const c = patient();
    c.propose('n1', 'a');
    c.settle();
    const id = c.read('n2');
    c.settle();
    expect(c.applied('n2')).toEqual(['a']);
    expect(c.host('n2').reads.at(-1)?.id).toBe(id);
  });
});
