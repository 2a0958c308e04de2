import { describe, expect, it } from 'vitest';
import { membershipOf } from '../helpers/membership.js';
import {
  always,
  ELECTION_TICKS_MAX,
  ELECTION_TICKS_MIN,
  HEARTBEAT_TICKS,
  isPreVote,
  RaftCluster,
} from '../helpers/raft-cluster.js';
import { append, heartbeat, requestVote, vote } from '../helpers/raft-messages.js';

function led(options: ConstructorParameters<typeof RaftCluster>[0] = {}): RaftCluster {
  const c = new RaftCluster(options);
  c.campaign('n1');
  c.deliver();
  expect(c.leaders()).toEqual(['n1']);
  return c;
}

describe('elections', () => {
  it('each node in turn can win, on a log that grows with every term', () => {
    const c = new RaftCluster({ nodes: 5 });
    for (const name of [...c.names, ...c.names]) {
      c.elect(name);
      expect(c.leaders()).toEqual([name]);
      c.propose(name, `by ${name}`);
      c.deliver();
    }
    for (const name of c.names) expect(c.applied(name)).toHaveLength(10);
  });

  it('a minority elects nobody, and its term does not rise', () => {
    const c = new RaftCluster({ nodes: 5 });
    for (const name of ['n3', 'n4', 'n5']) c.crash(name);
    c.pass(20 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toEqual([]);
    for (const name of c.alive) expect(c.status(name).term).toBe(0);
  });

  it('members with shorter logs and others that are down do not keep the one with the longest log from winning', () => {
    const c = new RaftCluster({ nodes: 5, logs: { n3: [1, 1], n4: [1], n5: [1] } });
    c.crash('n1');
    c.crash('n5');
    c.pass(4 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toEqual(['n3']);
  });

  it('the winner overwrites newer entries that no quorum has', () => {
    const c = new RaftCluster({ nodes: 5, logs: { n1: [1, 2], n2: [1, 2], n3: [1, 2], n4: [1, 3, 3], n5: [1, 3] } });
    c.pass(6 * ELECTION_TICKS_MAX);
    const [leader] = c.leaders();
    expect(leader).toBeDefined();
    for (const name of c.names) expect(c.log(name)).toEqual(c.log(leader!));
  });

  it.each(['follower', 'pre-candidate', 'candidate', 'leader'])(
    'a %s is moved by a valid vote, and not by a pre-vote',
    (role) => {
      const start = () => {
        const c = new RaftCluster();
        if (role !== 'follower') c.campaign('n1');
        if (role === 'candidate') c.deliver(isPreVote);
        if (role === 'leader') c.deliver();
        c.drop();
        expect(c.role('n1')).toBe(role);
        return c;
      };
      const ask = { from: 'n2', to: 'n1', term: 7, last: [9, 6] as const };

      const asked = start();
      const before = asked.status('n1');
      asked.step('n1', requestVote({ ...ask, preVote: true }));
      expect(asked.status('n1')).toEqual(before);
      expect(asked.sent('request-vote-response')).toMatchObject([
        role === 'leader' ? { granted: false, sticky: true, term: 1 } : { granted: true, term: 7 },
      ]);

      const voting = start();
      voting.step('n1', requestVote(ask));
      expect(voting.status('n1')).toMatchObject(
        role === 'leader' ? before : { role: 'follower', term: 7, votedFor: 'n2' },
      );
    },
  );

  it('pre-votes that arrive late are not counted as votes', () => {
    const c = new RaftCluster({ nodes: 5 });
    c.campaign('n1');
    c.deliver(({ type, to }) => type === 'request-vote' && to !== 'n1');
    c.deliver(({ from }) => from === 'n2' || from === 'n3');
    expect(c.role('n1')).toBe('candidate');
    c.deliver((message) => isPreVote(message) && message.to === 'n1');
    expect(c.role('n1')).toBe('candidate');
  });

  it('votes of an earlier term are not counted', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver(isPreVote);
    c.drop();
    c.tick(ELECTION_TICKS_MAX, 'n1');
    c.deliver(isPreVote);
    expect(c.status('n1')).toMatchObject({ role: 'candidate', term: 2 });
    c.step('n1', vote({ from: 'n2', to: 'n1', term: 1 }));
    expect(c.role('n1')).toBe('candidate');
  });

  it('votes of strangers are not counted', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver(isPreVote);
    c.drop();
    for (const from of ['x1', 'x2', 'x3']) c.step('n1', vote({ from, to: 'n1', term: 1 }));
    expect(c.role('n1')).toBe('candidate');
  });

  it('a node outside the configuration follows, votes, and never campaigns', () => {
    const c = new RaftCluster({ config: { membership: membershipOf() } });
    expect(c.raw('n1').ticksToDeadline()).toBe(Number.POSITIVE_INFINITY);
    c.tick(10 * ELECTION_TICKS_MAX, 'n1');
    expect(c.role('n1')).toBe('follower');
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 1 }));
    c.step('n1', append({ from: 'n2', to: 'n1', term: 1, terms: [1] }));
    expect(c.status('n1')).toMatchObject({ votedFor: 'n2', leader: 'n2', lastIndex: 1 });
  });

  it('the own vote that becomes durable after the election was lost is ignored', () => {
    const c = new RaftCluster({ persist: 'on-demand' });
    c.campaign('n1');
    c.deliver();
    expect(c.role('n1')).toBe('candidate');
    c.step('n1', heartbeat({ from: 'n2', to: 'n1', term: 1 }));
    c.persist('n1');
    expect(c.status('n1')).toMatchObject({ role: 'follower', leader: 'n2', term: 1 });
  });

  it('after a split vote the next round decides', () => {
    const c = new RaftCluster({ nodes: 4 });
    c.campaign('n1');
    c.campaign('n2');
    c.deliver(isPreVote);
    expect([c.role('n1'), c.role('n2')]).toEqual(['candidate', 'candidate']);
    const preferred = { n3: 'n1', n4: 'n2' } as Record<string, string>;
    c.deliver(({ type, from, to }) => type === 'request-vote' && (preferred[to] ?? from) === from);
    c.deliver();
    expect(c.leaders()).toEqual([]);
    c.pass(2 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toHaveLength(1);
  });
});

