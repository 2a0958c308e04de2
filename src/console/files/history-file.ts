import { appendFileSync, chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeDirectory } from '../../os/directories.js';

export const HISTORY_LINES = 5_000;

/** `$XDG_STATE_HOME/raftctl`, else `~/.local/state/raftctl`. */
export function stateDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const base = environment['XDG_STATE_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.local', 'state'), 'raftctl');
}

/**
 * The lines typed at prompts, oldest first, for this user's eyes only. A line that starts with a blank is not kept, nor
 * one that repeats the line before. Prompts append as they go, so two of them share one history. A history that cannot
 * be written is no reason to fail: it then lasts as long as the prompt.
 */
export class HistoryFile {
  readonly #path: string;
  #lines: string[] = [];

  constructor(path: string) {
    this.#path = path;
    this.#load();
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  add(line: string): void {
    if (line.trim() === '' || line.startsWith(' ') || line.includes('\n') || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    if (this.#lines.length > HISTORY_LINES) this.#lines = this.#lines.slice(-HISTORY_LINES);
    this.#quietly(() => appendFileSync(this.#path, `${line}\n`, { mode: 0o600 }));
  }

  #load(): void {
    this.#quietly(() => makeDirectory(dirname(this.#path)));
    this.#quietly(() => {
      const all = readFileSync(this.#path, 'utf8').split('\n').filter(Boolean);
      this.#lines = all.slice(-HISTORY_LINES);
      chmodSync(this.#path, 0o600);
      if (all.length > HISTORY_LINES) this.#rewrite();
    });
  }

  /** As one step: another prompt may be reading. */
  #rewrite(): void {
    const fresh = `${this.#path}.${process.pid}`;
    writeFileSync(fresh, `${this.#lines.join('\n')}\n`, { mode: 0o600 });
    renameSync(fresh, this.#path);
  }

  #quietly(run: () => void): void {
    try {
      run();
    } catch {
      // No file yet, a read-only home, a full disk: the prompt works without.
    }
  }
}
