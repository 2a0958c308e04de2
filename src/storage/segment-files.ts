import { join } from 'node:path/posix';
import type { File, FileSystem } from './file-system.js';
import { encodeSegmentHeader, preparedFileName, type SegmentHeader, segmentFileName } from './segment-header.js';

const FILL_BYTES = 256 * 1024;
/** A sync of much more at once would hold up the batches that are synced meanwhile. */
const FILL_SYNC_BYTES = 1024 * 1024;

/** How a file is filled: how much at once between two syncs, and whether to go on, asked between steps. */
export interface Filling {
  readonly syncBytes?: number;
  readonly keepOn?: () => boolean;
}

export const segmentPath = (directory: string, number: number): string => join(directory, segmentFileName(number));

export const preparedPath = (directory: string, number: number): string => join(directory, preparedFileName(number));

/**
 * Makes a file of `bytes` zeros that waits to become segment `number`. Overwriting allocated blocks later costs about
 * half of what growing a file does. An unfinished file of an earlier attempt is replaced.
 */
export async function prepareSegment(
  fileSystem: FileSystem,
  directory: string,
  number: number,
  bytes: number,
  { syncBytes = FILL_SYNC_BYTES, keepOn = () => true }: Filling = {},
): Promise<File> {
  const path = preparedPath(directory, number);
  await removeIfThere(fileSystem, path);
  const file = await fileSystem.open(path, 'create');
  try {
    const zeros = Buffer.alloc(Math.min(FILL_BYTES, bytes));
    for (let at = 0, synced = 0; at < bytes && keepOn(); at += zeros.length) {
      const part = zeros.subarray(0, Math.min(zeros.length, bytes - at));
      await file.write([part], at);
      if (at + part.length - synced < syncBytes && at + part.length < bytes) continue;
      await file.sync();
      synced = at + part.length;
    }
    return file;
  } catch (error) {
    await file.close().catch(() => {});
    await removeIfThere(fileSystem, path).catch(() => {});
    throw error;
  }
}

/**
 * Makes a prepared file the current segment: from here on it counts. It gets the name when its zeros and its header are
 * on the disk, so that a segment that is short or lacks its header has lost it, whatever else it lost.
 */
export async function beginSegment(
  fileSystem: FileSystem,
  directory: string,
  file: File,
  header: SegmentHeader,
): Promise<void> {
  const { number } = header;
  await writeDurably(file, [encodeSegmentHeader(header)], 0);
  await fileSystem.rename(preparedPath(directory, number), segmentPath(directory, number));
  await fileSystem.syncDirectory(directory);
}

/** `File.writeDurably` for those who are not in a hurry. */
export function writeDurably(file: File, parts: readonly Buffer[], position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    file.writeDurably(parts, position, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

export async function removeIfThere(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.remove(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
