import { majorityOf, type NodeId, type Random, randomInt } from '../../base/index.js';
import type { DiskFault } from '../../wire/index.js';
import { drawOne, drawSome, drawVictim } from './draw.js';
import type { Fault, MemberFault } from './fault.js';
import type { FaultKind } from './kinds.js';
import type { Round } from './round.js';

/** Who there is when a fault begins. */
export interface Situation {
  readonly voters: readonly NodeId[];
  readonly leader: NodeId | null;
  /** With how many voters the run began, and will end. */
  readonly size: number;
  /** The longest election timeout. */
  readonly unitMs: number;
}

/** How many voters chaos begins with, at the least, and how many there are meanwhile, at the most. */
export const VOTERS_MIN = 3;
export const VOTERS_MAX = 7;

/** Voters that may be struck at the same time, and a quorum is left. */
const spareOf = (voters: number): number => voters - majorityOf(voters);

export type VictimOptions = Pick<Round, 'isOutage'> & Partial<Pick<Round, 'strikesLeader'>>;

/**
 * Whom one round may strike: so few that the others are a quorum; of an outage, so many that they are none. Half of the
 * time the leader is among them.
 */
export function drawVictims(
  random: Random,
  { voters, leader }: Situation,
  { isOutage, strikesLeader = false }: VictimOptions,
): readonly NodeId[] {
  const spare = spareOf(voters.length);
  const most = isOutage ? randomInt(random, spare + 1, voters.length) : Math.min(spare, randomInt(random, 1, spare));
  const drawn = drawVictim(random, leader ?? undefined, voters);
  const victims: NodeId[] = [strikesLeader ? (leader ?? drawn) : drawn];
  while (victims.length < most) victims.push(drawOne(random, without(voters, victims)));
  return victims;
}

/** What is drawn from, besides the draws themselves. */
interface Draw {
  readonly random: Random;
  readonly situation: Situation;
  /** Not empty. */
  readonly victims: readonly NodeId[];
  readonly isOutage: boolean;
  /** See `MemberFault`. */
  readonly isHasty?: boolean;
}

/** A fault of that kind for these victims. */
export const drawFault = (kind: FaultKind, draw: Draw): Fault => FAULTS[kind](draw);

const FAULTS: Readonly<Record<FaultKind, (draw: Draw) => Fault>> = {
  kill: (draw) => ({ type: 'kill', nodes: someOf(draw) }),
  pause: (draw) => ({ type: 'pause', nodes: someOf(draw) }),
  restart: ({ random, victims }) => ({ type: 'restart', node: drawOne(random, victims) }),
  partition: (draw) => ({ type: 'partition', groups: groupsOf(draw) }),
  cut: drawCut,
  slow: ({ random, victims, situation: { unitMs } }) => {
    const delayMs = randomInt(random, 5, Math.round(unitMs / 4));
    return { type: 'slow', node: drawOne(random, victims), delayMs, jitterMs: randomInt(random, 0, delayMs) };
  },
  flaky: ({ random, victims }) => ({
    type: 'flaky',
    node: drawOne(random, victims),
    lossRate: randomInt(random, 2, 40) / 100,
  }),
  disk: ({ random, victims, situation: { unitMs } }) => ({
    type: 'disk',
    node: drawOne(random, victims),
    disk: drawDisk(random, unitMs),
  }),
  transfer: ({ random, situation: { voters } }) => ({
    type: 'transfer',
    to: random.next() < 0.3 ? null : drawOne(random, voters),
  }),
  membership: (draw) => ({ type: 'membership', change: drawChange(draw) }),
};

/** Of an outage all of them. */
function someOf({ random, victims, isOutage }: Draw): readonly NodeId[] {
  const some = drawSome(random, victims);
  return isOutage || some.length === 0 ? victims : some;
}

/** The victims together, or each alone, against all others; in an outage no group is a quorum. */
function groupsOf({ random, victims, isOutage, situation: { voters } }: Draw): readonly (readonly NodeId[])[] {
  const others = without(voters, victims);
  const isTogether = random.next() < 0.5;
  if (!isOutage) return [...(isTogether ? [victims] : victims.map((node) => [node])), others];
  const most = majorityOf(voters.length) - 1;
  const order = [...victims, ...others];
  const groups: NodeId[][] = [];
  for (let from = 0; from < order.length; from += most) groups.push(order.slice(from, from + most));
  return groups;
}

function drawCut({ random, victims, situation: { voters } }: Draw): Fault {
  const victim = drawOne(random, victims);
  const other = drawOne(random, without(voters, [victim]));
  return random.next() < 0.5 ? { type: 'cut', from: victim, to: other } : { type: 'cut', from: other, to: victim };
}

function drawDisk(random: Random, unitMs: number): DiskFault {
  const draw = random.next();
  const delayMs = randomInt(random, 5, Math.round(unitMs / 4));
  if (draw < 0.5) return { type: 'slow', delayMs };
  return { type: draw < 0.75 ? 'full' : 'failing' };
}

/** Whoever goes is one of the victims: the others are a quorum of what is left, too. */
function drawChange({ random, victims, isHasty = false, situation: { voters, size } }: Draw): MemberFault {
  const node = drawOne(random, victims);
  // What needs nothing but the leader is in its log before it is given up.
  if (isHasty) return voters.length > VOTERS_MIN ? { type: 'remove', node, isHasty } : { type: 'add', isHasty };
  const draw = random.next();
  if (draw < 0.4 && voters.length > VOTERS_MIN && voters.length >= size) return { type: 'remove', node };
  if (draw < 0.7 && voters.length < VOTERS_MAX && voters.length <= size) return { type: 'add' };
  return { type: 'replace', node };
}

const without = (nodes: readonly NodeId[], some: readonly NodeId[]): readonly NodeId[] =>
  nodes.filter((node) => !some.includes(node));
