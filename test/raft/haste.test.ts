import { describe, expect, it } from 'vitest';
import { membershipOf } from '../helpers/membership.js';
import { always, ELECTION_TICKS_MAX, ELECTION_TICKS_MIN, RaftCluster } from '../helpers/raft-cluster.js';
import { append, heartbeat, requestVote, vote } from '../helpers/raft-messages.js';

/** When fast failover and fast start (suspicion.ts) begin, pause and end, to the tick. */

/** Of four, n1 led term 1 and has died; ranks alone decide, and n2 is first. */
function leaderDied(): RaftCluster {
  const c = new RaftCluster({ nodes: 4, random: () => always(0) });
  c.elect('n1');
  c.crash('n1');
  return c;
}

const due = (c: RaftCluster, name: string): number => c.raw(name).ticksToDeadline();
const answers = (c: RaftCluster) => c.sent('request-vote-response').map(({ granted, sticky }) => ({ granted, sticky }));
const preVote = (from: string, to: string, term: number) =>
  requestVote({ from, to, term, preVote: true, last: [1, 1] });

describe('haste', () => {
  it('lasts as long as the longest election timeout', () => {
    const c = leaderDied();
    c.suspect('n4', 'n1');
    for (let ticks = 0; ticks < ELECTION_TICKS_MAX + 100; ticks += 5) {
      c.tick(5, 'n4');
      c.drop();
    }
    // At 20, and every 15 ticks after that (chance at its lowest), the last time before tick 800.
    expect(c.events('n4', 'vote-requested')).toHaveLength(52);
    expect(due(c, 'n4')).toBeGreaterThan(100);
  });

  it('for a leader that is gone does not wait for the own disk', () => {
    const c = new RaftCluster({ nodes: 4, random: () => always(0), persist: 'on-demand' });
    c.step('n4', append({ from: 'n1', to: 'n4', term: 1, terms: [1] }));
    c.suspect('n4', 'n1');
    c.tick(20, 'n4');
    expect(c.role('n4')).toBe('pre-candidate');
    // Nor does what it asks: a pre-vote promises nothing.
    expect(c.sent('request-vote')).toHaveLength(3);
  });

  it('is nothing for a node that may not campaign: it only forgets the leader', () => {
    const c = new RaftCluster({ config: { membership: membershipOf() } });
    c.step('n1', heartbeat({ from: 'n2', to: 'n1', term: 1 }));
    c.suspect('n1', 'n2');
    expect(c.status('n1').leader).toBe(null);
    expect(c.events('n1', 'leader-suspected')).toEqual([{ leader: 'n2', term: 1, campaignInTicks: null }]);
    expect(due(c, 'n1')).toBe(Number.POSITIVE_INFINITY);
  });

  it('that began for a leader that is gone is not ended by a link that breaks', () => {
    const c = leaderDied();
    c.linked('n4', 'n2');
    c.suspect('n4', 'n1');
    c.unlinked('n4', 'n2');
    c.unlinked('n4', 'n3');
    expect(due(c, 'n4')).toBe(20);
  });

  it('goes on when the leader is back, says something, and does not lead', () => {
    const c = leaderDied();
    c.suspect('n3', 'n1');
    c.restart('n1');
    c.linked('n3', 'n1');
    c.step('n3', vote({ from: 'n1', to: 'n3', term: 1, granted: false }));
    expect(due(c, 'n3')).toBe(10);
  });

  it('that ends because the leader lives begins again when nobody leads', () => {
    const c = new RaftCluster({ nodes: 3, random: () => always(0) });
    c.linked('n3', 'n2');
    c.step('n3', heartbeat({ from: 'n1', to: 'n3', term: 1 }));
    c.suspect('n3', 'n1');
    expect(due(c, 'n3')).toBe(10);
    c.step('n3', vote({ from: 'n1', to: 'n3', term: 1, granted: false }));
    expect(due(c, 'n3')).toBe(20); // by rank among three that live
  });
});

describe('suspicion', () => {
  it('of another than the leader answers nobody again who was refused for the sake of the leader', () => {
    const c = leaderDied();
    c.step('n4', preVote('n3', 'n4', 2));
    c.drop();
    c.suspect('n4', 'n2');
    expect(c.network).toEqual([]);
    expect(c.status('n4').leader).toBe('n1');
  });

  it('ends with a link: who is back counts in the rank again', () => {
    const c = leaderDied();
    c.suspect('n4', 'n2');
    c.suspect('n4', 'n3');
    c.linked('n4', 'n2');
    c.suspect('n4', 'n1');
    expect(due(c, 'n4')).toBe(10);
  });
});

