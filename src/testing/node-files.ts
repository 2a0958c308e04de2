import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { type NodeId, RaftctlError, systemCode, systemReason } from '../base/index.js';
import { ClusterDirectory } from '../cluster/directory.js';
import type { RemoteControl } from '../cluster/index.js';

/** What a node printed, the oldest first: the files that were set aside, and the one that it writes to. */
export async function linesOf({ directory, config }: RemoteControl, node: NodeId): Promise<readonly string[]> {
  const file = new ClusterDirectory(directory).logFile(node);
  const older = Array.from({ length: config.logs.files }, (_, nth) => `${file}.${config.logs.files - nth}`);
  const texts = await Promise.all([...older, file].map(readIfThere));
  return texts
    .join('')
    .split('\n')
    .filter((line) => line !== '');
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return '';
    throw new RaftctlError('disk-failed', `${file} cannot be read: ${systemReason(thrown)}`, { cause: thrown });
  }
}

/** What is there any more. Nodes that end just now may still write to it. */
export async function removeDirectory(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  } catch (thrown) {
    throw new RaftctlError('disk-failed', `${directory} cannot be removed: ${systemReason(thrown)}`, { cause: thrown });
  }
}

export const isThere = (file: string): boolean => existsSync(file);
