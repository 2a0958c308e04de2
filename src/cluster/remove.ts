import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, RaftctlError, type Scheduler } from '../base/index.js';
import { acquireLock, type Lock, removeUnfinishedFiles } from '../os/index.js';
import { ClusterDirectory } from './directory.js';
import { sweepOrphans } from './process-registry.js';

/** The lock of whoever supervises the cluster in `directory`, or deletes it; `already-running` says who does. */
export function takeClusterLock(directory: ClusterDirectory, purpose: string): Lock {
  try {
    const lock = acquireLock(directory.lockFile, purpose);
    removeUnfinishedFiles(directory.path);
    return lock;
  } catch (thrown) {
    if (!(thrown instanceof RaftctlError) || thrown.code !== 'data-locked') throw thrown;
    const hint = 'raftctl status shows it, raftctl down stops it';
    throw new RaftctlError('already-running', `the cluster runs already: ${thrown.message}`, { hint, cause: thrown });
  }
}

/**
 * Deletes a cluster's directory, with all data in it. The lock is held meanwhile, so that no `up` finds half of it, and
 * goes last; processes that a dead supervisor left are ended first.
 */
export async function removeCluster(options: {
  readonly directory: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}): Promise<void> {
  const { clock, scheduler } = options;
  const directory = new ClusterDirectory(options.directory);
  const lock = takeClusterLock(directory, 'raftctl rm');
  try {
    await sweepOrphans({ file: directory.processesFile, clock, scheduler, swept: () => {} });
    for (const name of readdirSync(directory.path)) {
      const path = join(directory.path, name);
      if (path !== directory.lockFile) rmSync(path, { recursive: true, force: true });
    }
    directory.remove();
  } finally {
    lock.release();
  }
}
