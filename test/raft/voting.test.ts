import { describe, expect, it } from 'vitest';
import { asNodeId, seededRandom } from '../../src/base/index.js';
import {
  always,
  ELECTION_TICKS_MAX,
  ELECTION_TICKS_MIN,
  HEARTBEAT_TICKS,
  isPreVote,
  isVote,
  RaftCluster,
} from '../helpers/raft-cluster.js';
import { append, heartbeat, requestVote, vote } from '../helpers/raft-messages.js';

const answersOf = (c: RaftCluster) =>
  c.sent('request-vote-response').map(({ to, granted, sticky, term }) => ({ to, granted, sticky, term }));
const reasons = (c: RaftCluster, name: string) => c.events(name, 'vote-refused').map(({ reason }) => reason);

/** n1 as candidate of `nodes` in term 1, nothing on its way. */
function candidate(nodes: number, options: ConstructorParameters<typeof RaftCluster>[0] = {}): RaftCluster {
  const c = new RaftCluster({ nodes, ...options });
  c.campaign('n1');
  c.deliver(isPreVote);
  c.drop();
  expect(c.role('n1')).toBe('candidate');
  return c;
}

describe('who gets a vote (§5.2, §5.4.1)', () => {
  const logs: [last: [number, number], upToDate: boolean][] = [
    [[2, 2], true],
    [[3, 2], true],
    [[1, 3], true],
    [[1, 2], false],
    [[9, 1], false],
  ];
  for (const votedFor of [undefined, 'n2', 'n3']) {
    for (const [last, upToDate] of logs) {
      const granted = upToDate && votedFor !== 'n3';
      it(`n2, whose log ends with (${last.join(', ')}), ${granted ? 'gets' : 'does not get'} that of a server with log [1 2] that voted for ${votedFor ?? 'nobody'}`, () => {
        const c = new RaftCluster({ logs: { n1: [1, 2] } });
        if (votedFor) c.step('n1', requestVote({ from: votedFor, to: 'n1', term: 4, last: [9, 9] }));
        c.drop();
        c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 4, last }));
        expect(answersOf(c)).toMatchObject([{ to: 'n2', granted, term: 4 }]);
        expect(c.status('n1').votedFor).toBe(votedFor ?? (granted ? 'n2' : null));
      });
    }
  }

  it('nobody but the leader it follows, from a server that learned of the leader and did not vote', () => {
    const c = new RaftCluster();
    c.step('n1', heartbeat({ from: 'n2', to: 'n1', term: 3 }));
    c.tick(ELECTION_TICKS_MIN - 1, 'n1');
    c.drop();
    c.step('n1', requestVote({ from: 'n3', to: 'n1', term: 3, last: [9, 3] }));
    expect(answersOf(c)).toMatchObject([{ granted: false, sticky: false, term: 3 }]);
    expect(c.status('n1')).toMatchObject({ votedFor: null, leader: 'n2' });
    expect(reasons(c, 'n1')).toEqual(['leader-known']);
  });

  it('its leader again, whose request comes twice, and it is followed all the same', () => {
    const c = new RaftCluster();
    const request = requestVote({ from: 'n2', to: 'n1', term: 1 });
    c.step('n1', request);
    c.step('n1', heartbeat({ from: 'n2', to: 'n1', term: 1 }));
    c.step('n1', request);
    expect(c.sent('request-vote-response').map(({ granted }) => granted)).toEqual([true, true]);
    expect(c.status('n1')).toMatchObject({ votedFor: 'n2', leader: 'n2' });
  });

  it('a pre-vote for a term in which the vote is given away is refused like a vote', () => {
    const c = new RaftCluster();
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 3 }));
    c.tick(100, 'n1');
    c.drop();
    c.step('n1', requestVote({ from: 'n3', to: 'n1', term: 3, preVote: true }));
    c.step('n1', requestVote({ from: 'n3', to: 'n1', term: 4, preVote: true }));
    expect(answersOf(c)).toMatchObject([{ granted: false }, { granted: true }]);
    expect(reasons(c, 'n1')).toEqual(['already-voted']);
  });

  it('a pre-vote for the term of a leader that lives is refused for its sake', () => {
    const c = new RaftCluster();
    c.step('n1', heartbeat({ from: 'n2', to: 'n1', term: 3 }));
    c.drop();
    c.step('n1', requestVote({ from: 'n3', to: 'n1', term: 3, preVote: true }));
    expect(answersOf(c)).toMatchObject([{ granted: false, sticky: true }]);
    expect(reasons(c, 'n1')).toEqual(['leader-alive']);
  });

  it('each refusal names its reason', () => {
    const c = new RaftCluster({ logs: { n1: [2] } });
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 1 }));
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 2 }));
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 2, last: [1, 2] }));
    c.step('n1', requestVote({ from: 'n3', to: 'n1', term: 2, last: [1, 2] }));
    expect(reasons(c, 'n1')).toEqual(['stale-term', 'log-behind', 'already-voted']);
    expect(c.events('n1', 'vote-granted')).toEqual([{ candidate: 'n2', term: 2, preVote: false }]);
  });
});

