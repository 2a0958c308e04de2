import type { LogIndex, Term } from './ids.js';

/**
 * What is known of the latest start of a member, and of the promises it kept then. A member tells it of itself when it
 * greets: the start that it counted, and where its log ended. Who greets it keeps the highest, with what it acknowledged
 * to them since.
 */
export interface Sighting {
  readonly incarnation: number;
  /** How often it was started: counted, and durable, before it says a word. */
  readonly starts: number;
  /** The process of that start. */
  readonly instance: string;
  /** Votes and acknowledgements are durable: its term is at least this, and in this term its log goes to `index`. */
  readonly term: Term;
  readonly index: LogIndex;
}

/**
 * What a member must have forgotten that was once `seen` and now tells of itself what is `told`, in words; undefined:
 * nothing. An old copy of its directory has counted fewer starts, or the same one for another process; a copy that was
 * made while it ran, or a log that lost its end, does not reach what was acknowledged (§5.3, Diss. §3.8).
 */
export function forgottenOf(seen: Sighting, told: Sighting): string | undefined {
  if (seen.incarnation !== told.incarnation) return undefined;
  if (told.starts < seen.starts) return `it counts ${told.starts} starts, and was seen after its ${nth(seen.starts)}`;
  if (told.starts === seen.starts) {
    return told.instance === seen.instance
      ? undefined
      : `what it takes for its ${nth(told.starts)} start was that of another process before`;
  }
  const { term, index } = told;
  if (term > seen.term || (term === seen.term && index >= seen.index)) return undefined;
  return `it had acknowledged entry ${seen.index} in term ${seen.term}, and started with ${index} entries in term ${term}`;
}

function nth(count: number): string {
  const teen = count % 100 > 10 && count % 100 < 14;
  return `${count}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th')}`;
}
