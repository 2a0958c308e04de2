import type { Operation } from '../history/index.js';
import { decide } from './decide.js';
import type { SearchLimits } from './search.js';
import { valueWritten } from './values.js';

/** Values that are tried in place of a get's answer, at most. */
const VALUES_MAX = 32;

/**
 * What one operation of a bad part could have answered instead, so that an order explains the part. Writes whose
 * condition is no reason for the violation (`effectOnly`) are taken without it: what they expected is not in the part.
 */
export function alternatives(
  part: readonly Operation[],
  roles: Uint8Array,
  blamed: Operation,
  limits: SearchLimits,
): readonly (string | null | boolean)[] {
  const fits = (changed: Operation) => {
    const operations = part.map((operation) => (operation === blamed ? changed : operation));
    return decide(operations, limits, roles).verdict === 'linearizable';
  };
  if (blamed.type === 'put') return [];
  if (blamed.type !== 'get') return fits({ ...blamed, output: !blamed.output }) ? [!blamed.output] : [];
  const values = new Set<string | null>([null]);
  for (const operation of part) {
    const value = valueWritten(operation);
    if (value !== undefined) values.add(value);
  }
  return [...values].slice(0, VALUES_MAX).filter((output) => fits({ ...blamed, output }));
}
