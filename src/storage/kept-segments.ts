import type { FileSystem } from './file-system.js';
import { removeIfThere, segmentPath } from './segment-files.js';

/** A segment file of the log: its number, the last entry of the log when it began, and the bytes of its batches. */
export interface KeptSegment {
  readonly number: number;
  readonly beforeIndex: number;
  bytes: number;
}

/** The segment files that make up the log, oldest first. The last one is being written. */
export class KeptSegments {
  #segments: KeptSegment[];
  #bytes: number;

  constructor(segments: readonly KeptSegment[]) {
    this.#segments = [...segments];
    this.#bytes = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get count(): number {
    return this.#segments.length;
  }

  /** Of all batches in them. */
  get bytes(): number {
    return this.#bytes;
  }

  begin(number: number, beforeIndex: number): void {
    this.#segments.push({ number, beforeIndex, bytes: 0 });
  }

  /** A batch is in the last one. */
  wrote(bytes: number): void {
    this.#segments.at(-1)!.bytes += bytes;
    this.#bytes += bytes;
  }

  /**
   * Takes the oldest ones out that hold nothing behind `upTo`, as long as `keepBytes` stay. Whatever the log was when a
   * segment began is in the segments before it: up to there they have to be done with, also with what was replaced since.
   */
  takeUpTo(upTo: number, keepBytes: number): readonly KeptSegment[] {
    let left = this.#bytes;
    let gone = 0;
    for (const [nth, { bytes }] of this.#segments.entries()) {
      const next = this.#segments[nth + 1];
      if (next === undefined || next.beforeIndex > upTo || left - bytes < keepBytes) break;
      left -= bytes;
      gone += 1;
    }
    this.#bytes = left;
    return gone === 0 ? [] : this.#segments.splice(0, gone);
  }
}

/**
 * Removes segment files in the background, the oldest first, each name durably before the next: of a crash in between no
 * gap is left in the log, which nobody could tell from one that lost a segment.
 */
export class SegmentRemover {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #onFatal: (path: string, error: Error) => void;
  #work: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(fileSystem: FileSystem, directory: string, onFatal: (path: string, error: Error) => void) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#onFatal = onFatal;
  }

  remove(segments: readonly KeptSegment[]): void {
    this.#work = segments.reduce((before, { number }) => before.then(() => this.#removeOne(number)), this.#work);
  }

  /** Resolves when nothing is under way any more. */
  settled(): Promise<void> {
    return this.#work;
  }

  /** Never rejects. */
  async #removeOne(number: number): Promise<void> {
    if (this.#hasFailed) return;
    const path = segmentPath(this.#directory, number);
    try {
      await removeIfThere(this.#fileSystem, path);
      await this.#fileSystem.syncDirectory(this.#directory);
    } catch (error) {
      this.#hasFailed = true;
      this.#onFatal(path, error as Error);
    }
  }
}