describe('voting and the election timer (Figure 2, followers)', () => {
  it('granting a vote is contentment for another election timeout', () => {
    const c = new RaftCluster();
    const timeout = c.raw('n1').ticksToDeadline();
    c.step('n1', vote({ from: 'n2', to: 'n1', term: 1, granted: false })); // it is in the term already
    c.tick(300, 'n1');
    expect(c.raw('n1').ticksToDeadline()).toBe(timeout - 300);
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 1 }));
    expect(c.raw('n1').ticksToDeadline()).toBe(timeout);
  });

  it('refusing one is not, nor is an answer to a pre-vote', () => {
    const c = new RaftCluster({ logs: { n1: [1] }, terms: { n1: 3 } });
    c.tick(100, 'n1');
    const left = c.raw('n1').ticksToDeadline();
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 3 }));
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 4, preVote: true, last: [1, 1] }));
    expect(answersOf(c).map(({ granted }) => granted)).toEqual([false, true]);
    expect(c.raw('n1').ticksToDeadline()).toBe(left);
  });

  it('a heartbeat or an append is, and nothing else of the leader', () => {
    for (const [message, content] of [
      [heartbeat({ from: 'n2', to: 'n1', term: 1 }), true],
      [append({ from: 'n2', to: 'n1', term: 1 }), true],
      [vote({ from: 'n2', to: 'n1', term: 1 }), false],
    ] as const) {
      const c = new RaftCluster();
      c.step('n1', heartbeat({ from: 'n2', to: 'n1', term: 1 }));
      const timeout = c.raw('n1').ticksToDeadline();
      c.tick(300, 'n1');
      c.step('n1', message);
      expect(c.raw('n1').ticksToDeadline()).toBe(content ? timeout : timeout - 300);
    }
  });

  it('followers of a live leader do not even become pre-candidates', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.pass(10 * ELECTION_TICKS_MAX);
    for (const name of ['n2', 'n3']) expect(c.events(name, 'vote-requested')).toEqual([]);
  });

  it('each message of the leader renews the stickiness to it, not only the first', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver();
    c.tick(300, 'n2');
    for (const message of [heartbeat, append]) {
      c.step('n2', message({ from: 'n1', to: 'n2', term: 1, commit: 0, ...(message === append && { prev: [1, 1] }) }));
      c.tick(300, 'n2');
      c.drop();
      c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 2, last: [9, 1], preVote: true }));
      expect(answersOf(c)).toMatchObject([{ granted: false, sticky: true }]);
    }
  });

  it('a timeout that finds the own disk at work is put off by a whole one, and the host has no deadline in the past', () => {
    const c = new RaftCluster({ persist: 'on-demand' });
    c.step('n1', append({ from: 'n2', to: 'n1', term: 1, terms: [1] }));
    const timeout = c.raw('n1').ticksToDeadline();
    c.tick(timeout, 'n1');
    expect([c.role('n1'), c.raw('n1').ticksToDeadline()]).toEqual(['follower', timeout]);
  });
});

