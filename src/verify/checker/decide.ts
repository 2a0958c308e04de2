import type { Operation } from '../history/index.js';
import { narrowed } from './bounds.js';
import { problemOf } from './problem.js';
import { type SearchLimits, type SearchResult, search } from './search.js';

/**
 * Decides whether an order explains the operations of one key, which stand by call, without those that failed. `roles`
 * may weaken some of them. Most histories need hardly a step an operation; one that needs more gets its bounds narrowed
 * first.
 */
export function decide(operations: readonly Operation[], limits: SearchLimits, roles?: Uint8Array): SearchResult {
  const problem = problemOf(operations, roles);
  const glance = Math.min(limits.steps, EASY_STEPS + EASY_STEPS_PER_OPERATION * problem.required.length);
  const first = search(problem, { ...limits, steps: glance });
  if (first.limit !== 'steps' || first.steps >= limits.steps) return first;
  const second = search(narrowed(problem), { ...limits, steps: limits.steps - first.steps });
  return { ...second, steps: first.steps + second.steps };
}

const EASY_STEPS = 4_096;
const EASY_STEPS_PER_OPERATION = 4;
