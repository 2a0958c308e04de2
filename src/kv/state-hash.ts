import { createHash } from 'node:crypto';
import { encodeMembership, type Membership, type Revision } from '../base/index.js';
import type { VersionCursor } from './stored-versions.js';
import { storedBytes, writeVersion } from './version.js';

/** What is replicated beside the keys. */
export interface ReplicatedFacts {
  readonly revision: Revision;
  readonly membership: Membership;
  readonly clusterVersion: number;
}

/**
 * A digest of all that is replicated: the same on nodes that applied the same log. Addresses are not, each node has them
 * from its own cluster.yaml. `cursor` goes over all keys, and is left to its caller.
 */
export function hashOfState({ revision, membership, clusterVersion }: ReplicatedFacts, cursor: VersionCursor): string {
  const members = membership.members.map((member) => ({ ...member, host: '', port: 0 }));
  const hash = createHash('sha256')
    .update(`${revision} ${clusterVersion} `)
    .update(encodeMembership({ ...membership, members }));
  for (; cursor.key !== undefined; cursor.advance()) {
    const { key, version } = cursor;
    const bytes = Buffer.allocUnsafe(storedBytes(version));
    writeVersion(bytes, 0, key, version);
    hash.update(`\n${key.length} ${bytes.length} `).update(key, 'latin1').update(bytes);
  }
  return hash.digest('hex');
}
