import { type Random, randomInt } from '../../../src/base/index.js';
import type { Operation } from '../../../src/verify/history/index.js';

export interface Workload {
  readonly operations: number;
  readonly keys: number;
  readonly clients: number;
  /** The share of operations whose outcome stays unknown. */
  readonly unknown: number;
  /** Every written value is a new one; else one of a few. */
  readonly uniqueValues: boolean;
  /** Unknown writes that happened carry their revision, as a watch would supply it. */
  readonly revisionsOfUnknown?: boolean;
}

interface Draft {
  readonly operation: Operation;
  /** When it takes effect. */
  readonly at: number;
}

/**
 * What busy clients would see of a perfect store: half gets, 30 % puts, 15 % cas, 5 % del. An operation takes effect at
 * one moment between call and return; one of unknown outcome does so then, much later, or never.
 */
export function generate(random: Random, workload: Workload): Operation[] {
  const drafts: Draft[] = [];
  const free = new Array<number>(workload.clients).fill(0);
  for (let line = 1; line <= workload.operations; line += 1) {
    const client = free.indexOf(Math.min(...free));
    const call = free[client]! + randomInt(random, 1, 40);
    const returned = call + randomInt(random, 50, 1_000);
    free[client] = returned;
    const isUnknown = random.next() < workload.unknown;
    const delay = random.next() * (isUnknown && random.next() < 0.3 ? 20 : 1) * (returned - call);
    const at = isUnknown && random.next() < 0.3 ? Number.POSITIVE_INFINITY : call + delay;
    const operation = question(random, workload, line, `c${client}`, call, isUnknown ? null : returned);
    drafts.push({ operation, at });
  }
  return answer(drafts, workload).sort((left, right) => left.call - right.call || left.line - right.line);
}

function question(
  random: Random,
  { keys, uniqueValues }: Workload,
  line: number,
  client: string,
  call: number,
  returned: number | null,
): Operation {
  const key = `key-${randomInt(random, 1, keys)}`;
  const value = uniqueValues ? `v${line}` : `v${randomInt(random, 1, 4)}`;
  const outcome = returned === null ? 'unknown' : 'ok';
  const recorded = {
    line,
    client,
    key,
    call,
    return: returned ?? Number.POSITIVE_INFINITY,
    outcome,
    node: null,
  } as const;
  const drawn = random.next();
  if (drawn < 0.5) return { type: 'get', ...recorded, output: null, revision: null };
  if (drawn < 0.8) return { type: 'put', ...recorded, value, revision: null };
  // A cas expects what is there (filled in when it takes effect), or something else.
  const expected =
    random.next() < 0.6 ? null : uniqueValues ? `v${randomInt(random, 1, line)}` : `v${randomInt(random, 1, 4)}`;
  if (drawn < 0.95) return { type: 'cas', ...recorded, expected, value, output: true, revision: null };
  return { type: 'del', ...recorded, output: true, revision: null };
}

/** Runs the operations on a map, in the order in which they take effect. */
function answer(drafts: readonly Draft[], { revisionsOfUnknown = false }: Workload): Operation[] {
  const store = new Map<string, string>();
  let revision = 0;
  const answered = drafts.filter(({ at }) => at === Number.POSITIVE_INFINITY).map(({ operation }) => operation);
  const effective = drafts
    .filter(({ at }) => at !== Number.POSITIVE_INFINITY)
    .sort((left, right) => left.at - right.at);
  for (const { operation } of effective) {
    const { key } = operation;
    const current = store.get(key) ?? null;
    const isUnknown = operation.outcome === 'unknown';
    const done = (changed: boolean, operationThen: Operation) => {
      if (changed) revision += 1;
      const isKnown = !isUnknown || (revisionsOfUnknown && changed);
      answered.push({ ...operationThen, revision: isKnown ? revision : null });
    };
    switch (operation.type) {
      case 'put':
        store.set(key, operation.value);
        done(true, operation);
        break;
      case 'get':
        done(false, { ...operation, output: isUnknown ? null : current });
        break;
      case 'cas': {
        const expected = operation.expected ?? current;
        const output = expected === current;
        if (output) store.set(key, operation.value);
        done(output, { ...operation, expected, output: isUnknown || output });
        break;
      }
      case 'del': {
        const output = store.delete(key);
        done(output, { ...operation, output: isUnknown || output });
        break;
      }
    }
  }
  return answered;
}
