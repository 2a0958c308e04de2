import type { Scheduler } from '../time.js';

// As they are when this is loaded: a test that puts its own timers in their place later means its program, not us.
const { clearTimeout, setImmediate, setTimeout } = globalThis;

export const realScheduler: Scheduler = {
  defer: (run) => {
    setImmediate(run);
  },
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/**
 * For a guest in somebody else's process: its timers keep no process alive, and it judges no answer late that has
 * arrived already. A program that computes for seconds finds its timers due before its sockets are read.
 */
export const guestScheduler: Scheduler = {
  defer: realScheduler.defer,
  after(ms, run) {
    let isCancelled = false;
    const judge = () => {
      if (!isCancelled) run();
    };
    // What is read in the first turn is acted on in the second one.
    const timer = setTimeout(() => setImmediate(() => setImmediate(judge)), ms);
    timer.unref();
    return {
      cancel: () => {
        isCancelled = true;
        clearTimeout(timer);
      },
    };
  },
};
