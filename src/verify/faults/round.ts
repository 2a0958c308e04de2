import { type Random, randomInt } from '../../base/index.js';
import { drawOne, drawSpan } from './draw.js';
import type { FaultKind } from './kinds.js';

/** Some faults that overlap, then nothing but what heals. */
export interface Round {
  /** By begin. */
  readonly faults: readonly PlannedFault[];
  /** It strikes whoever leads, in any case. */
  readonly strikesLeader: boolean;
  /** No quorum is left while it lasts; of other rounds one always is. */
  readonly isOutage: boolean;
  /** Its victims are drawn from it when it begins: who leads then, nobody knows now. */
  readonly seed: number;
  /** For the cluster to work as if nothing had been, before the next round. */
  readonly calmMs: number;
}

export interface PlannedFault {
  readonly kind: FaultKind;
  /** After the begin of its round. */
  readonly beginMs: number;
  readonly spanMs: number;
  /** Of a change of the membership: see `MemberFault`. */
  readonly isHasty: boolean;
  /** What it is exactly, and for which of the victims, is drawn from it when it begins. */
  readonly seed: number;
}

/**
 * A leader that is cut off takes a change of the membership into its log, where it is alone with it: when it is back, its
 * log is cut, and the membership has to be what it was before.
 */
const STRANDING: readonly [FaultKind, FaultKind] = ['partition', 'membership'];

/** Together these find what neither finds alone. The second one comes while the first has hardly begun. */
const PAIRS: readonly (readonly [FaultKind, FaultKind])[] = [
  STRANDING,
  ['partition', 'kill'],
  ['pause', 'membership'],
  ['pause', 'disk'],
  ['disk', 'kill'],
  ['kill', 'membership'],
  ['slow', 'transfer'],
  ['partition', 'transfer'],
  ['flaky', 'membership'],
  ['cut', 'kill'],
];

/** Kinds that can take the quorum away, and give it back as they were. */
const OUTAGES: readonly FaultKind[] = ['kill', 'partition', 'pause'];
const OUTAGE_SHARE = 0.12;
const TRIPLE_SHARE = 0.1;
const PAIR_SHARE = 0.5;

/** The next round: a function of what was drawn before, and so of the seed. The unit is the longest election timeout. */
export function drawRound(random: Random, kinds: readonly FaultKind[], unitMs: number): Round {
  const outages = OUTAGES.filter((kind) => kinds.includes(kind));
  const isOutage = random.next() < OUTAGE_SHARE && outages.length > 0;
  const chosen = isOutage ? [drawOne(random, outages)] : drawKinds(random, kinds);
  const isStranded = !isOutage && chosen.length >= 2 && chosen[0] === STRANDING[0] && chosen[1] === STRANDING[1];
  const longest = isOutage ? unitMs / 2 : unitMs;
  const faults: PlannedFault[] = [];
  for (const kind of chosen) {
    const first = faults[0];
    // Half of the time at once, as it were: what the first has begun is not over.
    const share = random.next() < 0.5 || isStranded ? 0.05 : 0.8;
    const beginMs = first === undefined ? 0 : Math.round(first.spanMs * share * random.next());
    // Stranded is whoever others have taken the place of.
    const leastMs = isStranded ? 1.5 * unitMs : unitMs / 4;
    const spanMs = Math.round(leastMs + drawSpan(random, longest));
    const isHasty = isStranded && kind === 'membership';
    faults.push({ kind, beginMs, spanMs, isHasty, seed: randomInt(random, 1, 0x7fffffff) });
  }
  const calmMs = Math.round(unitMs * (1 + random.next()));
  const seed = randomInt(random, 1, 0x7fffffff);
  return {
    faults: faults.sort((one, other) => one.beginMs - other.beginMs),
    isOutage,
    strikesLeader: isStranded,
    seed,
    calmMs,
  };
}

function drawKinds(random: Random, kinds: readonly FaultKind[]): readonly FaultKind[] {
  const draw = random.next();
  const first = drawOne(random, kinds);
  if (draw >= PAIR_SHARE + TRIPLE_SHARE) return [first];
  const pairs = PAIRS.filter((pair) => pair.every((kind) => kinds.includes(kind)));
  const isKnown = random.next() < 0.5 && pairs.length > 0;
  const pair = isKnown ? drawOne(random, pairs) : [first, drawOne(random, kinds)];
  const third = drawOne(random, kinds);
  return draw < TRIPLE_SHARE ? [...pair, third] : pair;
}