describe('pre-vote', () => {
  it('a node that was cut off does not raise its term, and does not depose the leader when it is back', () => {
    const c = led();
    c.isolate('n3');
    c.pass(10 * ELECTION_TICKS_MAX);
    expect(c.status('n3').term).toBe(1);
    c.heal();
    c.pass(2 * ELECTION_TICKS_MAX);
    for (const name of c.names) expect(c.status(name)).toMatchObject({ leader: 'n1', term: 1 });
  });

  it('a pre-vote changes nothing at the one who is asked: no timer, no vote, no term', () => {
    const c = new RaftCluster();
    c.tick(100, 'n1');
    const deadline = c.raw('n1').ticksToDeadline();
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 1, preVote: true }));
    expect(c.raw('n1').ticksToDeadline()).toBe(deadline);
    expect(c.host('n1').disk.hardState).toEqual({ currentTerm: 0, votedFor: null });
    expect(c.status('n1').votedFor).toBe(null);
  });

  it('a grant echoes the term that was asked for and nobody adopts it; a refusal carries the own term and is adopted', () => {
    const c = new RaftCluster({ terms: { n3: 5 } });
    c.campaign('n1');
    c.deliver(({ type }) => type === 'request-vote');
    expect(c.sent('request-vote-response')).toMatchObject([
      { from: 'n2', granted: true, term: 1 },
      { from: 'n3', granted: false, term: 5 },
    ]);
    c.deliver(({ from }) => from === 'n3');
    expect(c.status('n1')).toMatchObject({ role: 'follower', term: 5 });
  });

  it('one with a long log and a low term, and one with a short log and a high term, do elect a leader', () => {
    const c = new RaftCluster({ nodes: 2, logs: { n1: [1, 1, 1] }, terms: { n1: 1, n2: 9 } });
    c.pass(6 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toEqual(['n1']);
    expect(c.status('n2').leader).toBe('n1');
  });

  it('a quorum of pre-candidates has forgotten the leader that is gone, so they elect one of them', () => {
    const c = led();
    c.isolate('n1');
    c.campaign('n2');
    c.campaign('n3');
    c.drop();
    expect([c.role('n2'), c.role('n3')]).toEqual(['pre-candidate', 'pre-candidate']);
    c.pass(2 * ELECTION_TICKS_MAX);
    expect(c.leaders().filter((name) => name !== 'n1')).toHaveLength(1);
  });

  it('of two partitions the one with a quorum elects; the loser of the pre-vote follows the leader again', () => {
    const c = new RaftCluster();
    c.cut('n1', 'n3');
    c.campaign('n1');
    c.campaign('n3');
    c.deliver();
    expect(c.leaders()).toEqual(['n1']);
    c.pass(3 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toEqual(['n1']);
    expect(c.status('n1').term).toBe(1);
    c.heal();
    c.pass(2 * HEARTBEAT_TICKS);
    expect(c.status('n3')).toMatchObject({ leader: 'n1', term: 1 });
  });
});

