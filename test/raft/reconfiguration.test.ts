import { describe, expect, it } from 'vitest';
import {
  ELECTION_TICKS_MAX,
  ELECTION_TICKS_MIN,
  HEARTBEAT_TICKS,
  isVote,
  RaftCluster,
} from '../helpers/raft-cluster.js';
import { requestVote, timeoutNow } from '../helpers/raft-messages.js';

/** n1 leads the members, and the spare nodes know nobody. */
function led({ nodes = 3, spare = 2, persist }: { nodes?: number; spare?: number; persist?: 'on-demand' } = {}) {
  const c = new RaftCluster({ nodes, spare, ...(persist && { persist }) });
  c.elect('n1');
  for (const name of c.names) c.persist(name);
  c.settle();
  return c;
}

/** n4 is a learner that has everything. */
function withLearner(options: Parameters<typeof led>[0] = {}): RaftCluster {
  const c = led(options);
  c.change('n1', ['n1', 'n2', 'n3'], ['n4']);
  c.settle();
  c.pass(2 * HEARTBEAT_TICKS);
  return c;
}

const last = (c: RaftCluster, name: string) => c.status(name).lastIndex;

describe('a membership is in force', () => {
  it('from the moment that its entry is appended, on the leader and on followers, and told as committed later', () => {
    const c = led({ persist: 'on-demand' });
    expect(c.change('n1', ['n1', 'n2', 'n3'], ['n4'])).toMatchObject({ type: 'accepted', index: 2 });
    expect(c.inForce('n1')).toBe('n1,n2,n3 + n4');
    expect(c.raw('n1').committedMembership.learners).toEqual([]);
    c.deliver(({ type, to }) => type === 'append-entries' && to === 'n2');
    expect(c.inForce('n2')).toBe('n1,n2,n3 + n4');
    expect(c.inForce('n3')).toBe('n1,n2,n3');
    c.settle();
    expect(c.raw('n1').committedMembership.learners).toEqual(['n4']);
  });

  it('until its entry is truncated: then the one before is again', () => {
    const c = led();
    c.isolate('n1');
    c.change('n1', ['n1', 'n2', 'n3'], ['n4']);
    c.change('n1', ['n1', 'n2', 'n3'], ['n4', 'n5']);
    c.drop();
    c.tick(ELECTION_TICKS_MAX, 'n1');
    c.elect('n2');
    expect(c.inForce('n1')).toBe('n1,n2,n3 + n4');
    c.heal();
    c.pass(3 * HEARTBEAT_TICKS);
    expect(c.log('n1')).toEqual(c.log('n2'));
    expect(c.inForce('n1')).toBe('n1,n2,n3');
  });

  it('also after a restart, from the state of the applied index and the entries behind it', () => {
    const c = withLearner();
    c.change('n1', ['n1', 'n2', 'n4']);
    c.settle();
    for (const flushed of [0, 0.99]) {
      c.crash('n2');
      c.restart('n2', { flushed: { next: () => flushed } });
      expect(c.inForce('n2')).toBe('n1,n2,n4');
    }
  });
});

describe('learners', () => {
  it('get the log and do not count', () => {
    const c = withLearner();
    expect(c.log('n4')).toEqual(c.log('n1'));
    c.isolate('n2');
    c.isolate('n3');
    c.propose('n1', 'x');
    c.settle();
    expect(last(c, 'n4')).toBe(last(c, 'n1'));
    expect(c.status('n1').commitIndex).toBe(last(c, 'n1') - 1);
  });

  it('never campaign, neither in silence nor when they are told to, and vote when they are asked', () => {
    const c = withLearner();
    expect(c.raw('n4').ticksToDeadline()).toBe(Number.POSITIVE_INFINITY);
    c.step('n4', timeoutNow({ from: 'n1', to: 'n4', term: 1 }));
    expect(c.role('n4')).toBe('follower');
    expect(c.transfer('n1', 'n4')).toEqual({ type: 'refused', reason: 'learner' });
    c.tick(ELECTION_TICKS_MIN, 'n4');
    c.step('n4', requestVote({ from: 'n2', to: 'n4', term: 2, last: [9, 1] }));
    expect(c.status('n4')).toMatchObject({ term: 2, votedFor: 'n2' });
  });

  it('that do not know yet that they were promoted vote for whoever asks (raft-notes 31)', () => {
    const c = withLearner({ nodes: 1, spare: 3 });
    // n4 is not part of this one: n2 is the learner.
    c.change('n1', ['n1'], []);
    c.settle();
    expect(c.change('n1', ['n1'], ['n2'])).toMatchObject({ type: 'accepted' });
    c.settle();
    c.pass(2 * HEARTBEAT_TICKS);
    c.cut('n1', 'n2');
    expect(c.change('n1', ['n1', 'n2'])).toMatchObject({ type: 'accepted' });
    c.drop();
    c.heal();
    c.crash('n1');
    c.restart('n1');
    expect(c.inForce('n2')).toBe('n1 + n2');
    c.campaign('n1');
    c.deliver(isVote);
    expect(c.leaders()).toEqual(['n1']);
  });
});

