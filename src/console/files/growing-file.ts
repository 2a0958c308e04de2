import { closeSync, existsSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { RaftctlError, systemReason } from '../../base/index.js';

/** A file that grows by whole pieces: one that cannot be written leaves nothing of itself. */
export class GrowingFile {
  /** Absolute. */
  readonly file: string;
  readonly #descriptor: number;
  #length = 0;

  private constructor(file: string, descriptor: number) {
    this.file = file;
    this.#descriptor = descriptor;
  }

  /**
   * Makes a new file, for the user's eyes only: commands have keys and values in them. `force` replaces what another one
   * says, and leaves it to whoever it was for. Throws `command-failed`.
   */
  static create(file: string, force: boolean): GrowingFile {
    try {
      const stat = statSync(file, { throwIfNoEntry: false });
      if (stat?.isFile() === false) throw new Error('it is no file');
      if (stat !== undefined && !force) throw new Error('there is such a file already; --force replaces it');
      return new GrowingFile(resolve(file), openSync(file, force ? 'w' : 'wx', 0o600));
    } catch (thrown) {
      throw new RaftctlError('command-failed', `${file} cannot be written: ${systemReason(thrown)}`, { cause: thrown });
    }
  }

  /** Throws `command-failed`; the file is as it was then. */
  append(text: string): void {
    const bytes = Buffer.from(text);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
      this.#length += bytes.length;
    } catch (thrown) {
      ftruncateSync(this.#descriptor, this.#length);
      throw new RaftctlError('command-failed', `${this.file}: ${systemReason(thrown)}`, { cause: thrown });
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Is there a file of this name, as far as anybody can see? */
export const isThere = (file: string): boolean => existsSync(file);
