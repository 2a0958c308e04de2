import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm, seededRandom } from '../../src/base/index.js';
import { PENDING_READS_MAX } from '../../src/raft/reads.js';
import { always, ELECTION_TICKS_MAX, HEARTBEAT_TICKS, RaftCluster } from '../helpers/raft-cluster.js';
import { heartbeatResponse } from '../helpers/raft-messages.js';

function led(options: ConstructorParameters<typeof RaftCluster>[0] = {}): RaftCluster {
  const c = new RaftCluster(options);
  c.campaign('n1');
  c.settle();
  expect(c.leaders()).toEqual(['n1']);
  return c;
}

const answered = (c: RaftCluster, name: string) => c.host(name).reads.map(({ id, index }) => [id, Number(index)]);

describe('read index', () => {
  it('a read asked of any node gets the commit index of the moment it was asked, or a later one', () => {
    const c = led();
    c.propose('n1', 'x');
    c.deliver();
    for (const name of c.names) c.read(name);
    c.deliver();
    for (const name of c.names) expect(answered(c, name)).toEqual([[1, 2]]);
  });

  it('all reads of a turn share one round', () => {
    const c = led();
    for (let id = 1; id <= 5; id += 1) c.raw('n1').readIndex(id);
    for (let id = 1; id <= 5; id += 1) c.checker.readAsked(c.host('n1'), id);
    c.tick(0, 'n1');
    expect(c.sent('heartbeat')).toMatchObject([
      { to: 'n2', readRound: 1 },
      { to: 'n3', readRound: 1 },
    ]);
    c.deliver();
    expect(answered(c, 'n1').map(([id]) => id)).toEqual([1, 2, 3, 4, 5]);
  });

  it('reads that come while a round is out share the next one, which starts when it completes', () => {
    const c = led();
    c.read('n1');
    c.read('n1');
    c.read('n1');
    expect(c.sent('heartbeat').map(({ readRound }) => readRound)).toEqual([1, 1]);
    c.deliver(({ to, from }) => to === 'n2' || from === 'n2');
    expect(answered(c, 'n1')).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    expect(c.events('n1', 'read-round-started')).toHaveLength(2);
  });

  it('an answer that was given before a round started does not confirm it', () => {
    const c = led();
    c.tick(HEARTBEAT_TICKS, 'n1');
    c.read('n1');
    for (const from of ['n2', 'n3']) c.step('n1', heartbeatResponse({ from, to: 'n1', term: 1, readRound: 0 }));
    expect(answered(c, 'n1')).toEqual([]);
  });

  it('one follower that answers twice is no majority', () => {
    const c = led({ nodes: 5 });
    c.read('n1');
    for (let times = 0; times < 3; times += 1) {
      c.step('n1', heartbeatResponse({ from: 'n2', to: 'n1', term: 1, readRound: 1 }));
    }
    expect(answered(c, 'n1')).toEqual([]);
    c.step('n1', heartbeatResponse({ from: 'n3', to: 'n1', term: 1, readRound: 1 }));
    expect(answered(c, 'n1')).toEqual([[1, 1]]);
  });

  it('a round whose heartbeats were lost is carried by the next heartbeat', () => {
    const c = led();
    c.read('n1');
    c.drop();
    c.pass(HEARTBEAT_TICKS);
    expect(answered(c, 'n1')).toEqual([[1, 1]]);
  });

  it('a single voter confirms itself, without a message', () => {
    const c = led({ nodes: 1 });
    c.read('n1');
    expect(answered(c, 'n1')).toEqual([[1, 1]]);
    expect(c.network).toEqual([]);
  });

  it('reads need no disk', () => {
    const c = led({ persist: 'on-demand' });
    c.propose('n1', 'x');
    c.deliver();
    c.read('n3');
    c.deliver();
    expect(answered(c, 'n3')).toEqual([[1, 1]]);
  });

  it('reads of followers are held too until the no-op of the term is committed', () => {
    const c = new RaftCluster({ logs: { n1: [1], n2: [1], n3: [1] }, persist: 'on-demand' });
    c.campaign('n1');
    c.deliver(({ type }) => type.startsWith('request-vote')); // all would vote
    for (const name of ['n1', 'n2']) {
      c.persist(name);
      c.deliver(({ type }) => type.startsWith('request-vote'));
    }
    c.deliver();
    expect(c.status('n1')).toMatchObject({ role: 'leader', commitIndex: 0 });
    c.read('n2');
    c.deliver();
    expect(answered(c, 'n2')).toEqual([]);
    c.settle();
    expect(answered(c, 'n2')).toEqual([[1, 2]]);
  });

  it('who knows no leader says so', () => {
    const c = new RaftCluster();
    expect(c.read('n2')).toBe(false);
    c.campaign('n1');
    expect(c.read('n1')).toBe(false);
  });

  it('a change of leader drops what was asked, on the leader and on followers', () => {
    const c = led();
    c.read('n1');
    c.read('n3');
    c.drop();
    c.elect('n2');
    c.pass(2 * ELECTION_TICKS_MAX);
    expect(answered(c, 'n1')).toEqual([]);
    expect(answered(c, 'n3')).toEqual([]);
  });

  it('answers of an earlier leadership confirm nothing in a later one, though rounds begin anew', () => {
    const c = led();
    c.read('n1');
    const late = heartbeatResponse({ from: 'n2', to: 'n1', term: 1, readRound: 1 });
    c.deliver();
    c.elect('n2');
    c.elect('n1');
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 3 });
    c.read('n1');
    c.step('n1', late);
    c.step('n1', { ...late, from: asNodeId('n3') });
    expect(answered(c, 'n1')).toHaveLength(1);
  });

  it('an answer is taken once, and only from the leader', () => {
    const c = led();
    c.read('n3');
    c.deliver(({ type }) => type !== 'read-index-response');
    const [answer] = c.sent('read-index-response');
    c.step('n3', { ...answer!, from: asNodeId('n2') });
    expect(answered(c, 'n3')).toEqual([]);
    c.deliver();
    c.step('n3', answer!);
    expect(answered(c, 'n3')).toEqual([[1, 1]]);
  });

  it('an answer to the process before a restart does not pass for one to the process after it', () => {
    let processes = 0;
    const c = led({ random: () => (processes < 3 ? always(processes++ / 3) : seededRandom(processes++)) });
    c.read('n3');
    c.deliver(({ type }) => type !== 'read-index-response');
    const [answer] = c.sent('read-index-response');
    c.drop();
    c.crash('n3');
    c.propose('n1', 'newer');
    c.deliver();
    c.restart('n3');
    c.pass(HEARTBEAT_TICKS);
    c.read('n3');
    c.step('n3', answer!);
    expect(answered(c, 'n3')).toEqual([]);
    c.deliver();
    expect(answered(c, 'n3')).toEqual([[1, 2]]);
  });

  it('pending reads are bounded: a leader refuses, a follower forgets the oldest', () => {
    const c = led();
    const leader = c.raw('n1');
    const follower = c.raw('n3');
    expect(leader.readIndex(0)).toBe(true);
    leader.ready(); // the first one is in its round
    for (let id = 1; id <= PENDING_READS_MAX; id += 1) expect(leader.readIndex(id)).toBe(true);
    expect(leader.readIndex(1_000_000)).toBe(false);
    for (let id = 0; id <= PENDING_READS_MAX; id += 1) expect(follower.readIndex(id)).toBe(true);
    const [oldest, newest] = follower
      .ready()
      .messages.filter(({ type }) => type === 'read-index')
      .flatMap((m, at) => (at === 0 || at === PENDING_READS_MAX ? [m] : []));
    for (const asked of [oldest, newest]) {
      if (asked?.type !== 'read-index') throw new Error('expected two requests');
      follower.step({
        type: 'read-index-response',
        from: asNodeId('n1'),
        to: asNodeId('n3'),
        term: asTerm(1),
        id: asked.id,
        index: asIndex(1),
      });
    }
    expect(follower.ready().reads).toEqual([{ id: PENDING_READS_MAX, index: 1 }]);
  });

  it('several reads of one follower are told apart, in whatever order they are answered', () => {
    const c = led();
    c.read('n3');
    c.deliver(({ type }) => type !== 'read-index-response');
    c.propose('n1', 'x');
    c.deliver(({ type }) => type !== 'read-index-response');
    c.read('n3');
    c.deliver(({ type }) => type !== 'read-index-response');
    c.network.reverse();
    c.deliver();
    expect(answered(c, 'n3')).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  it('a read of a cluster of two does not wait for a heartbeat', () => {
    const c = led({ nodes: 2 });
    c.read('n1');
    expect(c.sent('heartbeat')).toMatchObject([{ to: 'n2', readRound: 1 }]);
    c.deliver();
    expect(answered(c, 'n1')).toEqual([[1, 1]]);
  });

  it('a round is told when it starts and when it is confirmed, once each', () => {
    const c = led();
    c.read('n1');
    c.deliver();
    c.pass(3 * HEARTBEAT_TICKS);
    expect(c.events('n1', 'read-round-started')).toEqual([{ round: 1, reads: 1, index: 1 }]);
    expect(c.events('n1', 'read-round-completed')).toEqual([{ round: 1, reads: 1, index: 1 }]);
    const alone = led({ nodes: 1 });
    alone.read('n1');
    expect(alone.events('n1', 'heartbeat-sent')).toEqual([]);
  });

  it('a refusal for want of room is told', () => {
    const c = led();
    const raw = c.raw('n1');
    raw.readIndex(0);
    raw.ready();
    for (let id = 1; id <= PENDING_READS_MAX + 1; id += 1) raw.readIndex(id);
    const told = raw.ready().events.filter(({ event }) => event === 'reads-refused');
    expect(told).toMatchObject([{ fields: { pending: PENDING_READS_MAX, bound: PENDING_READS_MAX } }]);
  });
});

