import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm } from '../../src/base/index.js';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  castVote,
  followLeader,
} from '../../src/raft/role.js';
import { createState, type RaftState } from '../../src/raft/state.js';
import { always, testConfig } from '../helpers/raft-cluster.js';

const n1 = asNodeId('n1');
const n2 = asNodeId('n2');
const n3 = asNodeId('n3');

function fresh(): RaftState {
  return createState({
    ...testConfig(['n1', 'n2', 'n3']),
    id: n1,
    random: always(0),
    restored: {
      hardState: { currentTerm: asTerm(0), votedFor: null },
      before: { index: asIndex(0), term: asTerm(0) },
      runs: [],
      lengths: new Uint32Array(0),
      applied: asIndex(0),
    },
  });
}

const STEPS = {
  follower: (raft: RaftState) => becomeFollower(raft, raft.currentTerm, null),
  'pre-candidate': becomePreCandidate,
  candidate: becomeCandidate,
  leader: becomeLeader,
};
const ROLES = ['follower', 'pre-candidate', 'candidate', 'leader'] as const;

/** A node that came to a role on the only way there. */
function inRole(role: (typeof ROLES)[number]): RaftState {
  const raft = fresh();
  for (const step of ROLES.slice(1, ROLES.indexOf(role) + 1)) STEPS[step](raft);
  expect(raft.role.type).toBe(role);
  return raft;
}

/** Figure 4, with the pre-vote of Diss. §9.6 between follower and candidate. */
const ALLOWED: Record<(typeof ROLES)[number], readonly string[]> = {
  follower: ['follower', 'pre-candidate', 'candidate'],
  'pre-candidate': ['follower', 'pre-candidate', 'candidate'],
  candidate: ['follower', 'pre-candidate', 'leader'],
  leader: ['follower'],
};

describe('roles (Figure 4)', () => {
  for (const from of ROLES) {
    for (const to of ROLES) {
      const allowed = ALLOWED[from].includes(to);
      it(`a ${from} ${allowed ? 'may' : 'can never'} become ${to}`, () => {
        const raft = inRole(from);
        if (allowed) {
          STEPS[to](raft);
          expect(raft.role.type).toBe(to);
        } else {
          expect(() => STEPS[to](raft)).toThrow(`n1: ${from} cannot become ${to}`);
        }
      });
    }
  }

  it('a candidacy raises the term by one and votes for itself; nothing else raises it', () => {
    const raft = fresh();
    becomePreCandidate(raft);
    expect([raft.currentTerm, raft.votedFor]).toEqual([0, null]);
    becomeCandidate(raft);
    expect([raft.currentTerm, raft.votedFor]).toEqual([1, n1]);
    becomeLeader(raft);
    becomeFollower(raft, asTerm(1), null);
    expect([raft.currentTerm, raft.votedFor]).toEqual([1, n1]);
  });

  it('terms never fall', () => {
    const raft = fresh();
    becomeFollower(raft, asTerm(5), null);
    expect(() => becomeFollower(raft, asTerm(4), null)).toThrow('n1: term 4 after 5');
  });

  it('a vote is never changed within a term, and free again in the next', () => {
    const raft = fresh();
    castVote(raft, n2);
    castVote(raft, n2);
    expect(() => castVote(raft, n3)).toThrow('n1: second vote in term 0, for n3 after n2');
    becomeFollower(raft, asTerm(1), null);
    castVote(raft, n3);
    expect(raft.votedFor).toBe(n3);
  });

  it('a vote that is repeated is no news for the disk', () => {
    const raft = fresh();
    castVote(raft, n2);
    raft.outbox.take();
    castVote(raft, n2);
    expect(raft.outbox.hardStateChanged).toBe(false);
  });

  it('one leader in a term is followed: not a second one, and a leader follows nobody', () => {
    const raft = fresh();
    expect(followLeader(raft, n2)).toBe(true);
    expect(followLeader(raft, n2)).toBe(true);
    expect(followLeader(raft, n3)).toBe(false);
    expect(raft.role).toMatchObject({ type: 'follower', leader: n2 });
    const leading = inRole('leader');
    expect(followLeader(leading, n2)).toBe(false);
    expect(leading.role.type).toBe('leader');
  });
});
