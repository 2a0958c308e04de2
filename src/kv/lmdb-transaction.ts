import { assert } from '../base/index.js';
import type { DatabaseName, Transaction, TransactionSize } from './backend.js';
import type { BinaryKey } from './key.js';

/**
 * One LMDB transaction, written in the form that lmdb-js's own writer thread executes.
 *
 * The public `batch` must be filled within one turn of the event loop and makes four objects a put, which survive until
 * the commit: 30,000 puts block the loop for 15 to 50 ms. Here each put goes straight into one buffer, over as many
 * turns as the caller likes (30,000 puts: 1 to 3 ms at a time), and the writer thread gets that buffer's address. The
 * price is a dependence on what lmdb-js calls internally: its version is pinned, and compared whenever a state is opened
 * (`lmdb-engine.ts`).
 *
 * The writer (lmdb-js `src/writer.cpp`) reads 8-byte aligned instructions, u32 unless said otherwise:
 *
 *     flags | database | key length | key, zeros up to 4 bytes before alignment | value length | f64 address of value
 *     flags | 0 | f64 address of the next instruction
 *     0                                                 end of transaction; the word before it receives its id
 *
 * It sets bits in `flags` as it goes. A value follows its put at once; a jump leads over it.
 */
const INSTRUCTION = { put: 15, remove: 13, jump: 3, end: 0 } as const;
const WORD = 8;
const KEY_AT = 12;
const JUMP_BYTES = 16;
/** The most that one put or removal takes beyond its key and value: header, padding, value address, jump, alignment. */
const CHANGE_BYTES_MAX = KEY_AT + 16 + WORD + JUMP_BYTES + WORD;

const LMDB_KEY_BYTES_MAX = 1978;
/** What the writer sets in the end instruction's flags: it got there, the transaction failed, it is on disk. */
const REACHED = 0x0800_0000;
const FAILED = 0x4000_0000;
const COMMITTED = 0x1000_0000;

/** The writer reports this when the transaction is visible, and LMDB's result when it is on disk: EPERM is 1, too. */
const VISIBLE_STATUS = 1;

/** What lmdb-js must offer: `LmdbEngine` hides where it comes from. */
export interface LmdbEngine {
  /** The databases' numbers in the environment. */
  readonly databases: Readonly<Record<DatabaseName, number>>;
  /** Where the memory lies. It does not move. */
  addressOf(buffer: ArrayBufferLike): number;
  /**
   * Executes the instructions at `address` in one transaction, off this thread. `report` runs with 1 when it is
   * visible, then with 0 at the flushed point; or with LMDB's error code, of which 1 is one.
   */
  execute(address: number, report: (status: number) => void): void;
  errorOf(errorCode: number): Error;
}

/** Memory for transactions, used again and again: one transaction at a time. */
export class TransactionBuffer {
  #bytes: Buffer = Buffer.alloc(0);

  /** Room for a transaction. Memory of which a transaction uses less than an eighth is given back. */
  reserve({ changes, bytes }: TransactionSize): Buffer {
    const needed = 2 * WORD + changes * CHANGE_BYTES_MAX + bytes;
    if (this.#bytes.length < needed || this.#bytes.length > 8 * Math.max(needed, GRAIN)) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.ceil(needed / GRAIN) * GRAIN);
    }
    return this.#bytes;
  }
}

const GRAIN = 1 << 16;

export class LmdbTransaction implements Transaction {
  readonly bytes: Buffer;
  readonly #engine: LmdbEngine;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #address: number;
  /** The next instruction goes here. The first word is for the transaction's id. */
  #at: number = WORD;

  constructor(engine: LmdbEngine, memory: Buffer) {
    this.#engine = engine;
    this.bytes = memory;
    this.#words = new Uint32Array(memory.buffer, 0, memory.length >> 2);
    this.#doubles = new Float64Array(memory.buffer, 0, memory.length >> 3);
    this.#address = engine.addressOf(memory.buffer);
  }

  put(database: DatabaseName, key: BinaryKey, length: number): number {
    return this.#putInstruction(this.#engine.databases[database], key, length);
  }

  remove(database: DatabaseName, key: BinaryKey): void {
    this.#at = this.#keyInstruction(INSTRUCTION.remove, this.#engine.databases[database], key);
  }

  commit(done: (error: Error | undefined) => void): void {
    const endAt = this.#at >> 2;
    assert(this.#at + WORD <= this.bytes.length, 'a transaction has more changes than announced');
    this.#words.fill(INSTRUCTION.end, endAt, endAt + 2);
    let isOver = false;
    this.#engine.execute(this.#address + WORD, (status) => {
      const flags = this.#words[endAt]!;
      // The writer is visible only once it got to the end; a transaction that could not even begin never does.
      const isVisible = status === VISIBLE_STATUS && (flags & REACHED) !== 0 && (flags & FAILED) === 0;
      if (isVisible || isOver) return;
      isOver = true;
      done(this.#errorOf(status, flags));
    });
  }

  /** What the transaction ended with, by the last status and the flags of its end. */
  #errorOf(status: number, flags: number): Error | undefined {
    if (status === 0) return (flags & COMMITTED) !== 0 ? undefined : new Error('LMDB ended without committing');
    // "Visible" came late, when the writer had failed already, or this is EPERM: the report does not tell them apart.
    if (status === VISIBLE_STATUS && (flags & REACHED) !== 0) return new Error('LMDB could not write the transaction');
    return this.#engine.errorOf(status);
  }

  /** Writes a put and the jump over its value; answers where the value belongs. */
  #putInstruction(database: number, key: BinaryKey, length: number): number {
    const addressAt = this.#keyInstruction(INSTRUCTION.put, database, key);
    const jumpAt = addressAt + WORD;
    const valueAt = jumpAt + JUMP_BYTES;
    const next = aligned(valueAt + length);
    assert(next + WORD <= this.bytes.length, 'a transaction has more changes than announced');
    this.#words[(addressAt >> 2) - 1] = length;
    this.#doubles[addressAt >> 3] = this.#address + valueAt;
    this.#words[jumpAt >> 2] = INSTRUCTION.jump;
    this.#words[(jumpAt >> 2) + 1] = 0;
    this.#doubles[(jumpAt >> 3) + 1] = this.#address + next;
    this.#at = next;
    return valueAt;
  }

  /** Writes flags, database and key; answers the aligned offset behind them. */
  #keyInstruction(flags: number, database: number, key: BinaryKey): number {
    const at = this.#at;
    assert(key.length > 0 && key.length <= LMDB_KEY_BYTES_MAX, () => `a key of ${key.length} bytes`);
    const keyEnd = at + KEY_AT + key.length;
    const end = (keyEnd + 16) & -WORD;
    assert(end + WORD <= this.bytes.length, 'a transaction has more changes than announced');
    // The padding ends here; what else these four words are is written over.
    this.#words.fill(0, (end >> 2) - 4, end >> 2);
    this.#words[at >> 2] = flags;
    this.#words[(at >> 2) + 1] = database;
    this.#words[(at >> 2) + 2] = key.length;
    this.bytes.write(key, at + KEY_AT, 'latin1');
    return end;
  }
}

const aligned = (offset: number): number => (offset + WORD - 1) & -WORD;
