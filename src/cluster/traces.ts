import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * What a start makes before its first node runs, so that one that fails leaves the disk as it found it. Afterwards
 * everything stays: the nodes' data has the cluster's id, and the logs tell what happened.
 */
export class Traces {
  readonly #files: readonly string[];
  readonly #directories: readonly string[];

  /** To be called before anything is made. `directories` are made with those above them. */
  constructor({ files, directories }: { readonly files: readonly string[]; readonly directories: readonly string[] }) {
    this.#files = files.filter(isMissing);
    this.#directories = [...new Set(directories.flatMap(missingPathsTo))];
  }

  /** What nobody else may write to meanwhile: for the holder of the cluster's lock. */
  remove(): void {
    for (const file of this.#files) rmSync(file, { force: true });
    this.removeDirectories();
  }

  /** Those that are empty: another start may be at work there already. */
  removeDirectories(): void {
    for (const directory of this.#directories) {
      try {
        rmdirSync(directory);
      } catch {
        // Not empty, or gone.
      }
    }
  }
}

const isMissing = (path: string): boolean => !existsSync(path);

/** A directory and those above it that are not there, the deepest first. */
function missingPathsTo(path: string): string[] {
  const missing: string[] = [];
  for (let at = path; isMissing(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  return missing;
}
