import { dirname } from 'node:path/posix';
import { messageOf, RaftctlError } from '../base/index.js';
import type { FileSystem } from './file-system.js';

/**
 * Makes a directory with its parents so that it survives a power cut: a new name is durable only once the directory
 * that holds it is synced. The direct parent is synced even when nothing was missing: an earlier run may have died
 * between making and syncing.
 */
export async function makeDirectoryDurably(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    const parents = [dirname(path)];
    for (let at = path; !(await exists(fileSystem, at)) && dirname(at) !== at; at = dirname(at))
      parents.push(dirname(at));
    await fileSystem.makeDirectory(path);
    for (const parent of new Set(parents.reverse())) await fileSystem.syncDirectory(parent);
  } catch (error) {
    throw new RaftctlError('data-unreadable', `cannot make the directory ${path}: ${messageOf(error)}`, {
      hint: 'check the path and its permissions',
      cause: error,
    });
  }
}

async function exists(fileSystem: FileSystem, path: string): Promise<boolean> {
  try {
    await fileSystem.list(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
