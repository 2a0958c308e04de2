import { appendFileSync, chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory } from '../../os/directories.js';

export const HISTORY_LINES = 5_000;

/**
 * The lines typed at prompts, oldest first, for this user's eyes only. A line that starts with a blank is not kept, nor
 * one that repeats the line before. Prompts append as they go, so two of them share one history. A history that cannot
 * be written is no reason to fail: it then lasts as long as the prompt.
 */
export class HistoryFile {
  readonly #path: string | undefined;
  #lines: string[] = [];

  /** Undefined: there is no place for one. */
  constructor(path: string | undefined) {
    this.#path = path;
    if (path !== undefined) this.#load(path);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  add(line: string): void {
    if (line.trim() === '' || line.startsWith(' ') || line.includes('\n') || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    if (this.#lines.length > HISTORY_LINES) this.#lines = this.#lines.slice(-HISTORY_LINES);
    const path = this.#path;
    if (path !== undefined) this.#quietly(() => appendFileSync(path, `${line}\n`, { mode: 0o600 }));
  }

  #load(path: string): void {
    this.#quietly(() => makeDirectory(dirname(path)));
    this.#quietly(() => {
      const all = readFileSync(path, 'utf8').split('\n').filter(Boolean);
      this.#lines = all.slice(-HISTORY_LINES);
      chmodSync(path, 0o600);
      if (all.length > HISTORY_LINES) this.#rewrite(path);
    });
  }

  /** As one step: another prompt may be reading. */
  #rewrite(path: string): void {
    const fresh = `${path}.${process.pid}`;
    writeFileSync(fresh, `${this.#lines.join('\n')}\n`, { mode: 0o600 });
    renameSync(fresh, path);
  }

  #quietly(run: () => void): void {
    try {
      run();
    } catch {
      // No file yet, a read-only home, a full disk: the prompt works without.
    }
  }
}
