import { RaftctlError, type Scheduler } from '../base/index.js';

/** Resolves after `ms`; rejects with `aborted` as soon as the signal says so. */
export function delay(scheduler: Scheduler, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      timer.cancel();
      reject(new RaftctlError('aborted', 'the wait was given up'));
    };
    const timer = scheduler.after(ms, () => {
      signal.removeEventListener('abort', aborted);
      resolve();
    });
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
}
