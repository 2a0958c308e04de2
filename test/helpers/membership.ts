import { type Configuration, type Membership, type NodeId, votersOnly } from '../../src/base/index.js';

/** All of these vote, and are reached under their names. */
export const membershipOf = (...ids: readonly NodeId[]): Membership => ({
  ...votersOnly(ids),
  members: ids.map((id) => ({ id, incarnation: 1, host: id, port: 1 })),
});

/** `n1,n2`: the voters; then `| outgoing voters` and `+ learners`, if there are any. */
export const membershipText = ({ voters, outgoing, learners }: Configuration): string =>
  [
    voters.join(','),
    ...(outgoing.length > 0 ? [`| ${outgoing.join(',')}`] : []),
    ...(learners.length > 0 ? [`+ ${learners.join(',')}`] : []),
  ].join(' ');
