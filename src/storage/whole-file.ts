import { join } from 'node:path/posix';
import type { FileSystem } from './file-system.js';
import { removeIfThere } from './segment-files.js';

/** The text of a small file, as far as `bytesMax`; undefined when there is none. Rejects with the file system's error. */
export async function readWhole(fileSystem: FileSystem, path: string, bytesMax: number): Promise<string | undefined> {
  try {
    const file = await fileSystem.open(path, 'read');
    try {
      const bytes = Buffer.alloc(Math.min(bytesMax, await file.size()));
      return bytes.toString('utf8', 0, await file.read(bytes, 0));
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Writes a small file whole, durably: whoever reads it, after whatever crash, finds the old one or the new one. Written
 * beside it and synced, renamed over it, and then the directory is synced.
 */
export async function writeWhole(fileSystem: FileSystem, directory: string, name: string, text: string): Promise<void> {
  const temporary = join(directory, `${name}.new`);
  await removeIfThere(fileSystem, temporary);
  const file = await fileSystem.open(temporary, 'create');
  try {
    await file.write([Buffer.from(text)], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await fileSystem.rename(temporary, join(directory, name));
  await fileSystem.syncDirectory(directory);
}
