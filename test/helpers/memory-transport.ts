export * from '../../src/verify/sim/memory-network.js';
export type * from '../../src/verify/sim/network-faults.js';
