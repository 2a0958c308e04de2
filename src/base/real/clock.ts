import type { Clock } from '../time.js';

/** The machine's clocks. `process.hrtime` counts from boot, so two processes of one machine compare. */
export const realClock: Clock = {
  now() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
  wall: () => Date.now(),
};