describe('a pre-candidate', () => {
  const preCandidate = (options: ConstructorParameters<typeof RaftCluster>[0] = {}) => {
    const c = new RaftCluster(options);
    c.campaign('n1');
    c.drop();
    expect(c.role('n1')).toBe('pre-candidate');
    return c;
  };

  it('that votes for another in its own term gives up its own wish', () => {
    const c = preCandidate({ terms: { n1: 3 } });
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 3 }));
    expect(c.status('n1')).toMatchObject({ role: 'follower', term: 3, votedFor: 'n2' });
    expect(answersOf(c)).toMatchObject([{ granted: true }]);
  });

  it('counts no grants for another term than the one it asks about', () => {
    const c = preCandidate({ terms: { n1: 3 } });
    for (const term of [1, 2, 3, 5, 9]) {
      for (const from of ['n2', 'n3']) c.step('n1', vote({ from, to: 'n1', term, preVote: true }));
      expect(c.status('n1')).toMatchObject({ role: 'pre-candidate', term: 3 });
    }
    c.step('n1', vote({ from: 'n2', to: 'n1', term: 4, preVote: true }));
    expect(c.status('n1')).toMatchObject({ role: 'candidate', term: 4 });
  });

  it('counts no votes, given or refused in the candidacy before', () => {
    const c = candidate(3);
    c.tick(ELECTION_TICKS_MAX, 'n1');
    c.drop();
    expect(c.status('n1')).toMatchObject({ role: 'pre-candidate', term: 1 });
    for (const granted of [false, true]) {
      for (const from of ['n2', 'n3']) c.step('n1', vote({ from, to: 'n1', term: 1, granted }));
      expect(c.role('n1')).toBe('pre-candidate');
    }
  });

  it('that nobody would vote for asks again at the pace of the pre-vote', () => {
    const delays = new Set<number>();
    for (let seed = 1; seed <= 100; seed += 1) {
      const c = new RaftCluster({ nodes: 3, random: () => seededRandom(seed) });
      c.step('n2', heartbeat({ from: 'n1', to: 'n2', term: 1 }));
      c.suspect('n2', 'n1');
      c.tick(c.raw('n2').ticksToDeadline(), 'n2');
      c.step('n2', vote({ from: 'n3', to: 'n2', term: 1, preVote: true, granted: false }));
      expect(c.role('n2')).toBe('follower');
      delays.add(c.raw('n2').ticksToDeadline());
    }
    expect([Math.min(...delays), Math.max(...delays)]).toEqual([15, 25]);
  });
});

