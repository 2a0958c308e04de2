import type { Backend, Transaction, TransactionSize, VersionCursor } from '../../src/kv/index.js';
import type { BinaryKey } from '../../src/kv/key.js';
import type { StoreMeta } from '../../src/kv/meta.js';
import type { Version } from '../../src/kv/version.js';
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

  get meta(): StoreMeta {
    return this.#backend.meta;
  }

  find(key: BinaryKey): Version | undefined {
    return this.#backend.find(key);
  }

  range(from: BinaryKey, before: BinaryKey | undefined): VersionCursor {
    return this.#backend.range(from, before);
  }

  begin(size: TransactionSize): Transaction {
    return new CrashingTransaction(this.#backend.begin(size), this.#points);
  }

  close(): Promise<void> {
    return this.#backend.close();
  }
}

class CrashingTransaction implements Transaction {
  readonly #transaction: Transaction;
  readonly #points: CrashPoints;

  constructor(transaction: Transaction, points: CrashPoints) {
    this.#transaction = transaction;
    this.#points = points;
  }

  put(key: BinaryKey, version: Version): void {
    this.#transaction.put(key, version);
  }

  remove(key: BinaryKey): void {
    this.#transaction.remove(key);
  }

  commit(meta: StoreMeta, done: (error: Error | undefined) => void): void {
    const facts: FlushFacts = { index: meta.appliedIndex, revision: meta.revision };
    if (this.#points.reached('before-lmdb-flush', facts)) {
      dieInTheMiddle();
      return;
    }
    this.#transaction.commit(meta, (error) => {
      if (error === undefined && this.#points.reached('after-lmdb-flush', facts)) die();
      done(error);
    });
  }
}
