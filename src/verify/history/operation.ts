/**
 * - `ok`: it was answered, and the answer is in the history.
 * - `failed`: it certainly had no effect. It says nothing about the store.
 * - `unknown`: nobody answered. It may have happened at any time after its call, or never.
 */
export type Outcome = 'ok' | 'failed' | 'unknown';

interface Recorded {
  /** Where it stands in the history, from 1. */
  readonly line: number;
  readonly client: string;
  readonly key: string;
  readonly outcome: Outcome;
  /** Nanoseconds after the history's origin: before the request was sent. */
  readonly call: number;
  /** After the answer had arrived. Infinity for an unknown outcome: it stays open for ever. */
  readonly return: number;
  /**
   * The store's revision behind the answer, null when it was not recorded. On an unknown outcome: found out later, from
   * a watch or a log; the operation did change the store, at this revision.
   */
  readonly revision: number | null;
  /** The node that was asked. */
  readonly node: string | null;
}

/** One operation of a history. `output` counts for nothing unless the outcome is `ok`. A null value: no such key. */
export type Operation =
  | (Recorded & { readonly type: 'put'; readonly value: string })
  | (Recorded & { readonly type: 'get'; readonly output: string | null })
  | (Recorded & {
      readonly type: 'cas';
      readonly expected: string | null;
      readonly value: string;
      readonly output: boolean;
    })
  | (Recorded & { readonly type: 'del'; readonly output: boolean });

export type OperationType = Operation['type'];

/** What clients saw: the operations by the time of their call (then by line), each stamp relative to the first call. */
export interface History {
  readonly operations: readonly Operation[];
  /** What 0 stands for: the recorder's stamp of the first call. */
  readonly originNs: bigint;
}

/** It changed the store, as far as its answer says. A delete of nothing and a failed cas did not. */
export const isWrite = (operation: Operation): boolean =>
  operation.type === 'put' || (operation.type !== 'get' && operation.output);

/** Orders operations that were collected in any order, as a recorder does that appends each when it ends. */
export function historyOf(operations: readonly Operation[], originNs = 0n): History {
  const sorted = [...operations].sort((left, right) => left.call - right.call || left.line - right.line);
  return { operations: sorted, originNs };
}
