import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RaftctlError, systemCode, systemReason } from '../../base/index.js';

/** Files of a run of chaos, by name. */
export type Leavings = Readonly<Record<string, string>>;

/** Throws `usage` unless the file can be written: before the run, and not after it. What it holds stays. */
export function refuseUnwritable(option: string, file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o644));
  } catch (thrown) {
    throw new RaftctlError('usage', `${option} ${file}: it cannot be written: ${systemReason(thrown)}`, {
      cause: thrown,
    });
  }
}

const TRIES = 1_000;

/** Writes the files into a new directory, `NAME`, or `NAME-2` where there is one; answers its path. */
export function writeLeavings(parent: string, name: string, files: Leavings): string {
  for (let nth = 1; ; nth += 1) {
    const directory = join(parent, nth === 1 ? name : `${name}-${nth}`);
    try {
      mkdirSync(directory);
    } catch (thrown) {
      if (systemCode(thrown) === 'EEXIST' && nth < TRIES) continue;
      throw thrown;
    }
    for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
    return directory;
  }
}