describe('stickiness (Diss. §4.2.3)', () => {
  it('who hears a leader refuses to vote, says so, and keeps its term', () => {
    const c = led();
    for (const preVote of [true, false]) {
      c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 9, last: [9, 9], preVote }));
    }
    expect(c.network).toMatchObject([
      { type: 'request-vote-response', granted: false, sticky: true, term: 1, preVote: true },
      { type: 'request-vote-response', granted: false, sticky: true, term: 1, preVote: false },
    ]);
    expect(c.status('n2')).toMatchObject({ leader: 'n1', term: 1, votedFor: 'n1' });
  });

  it('it lasts for the shortest election timeout after the last word of the leader', () => {
    const c = led();
    const ask = requestVote({ from: 'n3', to: 'n2', term: 2, last: [1, 1], preVote: true });
    c.tick(ELECTION_TICKS_MIN - 1, 'n2');
    c.step('n2', ask);
    c.tick(1, 'n2');
    c.step('n2', ask);
    expect(c.sent('request-vote-response').map(({ granted }) => granted)).toEqual([false, true]);
  });

  it('it does not bind against the leader itself, who may have stepped down', () => {
    const c = led();
    c.crash('n1');
    c.restart('n1');
    c.campaign('n1');
    c.deliver();
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 2 });
  });

  it('a node that has just started is bound by nothing', () => {
    const c = led();
    c.crash('n2');
    c.restart('n2');
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 2, last: [1, 1] }));
    expect(c.sent('request-vote-response')).toMatchObject([{ granted: true }]);
  });

  it('a candidate whom everybody refuses for their leader gives up', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver(isPreVote);
    c.drop();
    for (const from of ['n2', 'n3']) {
      c.step('n1', vote({ from, to: 'n1', term: 0, granted: false, sticky: true }));
    }
    expect(c.status('n1')).toMatchObject({ role: 'follower', term: 1 });
  });

  it('a node stuck with a higher term is freed: its answer to the leader forces one election', () => {
    const c = led({ persist: 'at-once' });
    c.crash('n3');
    c.host('n2'); // n1 and n2 go on
    c.propose('n1', 'x');
    c.deliver();
    c.restart('n3');
    c.step('n3', requestVote({ from: 'n9', to: 'n3', term: 5 })); // somehow it got there
    c.drop();
    c.tick(HEARTBEAT_TICKS, 'n1');
    c.deliver();
    expect(c.status('n1')).toMatchObject({ role: 'follower', term: 5 });
    c.pass(3 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toHaveLength(1);
    expect(c.applied('n3')).toEqual(['x']);
  });
});

