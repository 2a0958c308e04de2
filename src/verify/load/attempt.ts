import type { Client, ReadOptions } from '../../client/index.js';
import type { Answer, OperationType } from '../history/index.js';
import type { LoadMix } from './options.js';

/** One operation of one client, from its call on. */
export interface Attempt {
  readonly type: OperationType;
  readonly key: string;
  /** What is written. Good until the next value is made. */
  readonly value: Buffer;
  /** cas: what the key should hold; null: nothing. */
  readonly expected: Buffer | null;
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
