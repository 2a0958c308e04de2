import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.js';
import { always, ELECTION_TICKS_MAX, ELECTION_TICKS_MIN, RaftCluster } from '../helpers/raft-cluster.js';
import { heartbeat, requestVote, vote } from '../helpers/raft-messages.js';

/** Ranks alone decide: no random extra, n1 led and has died. */
function leaderDied(nodes = 4): RaftCluster {
  const c = new RaftCluster({ nodes, random: () => always(0) });
  c.elect('n1');
  expect(c.leaders()).toEqual(['n1']);
  c.crash('n1');
  return c;
}

describe('fast failover', () => {
  it('survivors that suspect the dead leader elect the first in rank at once', () => {
    const c = leaderDied();
    for (const name of c.alive) c.suspect(name, 'n1');
    expect(c.role('n2')).toBe('pre-candidate');
    c.deliver();
    expect(c.leaders()).toEqual(['n2']);
    expect(c.status('n4')).toMatchObject({ leader: 'n2', term: 2 });
  });

  it('ranks are ten ticks apart, with up to four ticks of chance, counted without the dead leader', () => {
    const extra: number[] = [];
    for (let seed = 1; seed <= 200; seed += 1) {
      const c = new RaftCluster({ nodes: 5, random: () => seededRandom(seed) });
      for (const name of ['n3', 'n4', 'n5']) {
        c.step(name, heartbeat({ from: 'n1', to: name, term: 1 }));
        c.suspect(name, 'n1');
      }
      expect(c.raw('n4').ticksToDeadline() - c.raw('n3').ticksToDeadline()).toBe(10);
      expect(c.raw('n5').ticksToDeadline() - c.raw('n3').ticksToDeadline()).toBe(20);
      extra.push(c.raw('n3').ticksToDeadline() - 10);
    }
    expect([Math.min(...extra), Math.max(...extra)]).toEqual([0, 4]);
  });

  it('others known to be gone do not count in the rank', () => {
    const c = leaderDied(5);
    c.suspect('n4', 'n2');
    c.suspect('n4', 'n1');
    expect(c.raw('n4').ticksToDeadline()).toBe(10);
  });

  it('the leader is forgotten: the role change tells the host, and no read is sent to it', () => {
    const c = leaderDied();
    c.suspect('n3', 'n1');
    expect(c.status('n3')).toMatchObject({ role: 'follower', leader: null, term: 1, votedFor: 'n1' });
    expect(c.host('n3').roleChanges.at(-1)).toBe('follower@1');
    expect(c.events('n3', 'leader-suspected')).toMatchObject([{ leader: 'n1', term: 1 }]);
    expect(c.read('n3')).toBe(false);
  });

  it('suspecting another than the leader only marks it', () => {
    const c = leaderDied();
    const before = { ...c.status('n2'), deadline: c.raw('n2').ticksToDeadline() };
    c.suspect('n2', 'n3');
    expect({ ...c.status('n2'), deadline: c.raw('n2').ticksToDeadline() }).toEqual(before);
  });

  it.each([3, 4, 5])(
    'of %i, who refused only because the leader seemed alive grants as soon as it suspects it too',
    (nodes) => {
      const c = leaderDied(nodes);
      c.suspect('n2', 'n1');
      c.deliver();
      expect(c.role('n2')).toBe('pre-candidate');
      for (const name of c.alive.slice(1)) {
        expect(c.events(name, 'vote-refused')).toMatchObject([{ reason: 'leader-alive' }]);
        c.suspect(name, 'n1');
      }
      c.deliver();
      expect(c.leaders()).toEqual(['n2']);
    },
  );

  it('a refusal of long ago is not reconsidered', () => {
    const c = leaderDied(3);
    c.step('n3', requestVote({ from: 'n2', to: 'n3', term: 2, last: [1, 1], preVote: true }));
    c.drop();
    c.tick(100, 'n3');
    c.suspect('n3', 'n1');
    expect(c.sent('request-vote-response')).toEqual([]);
  });

  it('the pre-vote is repeated every twenty ticks, give or take five, while the others still refuse', () => {
    const c = new RaftCluster({ nodes: 3, random: (name) => seededRandom(name.charCodeAt(1)) });
    c.elect('n1');
    c.crash('n1');
    c.suspect('n2', 'n1');
    c.tick(c.raw('n2').ticksToDeadline(), 'n2');
    const gaps: number[] = [];
    for (let rounds = 0; rounds < 15; rounds += 1) {
      c.deliver();
      gaps.push(c.raw('n2').ticksToDeadline());
      c.tick(c.raw('n2').ticksToDeadline(), 'n2');
      expect(c.sent('request-vote')).toMatchObject([
        { preVote: true, term: 2 },
        { preVote: true, term: 2 },
      ]);
    }
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(15);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(25);
    expect(c.status('n2').term).toBe(1);
  });

  it('a wrong suspicion changes nothing: the others refuse, and the leader is followed again', () => {
    const c = new RaftCluster({ nodes: 3, random: () => always(0) });
    c.elect('n1');
    c.suspect('n2', 'n1');
    c.deliver();
    c.pass(2 * ELECTION_TICKS_MAX);
    for (const name of c.names) expect(c.status(name)).toMatchObject({ leader: 'n1', term: 1 });
  });

  it('haste ends when no quorum is left: the election timeout takes over', () => {
    const c = leaderDied(3);
    c.crash('n3');
    c.suspect('n2', 'n1');
    c.pass(2 * ELECTION_TICKS_MAX);
    expect(c.raw('n2').ticksToDeadline()).toBeGreaterThan(25);
    const asked = c.events('n2', 'vote-requested').length;
    c.pass(10 * ELECTION_TICKS_MAX);
    expect(c.events('n2', 'vote-requested').length - asked).toBeLessThan(30);
  });

  it('a candidate that cannot win any more retries after ten to thirty ticks', () => {
    const delays = new Set<number>();
    for (let seed = 1; seed <= 300; seed += 1) {
      const c = new RaftCluster({ nodes: 4, random: () => seededRandom(seed) });
      c.step('n2', heartbeat({ from: 'n1', to: 'n2', term: 1 }));
      c.suspect('n2', 'n1');
      c.tick(c.raw('n2').ticksToDeadline(), 'n2');
      for (const from of ['n3', 'n4']) c.step('n2', vote({ from, to: 'n2', term: 2, preVote: true }));
      expect(c.role('n2')).toBe('candidate');
      for (const from of ['n3', 'n4']) c.step('n2', vote({ from, to: 'n2', term: 2, granted: false }));
      expect(c.role('n2')).toBe('follower');
      delays.add(c.raw('n2').ticksToDeadline());
    }
    expect([Math.min(...delays), Math.max(...delays)]).toEqual([10, 30]);
  });

  it('two survivors of three that vote for themselves see at once that the dead one will not decide, and retry', () => {
    const c = leaderDied(3);
    c.suspect('n3', 'n1');
    c.suspect('n2', 'n1');
    c.tick(10, 'n3'); // its turn comes before the request of n2 has arrived
    c.step('n2', vote({ from: 'n3', to: 'n2', term: 2, preVote: true }));
    c.step('n3', vote({ from: 'n2', to: 'n3', term: 2, preVote: true }));
    expect([c.role('n2'), c.role('n3')]).toEqual(['candidate', 'candidate']);
    c.deliver();
    expect([c.role('n2'), c.role('n3')]).toEqual(['follower', 'follower']);
    expect(c.status('n2')).toMatchObject({ term: 2, votedFor: 'n2' });
    expect(c.raw('n2').ticksToDeadline()).toBeLessThanOrEqual(30);
  });

  it('of survivors that ask at the same time the first in rank is elected, and no round is lost', () => {
    const c = leaderDied();
    for (const name of ['n3', 'n4', 'n2']) c.suspect(name, 'n1');
    c.tick(20, 'n3', 'n4'); // their turns come before the request of n2 has arrived
    expect(['n2', 'n3', 'n4'].map((name) => c.role(name))).toEqual(Array(3).fill('pre-candidate'));
    c.deliver();
    expect(c.leaders()).toEqual(['n2']);
    expect(c.status('n2').term).toBe(2);
  });

  it('the first in rank gives way to a longer log', () => {
    const c = leaderDied();
    c.suspect('n2', 'n1');
    expect(c.role('n2')).toBe('pre-candidate');
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 2, preVote: true, last: [2, 1] }));
    c.deliver((message) => message.to === 'n3');
    expect(c.events('n2', 'vote-granted').at(-1)).toMatchObject({ candidate: 'n3', preVote: true });
  });

  it('the first in rank gives way when it had its time and did not win', () => {
    const c = leaderDied();
    c.suspect('n2', 'n1');
    c.tick(40, 'n2');
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 2, preVote: true, last: [1, 1] }));
    expect(c.events('n2', 'vote-granted').at(-1)).toMatchObject({ candidate: 'n3', preVote: true });
  });

  it('who has just voted refuses pre-votes of others for a moment: the election is on its way', () => {
    const c = leaderDied();
    c.suspect('n4', 'n1');
    c.step('n4', requestVote({ from: 'n2', to: 'n4', term: 2, last: [1, 1] }));
    const ask = () => c.step('n4', requestVote({ from: 'n3', to: 'n4', term: 3, preVote: true, last: [1, 1] }));
    ask();
    expect(c.events('n4', 'vote-refused').at(-1)).toMatchObject({ candidate: 'n3', reason: 'election-under-way' });
    c.tick(40, 'n4');
    ask();
    expect(c.events('n4', 'vote-granted').at(-1)).toMatchObject({ candidate: 'n3', preVote: true });
  });

  it('nothing is expected of a candidate that died after it was voted for', () => {
    const c = leaderDied();
    c.suspect('n4', 'n1');
    c.step('n4', requestVote({ from: 'n2', to: 'n4', term: 2, last: [1, 1] }));
    c.suspect('n4', 'n2');
    c.step('n4', requestVote({ from: 'n3', to: 'n4', term: 3, preVote: true, last: [1, 1] }));
    expect(c.events('n4', 'vote-granted').at(-1)).toMatchObject({ candidate: 'n3', preVote: true });
  });

  it('a candidate learns that a voter it waits for is gone, and gives up', () => {
    const c = new RaftCluster({ nodes: 3 });
    c.campaign('n1');
    c.deliver((message) => 'preVote' in message && message.preVote);
    c.step('n1', vote({ from: 'n2', to: 'n1', term: 1, granted: false }));
    expect(c.role('n1')).toBe('candidate');
    c.suspect('n1', 'n3');
    expect(c.role('n1')).toBe('follower');
  });

  it('who has voted leaves the election to its candidate', () => {
    const c = leaderDied();
    c.suspect('n4', 'n1');
    expect(c.raw('n4').ticksToDeadline()).toBe(20);
    c.step('n4', requestVote({ from: 'n2', to: 'n4', term: 2, last: [1, 1] }));
    expect(c.raw('n4').ticksToDeadline()).toBeGreaterThanOrEqual(ELECTION_TICKS_MIN);
  });

  it('the suspicion ends with any message of the suspected, and with its link', () => {
    for (const back of ['message', 'link'] as const) {
      const c = new RaftCluster({ nodes: 3, random: () => always(0) });
      c.elect('n1');
      c.suspect('n3', 'n1');
      expect(c.raw('n3').ticksToDeadline()).toBe(10);
      if (back === 'message') c.step('n3', heartbeat({ from: 'n1', to: 'n3', term: 1 }));
      else c.linked('n3', 'n1');
      expect(c.raw('n3').ticksToDeadline()).toBeGreaterThan(100);
    }
  });

  it('haste ends when another leader is known', () => {
    const c = leaderDied();
    c.suspect('n4', 'n1');
    expect(c.raw('n4').ticksToDeadline()).toBe(20);
    c.step('n4', heartbeat({ from: 'n2', to: 'n4', term: 2 }));
    expect(c.raw('n4').ticksToDeadline()).toBe(ELECTION_TICKS_MIN);
  });

  it('haste and suspicion end with any message of the suspected, though it does not lead', () => {
    const c = leaderDied();
    c.suspect('n3', 'n1');
    c.step('n3', vote({ from: 'n1', to: 'n3', term: 1, granted: false }));
    expect(c.raw('n3').ticksToDeadline()).toBe(ELECTION_TICKS_MIN);
    // Its vote is waited for again: of three that ask, two refusals do not decide.
    c.campaign('n3');
    for (const from of ['n2', 'n4']) c.step('n3', vote({ from, to: 'n3', term: 2, preVote: true }));
    expect(c.role('n3')).toBe('candidate');
    c.step('n3', vote({ from: 'n2', to: 'n3', term: 2 }));
    c.step('n3', vote({ from: 'n4', to: 'n3', term: 2, granted: false }));
    expect(c.role('n3')).toBe('candidate');
  });

  it('a message of another than the suspected leader does not end the haste', () => {
    const c = leaderDied();
    c.suspect('n4', 'n2');
    c.suspect('n4', 'n1');
    const due = c.raw('n4').ticksToDeadline();
    c.step('n4', vote({ from: 'n2', to: 'n4', term: 1, granted: false }));
    expect(c.raw('n4').ticksToDeadline()).toBe(due);
  });

  it('a refusal is reconsidered for two repeats of the pre-vote, to the tick', () => {
    for (const [ago, answers] of [
      [40, 1],
      [41, 0],
    ] as const) {
      const c = leaderDied();
      c.step('n4', requestVote({ from: 'n2', to: 'n4', term: 2, last: [1, 1], preVote: true }));
      c.drop();
      c.tick(ago, 'n4');
      c.suspect('n4', 'n1');
      expect(c.sent('request-vote-response')).toHaveLength(answers);
    }
  });

  it('only pre-votes are reconsidered: a real request that was refused is asked again in its own time', () => {
    const c = leaderDied();
    c.step('n4', requestVote({ from: 'n2', to: 'n4', term: 2, last: [1, 1] }));
    expect(c.sent('request-vote-response')).toMatchObject([{ granted: false, sticky: true }]);
    c.drop();
    c.suspect('n4', 'n1');
    expect(c.sent('request-vote-response')).toEqual([]);
    expect(c.status('n4')).toMatchObject({ term: 1, votedFor: 'n1' });
  });

  it('who is refused for an election under way may ask again: the refusal says so', () => {
    const c = leaderDied();
    c.suspect('n4', 'n1');
    c.step('n4', requestVote({ from: 'n2', to: 'n4', term: 2, last: [1, 1] }));
    c.drop();
    c.step('n4', requestVote({ from: 'n3', to: 'n4', term: 3, preVote: true, last: [1, 1] }));
    expect(c.sent('request-vote-response')).toMatchObject([{ granted: false, sticky: true }]);
  });

  it('a leader that comes back without leading does not end the haste', () => {
    const c = leaderDied();
    c.suspect('n3', 'n1');
    c.restart('n1');
    c.linked('n3', 'n1');
    expect(c.raw('n3').ticksToDeadline()).toBe(10);
  });

  it('a node that knows only one slow survivor still gets its vote when stickiness lapses', () => {
    const c = new RaftCluster({ nodes: 3, random: (name) => always(name === 'n3' ? 0.9 : 0) });
    c.elect('n1');
    c.crash('n1');
    c.suspect('n2', 'n1'); // n3 never learns that n1 died
    c.pass(ELECTION_TICKS_MIN + 30);
    expect(c.leaders()).toEqual(['n2']);
  });

  it('holds for any seed: with suspicion at all survivors within ten ticks, a leader within forty', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seededRandom(seed);
      const c = new RaftCluster({
        nodes: 3 + (seed % 3),
        random: (name) => seededRandom(seed * 7 + name.charCodeAt(1)),
      });
      c.elect('n1');
      c.crash('n1');
      for (const name of [...c.alive].sort(() => random.next() - 0.5)) {
        c.pass(Math.floor(random.next() * 4));
        c.suspect(name, 'n1');
      }
      c.pass(40);
      expect(c.leaders()).toHaveLength(1);
    }
  });
});

