import { readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RaftctlError, systemReason } from '../base/index.js';

let serial = 0;

/**
 * Replaces `file` with `content`, durably: a reader, now or after a crash, sees the old content or the new, never a
 * mixture and never nothing. Written beside it under a private name, synced, renamed over it; then the directory is
 * synced, because a rename is not durable before.
 */
export async function writeFileAtomically(file: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  serial += 1;
  const temporary = `${file}.${process.pid}-${serial}.tmp`;
  try {
    await withFile(await open(temporary, 'wx', mode), async (handle) => {
      await handle.writeFile(content);
      await handle.sync();
    });
    await rename(temporary, file);
    await syncDirectory(dirname(file));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw new RaftctlError('disk-failed', `cannot write ${file}: ${systemReason(error)}`, {
      hint: 'the old content, if there was any, is untouched unless the directory could not be synced',
      cause: error,
    });
  }
}

/** Makes the names in a directory durable: those that came, and those that went. */
export async function syncDirectory(path: string): Promise<void> {
  await withFile(await open(path, 'r'), (directory) => directory.sync());
}

/** Removes from a directory what writers left that were killed. For who knows that nobody writes there at the moment. */
export function removeUnfinishedFiles(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (/\.\d+-\d+\.tmp$/.test(name)) rmSync(join(directory, name), { force: true });
  }
}

async function withFile(handle: FileHandle, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}
