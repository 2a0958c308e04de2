import { describe, expect, it } from 'vitest';
import { Told } from '../../src/raft/told.js';
import { ELECTION_TICKS_MAX, ELECTION_TICKS_MIN, HEARTBEAT_TICKS, RaftCluster } from '../helpers/raft-cluster.js';
import { heartbeat, requestVote } from '../helpers/raft-messages.js';

/** n1 leads five, or as many as it says. */
function led(options: ConstructorParameters<typeof RaftCluster>[0] = {}): RaftCluster {
  const c = new RaftCluster(options);
  c.campaign('n1');
  c.settle();
  return c;
}

/** What is kept for everybody, of these events of a node. */
const told = (c: RaftCluster, name: string, ...names: readonly string[]): Record<string, unknown>[] =>
  c
    .host(name)
    .events.filter(({ level, event }) => level === 'info' && names.includes(event))
    .map(({ event, fields }) => ({ event, ...fields }));

describe('what is told of an election', () => {
  it('a pre-vote that is asked for again and again, once; and once more after a leader was known', () => {
    const c = led();
    c.crash('n1');
    c.crash('n3');
    for (let round = 0; round < 5; round += 1) c.pass(ELECTION_TICKS_MAX);
    const asked = c.events('n2', 'vote-requested');
    expect(asked.length).toBeGreaterThan(3);
    expect(told(c, 'n2', 'vote-requested')).toEqual([
      {
        event: 'vote-requested',
        term: 2,
        preVote: true,
        lastLogIndex: 1,
        lastLogTerm: 1,
        voters: 'n1,n2,n3',
      },
    ]);
    c.step('n2', heartbeat({ from: 'n1', to: 'n2', term: 1 }));
    c.pass(2 * ELECTION_TICKS_MAX);
    expect(told(c, 'n2', 'vote-requested')).toHaveLength(2);
  });

  it('that the leader is silent, and for how long', () => {
    const c = led();
    c.crash('n1');
    c.crash('n3');
    c.pass(3 * ELECTION_TICKS_MAX);
    const silence = told(c, 'n2', 'leader-silent');
    expect(silence).toMatchObject([{ leader: 'n1', term: 1 }]);
    expect(silence[0]).toHaveProperty('silentTicks');
    expect(c.events('n2', 'leader-silent')[0]!['silentTicks']).toBeGreaterThanOrEqual(ELECTION_TICKS_MIN);
  });

  it('a node of which too many others are certainly gone asks all the same, and its role stays: nothing can be won', () => {
    const c = led();
    c.crash('n1');
    c.crash('n3');
    const changes = c.host('n2').roleChanges.length;
    for (const gone of ['n3', 'n1']) c.suspect('n2', gone);
    c.pass(3 * ELECTION_TICKS_MAX);
    expect(c.events('n2', 'vote-requested').length).toBeGreaterThan(10);
    expect(c.events('n2', 'role-changed').filter(({ to }) => to === 'pre-candidate')).toEqual([]);
    expect(c.host('n2').roleChanges.slice(changes)).toEqual(['follower@1']);
    expect(c.role('n2')).toBe('follower');
    // One that answers was not gone, and the next round is counted.
    c.restart('n3');
    c.pass(2 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toHaveLength(1);
  });

  it('each refusal with what it rests on', () => {
    const refusal = (c: RaftCluster) => told(c, 'n2', 'vote-refused').at(-1);
    const c = led();
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 2, last: [9, 1], preVote: true }));
    expect(refusal(c)).toMatchObject({ candidate: 'n3', preVote: true, reason: 'leader-alive', leader: 'n1' });
    c.tick(ELECTION_TICKS_MIN, 'n2');
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 5, last: [0, 0] }));
    const logs = { lastLogIndex: 1, lastLogTerm: 1, candidateLogIndex: 0, candidateLogTerm: 0 };
    expect(refusal(c)).toMatchObject({ reason: 'log-behind', preVote: false, ...logs });
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 4, last: [9, 1] }));
    expect(refusal(c)).toMatchObject({ reason: 'stale-term', currentTerm: 5 });
    c.step('n2', requestVote({ from: 'n1', to: 'n2', term: 5, last: [9, 1] }));
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 5, last: [9, 1] }));
    expect(refusal(c)).toMatchObject({ reason: 'already-voted', votedFor: 'n1' });
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 6, last: [1, 1], preVote: true }));
    expect(refusal(c)).toMatchObject({ reason: 'election-under-way', favours: 'n1' });
    c.step('n2', heartbeat({ from: 'n1', to: 'n2', term: 5 }));
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 5, last: [9, 1] }));
    expect(refusal(c)).toMatchObject({ reason: 'leader-known', leader: 'n1' });
  });

  it('a refusal for the same reason again, once', () => {
    const c = led();
    const ask = () => c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 2, last: [9, 1], preVote: true }));
    for (let time = 0; time < 4; time += 1) ask();
    expect(c.events('n2', 'vote-refused')).toHaveLength(4);
    expect(told(c, 'n2', 'vote-refused')).toHaveLength(1);
  });

  it('of a leader: that its term has begun, once, with what was committed along with it', () => {
    const c = led({ logs: { n1: [1, 1], n2: [1, 1] } });
    expect(told(c, 'n1', 'term-committed')).toEqual([{ event: 'term-committed', after: 0, upTo: 3, term: 2 }]);
    c.propose('n1', 'x');
    c.settle();
    expect(told(c, 'n1', 'term-committed')).toHaveLength(1);
  });

  it('of a follower: that it has caught up with a new leader, and behind which entry it was sent some', () => {
    const c = led({ logs: { n1: [1, 1, 1], n2: [1, 1, 1], n3: [1] } });
    expect(told(c, 'n1', 'follower-caught-up')).toEqual([
      { event: 'follower-caught-up', peer: 'n2', from: 3, index: 4, term: 2 },
      { event: 'follower-caught-up', peer: 'n3', from: 1, index: 4, term: 2 },
    ]);
    c.propose('n1', 'x');
    c.settle();
    expect(told(c, 'n1', 'follower-caught-up')).toHaveLength(2);
  });

  it('of a follower that was away: that it has caught up again, told by a link that came or by what it says', () => {
    const c = led();
    const back = () => told(c, 'n1', 'follower-caught-up').slice(2);
    c.crash('n2');
    c.unlinked('n1', 'n2');
    c.propose('n1', 'x', 'y');
    c.settle();
    c.restart('n2');
    c.link('n1', 'n2');
    c.settle();
    expect(back()).toEqual([{ event: 'follower-caught-up', peer: 'n2', from: 1, index: 3, term: 1 }]);
    // Its link stays up, and nothing comes through.
    c.cut('n1', 'n2');
    c.propose('n1', 'z');
    c.tick(ELECTION_TICKS_MIN, 'n1');
    c.deliver();
    c.heal();
    for (let beat = 0; beat < 3; beat += 1) {
      c.tick(HEARTBEAT_TICKS, 'n1');
      c.settle();
    }
    expect(back().filter(({ peer, index }) => peer === 'n2' && index === 4)).toEqual([
      { event: 'follower-caught-up', peer: 'n2', from: 3, index: 4, term: 1 },
    ]);
  });
});

describe('what was told', () => {
  it('is told at debug when it repeats, until it is forgotten', () => {
    const told = new Told();
    expect([told.levelOf('a', 1), told.levelOf('a', 1), told.levelOf('a', 2)]).toEqual(['info', 'debug', 'info']);
    told.forget();
    expect(told.levelOf('a', 1)).toBe('info');
  });

  it('does not grow without bound', () => {
    const told = new Told();
    for (let term = 0; term < 1_000; term += 1) told.levelOf('asked', term);
    expect(told.levelOf('asked', 999)).toBe('debug');
    expect(told.levelOf('asked', 0)).toBe('info');
  });
});