describe('fast start', () => {
  it('a node linked to a quorum that knows no leader campaigns by rank', () => {
    const c = new RaftCluster({ nodes: 4, random: () => always(0) });
    c.linked('n3', 'n1');
    expect(c.raw('n3').ticksToDeadline()).toBe(ELECTION_TICKS_MIN);
    c.linked('n3', 'n2');
    expect(c.raw('n3').ticksToDeadline()).toBe(20);
    c.linked('n1', 'n2');
    c.linked('n1', 'n3');
    expect(c.role('n1')).toBe('pre-candidate');
    c.deliver();
    expect(c.leaders()).toEqual(['n1']);
  });

  it('when all links come up the first leader is there within a few ticks', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const c = new RaftCluster({ nodes: 4, random: (name) => seededRandom(seed * 7 + name.charCodeAt(1)) });
      for (const a of c.names) for (const b of c.names) if (a < b) c.link(a, b);
      c.pass(10);
      expect(c.leaders()).toEqual(['n1']);
      expect(c.status('n4').term).toBe(1);
    }
  });

  it('a quorum that knows a leader is not disturbed', () => {
    const c = new RaftCluster({ nodes: 3, random: () => always(0) });
    c.elect('n1');
    c.crash('n3');
    c.restart('n3');
    c.linked('n3', 'n1');
    c.linked('n3', 'n2');
    expect(c.raw('n3').ticksToDeadline()).toBe(ELECTION_TICKS_MIN);
  });

  it('peers that take the restarted leader for the leader still know no other', () => {
    const c = new RaftCluster({ nodes: 3, random: () => always(0) });
    c.elect('n1');
    c.crash('n1');
    c.restart('n1');
    c.linked('n1', 'n2');
    c.deliver();
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 2 });
  });

  it('haste ends when the quorum of links is lost again', () => {
    const c = new RaftCluster({ nodes: 3, random: () => always(0) });
    c.linked('n2', 'n3');
    expect(c.raw('n2').ticksToDeadline()).toBe(10);
    c.unlinked('n2', 'n3');
    expect(c.raw('n2').ticksToDeadline()).toBe(ELECTION_TICKS_MIN);
  });

  it('the only voter waits for nobody', () => {
    const c = new RaftCluster({ nodes: 1 });
    c.pass(5);
    expect(c.leaders()).toEqual(['n1']);
  });
});
