/**
 * # base: what everything stands on
 *
 * Branded ids, coded errors, assertions, and the interfaces behind which time, chance and diagnostics live (`Clock`,
 * `Scheduler`, `Random`, `Emit`). Imports nothing. The real clock, timers and entropy are in `base/real`, which only
 * composition roots import (`node/main`, `cluster`, `console`, `cli`, the client's `connect`).
 *
 *     const timer = scheduler.after(400, () => raft.tick(1));   // never setTimeout
 *     emit.emit('info', 'role-changed', { from: 'follower', to: 'leader' });
 *     throw new RaftctlError('port-taken', 'node-02: port 3332 is taken', { hint: 'stop the other program' });
 */
export * from './alarm.js';
export * from './assert.js';
export * from './backoff.js';
export * from './disk-fault.js';
export * from './duration-text.js';
export * from './emit.js';
export * from './errors.js';
export * from './faulty-disk.js';
export * from './host-port.js';
export * from './ids.js';
export * from './membership.js';
export * from './membership-codec.js';
export * from './nearest.js';
export * from './random.js';
export * from './remedies.js';
export * from './sighting.js';
export * from './system-reason.js';
export * from './time.js';
export * from './until.js';
export * from './version.js';
export * from './warnings.js';
export * from './within-time.js';
