import { LEVELS, type Level } from '../base/index.js';

/** The place of a level in `LEVELS`: 0 for error, up to 4 for trace. Comparing levels is comparing these. */
export const LEVEL_RANK: Readonly<Record<Level, number>> = { error: 0, warn: 1, info: 2, debug: 3, trace: 4 };

/** Whichever of the levels lets the most through; `floor` when there are none. */
export function mostVerbose(floor: Level, levels: Iterable<Level> = []): Level {
  let rank = LEVEL_RANK[floor];
  for (const level of levels) rank = Math.max(rank, LEVEL_RANK[level]);
  return LEVELS[rank]!;
}

export const isLevel = (text: unknown): text is Level => typeof text === 'string' && Object.hasOwn(LEVEL_RANK, text);
