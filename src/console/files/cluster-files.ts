import { existsSync, lstatSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RaftctlError, systemReason } from '../../base/index.js';

export const CONFIG_FILE = 'cluster.yaml';

/** The configuration that is meant when none is named: `cluster.yaml` here, if there is one, readable or not. */
export const defaultConfigFile = (): string | null =>
  lstatSync(CONFIG_FILE, { throwIfNoEntry: false }) === undefined ? null : CONFIG_FILE;

/** The shipped configuration, every key explained; it lies beside `dist`. */
export const shippedConfig = (): string => readFileSync(new URL('../cluster.yaml', import.meta.url), 'utf8');

/** Writes a new file; what is there already is not touched. */
export function writeNewFile(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (thrown) {
    const exists = thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST';
    throw new RaftctlError(
      'command-failed',
      `${file}: ${exists ? 'there is such a file already' : systemReason(thrown)}`,
      {
        ...(exists ? { hint: 'name another one with -o FILE' } : {}),
        cause: thrown,
      },
    );
  }
}

/** What `up` made, and nothing else, may be deleted. */
export function isClusterDirectory(directory: string): boolean {
  return existsSync(join(directory, 'supervisor.json'));
}

/** Is the place in the current directory, or below it? */
export const isBelowHere = (directory: string): boolean => directory.startsWith(`${realPath('.')}/`);

/** The one name of a place, as running clusters name theirs; what is not there is only made absolute. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
