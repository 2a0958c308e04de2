import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { RaftctlError, systemReason } from '../../base/index.js';
import { makeDirectory, makeTemporaryDirectory } from '../../os/directories.js';

/** A directory that is made when it is first asked for and removed at the end. */
export class TemporaryDirectory {
  #path: string | null = null;

  get path(): string {
    this.#path ??= makeTemporaryDirectory();
    return this.#path;
  }

  remove(): void {
    if (this.#path !== null) rmSync(this.#path, { recursive: true, force: true });
    this.#path = null;
  }
}

/** Writes a report, or a history, where the user asked for it. */
export function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (thrown) {
    throw new RaftctlError('command-failed', `${file}: it could not be written: ${systemReason(thrown)}`, {
      cause: thrown,
    });
  }
}

/** Appends the stack of an unforeseen failure; null when that is not possible either. */
export function saveCrash(file: string, stack: string): string | null {
  try {
    makeDirectory(dirname(file));
    appendFileSync(file, `${stack}\n\n`, { mode: 0o600 });
    return file;
  } catch {
    return null;
  }
}
