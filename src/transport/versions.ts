import { RaftctlError } from '../base/index.js';
import type { Hello } from './transport.js';

/** The versions of the protocol that one side speaks, both ends included. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** Raised when a change of frames or handshake leaves an older raftctl unable to follow. */
export const PROTOCOL_VERSIONS: VersionRange = { min: 2, max: 2 };

/** What two sides speak with each other: the highest version that both know, and the features that both named. */
export interface Agreement {
  readonly version: number;
  readonly features: ReadonlySet<string>;
}

/** Throws, naming both ranges, when they have no version in common. */
export function commonVersion(ours: VersionRange, theirs: VersionRange): number {
  const version = Math.min(ours.max, theirs.max);
  if (version >= ours.min && version >= theirs.min) return version;
  throw new RaftctlError('handshake-refused', `expected protocol ${textOf(ours)}, received ${textOf(theirs)}`, {
    hint: 'run versions of raftctl on both sides that have a version of the protocol in common',
  });
}

export function commonFeatures(ours: Hello, theirs: Hello): ReadonlySet<string> {
  const known = new Set(ours.features);
  return new Set(theirs.features?.filter((feature) => known.has(feature)));
}

const textOf = ({ min, max }: VersionRange): string => (min === max ? `version ${max}` : `versions ${min} to ${max}`);
