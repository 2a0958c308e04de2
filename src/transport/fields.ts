import { assert, type RaftctlError } from '../base/index.js';

/** Builds the few small payloads of the handshake; the hot path has its own fixed layouts. */
export class FieldWriter {
  readonly #parts: Uint8Array[] = [];

  u8(value: number): this {
    this.#parts.push(Uint8Array.of(value));
    return this;
  }

  u16(value: number): this {
    assert(value >= 0 && value <= 0xffff, () => `${value} does not fit 16 bits`);
    this.#parts.push(Uint8Array.of(value & 0xff, value >>> 8));
    return this;
  }

  u32(value: number): this {
    assert(value >= 0 && value <= 0xffff_ffff, () => `${value} does not fit 32 bits`);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.bytes(bytes);
  }

  bytes(value: Uint8Array): this {
    this.#parts.push(value);
    return this;
  }

  /** `u16 length | UTF-8`, cut at `bytesMax`. */
  text(value: string, bytesMax: number): this {
    const bytes = Buffer.from(value).subarray(0, bytesMax);
    return this.u16(bytes.length).bytes(bytes);
  }

  take(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Reads them back. Every length is checked; `malformed` is thrown when one reaches beyond the end. */
export class FieldReader {
  readonly #payload: Buffer;
  readonly #malformed: () => RaftctlError;
  #at = 0;

  constructor(payload: Buffer, malformed: () => RaftctlError) {
    this.#payload = payload;
    this.#malformed = malformed;
  }

  /** What has been read. */
  get soFar(): Buffer {
    return this.#payload.subarray(0, this.#at);
  }

  u8(): number {
    return this.bytes(1)[0]!;
  }

  u16(): number {
    return this.bytes(2).readUInt16LE(0);
  }

  u32(): number {
    return this.bytes(4).readUInt32LE(0);
  }

  bytes(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#payload.length) throw this.#malformed();
    const bytes = this.#payload.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  text(): string {
    return this.bytes(this.u16()).toString('utf8');
  }
}