describe('a leader at rest', () => {
  it('is one of whom nobody wants anything', () => {
    const c = new RaftCluster({ config: { commitNewsTicks: 5 } });
    const atRest = (name = 'n1') => c.raw(name).isAtRest;
    expect(atRest()).toBe(false);
    c.campaign('n1');
    expect(atRest()).toBe(false); // a candidate
    c.deliver(({ type }) => type.startsWith('request-vote'));
    expect(atRest()).toBe(false); // it does not know its followers yet
    c.deliver();
    expect([atRest(), atRest('n2')]).toEqual([true, false]);
    c.propose('n1', 'x');
    c.deliver(({ to, from }) => to === 'n2' || from === 'n2');
    expect(atRest()).toBe(false); // n3 lacks an entry
    c.deliver();
    expect(atRest()).toBe(true);
    c.unreachable('n1', 'n2');
    expect(atRest()).toBe(false); // n2 is being probed
    c.pass(HEARTBEAT_TICKS);
    expect(atRest()).toBe(true);
  });

  it('has no read that waits, neither for its round nor in it', () => {
    const c = led();
    expect(c.raw('n1').isAtRest).toBe(true);
    c.raw('n1').readIndex(1);
    c.checker.readAsked(c.host('n1'), 1);
    expect(c.raw('n1').isAtRest).toBe(false);
    c.tick(0, 'n1');
    expect(c.raw('n1').isAtRest).toBe(false);
    c.deliver();
    expect(c.raw('n1').isAtRest).toBe(true);
  });
});
