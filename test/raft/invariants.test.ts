import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm } from '../../src/base/index.js';
import { checkBasic, checkDelta, type Observation } from '../../src/raft/index.js';
import { RaftCluster } from '../helpers/raft-cluster.js';

const n1 = asNodeId('n1');
const n2 = asNodeId('n2');
const i = asIndex;
const t = asTerm;

function leader(): Observation {
  const c = new RaftCluster();
  c.campaign('n1');
  c.deliver();
  c.propose('n1', 'x');
  c.deliver();
  return c.host('n1').observe();
}

function follower(): Observation {
  const c = new RaftCluster();
  c.campaign('n1');
  c.deliver();
  return c.host('n2').observe();
}

describe('checkBasic', () => {
  it('is content with a healthy leader and follower', () => {
    checkBasic(leader());
    checkBasic(follower());
  });

  const broken: Record<string, Partial<Observation>> = {
    'terms rise along the log': {
      runs: [
        { term: t(1), count: 1 },
        { term: t(0), count: 1 },
      ],
    },
    'no entry is of a future term': { runs: [{ term: t(7), count: 2 }] },
    'nothing is trimmed before it is applied': { beforeIndex: i(9) },
    'nothing is applied before it is committed': { appliedIndex: i(3) },
    'what is committed is in the log': { commitIndex: i(3) },
    'what is durable is in the log': { persistedIndex: i(3) },
    'a leader, and nobody else, takes itself for it': { leader: n2 },
    'a leader has voted for itself': { votedFor: n2 },
    'a term starts with an entry of its own': { currentTerm: t(2) },
    'a majority holds what is committed': {
      persistedIndex: i(0),
      leading: { ...leader().leading!, peers: new Map([[n2, { matchIndex: i(0), nextIndex: i(1) }]]) },
    },
    'matchIndex of n2 is below its nextIndex': {
      leading: { ...leader().leading!, peers: new Map([[n2, { matchIndex: i(2), nextIndex: i(2) }]]) },
    },
    'nextIndex of n2 is within the log': {
      leading: { ...leader().leading!, peers: new Map([[n2, { matchIndex: i(2), nextIndex: i(4) }]]) },
    },
  };
  for (const [claim, change] of Object.entries(broken)) {
    it(`sees that it no longer holds: ${claim}`, () => {
      expect(() => checkBasic({ ...leader(), ...change })).toThrow(`n1 broke "${claim}"`);
    });
  }

  it('sees a candidate that follows somebody, or voted for another', () => {
    const candidate = { ...follower(), role: 'candidate' as const, votedFor: n2 };
    expect(() => checkBasic(candidate)).toThrow('who campaigns knows no leader');
    expect(() => checkBasic({ ...candidate, votedFor: n1, leader: null })).toThrow('a candidate has voted for itself');
  });
});

describe('checkDelta', () => {
  const before = leader();
  const broken: Record<string, Partial<Observation>> = {
    'the term never falls': { currentTerm: t(0) },
    'the commit index never falls': { commitIndex: i(1) },
    'the applied index never falls': { appliedIndex: i(1) },
    'committed entries stay as they are': {
      currentTerm: t(2),
      runs: [
        { term: t(1), count: 1 },
        { term: t(2), count: 1 },
      ],
    },
    'only a truncation takes durability back': { currentTerm: t(2), persistedIndex: i(1) },
    'one vote in a term': { votedFor: n2 },
    'one leader in a term, though it may be forgotten': { leader: n2 },
    'a candidacy begins with a new term': { role: 'candidate' },
    'a leader only appends': { lastIndex: i(1) },
    'read rounds count up': { leading: { ...before.leading!, readRound: -1 } },
    'matchIndex of n2 never falls': {
      leading: { ...before.leading!, peers: new Map([[n2, { matchIndex: i(1), nextIndex: i(3) }]]) },
    },
  };
  for (const [claim, change] of Object.entries(broken)) {
    it(`sees that it no longer holds: ${claim}`, () => {
      expect(() => checkDelta(before, { ...before, ...change })).toThrow(`n1 broke "${claim}"`);
    });
  }

  it('sees a log that was trimmed and grew back, and a leader that was no candidate', () => {
    expect(() => checkDelta({ ...before, beforeIndex: i(1) }, before)).toThrow('a trimmed log stays trimmed');
    expect(() =>
      checkDelta({ ...follower(), id: n1, votedFor: null, leader: null }, { ...before, commitIndex: i(2) }),
    ).toThrow('a leader was a candidate of its term');
  });
});
