import { RaftctlError } from './errors.js';
import type { Scheduler, Timer } from './time.js';

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
  /** Where to hear of changes: `Listeners`, or anything like it. */
  readonly changes: { add(listener: () => void): () => void };
  readonly scheduler: Scheduler;
  /** Absent: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** What to say when time is up. */
  readonly late: (timeoutMs: number) => RaftctlError;
  readonly signal?: AbortSignal | undefined;
  /** What to say when the signal is aborted. `interrupted` unless told. */
  readonly aborted?: () => RaftctlError;
}

const interrupted = () => new RaftctlError('interrupted', 'interrupted');

/** Resolves with what `check` answers, now or after the change that makes it answer; what it throws rejects. */
export function until<T>(check: () => T | undefined, options: UntilOptions): Promise<T> {
  const { changes, scheduler, timeoutMs, late, signal, aborted = interrupted } = options;
  return new Promise<T>((resolve, reject) => {
    let timer: Timer | undefined;
    const finish = (settle: () => void) => {
      timer?.cancel();
      signal?.removeEventListener('abort', giveUp);
      stop();
      settle();
    };
    const giveUp = () => finish(() => reject(aborted()));
    const look = () => {
      try {
        const found = check();
        if (found !== undefined) finish(() => resolve(found));
      } catch (thrown) {
        finish(() => reject(thrown));
      }
    };
    const stop = changes.add(look);
    if (signal?.aborted) return giveUp();
    signal?.addEventListener('abort', giveUp);
    if (timeoutMs !== undefined) timer = scheduler.after(timeoutMs, () => finish(() => reject(late(timeoutMs))));
    look();
  });
}
