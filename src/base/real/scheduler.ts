import type { Scheduler } from '../time.js';

export const realScheduler: Scheduler = {
  defer: (run) => {
    setImmediate(run);
  },
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
