import { expect, it } from 'vitest';
import type { BinaryKey } from '../../src/kv/key.js';
import { type LmdbEngine, LmdbTransaction, TransactionBuffer } from '../../src/kv/lmdb-transaction.js';

/** The flags that lmdb-js's writer sets in the end instruction (`writer.cpp`), and LMDB's results. */
const TXN_DELIMITER = 0x0800_0000;
const TXN_COMMITTED = 0x1000_0000;
const TXN_HAD_ERROR = 0x4000_0000;
const EPERM = 1;
const EIO = 5;
const VISIBLE = 1;

/** A writer whose steps the test decides. It walks the instructions as the real one does, and keeps what they say. */
class FakeEngine implements LmdbEngine {
  readonly databases = { keys: 2, sessions: 4, meta: 3 };
  readonly changes: string[] = [];
  readonly outcomes: (string | undefined)[] = [];
  report: (status: number) => void = () => {};
  #memory: Buffer = Buffer.alloc(0);
  #endAt = 0;

  /** Commits a put, a removal and an empty put. */
  static committing(): FakeEngine {
    const engine = new FakeEngine();
    const memory = new TransactionBuffer().reserve({ changes: 3, bytes: 40 });
    const transaction = new LmdbTransaction(engine, memory);
    const at = transaction.put('keys', 'a key' as BinaryKey, 5);
    transaction.bytes.write('value', at);
    transaction.remove('keys', 'gone' as BinaryKey);
    transaction.put('meta', 'empty' as BinaryKey, 0);
    transaction.commit((error) => engine.outcomes.push(error?.message));
    return engine;
  }

  addressOf(buffer: ArrayBufferLike): number {
    this.#memory = Buffer.from(buffer);
    return 1 << 20;
  }

  execute(address: number, report: (status: number) => void): void {
    this.report = report;
    this.#endAt = this.#walk(address - (1 << 20));
  }

  errorOf(code: number): Error {
    return new Error(`error ${code}`);
  }

  set(flag: number): this {
    this.#memory.writeUInt32LE((this.#memory.readUInt32LE(this.#endAt) | flag) >>> 0, this.#endAt);
    return this;
  }

  /** Answers where the end instruction is. */
  #walk(from: number): number {
    const memory = this.#memory;
    for (let at = from; ; ) {
      const [instruction, database, length] = [0, 4, 8].map((field) => memory.readUInt32LE(at + field)) as [
        number,
        number,
        number,
      ];
      if (instruction === 0) return at;
      if (instruction === 3) {
        at = memory.readDoubleLE(at + 8) - (1 << 20);
        continue;
      }
      const key = memory.toString('latin1', at + 12, at + 12 + length);
      at = (at + 12 + length + 16) & ~7;
      if (instruction === 13) {
        this.changes.push(`${database} ${key} removed`);
        continue;
      }
      const valueAt = memory.readDoubleLE(at) - (1 << 20);
      const value = memory.toString('latin1', valueAt, valueAt + memory.readUInt32LE(at - 4));
      this.changes.push(`${database} ${key}=${value}`);
      at += 8;
    }
  }
}

it('a transaction is written in the instructions of the writer thread', () => {
  expect(FakeEngine.committing().changes).toEqual(['2 a key=value', '2 gone removed', '3 empty=']);
});

it('a transaction is over when it is on the disk, not when it is visible', () => {
  const engine = FakeEngine.committing();
  engine.set(TXN_DELIMITER).report(VISIBLE);
  expect(engine.outcomes).toEqual([]);
  engine.set(TXN_COMMITTED).report(0);
  expect(engine.outcomes).toEqual([undefined]);
});

it('"visible" that is heard of after the commit changes nothing', () => {
  const engine = FakeEngine.committing();
  engine.set(TXN_DELIMITER).set(TXN_COMMITTED).report(VISIBLE);
  expect(engine.outcomes).toEqual([]);
  engine.report(0);
  expect(engine.outcomes).toEqual([undefined]);
});

it('EPERM, whose number is that of "visible", ends a transaction that could not begin', () => {
  const engine = FakeEngine.committing();
  engine.report(EPERM);
  expect(engine.outcomes).toEqual(['error 1']);
});

it('EPERM ends a transaction that failed before or after it was visible', () => {
  const engine = FakeEngine.committing();
  engine.set(TXN_DELIMITER).set(TXN_HAD_ERROR).report(EPERM);
  expect(engine.outcomes).toEqual(['LMDB could not write the transaction']);
  const seen = FakeEngine.committing();
  seen.set(TXN_DELIMITER).report(VISIBLE);
  seen.set(TXN_HAD_ERROR).report(EPERM);
  expect(seen.outcomes).toEqual(['LMDB could not write the transaction']);
});

it('an error of the disk after the commit was visible fails the transaction, by its own name', () => {
  const engine = FakeEngine.committing();
  engine.set(TXN_DELIMITER).report(VISIBLE);
  engine.set(TXN_HAD_ERROR).report(EIO);
  expect(engine.outcomes).toEqual(['error 5']);
});

it('a transaction whose "visible" is heard of after its error fails once, and never as EPERM', () => {
  const engine = FakeEngine.committing();
  engine.set(TXN_DELIMITER).set(TXN_HAD_ERROR).report(VISIBLE);
  engine.report(EIO);
  expect(engine.outcomes).toEqual(['LMDB could not write the transaction']);
});

it('a transaction that ended without a word of its commit has failed', () => {
  const engine = FakeEngine.committing();
  engine.set(TXN_DELIMITER).report(0);
  expect(engine.outcomes).toEqual(['LMDB ended without committing']);
});