describe('a change of voters', () => {
  it('goes through a joint membership, which the leader leaves by itself', () => {
    const c = withLearner({ persist: 'on-demand' });
    expect(c.change('n1', ['n1', 'n2', 'n4'])).toMatchObject({ type: 'accepted' });
    expect(c.inForce('n1')).toBe('n1,n2,n4 | n1,n2,n3');
    c.settle();
    for (const name of ['n1', 'n2', 'n4']) expect(c.inForce(name)).toBe('n1,n2,n4');
    expect(c.raw('n1').membership.former).toEqual([{ id: 'n3', incarnation: 1 }]);
    expect(c.raw('n1').committedMembership).toEqual(c.raw('n1').membership);
  });

  it('needs majorities of both sets while it is joint, for entries and for votes', () => {
    const c = withLearner({ nodes: 3, spare: 2 });
    c.change('n1', ['n1', 'n2', 'n3'], ['n4', 'n5']);
    c.settle();
    c.pass(2 * HEARTBEAT_TICKS);
    for (const name of ['n2', 'n3']) c.isolate(name);
    const before = c.status('n1').commitIndex;
    // New voters: n1 n4 n5, all there. Old ones: n1 alone.
    expect(c.change('n1', ['n1', 'n4', 'n5'])).toMatchObject({ type: 'accepted' });
    c.settle();
    expect(c.status('n1').commitIndex).toBe(before);
    expect(c.inForce('n5')).toBe('n1,n4,n5 | n1,n2,n3');
    c.crash('n1');
    c.elect('n4');
    expect(c.leaders()).toEqual([]);
    c.heal();
    c.pass(4 * ELECTION_TICKS_MAX);
    // Whether it was committed nobody can know: one leader, and one membership.
    expect(c.leaders()).toHaveLength(1);
    expect(new Set(c.alive.map((name) => c.inForce(name))).size).toBe(1);
  });

  it('is finished by the next leader, whether it was committed or not', () => {
    const c = withLearner();
    c.change('n1', ['n1', 'n2', 'n4']);
    c.deliver(({ type }) => type === 'append-entries');
    c.drop();
    c.crash('n1');
    c.elect('n2');
    c.pass(3 * HEARTBEAT_TICKS);
    expect(c.leaders()).toEqual(['n2']);
    for (const name of ['n2', 'n4']) expect(c.inForce(name)).toBe('n1,n2,n4');
  });

  it('that removes voters commits what fewer are enough for now', () => {
    const c = led({ nodes: 4, spare: 0 });
    c.isolate('n4');
    c.isolate('n3');
    c.propose('n1', 'x');
    c.deliver();
    expect(c.applied('n1')).toEqual([]);
    // n3 comes back for the change, which needs three of the four old ones.
    c.heal();
    c.isolate('n4');
    c.change('n1', ['n1', 'n2', 'n3']);
    c.pass(3 * HEARTBEAT_TICKS);
    expect(c.inForce('n2')).toBe('n1,n2,n3');
    c.isolate('n3');
    c.propose('n1', 'y');
    c.deliver();
    expect(c.applied('n1')).toEqual(['x', 'y']);
  });

  it('releases a read that waited for who is gone', () => {
    const c = led({ nodes: 2, spare: 0 });
    c.change('n1', ['n1']);
    c.deliver(({ type }) => type !== 'heartbeat-response');
    const id = c.read('n1');
    c.deliver();
    expect(c.host('n1').reads.map((read) => read.id)).toEqual([id]);
    expect(c.inForce('n1')).toBe('n1');
  });

  it('does not make a leader step down because a new voter has not been heard of yet (raft-notes 36)', () => {
    const c = withLearner({ nodes: 1, spare: 1 });
    c.change('n1', ['n1'], ['n2']);
    c.settle();
    c.pass(10 * ELECTION_TICKS_MAX);
    expect(c.change('n1', ['n1', 'n2'])).toMatchObject({ type: 'accepted' });
    c.tick(HEARTBEAT_TICKS, 'n1');
    expect(c.leaders()).toEqual(['n1']);
    c.settle();
    expect(c.inForce('n2')).toBe('n1,n2');
  });
});

