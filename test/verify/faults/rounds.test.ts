import { describe, expect, it } from 'vitest';
import { asNodeId, majorityOf, type NodeId, seededRandom } from '../../../src/base/index.js';
import {
  drawFault,
  drawRound,
  drawVictims,
  FAULT_KINDS,
  type FaultKind,
  parseKinds,
  type Round,
  type Situation,
  struckBy,
  textOf,
  VOTERS_MAX,
  VOTERS_MIN,
} from '../../../src/verify/faults/index.js';

const UNIT_MS = 800;

const roundsOf = (seed: number, count: number, kinds: readonly FaultKind[] = FAULT_KINDS): Round[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => drawRound(random, kinds, UNIT_MS));
};

const nodes = (count: number): NodeId[] => Array.from({ length: count }, (_, nth) => asNodeId(`node-0${nth + 1}`));

const situation = (voters: readonly NodeId[], size = voters.length): Situation => ({
  voters,
  leader: voters[0]!,
  size,
  unitMs: UNIT_MS,
});

/** Every situation that chaos can be in, many times over. */
function* situations(): Generator<{ readonly seed: number; readonly now: Situation; readonly isOutage: boolean }> {
  for (let seed = 1; seed <= 200; seed += 1) {
    for (let voters = VOTERS_MIN; voters <= VOTERS_MAX; voters += 1) {
      const size = VOTERS_MIN + (seed % (VOTERS_MAX - VOTERS_MIN + 1));
      yield { seed, now: situation(nodes(voters), size), isOutage: seed % 3 === 0 };
    }
  }
}

describe('rounds of faults', () => {
  it('are a function of the seed, and differ from seed to seed', () => {
    expect(roundsOf(42, 50)).toEqual(roundsOf(42, 50));
    expect(roundsOf(42, 50)).not.toEqual(roundsOf(43, 50));
  });

  it('are of the kinds that were asked for, each of which comes', () => {
    const asked: readonly FaultKind[] = ['kill', 'slow', 'membership'];
    const kinds = new Set(roundsOf(1, 200, asked).flatMap(({ faults }) => faults.map(({ kind }) => kind)));
    expect([...kinds].sort()).toEqual([...asked].sort());
    expect(new Set(roundsOf(1, 300).flatMap(({ faults }) => faults.map(({ kind }) => kind))).size).toBe(
      FAULT_KINDS.length,
    );
  });

  it('hold one, two or three faults that overlap; now and then the quorum is lost, by what can give it back', () => {
    const rounds = roundsOf(7, 1_000);
    const sizes = rounds.map(({ faults }) => faults.length);
    expect([...new Set(sizes)].sort()).toEqual([1, 2, 3]);
    for (const { faults } of rounds) {
      expect(faults[0]!.beginMs).toBe(0);
      for (const { spanMs } of faults) expect(spanMs).toBeLessThanOrEqual(6 * UNIT_MS);
    }
    const outages = rounds.filter(({ isOutage }) => isOutage);
    expect(outages.length).toBeGreaterThan(80);
    expect(outages.length).toBeLessThan(160);
    for (const { faults } of outages) expect(['kill', 'pause', 'partition']).toContain(faults[0]!.kind);
    // Where nothing can take the quorum away for a while, nothing does.
    expect(roundsOf(7, 1_000, ['slow', 'transfer']).some(({ isOutage }) => isOutage)).toBe(false);
  });
});

describe('a leader that is stranded with a change of the membership', () => {
  const stranded = roundsOf(3, 500, ['partition', 'membership', 'kill']).filter(({ strikesLeader }) => strikesLeader);

  it('is cut off first, asked at once by somebody who soon gives up, and back when others have another', () => {
    expect(stranded.length).toBeGreaterThan(20);
    for (const { faults, seed } of stranded) {
      const partition = faults.find(({ kind }) => kind === 'partition')!;
      const change = faults.find(({ kind }) => kind === 'membership')!;
      expect([partition.beginMs, change.isHasty]).toEqual([0, true]);
      expect(change.beginMs).toBeLessThanOrEqual(0.05 * partition.spanMs);
      expect(partition.spanMs).toBeGreaterThanOrEqual(1.5 * UNIT_MS);
      const now = { ...situation(nodes(5)), leader: asNodeId('node-04') };
      const victims = drawVictims(seededRandom(seed), now, { isOutage: false, strikesLeader: true });
      expect(victims[0]).toBe('node-04');
      const draw = { random: seededRandom(change.seed), situation: now, victims, isOutage: false, isHasty: true };
      expect(drawFault('membership', draw)).toMatchObject({ change: { type: 'remove', isHasty: true } });
    }
  });
});

