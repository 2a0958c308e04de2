import type { Operation } from '../../../src/verify/history/index.js';

/**
 * The definition of linearizability, tried in all ways: some order of all answered operations and any of the unknown
 * ones, in which nothing stands behind an operation that was called after it had returned, and a plain map gives the
 * recorded answers. Shares nothing with the checker but the type of an operation. For a handful of operations.
 */
export function isLinearizable(operations: readonly Operation[]): boolean {
  const left = operations.filter(({ outcome }) => outcome !== 'failed');
  return canContinue(left, new Map());
}

function canContinue(left: readonly Operation[], store: ReadonlyMap<string, string>): boolean {
  const answered = left.filter(({ outcome }) => outcome === 'ok');
  if (answered.length === 0) return true;
  const firstReturn = Math.min(...answered.map((operation) => operation.return));
  return left.some((operation) => {
    if (operation.call > firstReturn) return false;
    const after = apply(operation, store);
    return (
      after !== undefined &&
      canContinue(
        left.filter((other) => other !== operation),
        after,
      )
    );
  });
}

/** The store after the operation, undefined when it would have answered something else. */
function apply(operation: Operation, store: ReadonlyMap<string, string>): ReadonlyMap<string, string> | undefined {
  const { key, outcome } = operation;
  const current = store.get(key) ?? null;
  const isRight = (answer: unknown, recorded: unknown) => outcome === 'unknown' || answer === recorded;
  switch (operation.type) {
    case 'put':
      return new Map(store).set(key, operation.value);
    case 'get':
      return isRight(current, operation.output) ? store : undefined;
    case 'cas': {
      const succeeds = current === operation.expected;
      if (!isRight(succeeds, operation.output)) return undefined;
      return succeeds ? new Map(store).set(key, operation.value) : store;
    }
    case 'del': {
      if (!isRight(current !== null, operation.output)) return undefined;
      const after = new Map(store);
      after.delete(key);
      return after;
    }
  }
}
