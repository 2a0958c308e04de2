import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asNodeId, type NodeId } from '../../src/base/index.js';
import { majorityOf, quorumValue, tally } from '../../src/raft/quorum.js';

const names = (count: number): NodeId[] => Array.from({ length: count }, (_, at) => asNodeId(`n${at}`));

/** All sets of voters that are a majority, by trying every subset. */
function* majorities(voters: readonly NodeId[]): Generator<NodeId[]> {
  for (let bits = 0; bits < 1 << voters.length; bits += 1) {
    const set = voters.filter((_, at) => bits & (1 << at));
    if (set.length > voters.length / 2) yield set;
  }
}

describe('quorums', () => {
  it('a majority is more than half', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(majorityOf)).toEqual([1, 2, 2, 3, 3, 4, 4]);
  });

  it('the quorum value is the best that some majority has reached in full', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }), (values) => {
        const voters = names(values.length);
        const reached = (voter: NodeId) => values[voters.indexOf(voter)]!;
        const best = Math.max(...[...majorities(voters)].map((set) => Math.min(...set.map(reached))));
        expect(quorumValue(voters, reached)).toBe(best);
      }),
    );
  });

  it('an election is won when some majority granted, and lost when none can any more', () => {
    const answer = fc.constantFrom(true, false, undefined, 'gone' as const);
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1, maxLength: 7 }), (answers) => {
        const voters = names(answers.length);
        const of = (voter: NodeId) => answers[voters.indexOf(voter)];
        const votes = new Map<NodeId, boolean>();
        for (const voter of voters) {
          const answer = of(voter);
          if (typeof answer === 'boolean') votes.set(voter, answer);
        }
        const gone = new Set(voters.filter((voter) => of(voter) === 'gone'));
        const sets = [...majorities(voters)];
        const won = sets.some((set) => set.every((voter) => of(voter) === true));
        const open = sets.some((set) => set.every((voter) => of(voter) === true || of(voter) === undefined));
        expect(tally(voters, votes, gone)).toBe(won ? 'won' : open ? 'pending' : 'lost');
      }),
    );
  });

  it('without voters nothing is missing', () => {
    expect(quorumValue([], () => 0)).toBe(Number.POSITIVE_INFINITY);
    expect(tally([], new Map())).toBe('won');
  });

  it('whoever is no voter does not count', () => {
    expect(
      tally(
        names(3),
        new Map([
          [asNodeId('x'), true],
          [asNodeId('y'), true],
        ]),
      ),
    ).toBe('pending');
  });
});
