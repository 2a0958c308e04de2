import { describe, expect, it } from 'vitest';
import { faultText } from '../../../src/cluster/faults/fault.js';
import { type FaultRules, groupsOf, withoutMember, withoutNamed, withRule } from '../../../src/cluster/faults/rules.js';
import {
  cut,
  FIVE,
  five,
  flaky,
  four,
  fullDisk,
  isolate,
  one,
  partition,
  ruleOf,
  rulesOf,
  slow,
  three,
  two,
} from './cast.js';

const texts = (rules: FaultRules): readonly string[] => rules.map(({ fault }) => faultText(fault));

describe('a new fault', () => {
  it('takes the place of the one of its kind for the same node, and adds to those of other kinds', () => {
    const before = rulesOf(slow(two, 100), flaky(two, 0.1), fullDisk(two), isolate(two), slow(three, 50));
    const { rules, ended } = withRule(before, ruleOf(slow(two, 200, 20), 9));
    expect(texts(ended)).toEqual(['slow node-02 100ms']);
    expect(texts(rules)).toEqual([
      'flaky node-02 10%',
      'disk node-02 full',
      'isolate node-02',
      'slow node-03 50ms',
      'slow node-02 200ms --jitter 20ms',
    ]);
  });

  it('takes the place of the last partition, whatever that named', () => {
    const { rules, ended } = withRule(rulesOf(partition([one, two], [three])), ruleOf(partition([five]), 2));
    expect([texts(rules), texts(ended)]).toEqual([['partition node-05'], ['partition node-01,node-02 node-03']]);
  });

  it('cuts one direction, and leaves a cut of the other one', () => {
    const { rules, ended } = withRule(rulesOf(cut(one, two)), ruleOf(cut(two, one), 2));
    expect([texts(rules), ended]).toEqual([['cut node-01->node-02', 'cut node-02->node-01'], []]);
    expect(texts(withRule(rules, ruleOf(cut(one, two), 3)).rules)).toHaveLength(2);
  });
});

describe('to heal a node', () => {
  it('ends what names it, at either end of a cut, and nothing else', () => {
    const before = rulesOf(partition([one]), cut(two, three), cut(three, four), slow(three, 50), flaky(four, 0.5));
    const { rules, ended } = withoutNamed(before, [three]);
    expect(texts(ended)).toEqual(['cut node-02->node-03', 'cut node-03->node-04', 'slow node-03 50ms']);
    expect(texts(rules)).toEqual(['partition node-01', 'flaky node-04 50%']);
  });

  it('ends a partition for one whom it names, not for one in the group that nobody named', () => {
    const before = rulesOf(partition([one, two]));
    expect(texts(withoutNamed(before, [two]).ended)).toEqual(['partition node-01,node-02']);
    expect(withoutNamed(before, [five]).ended).toEqual([]);
  });
});

describe('the groups of a partition', () => {
  it('are those that were named, and one of all others', () => {
    expect(groupsOf([[one, two], [three]], FIVE)).toEqual([[one, two], [three], [four, five]]);
  });

  it('have a newcomer among those whom nobody named, alone if all were', () => {
    expect(groupsOf([[one]], [one, two, five])).toEqual([[one], [two, five]]);
    expect(groupsOf([[one], [two]], [one, two, five])).toEqual([[one], [two], [five]]);
  });
});

describe('when a member leaves', () => {
  it('everything about it ends, for who comes back under its name is another one', () => {
    const before = rulesOf(isolate(two), slow(two, 50), fullDisk(two), cut(two, one), cut(one, two), flaky(three, 0.1));
    const { rules, ended } = withoutMember(before, two, [one, three]);
    expect(texts(rules)).toEqual(['flaky node-03 10%']);
    expect(ended).toHaveLength(5);
  });

  it('a partition loses it from its group and goes on', () => {
    const { rules, ended } = withoutMember(rulesOf(partition([one, two], [three])), two, [one, three, four]);
    expect([texts(rules), ended]).toEqual([['partition node-01 node-03'], []]);
    expect(rules[0]).toMatchObject({ id: 1, at: 1_000 });
  });

  it('a partition ends with its last group but one: it parts nobody any more', () => {
    expect(texts(withoutMember(rulesOf(partition([one])), one, [two, three]).ended)).toEqual(['partition node-01']);
    expect(texts(withoutMember(rulesOf(partition([one])), two, [one]).ended)).toEqual(['partition node-01']);
  });

  it('a partition that did not name it is the same as before', () => {
    const before = rulesOf(partition([one]));
    expect(withoutMember(before, five, [one, two, three]).rules[0]).toBe(before[0]);
  });
});
