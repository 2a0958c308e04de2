import type { Readable } from 'node:stream';

const KEPT_BYTES = 1 << 20;

/** The last bytes of a stream: a program that floods its output costs no more memory than this. */
export class Tail {
  /** Resolves when the stream has ended: nobody holds its other end any more. */
  readonly ended: Promise<void>;
  readonly #stream: Readable;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => this.#add(chunk));
    this.ended = new Promise((resolve) => void stream.once('close', resolve));
  }

  text(): string {
    this.#trim();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  /** Whoever still writes is not listened to. */
  close(): void {
    this.#stream.destroy();
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > 2 * KEPT_BYTES) this.#trim();
  }

  #trim(): void {
    const kept = Buffer.concat(this.#chunks).subarray(-KEPT_BYTES);
    this.#chunks = [Buffer.from(kept)];
    this.#bytes = kept.length;
  }
}
