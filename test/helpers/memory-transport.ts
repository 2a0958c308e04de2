export * from '../../src/verify/sim/memory-network.js';
