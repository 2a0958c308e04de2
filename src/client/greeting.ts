import { messageOf, RaftctlError, type Scheduler, type Timer } from '../base/index.js';
import type { Router } from './router.js';

interface Waiter {
  readonly timer: Timer;
  readonly resolve: () => void;
  readonly reject: (error: RaftctlError) => void;
}

/** Those who wait for the first node to answer. */
export class Greeting {
  readonly #scheduler: Scheduler;
  readonly #router: Router;
  readonly #waiters = new Set<Waiter>();
  #hasGreeted = false;

  constructor(scheduler: Scheduler, router: Router) {
    this.#scheduler = scheduler;
    this.#router = router;
  }

  wait(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#hasGreeted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const giveUp = (): void => this.#fail(waiter, this.#aborted(signal));
      const timer = this.#scheduler.after(timeoutMs, () => this.#fail(waiter, this.#silence(timeoutMs)));
      const forget = (): void => signal?.removeEventListener('abort', giveUp);
      const waiter: Waiter = {
        timer,
        resolve: () => {
          forget();
          resolve();
        },
        reject: (error) => {
          forget();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
      if (signal?.aborted === true) giveUp();
      else signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  greeted(): void {
    this.#hasGreeted = true;
    for (const waiter of this.#waiters) {
      waiter.timer.cancel();
      waiter.resolve();
    }
    this.#waiters.clear();
  }

  /** A link failed. When every endpoint showed us the door, more dialing will not help. */
  broke(): void {
    if (!this.#router.endpoints.every(({ failure }) => failure?.code === 'handshake-refused')) return;
    const error = new RaftctlError('handshake-refused', `no node takes us: ${this.#router.describeFailures()}`);
    for (const waiter of this.#waiters) this.#fail(waiter, error);
  }

  close(): void {
    for (const waiter of this.#waiters) this.#fail(waiter, new RaftctlError('closed', 'the client is closed'));
  }

  #fail(waiter: Waiter, error: RaftctlError): void {
    this.#waiters.delete(waiter);
    waiter.timer.cancel();
    waiter.reject(error);
  }

  #silence(timeoutMs: number): RaftctlError {
    const reasons = this.#router.describeFailures();
    return new RaftctlError('unreachable', `no node answered within ${timeoutMs} ms: ${reasons}`, {
      hint: 'is the cluster up? `raftctl ls` lists those of this machine',
    });
  }

  #aborted(signal: AbortSignal | undefined): RaftctlError {
    const reason = signal?.reason === undefined ? '' : `: ${messageOf(signal.reason)}`;
    return new RaftctlError('aborted', `connecting was aborted${reason}`, { definite: true, cause: signal?.reason });
  }
}
