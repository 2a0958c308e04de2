import { type Random, randomInt } from '../../../src/base/index.js';
import type { Operation } from '../../../src/verify/history/index.js';

/** A history with one answer changed so that no order can explain it, whatever else is in it. */
export interface Planted {
  readonly operations: readonly Operation[];
  /** The line of the changed answer. */
  readonly line: number;
}

export const FAULTS = ['stale read', 'resurrected value', 'lost update', 'lost write', 'unknown write'] as const;
export type Fault = (typeof FAULTS)[number];

/**
 * Plants a fault in a valid history of unique values with revisions. Undefined when it has no place for it.
 * Each is certain by its times: `before` means returned before the other was called.
 */
export function plant(fault: Fault, operations: readonly Operation[], random: Random): Planted | undefined {
  const start = randomInt(random, 0, operations.length - 1);
  for (let nth = 0; nth < operations.length; nth += 1) {
    const at = (start + nth) % operations.length;
    const changed = change(fault, operations[at]!, operations);
    if (changed !== undefined) return { operations: operations.with(at, changed), line: changed.line };
  }
  return undefined;
}

const before = (left: Operation, right: Operation): boolean => left.return < right.call;

function change(fault: Fault, target: Operation, operations: readonly Operation[]): Operation | undefined {
  const others = operations.filter((other) => other.key === target.key && other !== target);
  if (fault === 'lost update') return loseUpdate(target, others);
  if (target.type !== 'get' || target.outcome !== 'ok') return undefined;
  switch (fault) {
    case 'unknown write':
      return { ...target, output: 'written by nobody' };
    case 'lost write':
      return loseWrite(target, others);
    case 'stale read':
      return readOld(target, others, (overwrite) => overwrite.type === 'put');
    case 'resurrected value':
      return readOld(target, others, (overwrite) => overwrite.type === 'del' && overwrite.output);
  }
}

/** The get answers a value that was overwritten before it was called. */
function readOld(
  get: Operation & { type: 'get' },
  others: readonly Operation[],
  isOverwrite: (operation: Operation) => boolean,
): Operation | undefined {
  const overwrite = others.findLast((other) => other.outcome === 'ok' && isOverwrite(other) && before(other, get));
  const written = others.findLast((other) => overwrite && other.type === 'put' && before(other, overwrite));
  return written?.type === 'put' ? { ...get, output: written.value } : undefined;
}

/** The get finds nothing, though a put was before it and no delete between them. */
function loseWrite(get: Operation & { type: 'get' }, others: readonly Operation[]): Operation | undefined {
  const put = others.findLast((other) => other.type === 'put' && before(other, get));
  if (put === undefined) return undefined;
  const isClear = others.every((other) => other.type !== 'del' || before(other, put) || before(get, other));
  return isClear ? { ...get, output: null } : undefined;
}

/** Two cas succeed on one value, which was written once. */
function loseUpdate(cas: Operation, others: readonly Operation[]): Operation | undefined {
  if (cas.type !== 'cas' || cas.outcome !== 'ok' || cas.output) return undefined;
  const first = others.find(
    (other) => other.type === 'cas' && other.outcome === 'ok' && other.output && other.expected !== null,
  );
  return first?.type === 'cas' ? { ...cas, expected: first.expected, output: true } : undefined;
}
