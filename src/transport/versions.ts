import { RaftctlError } from '../base/index.js';

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

/** Both sides' features, as their greetings name them; a greeting without any names none. */
export function commonFeatures(
  ours: readonly string[] | undefined,
  theirs: readonly string[] | undefined,
): ReadonlySet<string> {
  const known = new Set(ours);
  return new Set(theirs?.filter((feature) => known.has(feature)));
}

const textOf = ({ min, max }: VersionRange): string => (min === max ? `version ${max}` : `versions ${min} to ${max}`);
