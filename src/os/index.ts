/**
 * # os: what the operating system must vouch for
 *
 * Who a process is (`ProcessIdentity`: pid + start time + boot id, so that a reused pid is never mistaken for the one
 * that had it before), locks that a dead process does not keep (`acquireLock`), small files that are replaced
 * whole (`writeFileAtomically`), and directories that are made or refused, but never tried for ever (`makeDirectory`).
 *
 *     const lock = acquireLock('.raftctl/demo/cluster.lock', 'raftctl up');   // or RaftctlError data-locked: who, where
 *     await writeFileAtomically('.raftctl/demo/supervisor.json', text);
 *     lock.release();
 *
 * A lock file holds one line of JSON: `{"process":{"pid":…,"startTime":"…","bootId":"…"},"purpose":"…","serial":1}`.
 * It is valid while that process lives; nothing has to be cleaned up after a SIGKILL or a power cut.
 */
export * from './atomic-file.js';
export * from './descriptors.js';
export * from './directories.js';
export * from './lock-file.js';
export * from './process-identity.js';
