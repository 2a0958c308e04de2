import type { LogIndex, Revision } from '../base/index.js';
import type { Slice } from './backend.js';
import { checksumOf } from './checksum.js';
import { SESSION_WINDOW } from './command.js';
import { type BinaryKey, readKey, toBytes } from './key.js';
import type { CommandResult } from './types.js';
import { readU64, writeU64 } from './u64.js';

const RESULTS_MIN = 8;
const HEADER_BYTES = 28;
const RESULT_BYTES = 8;

/**
 * What the state machine remembers of a client: the results of its writes, by sequence, from the lowest on that the
 * client has not acknowledged. Of a client that keeps at most five writes under way, after its 9th:
 *
 *     sequence     … 5   6          7     8          9
 *     result           (ok, 12)    none  (ok, 13)  (ok, 14)         lowest 6: 5 and what was before are forgotten
 *
 * In the database `sessions`, under its id as eight bytes, the highest first, it is, little-endian:
 *
 *      0 u32 crc32 of the key and of all that follows     4 u64 last index     12 u64 active at     20 u64 lowest
 *     28 u64 of each sequence from the lowest on: 2 × revision + 1 if it succeeded; 0: no result
 */
export class Session {
  /** The index of the entry that opened it. */
  readonly id: LogIndex;
  /** The last entry under it. No two sessions have the same. */
  lastIndex: LogIndex;
  /** The log's time at that entry. */
  activeAt: number;
  /** It is not in the backend as it is now. */
  isChanged = false;
  #lowest = 1;
  /** Behind the last sequence that has a result. */
  #end = 1;
  /** As they are stored; a sequence's place is its low bits. */
  #results = new Float64Array(RESULTS_MIN);

  constructor(id: LogIndex, lastIndex: LogIndex, activeAt: number) {
    this.id = id;
    this.lastIndex = lastIndex;
    this.activeAt = activeAt;
  }

  /** Sequences below are acknowledged: what came of them is forgotten. */
  get lowest(): number {
    return this.#lowest;
  }

  /** The client knows what came of all sequences below `lowest`. It may say so late, after it has said more. */
  acknowledge(lowest: number): void {
    const mask = this.#results.length - 1;
    const end = Math.min(lowest, this.#end);
    for (let sequence = this.#lowest; sequence < end; sequence += 1) this.#results[sequence & mask] = 0;
    if (lowest <= this.#lowest) return;
    this.#lowest = lowest;
    this.#end = Math.max(this.#end, lowest);
  }

  /** What came of a sequence that is not acknowledged; undefined: it has not been run. */
  resultOf(sequence: number): CommandResult | undefined {
    const result = sequence < this.#end ? this.#results[sequence & (this.#results.length - 1)]! : 0;
    if (result === 0) return undefined;
    return { succeeded: result % 2 === 1, revision: Math.floor(result / 2) as Revision };
  }

  /** `sequence` is less than the window ahead of the lowest. */
  remember(sequence: number, { succeeded, revision }: CommandResult): void {
    while (sequence - this.#lowest >= this.#results.length) this.#grow();
    this.#results[sequence & (this.#results.length - 1)] = 2 * revision + (succeeded ? 1 : 0);
    this.#end = Math.max(this.#end, sequence + 1);
  }

  get key(): BinaryKey {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(this.id));
    return readKey(bytes, 0, 8);
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(HEADER_BYTES + RESULT_BYTES * (this.#end - this.#lowest));
    let at = writeU64(bytes, this.#lowest, writeU64(bytes, this.activeAt, writeU64(bytes, this.lastIndex, 4)));
    const mask = this.#results.length - 1;
    for (let sequence = this.#lowest; sequence < this.#end; sequence += 1) {
      at = writeU64(bytes, this.#results[sequence & mask]!, at);
    }
    bytes.writeUInt32LE(checksumOf(this.key, bytes, 4, bytes.length), 0);
    return bytes;
  }

  /** What `encode` made, as it lies under its key. Undefined: it is not intact. */
  static decode(key: BinaryKey, { bytes, start, end }: Slice): Session | undefined {
    const results = (end - start - HEADER_BYTES) / RESULT_BYTES;
    if (key.length !== 8 || !Number.isInteger(results) || results < 0 || results > SESSION_WINDOW) return undefined;
    if (checksumOf(key, bytes, start + 4, end) !== bytes.readUInt32LE(start)) return undefined;
    const id = Number(toBytes(key).readBigUInt64BE(0)) as LogIndex;
    const session = new Session(id, readU64(bytes, start + 4) as LogIndex, readU64(bytes, start + 12));
    session.#lowest = readU64(bytes, start + 20);
    session.#end = session.#lowest + results;
    while (session.#results.length < results) session.#grow();
    const mask = session.#results.length - 1;
    for (let nth = 0; nth < results; nth += 1) {
      const result = readU64(bytes, start + HEADER_BYTES + RESULT_BYTES * nth);
      session.#results[(session.#lowest + nth) & mask] = result;
    }
    return session;
  }

  #grow(): void {
    const before = this.#results;
    this.#results = new Float64Array(2 * before.length);
    const [from, to] = [before.length - 1, this.#results.length - 1];
    const end = Math.min(this.#end, this.#lowest + before.length);
    for (let sequence = this.#lowest; sequence < end; sequence += 1) {
      this.#results[sequence & to] = before[sequence & from]!;
    }
  }
}
