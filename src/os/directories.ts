import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RaftctlError } from '../base/index.js';

const MODE = 0o700;

/**
 * Makes a directory, the user's alone, and those above it that are missing. Throws `disk-failed`, with the path.
 * Node's own `recursive` spins for ever, and blocks the process, where a file system says of a new name that the
 * directory around it does not exist, as /proc does: here each level is tried twice at most.
 */
export function makeDirectory(path: string): void {
  try {
    makeWithParents(path);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const reason = REASONS[code ?? ''] ?? String(thrown);
    throw new RaftctlError('disk-failed', `the directory ${path} cannot be made: ${reason}`, { cause: thrown });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission (EACCES)',
  EEXIST: 'a file of that name is in the way (EEXIST)',
  ENOENT: 'the file system takes no new names there (ENOENT)',
  ENOSPC: 'the disk is full (ENOSPC)',
  ENOTDIR: 'a part of the path is a file (ENOTDIR)',
  EPERM: 'it is not permitted (EPERM)',
  EROFS: 'the file system is read-only (EROFS)',
};

function makeWithParents(path: string): void {
  try {
    mkdirSync(path, { mode: MODE });
  } catch (thrown) {
    if (isDirectory(path)) return;
    const parent = dirname(path);
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw thrown;
    makeWithParents(parent);
    mkdirIfMissing(path);
  }
}

/** Another process may have been first. */
function mkdirIfMissing(path: string): void {
  try {
    mkdirSync(path, { mode: MODE });
  } catch (thrown) {
    if (!isDirectory(path)) throw thrown;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false; // a part of the path is a file
  }
}
