import { createHash, type Hash } from 'node:crypto';
import type { Revision } from '../base/index.js';
import type { Sessions } from './sessions.js';
import type { StateSum } from './state-sum.js';
import type { VersionCursor } from './stored-versions.js';
import { storedBytes, writeVersion } from './version.js';

/** What is replicated beside the keys. */
export interface ReplicatedFacts {
  readonly revision: Revision;
  readonly clusterVersion: number;
}

/**
 * A digest of what all keys, sessions and the store add up to: the same on nodes that applied the same log. The membership is not
 * in it: each node has addresses of its own, and one that joins does not know how the cluster began. `cursor` goes over
 * all keys, and is left to its caller.
 */
export function hashOfState(
  facts: ReplicatedFacts,
  sessions: Pick<Sessions, 'records'>,
  cursor: VersionCursor,
): string {
  const hash = hashOfFacts(facts);
  for (const record of sessions.records()) hash.update(record);
  for (; cursor.key !== undefined; cursor.advance()) {
    const { key, version } = cursor;
    const bytes = Buffer.allocUnsafe(storedBytes(version));
    writeVersion(bytes, 0, version);
    hash.update(`\n${key.length} ${bytes.length} `).update(key, 'latin1').update(bytes);
  }
  return hash.digest('hex');
}

const POINT_DIGITS = 16;

/** A short digest of the same, of what the keys add up to instead of each of them: as fast for a million as for one. */
export const hashOfPoint = (facts: ReplicatedFacts, { keys, first, second }: StateSum): string =>
  hashOfFacts(facts).update(`\n${keys} ${first} ${second}`).digest('hex').slice(0, POINT_DIGITS);

const hashOfFacts = ({ revision, clusterVersion }: ReplicatedFacts): Hash =>
  createHash('sha256').update(`${revision} ${clusterVersion} `);
