import { diskRemedy, type FaultyDisk, messageOf, RaftctlError } from '../base/index.js';
import type {
  Backend,
  BytesCursor,
  DatabaseName,
  Slice,
  Snapshot,
  StateCopy,
  Transaction,
  TransactionSize,
} from './backend.js';
import type { BinaryKey } from './key.js';

/**
 * Opens states on a disk that may be slow, full or failing on purpose: transactions, and copies, meet its fault before
 * anything of them is done. A state cannot be opened on one that is full or fails, as LMDB writes when it opens.
 */
export function openOnFaultyDisk(
  disk: FaultyDisk,
  open: (directory: string) => Backend,
): (directory: string) => Backend {
  return (directory) => {
    const refusal = disk.refusalOf('write', directory);
    if (refusal === undefined) return new FaultyBackend(open(directory), disk);
    throw new RaftctlError('disk-failed', `${directory}: cannot open the state: ${messageOf(refusal)}`, {
      hint: diskRemedy(refusal),
      cause: refusal,
    });
  };
}

class FaultyBackend implements Backend {
  readonly place: string;
  readonly #backend: Backend;
  readonly #disk: FaultyDisk;

  constructor(backend: Backend, disk: FaultyDisk) {
    this.place = backend.place;
    this.#backend = backend;
    this.#disk = disk;
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

  copyTo(scratch: string): Promise<StateCopy> {
    if (this.#disk.fault === null) return this.#backend.copyTo(scratch);
    return this.#disk.admit('write', scratch).then(() => this.#backend.copyTo(scratch));
  }

  begin(size: TransactionSize): Transaction {
    return new FaultyTransaction(this.#backend.begin(size), this.place, this.#disk);
  }

  close(): Promise<void> {
    return this.#backend.close();
  }
}

class FaultyTransaction implements Transaction {
  readonly #transaction: Transaction;
  readonly #place: string;
  readonly #disk: FaultyDisk;

  constructor(transaction: Transaction, place: string, disk: FaultyDisk) {
    this.#transaction = transaction;
    this.#place = place;
    this.#disk = disk;
  }

  get bytes(): Buffer {
    return this.#transaction.bytes;
  }

  put(database: DatabaseName, key: BinaryKey, length: number): number {
    return this.#transaction.put(database, key, length);
  }

  remove(database: DatabaseName, key: BinaryKey): void {
    this.#transaction.remove(database, key);
  }

  commit(done: (error: Error | undefined) => void): void {
    if (this.#disk.fault === null) {
      this.#transaction.commit(done);
      return;
    }
    this.#disk.meet('write', this.#place, (error) => {
      if (error === undefined) this.#transaction.commit(done);
      else done(error);
    });
  }
}
