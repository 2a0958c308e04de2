import type { Answered, Request } from './calls.js';
import type { CommittedLog } from './committed-log.js';
import { renderVersions } from './model.js';
import { expectSafe } from './violation.js';

/**
 * Compares every answer, as it arrives, with what the committed log says: the answer must be true at the revision that
 * it names, and no call may be answered from before the latest revision that anybody had been told of when it began.
 * Together: the order of revisions is a linearization of everything that was acknowledged.
 */
export class ClientChecker {
  /** The highest revision that a client has been told of. */
  floor = 0;
  /** Answers compared. */
  checked = 0;
  readonly #log: CommittedLog;
  /** Writes that were said not to have happened. */
  readonly #denied = new Set<string>();

  constructor(log: CommittedLog) {
    this.#log = log;
  }

  /** A call ended that began when `floor` was known. */
  ended(request: Request, floor: number, answered: Answered): void {
    expectSafe(answered.error?.code !== 'sequence-acknowledged', 'nobody forgets what is not acknowledged', () => {
      return `${say(request)} failed: ${answered.error?.message}`;
    });
    if (answered.outcome === 'failed') this.#deny(request);
    if (answered.outcome !== 'ok') return;
    const revision = answered.revision!;
    expectSafe(revision >= floor || isStale(request), 'linearizability', () => {
      return `${say(request)} was answered from revision ${revision}; ${floor} was known before it began`;
    });
    expectSafe(revision <= this.#log.revision, 'acknowledged writes survive', () => {
      return `${say(request)} was answered at revision ${revision}; what is committed ends at ${this.#log.revision}`;
    });
    this.#compare(request, revision, answered);
    this.floor = Math.max(this.floor, revision);
    this.checked += 1;
  }

  /** Once all is over: what was said not to have happened has not happened later either. */
  atTheEnd(): void {
    for (const value of this.#denied) {
      expectSafe(!this.#log.writes.has(value), 'a definite failure did not happen', () => {
        return `the write of ${value} failed for certain, and was committed`;
      });
    }
  }

  #deny(request: Request): void {
    if (request.type !== 'put' && request.type !== 'cas') return;
    this.#denied.add(request.value);
    const committed = this.#log.writes.get(request.value);
    expectSafe(committed === undefined, 'a definite failure did not happen', () => {
      return `${say(request)} failed for certain, and is committed at index ${committed?.index}`;
    });
    const undecided = this.#log.undecided(request.value);
    expectSafe(undecided === undefined, 'a definite failure did not happen', () => {
      return `${say(request)} failed for certain; as index ${undecided?.index} of term ${undecided?.term} it may be committed yet`;
    });
  }

  #compare(request: Request, revision: number, { output, versions }: Answered): void {
    const { model } = this.#log;
    if (request.type === 'scan') {
      const at = model.scan(request, revision);
      expectTrue(at === output, request, revision, output, at);
      return;
    }
    const before = model.at(request.key, revision - 1)?.value ?? null;
    const state = model.at(request.key, revision);
    const at = state?.value ?? null;
    switch (request.type) {
      case 'get':
        expectTrue(at === output, request, revision, output, at);
        if (state !== undefined) {
          const held = renderVersions(state);
          expectTrue(held === versions, request, revision, versions ?? null, held);
        }
        break;
      case 'put':
        expectTrue(this.#wrote(request.value, request.key, revision), request, revision, 'ok', at);
        break;
      case 'del':
        if (output === true) expectTrue(at === null && before !== null, request, revision, output, at);
        else expectTrue(at === null, request, revision, output, at);
        break;
      case 'cas':
        if (output === true) {
          const matched = before === request.expected && this.#wrote(request.value, request.key, revision);
          expectTrue(matched, request, revision, output, at);
        } else expectTrue(at !== request.expected, request, revision, output, at);
        break;
    }
  }

  #wrote(value: string, key: string, revision: number): boolean {
    const effect = this.#log.model.effectAt(revision);
    return effect !== undefined && effect.value === value && effect.key === key;
  }
}

function expectTrue(
  holds: boolean,
  request: Request,
  revision: number,
  output: string | boolean | null,
  at: string | null,
): void {
  expectSafe(holds, 'answers are true at their revision', () => {
    return `${say(request)} was answered ${output} at revision ${revision}, where the log says ${at}`;
  });
}

const say = (request: Request): string => JSON.stringify(request);

/** A stale read promises only that it was true once. */
const isStale = (request: Request): boolean => (request.type === 'get' || request.type === 'scan') && request.stale;
