import { type Membership, type NodeId, votersOnly } from '../../src/base/index.js';

/** All of these vote, and are reached under their names. */
export const membershipOf = (...ids: readonly NodeId[]): Membership => ({
  ...votersOnly(ids),
  members: ids.map((id) => ({ id, incarnation: 1, host: id, port: 1 })),
});
