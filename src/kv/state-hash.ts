import { createHash } from 'node:crypto';
import type { Revision } from '../base/index.js';
import type { VersionCursor } from './stored-versions.js';
import { storedBytes, writeVersion } from './version.js';

/** What is replicated beside the keys. */
export interface ReplicatedFacts {
  readonly revision: Revision;
  readonly clusterVersion: number;
}

/**
 * A digest of what all keys and the store add up to: the same on nodes that applied the same log. The membership is not
 * in it: each node has addresses of its own, and one that joins does not know how the cluster began. `cursor` goes over
 * all keys, and is left to its caller.
 */
export function hashOfState({ revision, clusterVersion }: ReplicatedFacts, cursor: VersionCursor): string {
  const hash = createHash('sha256').update(`${revision} ${clusterVersion} `);
  for (; cursor.key !== undefined; cursor.advance()) {
    const { key, version } = cursor;
    const bytes = Buffer.allocUnsafe(storedBytes(version));
    writeVersion(bytes, 0, key, version);
    hash.update(`\n${key.length} ${bytes.length} `).update(key, 'latin1').update(bytes);
  }
  return hash.digest('hex');
}
