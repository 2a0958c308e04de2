import { isWrite, type Operation } from '../../verify/history/index.js';

/** It held something, and nobody here has seen what. */
const UNSEEN = '(a value from before)';

/**
 * Keys may have held values before this console first touched them. A checker takes a key for empty at the beginning, so
 * for each of those that was not a put comes before everything else. What it wrote is told by the answers:
 *
 * - a value that was found before anything written here was answered, and that nobody here writes;
 * - else the first answer that tells what was there: a get, a cas that succeeded, a cas that expected nothing and failed,
 *   a del. After a put that was answered before any of them it does not matter.
 *
 * What somebody else writes later is not known here: the verdict is against the key then, and its past tells
 * (`others.ts`).
 */
export function initialValues(operations: readonly Operation[]): readonly Operation[] {
  const byKey = new Map<string, Operation[]>();
  for (const operation of operations) {
    const known = byKey.get(operation.key);
    if (known) known.push(operation);
    else byKey.set(operation.key, [operation]);
  }
  return [...byKey].flatMap(([key, ofKey]) => {
    const value = initialValue(ofKey);
    return value === null ? [] : [before(key, value, Math.min(...ofKey.map(({ call }) => call)))];
  });
}

/** Null: none, or it does not matter. */
function initialValue(operations: readonly Operation[]): string | null {
  const answered = operations.filter(({ outcome }) => outcome === 'ok').sort((one, other) => one.return - other.return);
  const ours = new Set(operations.flatMap((each) => (each.type === 'put' || each.type === 'cas' ? [each.value] : [])));
  const written = Math.min(...answered.filter(isWrite).map((each) => each.return));
  const found = answered.filter(({ call }) => call < written).map(foundBy);
  const foreign = found.find((value) => typeof value === 'string' && value !== UNSEEN && !ours.has(value));
  if (typeof foreign === 'string') return foreign;
  for (const operation of answered) {
    if (operation.type === 'put') return null;
    const held = foundBy(operation);
    // It may be what somebody here wrote who has had no answer yet, or never will.
    const mayBeOurs = (write: Operation): boolean =>
      'value' in write && write.value === held && write.call < operation.return;
    if (held !== undefined) return operations.some(mayBeOurs) ? null : held;
  }
  return null;
}

/** What the key held just before, as the answer tells; undefined: it does not. */
function foundBy(operation: Operation): string | null | undefined {
  switch (operation.type) {
    case 'put':
      return undefined;
    case 'get':
      return operation.output;
    case 'del':
      return operation.output ? UNSEEN : null;
    case 'cas':
      if (operation.output) return operation.expected;
      return operation.expected === null ? UNSEEN : undefined;
  }
}

const before = (key: string, value: string, call: number): Operation => ({
  type: 'put',
  line: 0,
  client: 'before',
  key,
  value,
  outcome: 'ok',
  call: call - 2,
  return: call - 1,
  revision: null,
  node: null,
});
