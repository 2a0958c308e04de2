import type { Operation, OperationType, Outcome } from './operation.js';
import { valueText } from './value-text.js';

/** What is asked of one key. */
export interface Question {
  readonly type: OperationType;
  /** As the history writes it. */
  readonly key: string;
  /** put, cas: what is written. */
  readonly value?: Buffer;
  /** cas: what the key should hold; null: nothing. */
  readonly expected?: Buffer | null;
}

/** What was answered. */
export interface Answer {
  readonly revision: number;
  readonly node: string;
  /** get: what was found; null: no such key. */
  readonly found: Buffer | null;
  /** It changed the store: a put always, a get never. */
  readonly changed: boolean;
}

/** An operation that was taken down when it was called. What it asks may be written over from then on. */
export interface Call {
  readonly line: number;
  readonly client: string;
  readonly type: OperationType;
  readonly key: string;
  readonly value: string;
  readonly expected: string | null;
  readonly callMs: number;
}

/** Takes an operation down: just before it is sent, at `callMs` of a monotonic clock. */
export const callOf = (
  { type, key, value, expected }: Question,
  { line, client, callMs }: Pick<Call, 'line' | 'client' | 'callMs'>,
): Call => ({
  line,
  client,
  type,
  key,
  value: value === undefined ? '' : valueText(value),
  expected: expected === undefined || expected === null ? null : valueText(expected),
  callMs,
});

/** The operation, once it has ended. `answer` is null when there was none. */
export function operationOf(call: Call, outcome: Outcome, answer: Answer | null, returnMs: number): Operation {
  const { line, client, type, key, value, expected, callMs } = call;
  const recorded = {
    line,
    client,
    key,
    outcome,
    call: nanoseconds(callMs),
    return: outcome === 'unknown' ? Number.POSITIVE_INFINITY : nanoseconds(returnMs),
    revision: answer?.revision ?? null,
    node: answer?.node ?? null,
  };
  const output = answer === null || answer.changed;
  switch (type) {
    case 'put':
      return { type, ...recorded, value };
    case 'get':
      return { type, ...recorded, output: answer?.found ? valueText(answer.found) : null };
    case 'cas':
      return { type, ...recorded, expected, value, output };
    case 'del':
      return { type, ...recorded, output };
  }
}

const nanoseconds = (ms: number): number => Math.round(ms * 1e6);
