import type { Clock } from '../../base/index.js';
import type { History, Operation } from '../history/index.js';
import { breachViolation } from './breach.js';
import { type Certificate, certify } from './certificate.js';
import { decide } from './decide.js';
import { explain, unexplained } from './explain.js';
import type { SearchLimits } from './search.js';
import type { Decision, KeyVerdict, RevisionVerdict, Verdict, Violation } from './verdict.js';

export interface CheckOptions {
  /** What the verdict calls the history. */
  readonly name?: string;
  /** For the limits and the time taken only: it decides nothing about the history. */
  readonly clock: Clock;
  /** When to give up on what is not decided. Default 60,000. Explaining violations takes 10 s more at most. */
  readonly timeoutMs?: number;
  /** Steps of the search for one key. Default 50 million. */
  readonly stepsPerKey?: number;
  /** Bytes of the search's memo for one key. Default 512 MiB. */
  readonly memoryPerKey?: number;
  /** Do not look at the revisions: for histories of a store that means something else by them. */
  readonly ignoreRevisions?: boolean;
}

const TIMEOUT_MS = 60_000;
const STEPS_PER_KEY = 50_000_000;
const MEMORY_PER_KEY = 512 << 20;
/** Shrinking runs many searches: the first violations are explained, within this time for all of them. */
const EXPLAINED_MAX = 5;
const EXPLAIN_MS = 10_000;

/** Decides whether a history is linearizable, by key. */
export function checkHistory(history: History, options: CheckOptions): Verdict {
  return new Check(history, options).run();
}

/** The operations of one key that say something, by call. */
interface KeyHistory {
  readonly key: string;
  readonly operations: Operation[];
}

class Check {
  readonly #history: History;
  readonly #options: CheckOptions;
  readonly #startedAt: number;
  readonly #keys: KeyHistory[] = [];
  /** By operation of the history, its key's number. */
  readonly #keyOf: Int32Array;

  constructor(history: History, options: CheckOptions) {
    this.#history = history;
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#keyOf = new Int32Array(history.operations.length);
    this.#group();
  }

  run(): Verdict {
    const certificate = this.#certificate();
    const byKey = new Array<KeyVerdict>(this.#keys.length);
    // Small keys first: a hot key may take all the time there is.
    const order = Array.from(this.#keys.keys()).sort(
      (left, right) => this.#keys[left]!.operations.length - this.#keys[right]!.operations.length,
    );
    for (const nth of order) byKey[nth] = this.#decideKey(nth, certificate);
    const violations = [...this.#explain(byKey), ...this.#breaches(byKey, certificate)];
    const { operations } = this.#history;
    return {
      verdict: overall(byKey, violations),
      history: this.#options.name ?? 'history',
      operations: operations.length,
      unknown: count(operations, 'unknown'),
      failed: count(operations, 'failed'),
      keys: this.#keys.length,
      revisions: this.#revisions(certificate),
      steps: byKey.reduce((sum, { steps }) => sum + steps, 0),
      elapsedMs: this.#options.clock.now() - this.#startedAt,
      byKey,
      violations,
    };
  }

  #group(): void {
    const numbers = new Map<string, number>();
    this.#history.operations.forEach((operation, nth) => {
      let number = numbers.get(operation.key);
      if (number === undefined) {
        number = this.#keys.length;
        numbers.set(operation.key, number);
        this.#keys.push({ key: operation.key, operations: [] });
      }
      this.#keyOf[nth] = number;
      const saysNothing =
        operation.outcome === 'failed' || (operation.outcome === 'unknown' && operation.type === 'get');
      if (!saysNothing) this.#keys[number]!.operations.push(operation);
    });
  }

  #certificate(): Certificate | undefined {
    if (this.#options.ignoreRevisions) return undefined;
    return certify(this.#history.operations, this.#keyOf, this.#keys.length);
  }

  #decideKey(nth: number, certificate: Certificate | undefined): KeyVerdict {
    const { key, operations } = this.#keys[nth]!;
    const said = { key, operations: operations.length, unknown: count(operations, 'unknown') };
    if (certificate?.byKey[nth] === 'proved') {
      return { ...said, verdict: 'linearizable', decidedBy: 'revisions', steps: 0, gaveUp: null };
    }
    const { verdict, steps, limit } = decide(
      operations,
      this.#limits(this.#startedAt + (this.#options.timeoutMs ?? TIMEOUT_MS)),
    );
    const gaveUp = limit === undefined ? null : { limit, concurrent: mostConcurrent(operations) };
    return { ...said, verdict, decidedBy: limit === undefined ? 'search' : null, steps, gaveUp };
  }

  #limits(deadline: number): SearchLimits {
    const { clock, stepsPerKey = STEPS_PER_KEY, memoryPerKey = MEMORY_PER_KEY } = this.#options;
    return { steps: stepsPerKey, memory: memoryPerKey, clock, deadline };
  }

  #explain(byKey: readonly KeyVerdict[]): Violation[] {
    const bad = this.#keys.filter((_, nth) => byKey[nth]!.verdict === 'violation');
    const limits = this.#limits(this.#options.clock.now() + EXPLAIN_MS);
    return bad.map(({ key, operations }, nth) =>
      nth < EXPLAINED_MAX ? explain(key, operations, limits) : unexplained(key, operations),
    );
  }

  /** Revisions that cannot be true are wrong answers too, even where the values are right. */
  #breaches(byKey: readonly KeyVerdict[], certificate: Certificate | undefined): Violation[] {
    if (certificate === undefined) return [];
    const { breach, wrongAnswers } = certificate;
    const unlessExplained = [...wrongAnswers].filter(([nth]) => byKey[nth]!.verdict !== 'violation');
    const breaches = [...(breach === undefined ? [] : [breach]), ...unlessExplained.map(([, wrong]) => wrong)];
    return breaches.slice(0, EXPLAINED_MAX).map((each) => breachViolation(each, this.#history.operations.length));
  }

  #revisions(certificate: Certificate | undefined): RevisionVerdict {
    const answered = this.#history.operations.filter(({ outcome }) => outcome === 'ok');
    if (certificate === undefined || answered.every(({ revision }) => revision === null)) return 'absent';
    if (certificate.breach !== undefined || certificate.byKey.includes('contradicted')) return 'contradictory';
    if (answered.some(({ revision }) => revision === null)) return 'partial';
    return certificate.byKey.includes('open') ? 'unconfirmed' : 'consistent';
  }
}

function overall(byKey: readonly KeyVerdict[], violations: readonly Violation[]): Decision {
  if (violations.length > 0) return 'violation';
  return byKey.every(({ verdict }) => verdict === 'linearizable') ? 'linearizable' : 'undecided';
}

function count(operations: readonly Operation[], outcome: Operation['outcome']): number {
  let found = 0;
  for (const operation of operations) if (operation.outcome === outcome) found += 1;
  return found;
}

/** How many answered operations were open at the same time, at most. */
function mostConcurrent(operations: readonly Operation[]): number {
  const answered = operations.filter(({ outcome }) => outcome === 'ok');
  const returns = answered.map((operation) => operation.return).sort((left, right) => left - right);
  let most = 0;
  let returned = 0;
  answered.forEach(({ call }, called) => {
    while (returns[returned]! < call) returned += 1;
    most = Math.max(most, called + 1 - returned);
  });
  return most;
}
