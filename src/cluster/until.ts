import { RaftctlError, type Scheduler, type Timer } from '../base/index.js';

/** Who wants to know when something changed. */
export class Listeners {
  readonly #listeners = new Set<() => void>();

  add(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

export interface UntilOptions {
  readonly changes: Listeners;
  readonly scheduler: Scheduler;
  readonly timeoutMs: number;
  /** What to say when time is up. */
  readonly late: () => RaftctlError;
  readonly signal?: AbortSignal | undefined;
}

/** Resolves with what `check` answers, now or after the change that makes it answer; what it throws rejects. */
export function until<T>(check: () => T | undefined, options: UntilOptions): Promise<T> {
  const { changes, scheduler, timeoutMs, late, signal } = options;
  return new Promise<T>((resolve, reject) => {
    let timer: Timer | undefined;
    const finish = (settle: () => void) => {
      timer?.cancel();
      signal?.removeEventListener('abort', interrupted);
      stop();
      settle();
    };
    const interrupted = () => finish(() => reject(new RaftctlError('interrupted', 'interrupted')));
    const look = () => {
      try {
        const found = check();
        if (found !== undefined) finish(() => resolve(found));
      } catch (thrown) {
        finish(() => reject(thrown));
      }
    };
    const stop = changes.add(look);
    if (signal?.aborted) return interrupted();
    signal?.addEventListener('abort', interrupted);
    timer = scheduler.after(timeoutMs, () => finish(() => reject(late())));
    look();
  });
}
