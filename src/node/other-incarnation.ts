import { type Member, RaftctlError } from '../base/index.js';
import type { Hello } from '../transport/index.js';

/**
 * Why this is not the member that it bears the name of, if it is not: what another incarnation voted for and
 * acknowledged is not known to it (Diss. §3.8).
 */
export function otherIncarnation({ id, incarnation }: Member, { member }: Hello): RaftctlError | undefined {
  if (member?.incarnation === incarnation) return undefined;
  const received = member === undefined ? 'none' : member.incarnation;
  return new RaftctlError('handshake-refused', `expected incarnation ${incarnation} of ${id}, received ${received}`, {
    hint: `the members of all nodes must name the same incarnation of ${id}`,
  });
}
