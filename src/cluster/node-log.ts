import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { copyFile, open, rename, stat, truncate } from 'node:fs/promises';

export interface NodeLogOptions {
  readonly file: string;
  /** Over this many bytes the file is set aside as `FILE.1`, what was there as `FILE.2`, and so on. */
  readonly maxFileBytes: number;
  /** Files set aside that are kept. */
  readonly files: number;
}

const TAIL_BYTES = 64 * 1024;

/**
 * The log file of a node: what its processes wrote to standard output and standard error, one after the other. The
 * process has the file open itself, for appending, so that no output passes through the supervisor. To bound it:
 *
 * - Before a start nobody has it open: it is renamed.
 * - While a process writes, `rotate` copies it aside and truncates it; the process goes on at the new end, which is the
 *   start. A line written between the last read and the truncation, some microseconds, is lost: better than a full
 *   disk, and the events themselves also reach the supervisor by another way.
 */
export class NodeLog {
  readonly file: string;
  readonly #options: NodeLogOptions;
  /** Where the current process's output begins. */
  #startOffset = 0;
  #rotating = false;

  constructor(options: NodeLogOptions) {
    this.file = options.file;
    this.#options = options;
  }

  /** A descriptor for the next process's output. The caller closes it once the process has it. */
  open(): number {
    if (sizeOf(this.file) > this.#options.maxFileBytes) {
      for (const [from, to] of this.#shifts()) renameIfThere(from, to);
      renameIfThere(this.file, `${this.file}.1`);
    }
    const fd = openSync(this.file, 'a', 0o600);
    this.#startOffset = fstatSync(fd).size;
    return fd;
  }

  /** The last lines of the current or last process; none when the file cannot be read. */
  tail(lines: number): readonly string[] {
    let fd: number | undefined;
    try {
      fd = openSync(this.file, 'r');
      const { size } = fstatSync(fd);
      // Rotated since: all of it is this process's.
      const start = this.#startOffset > size ? 0 : this.#startOffset;
      const from = Math.max(start, size - TAIL_BYTES);
      const bytes = Buffer.alloc(size - from);
      const read = readSync(fd, bytes, 0, bytes.length, from);
      const text = bytes.toString('utf8', 0, read).split('\n');
      return text.filter((line) => line !== '').slice(-lines);
    } catch {
      return [];
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /** Sets the file aside if it has grown over its bound. Answers how many bytes it had, or undefined. */
  async rotate(): Promise<number | undefined> {
    if (this.#rotating) return undefined;
    this.#rotating = true;
    try {
      const size = await stat(this.file).then(
        (found) => found.size,
        () => 0,
      );
      if (size <= this.#options.maxFileBytes) return undefined;
      for (const [from, to] of this.#shifts()) await rename(from, to).catch(ignoreMissing);
      await copyFile(this.file, `${this.file}.1`);
      await this.#moveRest();
      this.#startOffset = 0;
      return size;
    } finally {
      this.#rotating = false;
    }
  }

  /** What was written during the copy, then the truncation, with as little between as can be. */
  async #moveRest(): Promise<void> {
    const source = await open(this.file, 'r');
    const target = await open(`${this.file}.1`, 'a', 0o600);
    try {
      let copied = (await target.stat()).size;
      const buffer = Buffer.allocUnsafe(TAIL_BYTES);
      for (;;) {
        const { bytesRead } = await source.read(buffer, 0, buffer.length, copied);
        if (bytesRead === 0) break;
        await target.write(buffer, 0, bytesRead);
        copied += bytesRead;
        // A process that writes faster than this copies would keep us here for ever.
        if (bytesRead < buffer.length || copied > 2 * this.#options.maxFileBytes) break;
      }
      await truncate(this.file, 0);
    } finally {
      await source.close();
      await target.close();
    }
  }

  /** Oldest first: `.4` becomes `.5`, then `.3` becomes `.4` … */
  #shifts(): readonly (readonly [from: string, to: string])[] {
    const numbers = Array.from({ length: this.#options.files - 1 }, (_, nth) => this.#options.files - 1 - nth);
    return numbers.map((number) => [`${this.file}.${number}`, `${this.file}.${number + 1}`]);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    ignoreMissing(thrown);
  }
}

function ignoreMissing(thrown: unknown): void {
  if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
}
