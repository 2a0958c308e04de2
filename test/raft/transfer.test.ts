import { describe, expect, it } from 'vitest';
import { ELECTION_TICKS_MIN, HEARTBEAT_TICKS, isVote, RaftCluster } from '../helpers/raft-cluster.js';
import { requestVote, timeoutNow } from '../helpers/raft-messages.js';

/** n1 leads, and everybody has everything. */
function led(nodes = 3): RaftCluster {
  const c = new RaftCluster({ nodes });
  c.elect('n1');
  c.propose('n1', 'before');
  c.deliver();
  return c;
}

describe('leadership transfer (Diss. §3.10)', () => {
  it('a follower that has everything is told at once, and leads the next term without an election timeout', () => {
    const c = led();
    expect(c.transfer('n1', 'n3')).toEqual({ type: 'started', to: 'n3' });
    expect(c.sent('timeout-now')).toMatchObject([{ from: 'n1', to: 'n3', term: 1 }]);
    c.deliver();
    expect(c.leaders()).toEqual(['n3']);
    expect(c.status('n1')).toMatchObject({ role: 'follower', leader: 'n3', term: 2 });
    expect(c.events('n1', 'transfer-aborted')).toEqual([]);
  });

  it('no pre-vote is asked for, and nobody refuses for the sake of the leader that goes', () => {
    const c = led(5);
    c.transfer('n1', 'n4');
    c.deliver((message) => message.type === 'timeout-now');
    expect(c.sent('request-vote')).toHaveLength(4);
    for (const request of c.sent('request-vote'))
      expect(request).toMatchObject({ preVote: false, transfer: true, term: 2 });
    c.deliver(isVote);
    for (const name of c.names) expect(c.events(name, 'vote-refused')).toEqual([]);
    expect(c.leaders()).toEqual(['n4']);
  });

  it('a request that does not say so is still refused while the leader is heard', () => {
    const c = led();
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 2, last: [2, 1] }));
    expect(c.status('n2')).toMatchObject({ term: 1, leader: 'n1' });
    c.step('n2', requestVote({ from: 'n3', to: 'n2', term: 2, last: [2, 1], transfer: true }));
    expect(c.status('n2')).toMatchObject({ term: 2, votedFor: 'n3' });
  });

  it('who lacks entries gets them first, and is told when it has the last one', () => {
    const c = led();
    c.isolate('n2');
    c.propose('n1', 'x', 'y');
    c.deliver();
    c.heal();
    expect(c.transfer('n1', 'n2')).toEqual({ type: 'started', to: 'n2' });
    expect(c.sent('timeout-now')).toEqual([]);
    c.pass(2 * HEARTBEAT_TICKS);
    expect(c.leaders()).toEqual(['n2']);
    expect(c.applied('n2')).toEqual(['before', 'x', 'y']);
  });

  it('proposals are refused meanwhile, and taken by the new leader', () => {
    const c = led();
    c.transfer('n1', 'n2');
    expect(c.propose('n1', 'late')).toEqual({ type: 'dropped', reason: 'transferring' });
    c.deliver();
    expect(c.propose('n2', 'late')).toMatchObject({ type: 'accepted', term: 2 });
  });

  it('is given up after the shortest election timeout, and proposals are taken again', () => {
    const c = led();
    c.isolate('n2');
    c.transfer('n1', 'n2');
    c.pass(ELECTION_TICKS_MIN - 1);
    expect(c.propose('n1', 'x')).toMatchObject({ type: 'dropped' });
    c.pass(1);
    expect(c.events('n1', 'transfer-aborted')).toMatchObject([{ to: 'n2', reason: 'timeout' }]);
    expect(c.propose('n1', 'x')).toMatchObject({ type: 'accepted', term: 1 });
    expect(c.leaders()).toEqual(['n1']);
  });

  it('a word that was lost is said again with the next heartbeat', () => {
    const c = led();
    c.transfer('n1', 'n2');
    c.drop(({ type }) => type === 'timeout-now');
    c.pass(2 * HEARTBEAT_TICKS);
    expect(c.leaders()).toEqual(['n2']);
    expect(c.status('n2').term).toBe(2);
  });

  it('is given up at once when the target is gone or out of reach', () => {
    for (const lose of [(c: RaftCluster) => c.suspect('n1', 'n2'), (c: RaftCluster) => c.unlinked('n1', 'n2')]) {
      const c = led();
      c.isolate('n2');
      c.transfer('n1', 'n2');
      lose(c);
      expect(c.events('n1', 'transfer-aborted')).toMatchObject([{ to: 'n2', reason: 'target-gone' }]);
      expect(c.propose('n1', 'x')).toMatchObject({ type: 'accepted' });
    }
  });

  it('whom the target suspects, or a link that broke elsewhere, does not matter', () => {
    const c = led();
    c.isolate('n2');
    c.transfer('n1', 'n2');
    c.suspect('n1', 'n3');
    c.unlinked('n1', 'n3');
    expect(c.raw('n1').transferee).toBe('n2');
  });

  it('asking again does not put the deadline off; another target replaces the first', () => {
    const c = led();
    c.isolate('n2');
    c.transfer('n1', 'n2');
    c.tick(ELECTION_TICKS_MIN - 50, 'n1');
    expect(c.transfer('n1', 'n2')).toEqual({ type: 'started', to: 'n2' });
    expect(c.transfer('n1', 'n3')).toEqual({ type: 'started', to: 'n3' });
    expect(c.events('n1', 'transfer-aborted')).toMatchObject([{ to: 'n2', reason: 'replaced' }]);
    const again = led();
    again.isolate('n2');
    again.transfer('n1', 'n2');
    again.pass(ELECTION_TICKS_MIN - 50);
    again.transfer('n1', 'n2');
    again.pass(50);
    expect(again.raw('n1').transferee).toBeNull();
  });

  it('without a name, whoever lacks the least is chosen, of those that keep up', () => {
    const c = led(4);
    c.isolate('n2');
    c.propose('n1', 'x');
    c.deliver();
    expect(c.transfer('n1')).toEqual({ type: 'started', to: 'n3' });
    expect(c.transfer('n1')).toEqual({ type: 'started', to: 'n3' });
  });

  it.each([
    ['the leader itself', 'n1', 'leads'],
    ['a stranger', 'n9', 'no-member'],
    ['a node whose process is gone', 'n2', 'silent'],
    ['a node that is silent', 'n3', 'silent'],
  ])('refuses %s', (_, to, reason) => {
    const c = led();
    c.suspect('n1', 'n2');
    c.cut('n1', 'n3');
    c.tick(ELECTION_TICKS_MIN, 'n1');
    expect(c.transfer('n1', to)).toEqual({ type: 'refused', reason });
    expect(c.transfer('n1')).toEqual({ type: 'refused', reason: 'nobody' });
    expect(c.raw('n1').transferee).toBeNull();
  });

  it('a follower cannot hand over what it does not have', () => {
    expect(led().transfer('n2', 'n3')).toEqual({ type: 'refused', reason: 'not-leader' });
  });

  it('only the word of the own leader, of this term, counts', () => {
    const c = led();
    c.step('n2', timeoutNow({ from: 'n3', to: 'n2', term: 1 }));
    c.step('n2', timeoutNow({ from: 'n1', to: 'n2', term: 0 }));
    c.step('n1', timeoutNow({ from: 'n2', to: 'n1', term: 1 }));
    expect(c.status('n2')).toMatchObject({ role: 'follower', term: 1 });
    expect(c.leaders()).toEqual(['n1']);
  });

  it('ends with the office: a leader that is deposed meanwhile has nothing to give up', () => {
    const c = led();
    c.isolate('n2');
    c.transfer('n1', 'n2');
    c.step('n1', requestVote({ from: 'n3', to: 'n1', term: 5, last: [9, 4], transfer: true }));
    expect(c.status('n1')).toMatchObject({ role: 'follower', term: 5, votedFor: 'n3' });
    expect(c.raw('n1').transferee).toBeNull();
    c.tick(ELECTION_TICKS_MIN, 'n1');
    expect(c.events('n1', 'transfer-aborted')).toEqual([]);
  });

  it('a read that waits for its round is answered by the old leader or dropped with its office, never wrong', () => {
    const c = led();
    const id = c.read('n1');
    c.transfer('n1', 'n2');
    c.deliver();
    expect(c.leaders()).toEqual(['n2']);
    expect(c.host('n1').reads.map((read) => read.id)).toEqual([id]);
  });
});
