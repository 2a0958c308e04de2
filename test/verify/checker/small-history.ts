import { type Random, randomInt } from '../../../src/base/index.js';
import type { Operation } from '../../../src/verify/history/index.js';
import { generate } from './generate.js';

/** A few operations that a brute-force checker can decide: with answers drawn at random, or true ones with one changed. */
export const smallHistory = (random: Random, keys = 1): Operation[] =>
  random.next() < 0.6 ? anything(random, keys) : nearlyRight(random, keys);

const OPERATIONS_MAX = 8;

/** Few values and short times, so that about a third of the histories are linearizable by luck. */
function anything(random: Random, keys: number): Operation[] {
  const count = randomInt(random, 1, OPERATIONS_MAX);
  const values = randomInt(random, 1, 4);
  const unknown = random.next() < 0.5 ? 0 : random.next() * 0.6;
  const span = randomInt(random, 2, 30);
  const value = () => `v${randomInt(random, 1, values)}`;
  const operations = Array.from({ length: count }, (_, nth): Operation => {
    const isUnknown = random.next() < unknown;
    const call = randomInt(random, 0, span);
    const recorded = {
      line: nth + 1,
      client: `c${nth + 1}`,
      key: `key-${randomInt(random, 1, keys)}`,
      outcome: isUnknown ? 'unknown' : 'ok',
      call,
      return: isUnknown ? Number.POSITIVE_INFINITY : call + randomInt(random, 0, Math.ceil(span / 2)),
      revision: null,
      node: null,
    } as const;
    const drawn = random.next();
    if (drawn < 0.35) return { type: 'get', ...recorded, output: random.next() < 0.3 ? null : value() };
    if (drawn < 0.6) return { type: 'put', ...recorded, value: value() };
    const output = random.next() < 0.6;
    if (drawn >= 0.85) return { type: 'del', ...recorded, output };
    return { type: 'cas', ...recorded, expected: random.next() < 0.3 ? null : value(), value: value(), output };
  });
  return operations.sort((left, right) => left.call - right.call || left.line - right.line);
}

function nearlyRight(random: Random, keys: number): Operation[] {
  const operations = generate(random, {
    operations: randomInt(random, 2, OPERATIONS_MAX),
    keys,
    clients: randomInt(random, 1, 4),
    unknown: random.next() < 0.5 ? 0 : 0.3,
    uniqueValues: random.next() < 0.5,
    revisionsOfUnknown: random.next() < 0.5,
  });
  return random.next() < 0.3 ? operations : withOneAnswerChanged(random, operations);
}

function withOneAnswerChanged(random: Random, operations: readonly Operation[]): Operation[] {
  const at = randomInt(random, 0, operations.length - 1);
  const target = operations[at]!;
  if (target.type === 'put') return [...operations];
  if (target.type !== 'get') return operations.with(at, { ...target, output: !target.output });
  const other = operations[randomInt(random, 0, operations.length - 1)]!;
  return operations.with(at, { ...target, output: other.type === 'put' || other.type === 'cas' ? other.value : null });
}