describe('a leader that is removed', () => {
  it('steps down once that is committed, tells the others, and the best of them to lead', () => {
    const c = led({ nodes: 4, spare: 0 });
    expect(c.change('n1', ['n2', 'n3', 'n4'])).toMatchObject({ type: 'accepted' });
    c.settle();
    expect(c.events('n1', 'leader-retired')).toHaveLength(1);
    expect(c.role('n1')).toBe('follower');
    expect(c.leaders()).toHaveLength(1);
    expect(c.status(c.leaders()[0]!).term).toBe(2);
    for (const name of ['n2', 'n3', 'n4']) expect(c.raw(name).committedMembership.voters).toEqual(['n2', 'n3', 'n4']);
    c.tick(10 * ELECTION_TICKS_MAX, 'n1');
    expect(c.role('n1')).toBe('follower');
  });

  it('leads until then and does not count itself', () => {
    const c = led({ nodes: 3, spare: 0, persist: 'on-demand' });
    c.change('n1', ['n2', 'n3']);
    c.settle();
    expect(c.raw('n2').committedMembership.voters).toEqual(['n2', 'n3']);
    const d = led({ nodes: 3, spare: 0 });
    d.change('n1', ['n2', 'n3']);
    // The joint one is committed by n1 and n2 of the old, and needs both n2 and n3 of the new.
    d.deliver(({ to, from }) => to !== 'n3' && from !== 'n3');
    expect(d.status('n1')).toMatchObject({ role: 'leader', commitIndex: 1 });
  });
});

describe('who was removed', () => {
  it('and never heard of it disturbs nobody: the others stick to their leader', () => {
    const c = led({ nodes: 4, spare: 0 });
    c.isolate('n4');
    c.change('n1', ['n1', 'n2', 'n3']);
    c.pass(2 * HEARTBEAT_TICKS);
    c.heal();
    c.pass(6 * ELECTION_TICKS_MAX);
    expect(c.leaders()).toEqual(['n1']);
    expect(c.status('n1').term).toBe(1);
    expect(c.events('n4', 'vote-requested').length).toBeGreaterThan(0);
  });
});

describe('a change is refused', () => {
  const reason = (c: RaftCluster, name: string, voters: string[], learners: string[] = []) => {
    const before = c.status(c.leaders()[0] ?? 'n1').lastIndex;
    const result = c.change(name, voters, learners);
    expect(c.status(c.leaders()[0] ?? 'n1').lastIndex).toBe(before);
    return result.type === 'refused' ? result.reason : 'accepted';
  };

  it('on a node that does not lead, and while leadership is handed over', () => {
    const c = led();
    expect(reason(c, 'n2', ['n1'])).toBe('not-leader');
    c.isolate('n3');
    c.transfer('n1', 'n3');
    expect(reason(c, 'n1', ['n1', 'n2'])).toBe('transferring');
  });

  it('before an entry of the own term is committed (the bug of single-server changes, raft-dev 2015)', () => {
    const c = new RaftCluster({ nodes: 3, spare: 1 });
    c.elect('n1', { onlyVotes: true });
    expect(reason(c, 'n1', ['n1', 'n2', 'n3'], ['n4'])).toBe('too-early');
    c.deliver();
    expect(c.change('n1', ['n1', 'n2', 'n3'], ['n4'])).toMatchObject({ type: 'accepted' });
  });

  it('while the one before is not committed, or not left', () => {
    const c = withLearner({ persist: 'on-demand' });
    c.change('n1', ['n1', 'n2', 'n4']);
    expect(reason(c, 'n1', ['n1', 'n2', 'n3'])).toBe('in-progress');
    c.settle();
    expect(c.change('n1', ['n1', 'n4'])).toMatchObject({ type: 'accepted' });
  });

  it('that leaves nobody to vote, or lets somebody vote that was no learner', () => {
    const c = withLearner();
    expect(reason(c, 'n1', [])).toBe('no-voter');
    expect(reason(c, 'n1', ['n1', 'n2', 'n3', 'n5'])).toBe('not-learner');
  });

  it('when too few of those that have to agree are heard from', () => {
    const c = led({ nodes: 3, spare: 0 });
    c.isolate('n3');
    c.pass(ELECTION_TICKS_MIN);
    expect(reason(c, 'n1', ['n1', 'n3'])).toBe('no-quorum');
    expect(c.change('n1', ['n1', 'n2'])).toMatchObject({ type: 'accepted' });
  });
});

describe('an entry of a membership', () => {
  it('that only a later raftctl knows ends the node as newer', async () => {
    const { makeRecord, ENTRY_TYPES } = await import('../../src/raft/index.js');
    const c = led({ spare: 0 });
    const { append } = await import('../helpers/raft-messages.js');
    const message = append({ from: 'n1', to: 'n2', term: 1, prev: [1, 1], terms: [1] });
    const record = makeRecord(ENTRY_TYPES.membership, Buffer.from([9, 0, 0]));
    const entries = message.entries.map((entry) => ({ ...entry, ...record }));
    expect(() => c.step('n2', { ...message, entries })).toThrow(expect.objectContaining({ code: 'data-newer' }));
  });
});