describe('check-quorum (Diss. §6.2)', () => {
  it('a leader that hears from a quorum stays', () => {
    const c = led({ nodes: 5 });
    c.isolate('n4');
    c.isolate('n5');
    c.pass(10 * ELECTION_TICKS_MAX);
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 1 });
    expect(c.status('n1').progress).toMatchObject({ n2: { active: true }, n5: { active: false } });
  });

  it('a leader that hears from no quorum steps down after an election timeout, in its own term', () => {
    const c = led();
    c.isolate('n1');
    c.pass(ELECTION_TICKS_MAX - 1);
    expect(c.role('n1')).toBe('leader');
    c.tick(1, 'n1');
    expect(c.status('n1')).toMatchObject({ role: 'follower', leader: null, term: 1 });
    expect(c.events('n1', 'quorum-lost')).toHaveLength(1);
  });

  it('a leader that steps down says nothing more as a leader, though its beat was due as well', () => {
    const c = led();
    c.tick(ELECTION_TICKS_MAX, 'n1');
    expect(c.role('n1')).toBe('follower');
    expect(c.network).toEqual([]);
  });

  it('a leader whose messages arrive but who hears nothing steps down as well, and the others elect another', () => {
    const c = led();
    for (const name of ['n2', 'n3']) c.cutOneWay(name, 'n1');
    c.pass(4 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toHaveLength(1);
    expect(c.leaders()).not.toEqual(['n1']);
  });

  it('a leader alone needs nobody', () => {
    const c = new RaftCluster({ nodes: 1 });
    c.pass(10 * ELECTION_TICKS_MAX);
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 1 });
    expect(c.raw('n1').ticksToDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  it('with a link missing between two of three, leadership settles', () => {
    const c = led();
    c.cut('n1', 'n3');
    c.pass(20 * ELECTION_TICKS_MAX);
    const before = { leaders: c.leaders(), term: c.status('n2').term };
    c.pass(20 * ELECTION_TICKS_MAX);
    expect({ leaders: c.leaders(), term: c.status('n2').term }).toEqual(before);
    expect(before.leaders).toHaveLength(1);
  });
});

describe('slow disks', () => {
  it('a follower does not take its own slow disk for a dead leader', () => {
    const c = new RaftCluster({ nodes: 2, persist: 'on-demand' });
    c.step('n2', append({ from: 'n1', to: 'n2', term: 1, terms: [1] }));
    c.tick(ELECTION_TICKS_MAX, 'n2');
    expect(c.role('n2')).toBe('follower');
    c.tick(ELECTION_TICKS_MIN, 'n2');
    c.persist('n2');
    c.tick(ELECTION_TICKS_MIN - 1, 'n2');
    expect(c.role('n2')).toBe('follower');
    c.tick(ELECTION_TICKS_MAX, 'n2');
    expect(c.role('n2')).toBe('pre-candidate');
  });

  it('heartbeats are answered without waiting for the disk', () => {
    const c = new RaftCluster({ persist: 'on-demand' });
    c.step('n2', append({ from: 'n1', to: 'n2', term: 1, terms: [1] }));
    c.step('n2', heartbeat({ from: 'n1', to: 'n2', term: 1, readRound: 3 }));
    expect(c.network).toMatchObject([{ type: 'heartbeat-response', readRound: 3 }]);
  });
});

describe('time', () => {
  it('a leader beats at its interval, whatever else is due, and tells what it says', () => {
    const c = led({ config: { commitNewsTicks: 5 } });
    c.tick(5, 'n1');
    expect(c.sent('heartbeat')).toEqual([]);
    c.drop();
    c.tick(HEARTBEAT_TICKS - 6, 'n1');
    expect(c.network).toEqual([]);
    c.tick(1, 'n1');
    expect(c.sent('heartbeat')).toMatchObject([{ to: 'n2' }, { to: 'n3' }]);
    expect(c.events('n1', 'heartbeat-sent')).toEqual([{ term: 1, commitIndex: 1, readRound: 0 }]);
  });

  it('deadlines are exact: nothing happens one tick before, and many ticks count like one by one', () => {
    for (const step of [1, 7, 10_000]) {
      const c = new RaftCluster({ random: () => always(0) });
      expect(c.raw('n1').ticksToDeadline()).toBe(ELECTION_TICKS_MIN);
      for (let left = ELECTION_TICKS_MIN - 1; left > 0; left -= step) c.tick(Math.min(step, left), 'n1');
      expect(c.role('n1')).toBe('follower');
      c.tick(step, 'n1');
      expect(c.role('n1')).toBe('pre-candidate');
    }
  });
});
