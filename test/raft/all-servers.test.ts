import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm } from '../../src/base/index.js';
import type { Message } from '../../src/raft/index.js';
import { ELECTION_TICKS_MAX, isPreVote, RaftCluster } from '../helpers/raft-cluster.js';
import { ack, append, heartbeat, heartbeatResponse, refusal, requestVote, vote } from '../helpers/raft-messages.js';

/** Figure 2, "Rules for Servers: All Servers", and what §5.1 says of terms, for every message there is and every role. */

const ROLES = ['follower', 'pre-candidate', 'candidate', 'leader'] as const;

/** n1 in the given role, in term 1 (a pre-candidate is still in term 0). */
function inRole(role: (typeof ROLES)[number], options: ConstructorParameters<typeof RaftCluster>[0] = {}): RaftCluster {
  const c = new RaftCluster(options);
  if (role === 'follower') c.step('n1', heartbeat({ from: 'n2', to: 'n1', term: 1 }));
  else c.campaign('n1');
  if (role === 'candidate') c.deliver(isPreVote);
  if (role === 'leader') c.deliver();
  c.drop();
  expect(c.role('n1')).toBe(role);
  return c;
}

const readEnds = (term: number) => ({ from: asNodeId('n2'), to: asNodeId('n1'), term: asTerm(term), id: 1 });
const readIndex = (term: number): Message => ({ type: 'read-index', ...readEnds(term) });
const readIndexResponse = (term: number): Message => ({
  type: 'read-index-response',
  ...readEnds(term),
  index: asIndex(1),
});

/** Every message, from n2 to n1, as a server of `term` would send it. */
const everyMessage = (term: number): Message[] => {
  const ends = { from: 'n2', to: 'n1', term };
  return [
    append(ends),
    heartbeat(ends),
    ack({ ...ends, index: 0 }),
    refusal({ ...ends, index: 0, hint: [0, 0] }),
    heartbeatResponse(ends),
    requestVote({ ...ends, last: [9, 9] }),
    vote(ends),
    vote({ ...ends, granted: false }),
    vote({ ...ends, granted: false, preVote: true }),
    readIndex(term),
    readIndexResponse(term),
  ];
};

const named = (message: Message): string =>
  message.type === 'request-vote-response'
    ? `${message.granted ? 'granting' : 'refusing'} ${message.preVote ? 'pre-vote' : 'vote'} response`
    : message.type;

describe('a larger term (§5.1)', () => {
  for (const role of ROLES) {
    for (const message of everyMessage(9)) {
      // Who hears a leader, or leads, is not moved by a candidate (Diss. §4.2.3).
      if (message.type === 'request-vote' && (role === 'follower' || role === 'leader')) continue;
      it(`in a ${named(message)} makes a ${role} a follower of that term, durably`, () => {
        const c = inRole(role);
        c.step('n1', message);
        const votedFor = message.type === 'request-vote' ? 'n2' : null;
        expect(c.status('n1')).toMatchObject({ role: 'follower', term: 9, votedFor });
        expect(c.host('n1').disk.hardState).toEqual({ currentTerm: 9, votedFor });
        // Only a leader sends the first two: whoever sent another message need not lead.
        const leads = message.type === 'append-entries' || message.type === 'heartbeat';
        expect(c.status('n1').leader).toBe(leads ? 'n2' : null);
      });
    }
  }

  it('that is only asked about is not adopted: neither from a pre-vote nor from its grant', () => {
    for (const role of ROLES) {
      const c = inRole(role);
      const before = c.status('n1');
      c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 9, preVote: true, last: [9, 9] }));
      c.step('n1', vote({ from: 'n2', to: 'n1', term: 9, preVote: true }));
      expect(c.status('n1')).toEqual(before);
    }
  });
});

