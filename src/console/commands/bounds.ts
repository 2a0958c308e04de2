import { RaftctlError } from '../../base/index.js';
import type { Invocation } from './invocation.js';

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
  readonly hint?: string;
}

/** The number behind an option, within its bounds; `otherwise` when it was left out. Throws `usage`. */
export function within(call: Invocation, name: string, { least, most, otherwise, hint }: Bounds): number {
  const value = call.count(name) ?? otherwise;
  if (value < least) throw new RaftctlError('usage', `--${name}: expected at least ${least}, got ${value}`);
  if (value <= most) return value;
  throw new RaftctlError('usage', `--${name}: expected at most ${most}, got ${value}`, { ...(hint && { hint }) });
}
