import { type Random, randomInt } from '../../base/index.js';

/**
 * What the simulator and chaos draw alike: how long something lasts, and whom it strikes. Each function draws in a fixed
 * order, so that a seed of the simulator stays what it is.
 */

/** Milliseconds: mostly short, four units at the most. The unit is the longest election timeout. */
export const drawSpan = (random: Random, unitMs: number): number => unitMs * 4 * random.next() ** 3 + 1;

/** Any of them, all alike. */
export const drawOne = <T>(random: Random, among: readonly T[]): T => among[randomInt(random, 0, among.length - 1)]!;

/** Leaders break the most interesting way: half of the time it is the leader, if there is one. */
export function drawVictim<T>(random: Random, leader: T | undefined, all: readonly T[]): T {
  if (leader !== undefined && random.next() < 0.5) return leader;
  return drawOne(random, all);
}

/** Some of them: few or most, perhaps none or all. */
export function drawSome<T>(random: Random, all: readonly T[]): T[] {
  const chance = 0.2 + 0.6 * random.next();
  return all.filter(() => random.next() < chance);
}

/** Some pairs of them, in both orders: no two nodes need to reach the same others. */
export function drawPairs<T extends string>(random: Random, all: readonly T[]): (readonly [T, T])[] {
  const pairs: (readonly [T, T])[] = [];
  for (const one of all) {
    for (const other of all) {
      if (one < other && random.next() < 0.4) pairs.push([one, other], [other, one]);
    }
  }
  return pairs;
}
