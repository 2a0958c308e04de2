import type { Clock } from '../time.js';

// As they are when this is loaded: a test that stops the time of its program does not mean ours.
const hrtime = process.hrtime.bind(process);
const wall = Date.now.bind(Date);

/** The machine's clocks. `process.hrtime` counts from boot, so two processes of one machine compare. */
export const realClock: Clock = {
  now() {
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
  wall,
};
