import { type Membership, votersOnly } from '../base/index.js';
import type { NodeSpec } from '../wire/index.js';

/**
 * Who forms the cluster when it begins: all that the specification names, and all of them vote. A node that joins a
 * cluster knows nobody, and waits for a leader that tells it.
 */
export const bootstrapMembership = ({ members, joins }: NodeSpec): Membership =>
  joins === true ? { ...votersOnly([]), members: [] } : { ...votersOnly(members.map(({ id }) => id)), members };
