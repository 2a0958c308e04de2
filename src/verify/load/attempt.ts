import type { Client, NodeId, ReadOptions } from '../../client/index.js';
import type { Operation, OperationType, Outcome } from '../history/index.js';
import type { LoadMix } from './options.js';
import { valueText } from './value-text.js';

/** One operation of one client, from its call on. */
export interface Attempt {
  readonly type: OperationType;
  readonly key: string;
  /** What is written. Good until the next value is made. */
  readonly value: Buffer;
  /** cas: what the key should hold. */
  readonly expected: Buffer | null;
}

/** What came back, the same for all operations. */
export interface Answer {
  readonly revision: number;
  readonly node: NodeId;
  /** get: what was found. */
  readonly found: Buffer | null;
  /** It changed the store. */
  readonly changed: boolean;
}

/** Asks. What is handed in is copied before this returns. */
export function ask(client: Client, { type, key, value, expected }: Attempt, call: ReadOptions): Promise<Answer> {
  switch (type) {
    case 'put':
      return client
        .put(key, value, call)
        .then(({ revision, node }) => ({ revision, node, found: null, changed: true }));
    case 'get':
      return client
        .read(key, call)
        .then(({ revision, node, entry }) => ({ revision, node, found: entry?.value ?? null, changed: false }));
    case 'cas':
      return client
        .compareAndSet(key, expected, value, call)
        .then(({ revision, node, succeeded }) => ({ revision, node, found: null, changed: succeeded }));
    case 'del':
      return client
        .delete(key, call)
        .then(({ revision, node, deleted }) => ({ revision, node, found: null, changed: deleted }));
  }
}

/** Draws operations by their shares. `random` is in [0, 1). */
export function draw({ put, get, cas, del }: LoadMix, random: number): OperationType {
  const at = random * (put + get + cas + del);
  if (at < put) return 'put';
  if (at < put + get) return 'get';
  return at < put + get + cas ? 'cas' : 'del';
}

/** An operation as a history has it, once it has ended. */
export interface Sighting {
  readonly line: number;
  readonly client: string;
  readonly type: OperationType;
  readonly key: string;
  readonly value: string;
  readonly expected: string | null;
  readonly callMs: number;
}

/** What a history says of an operation, taken down before it is sent. */
export const sight = (
  { type, key, value, expected }: Attempt,
  { line, client, callMs }: Pick<Sighting, 'line' | 'client' | 'callMs'>,
): Sighting => ({
  line,
  client,
  type,
  key,
  value: type === 'put' || type === 'cas' ? valueText(value) : '',
  expected: expected === null ? null : valueText(expected),
  callMs,
});

/** `answer` is null when there was none. */
export function operationOf(seen: Sighting, outcome: Outcome, answer: Answer | null, returnMs: number): Operation {
  const { line, client, type, key, value, expected, callMs } = seen;
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