describe('a candidate', () => {
  it('is not taken a vote back by a refusal that comes after it', () => {
    const c = candidate(5);
    c.step('n1', vote({ from: 'n2', to: 'n1', term: 1 }));
    c.step('n1', vote({ from: 'n2', to: 'n1', term: 1, granted: false }));
    c.step('n1', vote({ from: 'n3', to: 'n1', term: 1 }));
    expect(c.role('n1')).toBe('leader');
  });

  it('counts a refuser that changes its mind', () => {
    const c = candidate(5);
    for (const from of ['n2', 'n3']) c.step('n1', vote({ from, to: 'n1', term: 1, granted: false }));
    for (const from of ['n2', 'n3']) c.step('n1', vote({ from, to: 'n1', term: 1 }));
    expect(c.role('n1')).toBe('leader');
  });

  it('is not beaten by refusals of earlier terms, nor elected by their grants', () => {
    const c = candidate(3, { terms: { n1: 5, n2: 5, n3: 5 } });
    for (const granted of [false, true]) {
      for (const from of ['n2', 'n3']) c.step('n1', vote({ from, to: 'n1', term: 4, granted }));
      expect(c.status('n1')).toMatchObject({ role: 'candidate', term: 6 });
    }
  });

  it('counts no pre-votes, given or refused', () => {
    const c = candidate(3);
    for (const granted of [false, true]) {
      for (const from of ['n2', 'n3']) c.step('n1', vote({ from, to: 'n1', term: 1, preVote: true, granted }));
      expect(c.role('n1')).toBe('candidate');
    }
  });

  it('in a hurry does not ask for pre-votes any more: its time is the election timeout', () => {
    const c = new RaftCluster({ nodes: 3, random: () => always(0) });
    c.elect('n1');
    c.crash('n1');
    c.suspect('n2', 'n1');
    c.step('n2', vote({ from: 'n3', to: 'n2', term: 2, preVote: true }));
    expect(c.role('n2')).toBe('candidate');
    expect(c.raw('n2').ticksToDeadline()).toBe(ELECTION_TICKS_MIN);
  });

  it('in a hurry that learns of a higher term tries again soon, in that term', () => {
    const c = new RaftCluster({ nodes: 3, random: () => always(0) });
    c.elect('n1');
    c.crash('n1');
    c.suspect('n2', 'n1');
    c.step('n2', vote({ from: 'n3', to: 'n2', term: 2, preVote: true }));
    c.step('n2', vote({ from: 'n3', to: 'n2', term: 7, granted: false }));
    expect(c.status('n2')).toMatchObject({ role: 'follower', term: 7 });
    expect(c.raw('n2').ticksToDeadline()).toBe(10);
  });
});