describe('an election under way', () => {
  it('is left alone by who voted for its candidate, for two repeats of the pre-vote, to the tick', () => {
    const c = leaderDied();
    c.suspect('n4', 'n1');
    c.step('n4', requestVote({ from: 'n2', to: 'n4', term: 2, last: [1, 1] }));
    c.drop();
    c.tick(39, 'n4');
    c.step('n4', preVote('n3', 'n4', 3));
    c.tick(1, 'n4');
    c.step('n4', preVote('n3', 'n4', 3));
    expect(answers(c)).toEqual([
      { granted: false, sticky: true },
      { granted: true, sticky: false },
    ]);
  });

  it('is not disturbed by pre-votes for its own candidate', () => {
    const c = leaderDied();
    c.suspect('n4', 'n1');
    c.step('n4', requestVote({ from: 'n2', to: 'n4', term: 2, last: [1, 1] }));
    c.drop();
    c.step('n4', preVote('n2', 'n4', 3));
    expect(answers(c)).toEqual([{ granted: true, sticky: false }]);
  });

  it('is the own one, as long as this node is its candidate', () => {
    const c = leaderDied();
    c.suspect('n2', 'n1');
    for (const from of ['n3', 'n4']) c.step('n2', vote({ from, to: 'n2', term: 2, preVote: true }));
    expect(c.role('n2')).toBe('candidate');
    c.drop();
    c.step('n2', preVote('n3', 'n2', 3));
    for (const from of ['n3', 'n4']) c.step('n2', vote({ from, to: 'n2', term: 2, granted: false }));
    expect(c.role('n2')).toBe('follower');
    c.step('n2', preVote('n3', 'n2', 3));
    expect(answers(c)).toEqual([
      { granted: false, sticky: true },
      { granted: true, sticky: false },
    ]);
  });

  it('is that of a pre-candidate in a hurry, for two repeats, against those behind it in rank', () => {
    const c = leaderDied();
    c.suspect('n3', 'n1');
    c.tick(10, 'n3');
    expect(c.role('n3')).toBe('pre-candidate');
    c.drop();
    for (const from of ['n2', 'n4']) c.step('n3', preVote(from, 'n3', 2));
    c.tick(29, 'n3');
    c.drop(({ type }) => type === 'request-vote');
    c.step('n3', preVote('n4', 'n3', 2));
    c.tick(1, 'n3');
    c.drop(({ type }) => type === 'request-vote');
    c.step('n3', preVote('n4', 'n3', 2));
    expect(c.sent('request-vote-response').map(({ to, granted }) => [to, granted])).toEqual([
      ['n2', true],
      ['n4', false],
      ['n4', false],
      ['n4', true],
    ]);
  });

  it('is not that of a pre-candidate that only ran out of patience', () => {
    const c = new RaftCluster({ nodes: 4 });
    c.campaign('n1');
    c.drop();
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 1, preVote: true }));
    expect(answers(c)).toEqual([{ granted: true, sticky: false }]);
  });
});

describe('fast start', () => {
  const fresh = () => new RaftCluster({ nodes: 4, random: () => always(0) });

  it('does not begin anew with each further link', () => {
    const c = fresh();
    c.linked('n4', 'n1');
    c.linked('n4', 'n2');
    expect(due(c, 'n4')).toBe(30);
    c.tick(5, 'n4');
    c.linked('n4', 'n3');
    expect(due(c, 'n4')).toBe(25);
  });

  it('begins anew with a link that comes when the haste before is over', () => {
    const c = fresh();
    c.linked('n4', 'n1');
    c.linked('n4', 'n2');
    for (let ticks = 0; ticks < ELECTION_TICKS_MAX; ticks += 50) {
      expect(due(c, 'n4')).toBeLessThanOrEqual(30);
      c.tick(50, 'n4');
      c.drop();
    }
    expect(due(c, 'n4')).toBeGreaterThan(30);
    c.linked('n4', 'n3');
    expect(due(c, 'n4')).toBe(30);
  });

  it('goes on as long as a quorum of links is left', () => {
    const c = fresh();
    for (const peer of ['n1', 'n2', 'n3']) c.linked('n4', peer);
    c.unlinked('n4', 'n3');
    expect(due(c, 'n4')).toBe(30);
    c.unlinked('n4', 'n2');
    expect(due(c, 'n4')).toBe(ELECTION_TICKS_MIN);
  });

  it('is none for who knows a leader, whatever its links knew when they came up', () => {
    const c = fresh();
    c.step('n4', heartbeat({ from: 'n1', to: 'n4', term: 1 }));
    for (const peer of ['n1', 'n2', 'n3']) c.linked('n4', peer);
    expect(due(c, 'n4')).toBe(ELECTION_TICKS_MIN);
  });

  it('is none for a candidate, which has its election already', () => {
    const c = fresh();
    c.campaign('n4');
    for (const from of ['n1', 'n2']) c.step('n4', vote({ from, to: 'n4', term: 1, preVote: true }));
    expect(c.role('n4')).toBe('candidate');
    for (const peer of ['n1', 'n2', 'n3']) c.linked('n4', peer);
    expect(due(c, 'n4')).toBe(ELECTION_TICKS_MIN);
  });
});
