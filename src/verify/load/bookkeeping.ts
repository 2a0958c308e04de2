import { asError, type Clock } from '../../base/index.js';
import type { ReadOptions } from '../../client/index.js';
import { type Answer, type Call, callOf, type OperationType, type Outcome, operationOf } from '../history/index.js';
import { Accounts, type Acknowledged } from './accounts.js';
import { type Attempt, ask } from './attempt.js';
import type { Meter } from './meter.js';
import type { LoadOptions } from './options.js';
import type { OperationRecorder } from './recorder.js';
import { Values } from './values.js';
import { told } from './watch-audit.js';
import type { Worker } from './worker.js';

const NOTHING = Buffer.alloc(0);

interface BookkeepingParts {
  readonly clock: Clock;
  readonly call: ReadOptions;
  readonly recorder: OperationRecorder | undefined;
}

/** Sends operations, and books what comes of each: outcome and latency, what was acknowledged, what the history gets. */
export class Bookkeeping {
  readonly accounts: Accounts;
  /** Of the acknowledged writes, by revision, what they did: kept where somebody watches. */
  readonly written: Map<number, string> | null;
  readonly #parts: BookkeepingParts;
  readonly #keys: readonly string[];
  readonly #values: Values;
  readonly #keepsSeen: boolean;
  /** Null: what is answered now is not measured. Failures count all the same. */
  #meter: Meter | null = null;
  readonly #unmetered = { failed: 0, unknown: 0 };
  #recorded = 0;
  inFlight = 0;
  firstFailure: string | null = null;

  constructor({ keys, keyPrefix, valueBytes, mix, watches }: LoadOptions, parts: BookkeepingParts) {
    this.#parts = parts;
    const digits = String(keys - 1).length;
    this.#keys = Array.from({ length: keys }, (_, nth) => `${keyPrefix}${String(nth).padStart(digits, '0')}`);
    this.#values = new Values(valueBytes);
    this.#keepsSeen = mix.cas > 0;
    this.accounts = new Accounts(keys);
    this.written = watches > 0 ? new Map() : null;
  }

  get failed(): number {
    return this.#unmetered.failed + (this.#meter?.count('failed') ?? 0);
  }

  get unknown(): number {
    return this.#unmetered.unknown + (this.#meter?.count('unknown') ?? 0);
  }

  measureWith(meter: Meter): void {
    this.#meter = meter;
  }

  keyOf(key: number): string {
    return this.#keys[key]!;
  }

  bytesOf({ client, sequence }: Acknowledged): Buffer {
    return this.#values.make(client, sequence);
  }

  /** Sends one operation of a worker. `done` is called once it has ended and is booked; it never rejects. */
  send(worker: Worker, type: OperationType, key: number, done: (worker: Worker, outcome: Outcome) => void): void {
    const { clock, call, recorder } = this.#parts;
    const attempt = this.#attempt(worker, type, key);
    const { sequence } = worker;
    const callMs = clock.now();
    const isRecorded = recorder !== undefined && recorder.wants?.(attempt.key) !== false;
    const taken = isRecorded ? this.#takeDown(attempt, worker, callMs) : null;
    const write = { type: type === 'del' ? 'delete' : 'put', client: worker.name, sequence } as const;
    this.inFlight += 1;
    ask(worker.client, attempt, call).then(
      (answer) => {
        if (answer.changed) this.#acknowledge(key, { ...write, revision: answer.revision });
        if (this.#keepsSeen) this.#look(worker, type, key, answer, sequence);
        this.#ended(taken, 'ok', answer, callMs);
        done(worker, 'ok');
      },
      (thrown: unknown) => {
        const { definite, message } = asError(thrown);
        const outcome = definite || type === 'get' ? 'failed' : 'unknown';
        this.firstFailure ??= message;
        if (outcome === 'unknown' && type === 'del') this.accounts.doubtDelete(key);
        worker.seen.delete(key);
        this.#ended(taken, outcome, null, callMs);
        done(worker, outcome);
      },
    );
  }

  #attempt(worker: Worker, type: OperationType, key: number): Attempt {
    const writes = type === 'put' || type === 'cas';
    if (writes) worker.sequence += 1;
    return {
      type,
      key: this.#keys[key]!,
      value: writes ? this.#values.make(worker.name, worker.sequence) : NOTHING,
      expected: type === 'cas' ? (worker.seen.get(key) ?? null) : null,
    };
  }

  #takeDown(attempt: Attempt, { name }: Worker, callMs: number): Call {
    this.#recorded += 1;
    return callOf(attempt, { line: this.#recorded, client: name, callMs });
  }

  #acknowledge(key: number, write: Acknowledged): void {
    this.accounts.acknowledge(key, write);
    this.written?.set(write.revision, told(this.#keys[key]!, write.type));
  }

  #look(worker: Worker, type: OperationType, key: number, { found, changed }: Answer, sequence: number): void {
    if (type === 'get') worker.seen.set(key, found);
    else if (type === 'del') worker.seen.set(key, null);
    else if (changed) worker.seen.set(key, Buffer.from(this.#values.make(worker.name, sequence)));
    else worker.seen.delete(key);
  }

  #ended(taken: Call | null, outcome: Outcome, answer: Answer | null, callMs: number): void {
    const now = this.#parts.clock.now();
    this.inFlight -= 1;
    if (this.#meter !== null) this.#meter.take(outcome, callMs, now);
    else if (outcome !== 'ok') this.#unmetered[outcome] += 1;
    if (taken !== null) this.#parts.recorder?.record(operationOf(taken, outcome, answer, now));
  }
}