describe('a smaller term (§5.1)', () => {
  for (const role of ROLES) {
    it(`has no effect on a ${role}, whatever the message is`, () => {
      for (const message of everyMessage(4)) {
        const c = inRole(role, { terms: { n1: 5, n2: 5, n3: 5 }, logs: { n1: [1], n2: [1], n3: [1] } });
        // As a heartbeat of term 1 came too early for this term: follow somebody of it.
        if (role === 'follower') c.step('n1', heartbeat({ from: 'n3', to: 'n1', term: 5 }));
        c.drop();
        const before = { ...c.status('n1'), due: c.raw('n1').ticksToDeadline() };
        c.step('n1', message);
        expect({ ...c.status('n1'), due: c.raw('n1').ticksToDeadline() }).toEqual(before);
        // A request is answered with the current term, an answer by nothing.
        const asks = ['append-entries', 'heartbeat', 'request-vote'].includes(message.type);
        expect(c.network.map(({ to, term }) => [to, term])).toEqual(asks ? [['n2', before.term]] : []);
      }
    });
  }

  it('in an append does not even make its sender known as the leader', () => {
    const c = new RaftCluster({ terms: { n1: 5 } });
    c.step('n1', append({ from: 'n2', to: 'n1', term: 4, terms: [4], commit: 1 }));
    expect(c.status('n1')).toMatchObject({ leader: null, lastIndex: 0, commitIndex: 0 });
  });
});

describe('followers are passive (§5.1)', () => {
  it('a follower issues no requests: while it hears its leader it only answers', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver();
    for (let deadlines = 0; deadlines < 20; deadlines += 1) {
      c.tick(c.raw('n1').ticksToDeadline());
      expect(c.network.filter(({ from }) => from !== 'n1')).toEqual([]);
      const beats = c.network.length;
      c.deliver(({ from }) => from === 'n1');
      expect(c.network.map(({ type }) => type)).toEqual(Array<string>(beats).fill('heartbeat-response'));
      c.deliver();
    }
    c.tick(10, 'n2', 'n3');
    expect(c.network).toEqual([]);
  });

  it('a command proposed to one that does not lead goes nowhere, whatever else it is', () => {
    for (const role of ['follower', 'pre-candidate', 'candidate'] as const) {
      const c = inRole(role);
      expect(c.propose('n1', 'x')).toEqual({ type: 'dropped', reason: 'not-leader' });
      expect(c.status('n1').lastIndex).toBe(0);
      expect(c.network).toEqual([]);
    }
  });
});

describe('crashes and retries (§5.5)', () => {
  it('a vote that was durable before a crash is given again to the same candidate, whose request came twice', () => {
    const c = new RaftCluster({ persist: 'on-demand' });
    const request = requestVote({ from: 'n2', to: 'n1', term: 1 });
    c.step('n1', request);
    c.crash('n1', { synced: 1 });
    c.restart('n1');
    c.step('n1', request);
    c.persist('n1');
    expect(c.sent('request-vote-response')).toMatchObject([{ to: 'n2', granted: true, term: 1 }]);
  });

  it('an append that was durable before a crash is acknowledged when it comes again, and stored once', () => {
    const c = new RaftCluster({ persist: 'on-demand', madeUp: true });
    const message = append({ from: 'n2', to: 'n1', term: 1, terms: [1, 1] });
    c.step('n1', message);
    c.crash('n1', { synced: 1 });
    c.restart('n1');
    c.step('n1', message);
    c.persist('n1');
    expect(c.sent('append-entries-response')).toMatchObject([{ success: true, index: 2 }]);
    expect(c.log('n1')).toEqual([1, 1]);
  });

  it('an append that was not durable before a crash is stored when it comes again', () => {
    const c = new RaftCluster({ persist: 'on-demand', madeUp: true });
    const message = append({ from: 'n2', to: 'n1', term: 1, terms: [1, 1] });
    c.step('n1', message);
    c.crash('n1');
    c.restart('n1');
    expect(c.status('n1')).toMatchObject({ term: 0, lastIndex: 0 });
    c.step('n1', message);
    c.persist('n1');
    expect(c.sent('append-entries-response')).toMatchObject([{ success: true, index: 2 }]);
    expect(c.host('n1').disk.log).toHaveLength(2);
  });
});

describe('timing (§5.6)', () => {
  it('safety does not depend on it: a leader that is late by any time commits nothing any more', () => {
    const c = new RaftCluster();
    c.campaign('n1');
    c.deliver();
    c.propose('n1', 'x');
    const late = c.network.splice(0);
    c.isolate('n1');
    c.elect('n2');
    c.propose('n2', 'y');
    c.deliver();
    c.pass(20 * ELECTION_TICKS_MAX);
    c.heal();
    for (const message of late) c.step(message.to, message);
    c.pass(ELECTION_TICKS_MAX);
    for (const name of c.names) expect(c.applied(name)).toEqual(['y']);
  });
});
