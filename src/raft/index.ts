export * from './config.js';
export * from './entry.js';
export { checkBasic, checkDelta, type Observation, type ObservedLeader } from './invariants.js';
export * from './message.js';
export { majorityOf } from './quorum.js';
export { type PeerStatus, RawNode, type Status } from './raw-node.js';
export * from './ready.js';
export type { ProposeResult } from './replication.js';
