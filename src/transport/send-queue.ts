import { FRAME_HEADER_BYTES, writeFrameHeader } from './frames.js';

/** A part of this size travels by reference; a smaller one is cheaper to copy beside its neighbours. */
const LARGE_PART_BYTES = 8 * 1024;

/**
 * The frames of one turn, on their way to one write. Small parts and all headers share one buffer; large parts stay
 * where they are between slices of it. No buffer is written twice: the socket may hold on to it.
 */
export class SendQueue {
  /** Three numbers a frame: kind, call id, number of parts. */
  #frames: number[] = [];
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #largeBytes = 0;

  /** Bytes waiting, headers included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Answers how many bytes the frame has. */
  add(kind: number, callId: number, parts: readonly Uint8Array[]): number {
    const before = this.#bytes;
    this.#frames.push(kind, callId, parts.length);
    this.#bytes += FRAME_HEADER_BYTES;
    for (let i = 0; i < parts.length; i += 1) {
      const part = parts[i]!;
      this.#parts.push(part);
      this.#bytes += part.length;
      if (part.length >= LARGE_PART_BYTES) this.#largeBytes += part.length;
    }
    return this.#bytes - before;
  }

  /** Empties the queue into the buffers of one write, in order. */
  take(): Uint8Array[] {
    const frames = this.#frames;
    const parts = this.#parts;
    const shared = Buffer.allocUnsafe(this.#bytes - this.#largeBytes);
    this.clear();
    const buffers: Uint8Array[] = [];
    let sliceFrom = 0;
    let at = 0;
    for (let frame = 0, part = 0; frame < frames.length; frame += 3) {
      const lastPart = part + frames[frame + 2]!;
      writeFrameHeader(shared, at, frames[frame]!, frames[frame + 1]!, sizeOf(parts, part, lastPart));
      at += FRAME_HEADER_BYTES;
      for (; part < lastPart; part += 1) {
        const bytes = parts[part]!;
        if (bytes.length < LARGE_PART_BYTES) {
          shared.set(bytes, at);
          at += bytes.length;
        } else {
          if (at > sliceFrom) buffers.push(shared.subarray(sliceFrom, at));
          buffers.push(bytes);
          sliceFrom = at;
        }
      }
    }
    if (at > sliceFrom) buffers.push(shared.subarray(sliceFrom, at));
    return buffers;
  }

  clear(): void {
    this.#frames = [];
    this.#parts = [];
    this.#bytes = 0;
    this.#largeBytes = 0;
  }
}

function sizeOf(parts: readonly Uint8Array[], from: number, end: number): number {
  let bytes = 0;
  for (let i = from; i < end; i += 1) bytes += parts[i]!.length;
  return bytes;
}
