import { dirname } from 'node:path/posix';
import { isDiskFault, messageOf, RaftctlError } from '../base/index.js';
import { diskFailed, isOwn } from './damage.js';
import type { FileSystem } from './file-system.js';

/**
 * Makes a directory with its parents so that it survives a power cut: a name is durable only once the directory that
 * holds it is synced. Which of them an earlier run may have made and not synced before it died, nobody knows, so all
 * are. Only for what is about to be made anew: where there is already something in it, this has been done.
 */
export async function makeDirectoryDurably(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.makeDirectory(path);
    // All at once: the file system makes them durable by one commit of its journal.
    await Promise.all(parentsOf(path).map((parent) => syncIfAllowed(fileSystem, parent)));
  } catch (error) {
    if (isOwn(error)) throw error;
    if (isDiskFault(error)) throw diskFailed(path, undefined, error as Error);
    throw new RaftctlError('data-unreadable', `cannot make the directory ${path}: ${messageOf(error)}`, {
      hint: 'check the path and its permissions',
      cause: error,
    });
  }
}

function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path; dirname(at) !== at; at = dirname(at)) parents.push(dirname(at));
  return parents;
}

/** A directory that we may not even open is not one that we have made something in. */
async function syncIfAllowed(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.syncDirectory(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
  }
}