describe('victims', () => {
  it('are so few that the others are a quorum; of an outage so many that they are none', () => {
    for (const { seed, now, isOutage } of situations()) {
      const victims = drawVictims(seededRandom(seed), now, { isOutage });
      expect(new Set(victims).size).toBe(victims.length);
      expect(victims.length).toBeGreaterThan(0);
      const left = now.voters.length - victims.length;
      expect(left >= majorityOf(now.voters.length)).toBe(!isOutage);
    }
  });

  it('are the leader more often than chance has it', () => {
    const now = situation(nodes(5));
    const drawn = Array.from({ length: 400 }, (_, seed) =>
      drawVictims(seededRandom(seed + 1), now, { isOutage: false }),
    );
    const led = drawn.filter((victims) => victims.includes(now.leader!)).length;
    expect(led).toBeGreaterThan(220);
  });
});

describe('a fault', () => {
  it.each(FAULT_KINDS)('of kind %s strikes victims, and leaves a quorum that reaches each other', (kind) => {
    for (const { seed, now } of situations()) {
      const random = seededRandom(seed);
      const victims = drawVictims(random, now, { isOutage: false });
      const fault = drawFault(kind, { random, situation: now, victims, isOutage: false });
      expect(fault.type).toBe(kind);
      const others = now.voters.filter((node) => !victims.includes(node));
      if (fault.type === 'partition') {
        expect([...fault.groups.flat()].sort()).toEqual([...now.voters].sort());
        expect(fault.groups.at(-1)).toEqual(others);
      } else if (fault.type === 'cut') expect([fault.from, fault.to].some((node) => victims.includes(node))).toBe(true);
      else if (fault.type !== 'transfer') for (const node of struckBy(fault)) expect(victims).toContain(node);
    }
  });

  it('that parts an outage leaves no group that is a quorum, and one that kills strikes all victims', () => {
    for (const { seed, now } of situations()) {
      const random = seededRandom(seed);
      const draw = { random, situation: now, victims: drawVictims(random, now, { isOutage: true }), isOutage: true };
      const parted = drawFault('partition', draw);
      if (parted.type === 'partition')
        for (const group of parted.groups) expect(group.length).toBeLessThan(majorityOf(now.voters.length));
      const killed = drawFault('kill', draw);
      expect(killed.type === 'kill' && killed.nodes).toEqual(draw.victims);
    }
  });

  it('of the membership never makes it smaller than three voters nor larger than seven, and goes towards its size', () => {
    for (const { seed, now } of situations()) {
      const random = seededRandom(seed);
      const victims = drawVictims(random, now, { isOutage: false });
      const fault = drawFault('membership', { random, situation: now, victims, isOutage: false });
      const change = fault.type === 'membership' ? fault.change.type : null;
      const voters = now.voters.length;
      if (change === 'remove') expect(voters > VOTERS_MIN && voters >= now.size).toBe(true);
      if (change === 'add') expect(voters < VOTERS_MAX && voters <= now.size).toBe(true);
    }
  });

  it('is called by the command that does it', () => {
    const [one, two, three] = nodes(3) as [NodeId, NodeId, NodeId];
    expect(textOf({ type: 'kill', nodes: [one, two] })).toBe('kill node-01 · kill node-02');
    expect(textOf({ type: 'partition', groups: [[one], [two, three]] })).toBe('partition node-01 node-02,node-03');
    expect(textOf({ type: 'cut', from: one, to: two })).toBe('cut node-01->node-02');
    expect(textOf({ type: 'slow', node: one, delayMs: 20, jitterMs: 5 })).toBe('slow node-01 20ms --jitter 5ms');
    expect(textOf({ type: 'flaky', node: one, lossRate: 0.07 })).toBe('flaky node-01 7%');
    expect(textOf({ type: 'disk', node: one, disk: { type: 'slow', delayMs: 9 } })).toBe('disk node-01 slow 9ms');
    expect(textOf({ type: 'disk', node: one, disk: { type: 'full' } })).toBe('disk node-01 full');
    expect(textOf({ type: 'transfer', to: null })).toBe('transfer');
    expect(textOf({ type: 'membership', change: { type: 'replace', node: two } })).toBe('replace node-02');
  });
});

describe('kinds', () => {
  it('are parsed in our order, each once', () => {
    expect(parseKinds('pause, kill,pause')).toEqual(['kill', 'pause']);
  });

  it('that do not exist are refused with the nearest one', () => {
    expect(() => parseKinds('kill,partiton')).toThrow(/there is no fault 'partiton'.*partition/);
    expect(() => parseKinds('')).toThrow(/there is no fault ''/);
  });
});