describe('contests', () => {
  it('of two that were candidates on either side of a partition, the one with the shorter log cannot win after it', () => {
    const c = new RaftCluster();
    c.cut('n1', 'n3');
    c.elect('n1');
    c.propose('n1', 'x');
    c.deliver();
    c.campaign('n3');
    c.deliver();
    expect(c.role('n3')).not.toBe('leader');
    c.heal();
    c.campaign('n3');
    c.deliver();
    c.pass(2 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toEqual(['n1']);
    for (const name of c.names) expect([c.status(name).term, c.applied(name)]).toEqual([1, ['x']]);
  });

  it('a candidate that was cut off concedes to the leader it hears, and takes its log', () => {
    const c = new RaftCluster();
    c.isolate('n1');
    c.campaign('n1');
    c.step('n1', vote({ from: 'n2', to: 'n1', term: 1, preVote: true }));
    expect(c.status('n1')).toMatchObject({ role: 'candidate', term: 1 });
    c.elect('n3');
    c.propose('n3', 'x');
    c.deliver();
    c.heal();
    c.pass(3 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toHaveLength(1);
    for (const name of c.names) expect(c.log(name)).toEqual(c.log(c.leaders()[0]!));
    expect(c.applied('n1')).toEqual(['x']);
  });

  it('when a leader dies just as a node of a lower term comes back, the two that are left elect a leader', () => {
    const c = new RaftCluster({
      logs: { n1: [1, 3, 4], n2: [1, 3, 4], n3: [1] },
      terms: { n1: 4, n2: 4, n3: 1 },
    });
    c.crash('n2');
    c.pass(4 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toEqual(['n1']);
    expect(c.log('n3')).toEqual(c.log('n1'));
  });

  it('one who wins the pre-vote and dies leaves no trace: the others elect one of them', () => {
    const c = new RaftCluster({ persist: 'on-demand' });
    c.campaign('n1');
    c.deliver(isPreVote);
    expect(c.role('n1')).toBe('candidate');
    c.crash('n1');
    for (const name of ['n2', 'n3']) expect(c.status(name)).toMatchObject({ term: 0, votedFor: null });
    for (let rounds = 0; rounds < 40; rounds += 1) {
      c.pass(HEARTBEAT_TICKS);
      c.settle();
    }
    expect(c.leaders()).toHaveLength(1);
  });

  it('pre-votes without end neither depose a leader nor slow it', () => {
    const c = new RaftCluster();
    c.elect('n1');
    for (let times = 1; times <= 200; times += 1) {
      for (const to of ['n1', 'n2']) {
        c.step(to, requestVote({ from: 'n3', to, term: 1 + times, preVote: true, last: [9, 9] }));
      }
      c.deliver(isVote);
    }
    c.propose('n1', 'x');
    c.deliver();
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 1 });
    expect(c.applied('n2')).toEqual(['x']);
  });
});

describe('what is told of elections', () => {
  it('each change of role, term or known leader once', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver();
    expect(c.host('n1').roleChanges).toEqual(['pre-candidate@0', 'candidate@1', 'leader@1']);
    expect(c.host('n2').roleChanges).toEqual(['follower@1', 'follower@1']); // its term, then its leader
    expect(c.events('n1', 'role-changed')).toEqual([
      { from: 'follower', to: 'pre-candidate', term: 0, leader: null },
      { from: 'pre-candidate', to: 'candidate', term: 1, leader: null },
      { from: 'candidate', to: 'leader', term: 1, leader: 'n1' },
    ]);
    expect(c.events('n1', 'leader-changed')).toEqual([{ from: null, to: 'n1', term: 1 }]);
    expect(c.events('n2', 'role-changed')).toEqual([]);
    expect(c.events('n2', 'leader-changed')).toEqual([{ from: null, to: 'n1', term: 1 }]);
    c.pass(5 * HEARTBEAT_TICKS);
    expect(c.host('n2').roleChanges).toHaveLength(2);
  });

  it('a term alone that rose', () => {
    const c = new RaftCluster();
    c.step('n1', vote({ from: 'n2', to: 'n1', term: 4, granted: false }));
    expect(c.host('n1').roleChanges).toEqual(['follower@4']);
    expect(c.events('n1', 'role-changed')).toEqual([]);
    // A vote in it changes neither role nor term nor leader.
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 4 }));
    expect(c.status('n1').votedFor).toBe('n2');
    expect(c.host('n1').roleChanges).toEqual(['follower@4']);
  });

  it('a candidacy that failed, and a leader that was forgotten', () => {
    const c = candidate(3);
    c.host('n1').roleChanges.length = 0;
    for (const from of ['n2', 'n3']) c.step('n1', vote({ from, to: 'n1', term: 1, granted: false }));
    expect(c.host('n1').roleChanges).toEqual(['follower@1']);
    c.step('n1', heartbeat({ from: 'n2', to: 'n1', term: 1 }));
    c.suspect('n1', 'n2');
    expect(c.events('n1', 'leader-changed')).toEqual([
      { from: null, to: 'n2', term: 1 },
      { from: 'n2', to: null, term: 1 },
    ]);
    // First in rank, it campaigns at once.
    expect(c.host('n1').roleChanges.slice(1)).toEqual(['follower@1', 'pre-candidate@1']);
  });

  it('what is asked for', () => {
    const c = candidate(3, { logs: { n1: [1] }, terms: { n2: 1, n3: 1 } });
    const last = { lastLogIndex: 1, lastLogTerm: 1, voters: 'n1,n2,n3' };
    const asked = c.host('n1').events.filter(({ event }) => event === 'vote-requested');
    expect(asked).toEqual([
      { level: 'info', event: 'vote-requested', fields: { term: 2, preVote: true, ...last } },
      { level: 'info', event: 'vote-requested', fields: { term: 2, preVote: false, ...last } },
    ]);
    expect(c.events('n2', 'vote-granted')).toEqual([{ candidate: asNodeId('n1'), term: 2, preVote: true }]);
  });
});
