import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../src/base/index.js';
import { faultsOf } from '../../../src/cluster/faults/effects.js';
import type { FaultRules } from '../../../src/cluster/faults/rules.js';
import { NO_FAULTS } from '../../../src/wire/index.js';
import { cut, five, flaky, four, fullDisk, isolate, one, partition, rulesOf, slow, three, two } from './cast.js';

const THREE = [one, two, three];

/** `cut out node-02`, in order. */
const linksOf = (rules: FaultRules, members: readonly NodeId[], node: NodeId): readonly string[] =>
  faultsOf(rules, members, node).links.map(({ type, direction, peer }) => `${type} ${direction} ${peer}`);

describe('what a node is told to suffer', () => {
  it('is nothing without rules, and without rules that concern it', () => {
    expect(faultsOf([], THREE, one)).toEqual(NO_FAULTS);
    expect(faultsOf(rulesOf(cut(one, two), slow(two, 5)), THREE, three)).toEqual(NO_FAULTS);
  });

  it('is one end of a one-way cut: who sends drops it, and who gets it too', () => {
    const rules = rulesOf(cut(one, two));
    expect(linksOf(rules, THREE, one)).toEqual(['cut out node-02']);
    expect(linksOf(rules, THREE, two)).toEqual(['cut in node-01']);
  });

  it('is a cut from everybody when it is isolated, of which all others have their end', () => {
    const rules = rulesOf(isolate(two));
    expect(linksOf(rules, THREE, two)).toEqual([
      'cut out node-01',
      'cut in node-01',
      'cut out node-03',
      'cut in node-03',
    ]);
    expect(linksOf(rules, THREE, one)).toEqual(['cut out node-02', 'cut in node-02']);
  });

  it('is a cut from the other groups of a partition, the unnamed one too', () => {
    const rules = rulesOf(partition([one, two], [three]));
    const members = [one, two, three, four];
    expect(linksOf(rules, members, one)).toEqual([
      'cut out node-03',
      'cut in node-03',
      'cut out node-04',
      'cut in node-04',
    ]);
    expect(linksOf(rules, members, four).filter((link) => link.startsWith('cut in'))).toEqual([
      'cut in node-01',
      'cut in node-02',
      'cut in node-03',
    ]);
  });

  it('is a cut once, however many rules cut the same way', () => {
    expect(linksOf(rulesOf(isolate(one), partition([one]), cut(one, two)), [one, two], one)).toEqual([
      'cut out node-02',
      'cut in node-02',
    ]);
  });

  it('is slow and flaky at its own end alone, both ways: it would be twice as slow at both', () => {
    const rules = rulesOf(slow(two, 80, 20), flaky(two, 0.2));
    expect(faultsOf(rules, [one, two], two).links).toEqual([
      { peer: one, direction: 'out', type: 'slow', delayMs: 80, jitterMs: 20 },
      { peer: one, direction: 'in', type: 'slow', delayMs: 80, jitterMs: 20 },
      { peer: one, direction: 'out', type: 'flaky', lossRate: 0.2 },
      { peer: one, direction: 'in', type: 'flaky', lossRate: 0.2 },
    ]);
    expect(faultsOf(rules, [one, two], one)).toEqual(NO_FAULTS);
  });

  it('is cut off from clients where it is named and they were asked for', () => {
    const isolated = rulesOf({ type: 'isolate', node: one, clients: true });
    expect(linksOf(isolated, [one, two], one).slice(2)).toEqual(['cut out clients', 'cut in clients']);
    expect(linksOf(isolated, [one, two], two)).toEqual(['cut out node-01', 'cut in node-01']);
    const parted = rulesOf({ type: 'partition', groups: [[one], [two]], clients: true });
    const withClients = [one, two, three].filter((node) => linksOf(parted, THREE, node).includes('cut in clients'));
    expect(withClients).toEqual([one, two]);
  });

  it('is what its disk does', () => {
    expect(faultsOf(rulesOf(fullDisk(two)), THREE, two)).toEqual({ links: [], disk: { type: 'full' } });
    expect(faultsOf(rulesOf(fullDisk(two)), THREE, one)).toEqual(NO_FAULTS);
  });

  it('follows from who is a member: a newcomer has its end of what is in force', () => {
    const rules = rulesOf(isolate(one), partition([two]));
    expect(linksOf(rules, [...THREE, five], five)).toEqual([
      'cut out node-01',
      'cut in node-01',
      'cut out node-02',
      'cut in node-02',
    ]);
    expect(linksOf(rules, [...THREE, five], one)).toContain('cut in node-05');
  });
});
