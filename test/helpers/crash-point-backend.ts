import type {
  Backend,
  BytesCursor,
  DatabaseName,
  Slice,
  Snapshot,
  StateCopy,
  Transaction,
  TransactionSize,
} from '../../src/kv/index.js';
import type { BinaryKey } from '../../src/kv/key.js';
import { decodeMeta } from '../../src/kv/meta.js';
import { type CrashPoints, die, dieInTheMiddle } from './crash-point-process.js';

/** Where in the log the state that was flushed stands. */
export interface FlushFacts {
  readonly index: number;
  readonly revision: number;
}

/** A backend under which the process dies before or after a flush. */
export class CrashingBackend implements Backend {
  readonly #backend: Backend;
  readonly #points: CrashPoints;

  constructor(backend: Backend, points: CrashPoints) {
    this.#backend = backend;
    this.#points = points;
  }

  get place(): string {
    return this.#backend.place;
  }

  find(database: DatabaseName, key: BinaryKey): Slice | undefined {
    return this.#backend.find(database, key);
  }

  range(database: DatabaseName, from: BinaryKey, before: BinaryKey | undefined): BytesCursor {
    return this.#backend.range(database, from, before);
  }

  snapshot(): Snapshot {
    return this.#backend.snapshot();
  }

  begin(size: TransactionSize): Transaction {
    return new CrashingTransaction(this.#backend.begin(size), this.#points);
  }

  copyTo(scratch: string): Promise<StateCopy> {
    return this.#backend.copyTo(scratch);
  }

  close(): Promise<void> {
    return this.#backend.close();
  }
}

class CrashingTransaction implements Transaction {
  readonly #transaction: Transaction;
  /** The meta goes in last. */
  #meta = { at: 0, length: 0 };
  readonly #points: CrashPoints;

  constructor(transaction: Transaction, points: CrashPoints) {
    this.#transaction = transaction;
    this.#points = points;
  }

  get bytes(): Buffer {
    return this.#transaction.bytes;
  }

  put(database: DatabaseName, key: BinaryKey, length: number): number {
    const at = this.#transaction.put(database, key, length);
    if (database === 'meta') this.#meta = { at, length };
    return at;
  }

  remove(database: DatabaseName, key: BinaryKey): void {
    this.#transaction.remove(database, key);
  }

  commit(done: (error: Error | undefined) => void): void {
    const { at, length } = this.#meta;
    const meta = decodeMeta(this.bytes.subarray(at, at + length), 'the transaction');
    const facts: FlushFacts = { index: meta.appliedIndex, revision: meta.revision };
    if (this.#points.reached('before-lmdb-flush', facts)) {
      dieInTheMiddle();
      return;
    }
    this.#transaction.commit((error) => {
      if (error === undefined && this.#points.reached('after-lmdb-flush', facts)) die();
      done(error);
    });
  }
}
