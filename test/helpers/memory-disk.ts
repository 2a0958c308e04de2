export * from '../../src/verify/sim/memory-disk.js';
