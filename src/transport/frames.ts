import { RaftctlError } from '../base/index.js';
import type { Frame } from './transport.js';

/** `u32 length | u8 kind | u32 call id`, little-endian; `length` counts all but itself. */
export const FRAME_HEADER_BYTES = 9;
const LENGTH_BYTES = 4;
const LENGTH_MIN = FRAME_HEADER_BYTES - LENGTH_BYTES;
/** An assembly starts with this much at most; it doubles as bytes arrive. */
const ASSEMBLY_BYTES = 1024;
const NOTHING = Buffer.alloc(0);

export function writeFrameHeader(target: Buffer, at: number, kind: number, callId: number, payloadBytes: number): void {
  target.writeUInt32LE(payloadBytes + LENGTH_MIN, at);
  target[at + 4] = kind;
  target.writeUInt32LE(callId, at + 5);
}

/** One whole frame as bytes. The hot path does not come here: it writes many frames into one buffer. */
export function encodeFrame(kind: number, callId: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(frame, 0, kind, callId, payload.length);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/**
 * Cuts a stream of chunks into frames.
 *
 *     splitter.push(chunk);
 *     for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) …
 *
 * A frame that lies whole in one chunk is a view of it. One that does not is copied together in a buffer that doubles
 * as bytes arrive: it is at most twice what has arrived (or 1 KiB), whatever length was announced, and copying stays
 * linear. No buffer is used a second time, so a payload stays what it is.
 */
export class FrameSplitter {
  /** The bound on the next frame's `length`. The handshake raises it once it knows the role. */
  maxFrameBytes: number;
  #chunk: Buffer = NOTHING;
  #at = 0;
  #assembly: Buffer | undefined;
  #filled = 0;
  #fault: RaftctlError | undefined;
  #announced = 0;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /** What ended the splitting for good: a length that cannot be. */
  get fault(): RaftctlError | undefined {
    return this.#fault;
  }

  /** The length that the fault is about. */
  get announced(): number {
    return this.#announced;
  }

  /** Is a frame begun and not whole? */
  get isMidFrame(): boolean {
    return this.#assembly !== undefined;
  }

  /** Memory held for a frame that is not whole yet. */
  get heldBytes(): number {
    return this.#assembly?.length ?? 0;
  }

  /** The next bytes of the stream. Those before must be used up: `next` answered undefined. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next whole frame; undefined when the rest waits for more bytes or `fault` is set. */
  next(): Frame | undefined {
    if (this.#fault !== undefined) return undefined;
    if (this.#assembly !== undefined) return this.#assemble(this.#assembly);
    const chunk = this.#chunk;
    const from = this.#at;
    if (chunk.length - from >= LENGTH_BYTES) {
      const length = chunk.readUInt32LE(from);
      if (!this.#isPossible(length)) return undefined;
      const end = from + LENGTH_BYTES + length;
      if (end <= chunk.length) {
        this.#at = end;
        return frameAt(chunk, from, end);
      }
    }
    if (from < chunk.length) this.#assemble(NOTHING);
    else this.push(NOTHING);
    return undefined;
  }

  /** Goes on with a frame that spans chunks; answers it once whole. */
  #assemble(begun: Buffer): Frame | undefined {
    this.#assembly = begun;
    if (this.#filled < LENGTH_BYTES && !this.#fill(LENGTH_BYTES)) return undefined;
    const length = this.#assembly.readUInt32LE(0);
    if (!this.#isPossible(length)) return undefined;
    const total = LENGTH_BYTES + length;
    if (!this.#fill(total)) return undefined;
    const frame = frameAt(this.#assembly, 0, total);
    this.#assembly = undefined;
    this.#filled = 0;
    return frame;
  }

  /** Takes bytes of the chunk until the assembly holds `wanted` of them, or the chunk is used up. */
  #fill(wanted: number): boolean {
    const taken = Math.min(wanted - this.#filled, this.#chunk.length - this.#at);
    const filled = this.#filled + taken;
    let target = this.#assembly!;
    if (target.length < filled) {
      target = Buffer.allocUnsafe(Math.max(filled, Math.min(wanted, Math.max(2 * filled, ASSEMBLY_BYTES))));
      target.set(this.#assembly!.subarray(0, this.#filled));
      this.#assembly = target;
    }
    this.#chunk.copy(target, this.#filled, this.#at, this.#at + taken);
    this.#filled = filled;
    this.#at += taken;
    if (this.#at === this.#chunk.length) this.push(NOTHING);
    return filled === wanted;
  }

  /** Checked when the length is read, before anything is allocated for it. */
  #isPossible(length: number): boolean {
    if (length >= LENGTH_MIN && length <= this.maxFrameBytes) return true;
    this.#announced = length;
    this.#fault = new RaftctlError(
      'bad-request',
      `expected a frame of ${LENGTH_MIN} to ${this.maxFrameBytes} bytes, received one that announces ${length}`,
    );
    this.#assembly = undefined;
    this.push(NOTHING);
    return false;
  }
}

function frameAt(bytes: Buffer, from: number, end: number): Frame {
  return {
    kind: bytes[from + 4]!,
    callId: bytes.readUInt32LE(from + 5),
    payload: bytes.subarray(from + FRAME_HEADER_BYTES, end),
  };
}
