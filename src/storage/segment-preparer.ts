import type { Emit, Scheduler, Timer } from '../base/index.js';
import type { File, FileSystem } from './file-system.js';
import { preparedPath, prepareSegment } from './segment-files.js';

const RETRY_MS = 1000;

export interface PreparerOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly bytes: number;
  readonly emit: Emit;
  readonly scheduler: Scheduler;
  /** The disk failed in another way than being full. */
  readonly onFatal: (path: string, error: Error) => void;
}

/**
 * Has the next segment ready before the current one is full. A full disk does no harm yet: nothing was acknowledged
 * from a file that is only prepared, so it is tried again every second, and once more when the segment is needed.
 */
export class SegmentPreparer {
  readonly #options: PreparerOptions;
  #attempt: Promise<File | undefined> | undefined;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: PreparerOptions) {
    this.#options = options;
  }

  /** Begins to prepare the segment in the background, unless that is under way. */
  start(number: number): void {
    if (this.#attempt === undefined && !this.#closed) this.#attempt = this.#try(number);
  }

  /** The prepared file of the segment; waits for it, and rejects when it cannot be made. */
  async take(number: number): Promise<File> {
    this.start(number);
    const file = await this.#attempt;
    this.#retry?.cancel();
    this.#attempt = undefined;
    return file ?? (await this.#prepare(number));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    const file = await this.#attempt;
    await file?.close();
  }

  /** Never rejects. */
  async #try(number: number): Promise<File | undefined> {
    const { directory, bytes, emit, onFatal } = this.#options;
    const path = preparedPath(directory, number);
    try {
      const file = await this.#prepare(number);
      emit.emit('debug', 'wal-segment-prepared', { file: path, bytes });
      return file;
    } catch (thrown) {
      const error = thrown as NodeJS.ErrnoException;
      if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
        emit.emit('warn', 'wal-disk-full', { file: path, bytes, error: error.message });
        this.#retryLater(number);
      } else {
        onFatal(path, error);
      }
      return undefined;
    }
  }

  #retryLater(number: number): void {
    if (this.#closed) return;
    this.#retry = this.#options.scheduler.after(RETRY_MS, () => {
      this.#attempt = undefined;
      this.start(number);
    });
  }

  #prepare(number: number): Promise<File> {
    const { fileSystem, directory, bytes } = this.#options;
    return prepareSegment(fileSystem, directory, number, bytes, { keepOn: () => !this.#closed });
  }
}
