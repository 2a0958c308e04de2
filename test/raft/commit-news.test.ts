import { describe, expect, it } from 'vitest';
import { HEARTBEAT_TICKS, RaftCluster, record } from '../helpers/raft-cluster.js';
import { ack, refusal } from '../helpers/raft-messages.js';

const NEWS_TICKS = 5;
const BYTES = record('x').length;

/** n1 leads, and all followers know the commit index. */
function led(config: NonNullable<ConstructorParameters<typeof RaftCluster>[0]>['config'] = {}): RaftCluster {
  const c = new RaftCluster({ config: { commitNewsTicks: NEWS_TICKS, ...config } });
  c.elect('n1');
  c.tick(NEWS_TICKS, 'n1');
  c.settle();
  expect(c.names.map((name) => c.status(name).commitIndex)).toEqual([1, 1, 1]);
  return c;
}

const newsTo = (c: RaftCluster, to: string) =>
  c.sent('append-entries', { to }).map(({ prevLogIndex, entries, leaderCommit }) => {
    expect(entries).toEqual([]);
    return [Number(prevLogIndex), Number(leaderCommit)];
  });

describe('news of the commit index (§5.3: followers learn it from the leader)', () => {
  it('of the very first entry go out like any other, not only with the next heartbeat', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver();
    expect(c.names.map((name) => c.status(name).commitIndex)).toEqual([1, 1, 1]);
  });

  it('go out after a few ticks, not earlier, to all who lack them, once', () => {
    const c = led();
    c.propose('n1', 'x');
    c.deliver();
    c.tick(NEWS_TICKS - 1, 'n1');
    expect(c.network).toEqual([]);
    expect(c.raw('n1').ticksToDeadline()).toBe(1);
    c.tick(1, 'n1');
    expect([newsTo(c, 'n2'), newsTo(c, 'n3')]).toEqual([[[2, 2]], [[2, 2]]]);
    // The deadline is gone with them: a host that waits for it must not spin.
    expect(c.raw('n1').ticksToDeadline()).toBeGreaterThan(NEWS_TICKS);
    c.deliver();
    expect(c.raw('n1').ticksToDeadline()).toBeGreaterThan(NEWS_TICKS);
    expect(c.raw('n1').hasReady()).toBe(false);
  });

  it('are owed to the one follower that is left', () => {
    const c = led();
    c.crash('n3');
    c.propose('n1', 'x');
    c.deliver();
    c.tick(NEWS_TICKS, 'n1');
    c.deliver();
    expect(c.status('n2').commitIndex).toBe(2);
  });

  it('are not forgotten when something else makes the leader look for work in between', () => {
    const c = led();
    c.propose('n1', 'x');
    c.deliver();
    c.linked('n1', 'n3');
    c.deliver();
    expect(c.status('n2').commitIndex).toBe(1);
    c.tick(NEWS_TICKS, 'n1');
    c.deliver();
    expect(c.status('n2').commitIndex).toBe(2);
  });

  it('there are none when an ack commits nothing', () => {
    const c = led();
    c.deliver();
    const deadline = c.raw('n1').ticksToDeadline();
    expect(deadline).toBeGreaterThan(NEWS_TICKS);
    c.step('n1', ack({ from: 'n2', to: 'n1', term: 1, index: 1 }));
    c.step('n1', ack({ from: 'n3', to: 'n1', term: 1, index: 1 }));
    expect(c.raw('n1').ticksToDeadline()).toBe(deadline);
    expect(c.network).toEqual([]);
    expect(c.events('n1', 'entry-committed')).toHaveLength(1);
  });

  it('there are none for a follower that was told with the entries, though more of them are on their way', () => {
    const c = led({ commitNewsTicks: NEWS_TICKS });
    c.propose('n1', 'x');
    c.deliver(({ type, to }) => type === 'append-entries' && to === 'n2');
    c.deliver(({ to }) => to === 'n1');
    c.propose('n1', 'y'); // tells n2 and n3 that x is committed
    c.tick(NEWS_TICKS, 'n1');
    const late = ack({ from: 'n2', to: 'n1', term: 1, index: 2 });
    c.step('n1', late);
    expect(c.raw('n1').ticksToDeadline()).toBeGreaterThan(NEWS_TICKS);
  });

  it('wait for a follower that is being probed, and come soon after it is found', () => {
    const c = led();
    c.propose('n1', 'x');
    const toN3 = c.sent('append-entries', { to: 'n3' });
    c.drop(({ to }) => to === 'n3');
    c.unlinked('n1', 'n3');
    c.deliver();
    c.tick(NEWS_TICKS, 'n1');
    expect(newsTo(c, 'n3')).toEqual([]); // a probe is out, or nothing is
    c.deliver();
    // What n3 got before its link broke is acknowledged now.
    for (const message of toN3) c.step('n3', message);
    c.deliver();
    expect(c.status('n1').progress).toMatchObject({ n3: { state: 'replicate', match: 2 } });
    expect(c.raw('n1').ticksToDeadline()).toBeLessThanOrEqual(NEWS_TICKS);
    c.tick(NEWS_TICKS, 'n1');
    expect(newsTo(c, 'n3')).toEqual([[2, 2]]);
  });

  it('are not for a follower that is being probed: it is silent around it until it answers', () => {
    const c = new RaftCluster({ nodes: 5, config: { commitNewsTicks: 0 } });
    c.campaign('n1');
    c.deliver();
    c.propose('n1', 'x');
    c.deliver(({ to, from }) => to === 'n3' || from === 'n3');
    c.unreachable('n1', 'n3');
    c.deliver();
    expect(c.status('n1').commitIndex).toBe(2);
    expect(c.status('n3').commitIndex).toBe(1);
    c.pass(HEARTBEAT_TICKS);
    expect(c.status('n3').commitIndex).toBe(2);
  });

  it('go no further than what was sent to a follower, and are not repeated while its window is full', () => {
    const c = led({ commitNewsTicks: 0, appendBytesMax: BYTES, inflightMessagesMax: 1 });
    c.cutOneWay('n2', 'n1');
    c.propose('n1', 'a', 'b', 'c');
    const toN2: [number, number][] = [];
    for (let rounds = 0; rounds < 20 && c.network.length > 0; rounds += 1) {
      for (const { prevLogIndex, lastLogIndex } of c.sent('append-entries', { to: 'n2' })) {
        toN2.push([prevLogIndex, lastLogIndex]);
      }
      c.deliver(({ to }) => to === 'n2');
      c.deliverAt(0);
    }
    expect(c.status('n1').commitIndex).toBe(4);
    // The one entry that its window allows, and the news that this entry is committed.
    expect(toN2).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  it('are repeated by heartbeats until they arrive', () => {
    const c = led();
    c.propose('n1', 'x');
    c.deliver();
    c.tick(NEWS_TICKS, 'n1');
    c.drop();
    c.tick(HEARTBEAT_TICKS, 'n1');
    c.deliver();
    expect([c.status('n2').commitIndex, c.status('n3').commitIndex]).toEqual([2, 2]);
  });
});

describe('what the leader tells of replication', () => {
  it('what it commits, and each refusal that makes it go back, but none that is late', () => {
    const c = led({ commitNewsTicks: 0 });
    c.propose('n1', 'x', 'y');
    c.deliver();
    expect(c.events('n1', 'entry-committed')).toEqual([
      { after: 0, upTo: 1, term: 1 },
      { after: 1, upTo: 3, term: 1 },
    ]);
    c.step('n1', refusal({ from: 'n2', to: 'n1', term: 1, index: 2, hint: [0, 0] }));
    expect(c.events('n1', 'append-rejected')).toEqual([]);
    expect(c.network).toEqual([]);
    c.propose('n1', 'z');
    c.drop();
    c.step('n1', refusal({ from: 'n2', to: 'n1', term: 1, index: 4, hint: [3, 1] }));
    expect(c.events('n1', 'append-rejected')).toEqual([
      { peer: 'n2', index: 4, hintIndex: 3, hintTerm: 1, nextIndex: 4 },
    ]);
  });
});
