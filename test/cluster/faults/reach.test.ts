import { describe, expect, it } from 'vitest';
import type { Membership, NodeId } from '../../../src/base/index.js';
import { bestCompany, companyOf } from '../../../src/cluster/faults/reach.js';
import type { FaultRules } from '../../../src/cluster/faults/rules.js';
import {
  cut,
  FIVE,
  five,
  flaky,
  four,
  fullDisk,
  isolate,
  membershipOf,
  one,
  partition,
  rulesOf,
  slow,
  three,
  two,
} from './cast.js';

const electionTimeoutMs = 400;

const best = (rules: FaultRules, membership: Membership = membershipOf(FIVE), down: readonly NodeId[] = []) => {
  const { nodes, holds, sets } = bestCompany({
    membership,
    rules,
    isThere: (node) => !down.includes(node),
    electionTimeoutMs,
  });
  return { nodes, holds, counted: sets.map(({ counted, voters }) => `${counted} of ${voters}`).join(' and ') };
};

describe('who could decide together', () => {
  it('is everybody without faults, and whoever is there', () => {
    expect(best([])).toEqual({ nodes: FIVE, holds: true, counted: '5 of 5' });
    expect(best([], membershipOf(FIVE), [one, two, three])).toMatchObject({ holds: false, counted: '2 of 5' });
  });

  it('is the side of a partition that has most voters', () => {
    expect(best(rulesOf(partition([one, two])))).toEqual({
      nodes: [three, four, five],
      holds: true,
      counted: '3 of 5',
    });
    expect(best(rulesOf(partition([one, two], [three, four])))).toMatchObject({ holds: false, counted: '2 of 5' });
  });

  it('is all but one who is isolated', () => {
    expect(best(rulesOf(isolate(two)))).toMatchObject({ nodes: [one, three, four, five], holds: true });
    expect(best(rulesOf(isolate(one), isolate(two), isolate(three)))).toMatchObject({
      holds: false,
      counted: '2 of 5',
    });
  });

  it('needs both directions of each link with who leads, and none between the others (§5.3)', () => {
    const ring = rulesOf(cut(one, two), cut(two, three), cut(three, one));
    expect(best(ring, membershipOf([one, two, three]))).toMatchObject({ holds: false, counted: '1 of 3' });
    const star = rulesOf(cut(two, three), cut(three, two));
    expect(best(star, membershipOf([one, two, three]))).toMatchObject({ nodes: [one, two, three], holds: true });
  });

  it('does not count a node that cannot write, and counts one that is slow or flaky', () => {
    expect(best(rulesOf(fullDisk(one), slow(two, 50), flaky(three, 0.9)))).toMatchObject({
      nodes: [two, three, four, five],
      holds: true,
    });
  });

  it('is without a node of which nothing arrives, or that answers later than an election begins', () => {
    expect(best(rulesOf(flaky(two, 1)))).toMatchObject({ nodes: [one, three, four, five], holds: true });
    expect(best(rulesOf(slow(two, 30_000)))).toMatchObject({ nodes: [one, three, four, five], holds: true });
    expect(best(rulesOf(...FIVE.map((node) => flaky(node, 1))))).toMatchObject({ holds: false, counted: '1 of 5' });
  });

  it('is decided by both ways together, and by what either end adds', () => {
    expect(best(rulesOf(slow(two, 200)))).toMatchObject({ counted: '5 of 5' });
    expect(best(rulesOf(slow(two, 201)))).toMatchObject({ counted: '4 of 5' });
    const slowEnds = rulesOf(slow(one, 150), slow(two, 150));
    expect(best(slowEnds, membershipOf([one, two]))).toMatchObject({ holds: false, counted: '1 of 2' });
    expect(best(slowEnds)).toMatchObject({ nodes: FIVE, holds: true });
  });

  it('is a majority of both sets while voters change (§6)', () => {
    const joint = { ...membershipOf(FIVE), voters: [one, two, three], outgoing: [three, four, five] };
    expect(best(rulesOf(partition([one, two, three])), joint)).toMatchObject({
      holds: false,
      counted: '3 of 3 and 1 of 3',
    });
    expect(best(rulesOf(isolate(one)), joint)).toMatchObject({ holds: true, counted: '2 of 3 and 3 of 3' });
  });

  it('counts no learner', () => {
    const learning = { ...membershipOf(FIVE), voters: [one, two, three], learners: [four, five] };
    expect(best(rulesOf(partition([one, two])), learning)).toMatchObject({ nodes: [one, two], holds: true });
    expect(best(rulesOf(partition([one], [two])), learning)).toMatchObject({ holds: false, counted: '1 of 3' });
  });

  it('is asked for one who leads, too', () => {
    const reached = {
      membership: membershipOf(FIVE),
      rules: rulesOf(partition([one, two])),
      isThere: () => true,
      electionTimeoutMs,
    };
    expect(companyOf(reached, one)).toMatchObject({ nodes: [one, two], holds: false });
    expect(companyOf(reached, five)).toMatchObject({ nodes: [three, four, five], holds: true });
  });
});
