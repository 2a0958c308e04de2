import type { File } from './file-system.js';

const WINDOW_BYTES_MAX = 1024 * 1024;

/**
 * A stretch of a file in memory that moves forward as it is read: recovery needs one batch at a time, not the segment.
 * It grows for a larger batch and is shared by all segments.
 */
export class ReadWindow {
  bytes: Buffer = Buffer.allocUnsafeSlow(4096);
  #file: File | undefined;
  #size = 0;
  #start = 0;
  #length = 0;

  /** Looks at another file from now on. */
  attach(file: File, size: number): void {
    this.#file = file;
    this.#size = size;
    this.#start = 0;
    this.#length = 0;
    const wanted = Math.min(size, WINDOW_BYTES_MAX);
    if (wanted > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(wanted);
  }

  has(offset: number, length: number): boolean {
    return offset >= this.#start && offset + length <= this.#start + this.#length;
  }

  /** Makes [offset, offset + length) of the file present in `bytes`. What lies beyond the end of the file reads as zeros. */
  async load(offset: number, length: number): Promise<void> {
    if (length > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(length);
    const wanted = Math.max(length, Math.min(this.bytes.length, this.#size - offset));
    const inFile = Math.max(0, Math.min(wanted, this.#size - offset));
    let got = 0;
    while (got < inFile) {
      const more = await this.#file!.read(this.bytes.subarray(got, inFile), offset + got);
      if (more === 0) break;
      got += more;
    }
    this.bytes.fill(0, got, wanted);
    this.#start = offset;
    this.#length = wanted;
  }

  /** Where `offset` of the file lies in `bytes`. */
  indexOf(offset: number): number {
    return offset - this.#start;
  }
}
