import type { NodeStatus } from '../../wire/index.js';

const ROLES = { leader: 'L', candidate: 'C', 'pre-candidate': 'P', follower: 'F' } as const;

export const TRACE_HEADER = `${'TIME'.padStart(12)}  ${'WHO'.padEnd(9)} R ${'TERM'.padStart(4)} ${'LAST'.padStart(6)} ${'COMMIT'.padStart(6)} ${'APPLY'.padStart(6)}  WHAT`;

/** One event in fixed columns: milliseconds, who, and for a node its role, term, last, commit and applied index. */
export function traceLine(
  time: number,
  who: string,
  status: NodeStatus | undefined,
  component: string,
  what: string,
): string {
  const at = time.toFixed(3).padStart(12);
  const text = component === '' ? what : `${component}: ${what}`;
  if (status === undefined) return `${at}  ${who.padEnd(9)} ${'-'} ${' '.repeat(26)} ${text}`;
  const { role, term, lastIndex, commitIndex, appliedIndex } = status;
  const numbers = [lastIndex, commitIndex, appliedIndex].map((number) => String(number).padStart(6)).join(' ');
  return `${at}  ${who.padEnd(9)} ${ROLES[role]} ${String(term).padStart(4)} ${numbers}  ${text}`;
}
