import { type Membership, votersOnly } from '../base/index.js';
import type { NodeSpec } from '../wire/index.js';

/** Who forms the cluster when it begins: all that the specification names, and all of them vote. */
export const bootstrapMembership = ({ members }: NodeSpec): Membership => ({
  ...votersOnly(members.map(({ id }) => id)),
  members,
});
