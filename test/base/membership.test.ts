import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asNodeId,
  type Configuration,
  countQuorum,
  hasQuorum,
  majorityOf,
  type NodeId,
  quorumValue,
  tally,
  votersOnly,
} from '../../src/base/index.js';

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
        expect(quorumValue(votersOnly(voters), reached)).toBe(best);
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
        expect(tally(votersOnly(voters), votes, gone)).toBe(won ? 'won' : open ? 'pending' : 'lost');
      }),
    );
  });

  it('without voters nothing is missing', () => {
    expect(quorumValue(votersOnly([]), () => 0)).toBe(Number.POSITIVE_INFINITY);
    expect(tally(votersOnly([]), new Map())).toBe('won');
  });

  it('whoever is no voter does not count', () => {
    expect(
      tally(
        votersOnly(names(3)),
        new Map([
          [asNodeId('x'), true],
          [asNodeId('y'), true],
        ]),
      ),
    ).toBe('pending');
  });

  it('a joint change needs a majority of both sets of voters (§6)', () => {
    const all = names(7);
    const part = fc.subarray(all, { minLength: 1 });
    fc.assert(
      fc.property(part, part, fc.subarray(all), (voters, outgoing, there) => {
        const configuration: Configuration = { voters, outgoing, learners: [] };
        const counts = (voter: NodeId) => there.includes(voter);
        const most = (set: readonly NodeId[]) => set.filter(counts).length > set.length / 2;
        const decided = most(voters) && most(outgoing);
        expect(hasQuorum(configuration, counts)).toBe(decided);
        expect(countQuorum(configuration, counts).holds).toBe(decided);
        expect(tally(configuration, new Map(all.map((voter) => [voter, counts(voter)])))).toBe(
          decided ? 'won' : 'lost',
        );
      }),
    );
  });

  it('counts in figures, the outgoing voters last', () => {
    const [a, b, c, d] = names(4) as [NodeId, NodeId, NodeId, NodeId];
    const joint: Configuration = { voters: [a, b, c], outgoing: [a, d], learners: [] };
    expect(countQuorum(joint, (voter) => voter !== d)).toEqual({
      sets: [
        { counted: 3, voters: 3, needed: 2 },
        { counted: 1, voters: 2, needed: 2 },
      ],
      holds: false,
    });
    expect(countQuorum(votersOnly([a, b]), () => true).sets).toEqual([{ counted: 2, voters: 2, needed: 2 }]);
  });
});
