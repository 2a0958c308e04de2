import type { Clock } from '../../base/index.js';
import type {
  Bytes,
  CallOptions,
  Client,
  ReadOptions,
  ReadResult,
  ScanOptions,
  WatchOptions,
} from '../../client/index.js';
import { type Answer, type Question, valueText } from '../../verify/history/index.js';
import type { TypedOperations } from './typed-operations.js';

/** A client through which whatever is asked of one key becomes part of the history. */
export class RecordingClient implements Client {
  readonly #client: Client;
  readonly #typed: TypedOperations;
  readonly #clock: Clock;

  constructor(client: Client, typed: TypedOperations, clock: Clock) {
    this.#client = client;
    this.#typed = typed;
    this.#clock = clock;
  }

  put(key: Bytes, value: Bytes, call?: CallOptions) {
    return this.#record({ type: 'put', key: keyText(key), value: toBuffer(value) }, () =>
      this.#client.put(key, value, call),
    );
  }

  async get(key: Bytes, call?: ReadOptions) {
    return (await this.read(key, call)).entry;
  }

  read(key: Bytes, call?: ReadOptions): Promise<ReadResult> {
    const ask = () => this.#client.read(key, call);
    // A stale answer is what was asked for.
    if (call?.read === 'stale') return ask();
    return this.#record({ type: 'get', key: keyText(key) }, ask);
  }

  delete(key: Bytes, call?: CallOptions) {
    return this.#record({ type: 'del', key: keyText(key) }, () => this.#client.delete(key, call));
  }

  compareAndSet(key: Bytes, expected: Bytes | null, value: Bytes, call?: CallOptions) {
    const question: Question = {
      type: 'cas',
      key: keyText(key),
      value: toBuffer(value),
      expected: expected === null ? null : toBuffer(expected),
    };
    return this.#record(question, () => this.#client.compareAndSet(key, expected, value, call));
  }

  scan(options?: ScanOptions, call?: ReadOptions) {
    return this.#client.scan(options, call);
  }

  scanAll(options?: ScanOptions, call?: ReadOptions) {
    return this.#client.scanAll(options, call);
  }

  watch(target: Bytes | { readonly prefix: Bytes }, call?: WatchOptions) {
    return this.#client.watch(target, call);
  }

  leader() {
    return this.#client.leader();
  }

  close() {
    return this.#client.close();
  }

  #record<T extends Found>(question: Question, ask: () => Promise<T>): Promise<T> {
    return this.#typed.record(question, this.#clock, ask, (found) => answerOf(question, found));
  }
}

/** The fields of all results that say something to a history. */
type Found = Pick<Answer, 'revision' | 'node'> &
  Partial<Pick<ReadResult, 'entry'>> & {
    readonly deleted?: boolean;
    readonly succeeded?: boolean;
  };

const answerOf = ({ type }: Question, { revision, node, entry, deleted, succeeded }: Found): Answer => ({
  revision,
  node,
  found: entry?.value ?? null,
  changed: deleted ?? succeeded ?? type === 'put',
});

const toBuffer = (bytes: Bytes): Buffer => Buffer.from(bytes);
const keyText = (key: Bytes): string => valueText(toBuffer(key));
