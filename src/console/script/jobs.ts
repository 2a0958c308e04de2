import { didYouMean, RaftctlError } from '../../base/index.js';
import type { Outcome } from '../outcome.js';

interface Job {
  readonly controller: AbortController;
  readonly result: Promise<Outcome>;
  readonly line: string;
  state: 'running' | 'done' | 'failed';
  error: unknown;
  awaited: boolean;
}

/** Commands in the background (`&name`). Whoever owns them stops what still runs, and looks at what failed unseen. */
export class Jobs {
  readonly #jobs = new Map<string, Job>();

  names(): readonly string[] {
    return [...this.#jobs.keys()];
  }

  isRunning(name: string): boolean {
    return this.#jobs.get(name)?.state === 'running';
  }

  /** Starts `run` under a name; a name that is still running cannot be taken. */
  start(name: string, line: string, run: (signal: AbortSignal) => Promise<Outcome>): void {
    if (this.isRunning(name)) {
      throw new RaftctlError('usage', `a job '${name}' is running already: ${this.#jobs.get(name)!.line}`);
    }
    const controller = new AbortController();
    const job: Job = {
      controller,
      result: run(controller.signal),
      line,
      state: 'running',
      error: undefined,
      awaited: false,
    };
    job.result.then(
      () => {
        job.state = 'done';
      },
      (error: unknown) => {
        job.state = 'failed';
        job.error = error;
      },
    );
    this.#jobs.set(name, job);
  }

  /** The job's outcome, or its failure, or `aborted` when the signal comes first (the job goes on). */
  wait(name: string, signal: AbortSignal): Promise<Outcome> {
    const job = this.#jobs.get(name);
    if (!job) {
      throw new RaftctlError('usage', `there is no job '${name}'${didYouMean(name, this.#jobs.keys())}`, {
        hint: `a command with &${name} at its end starts one`,
      });
    }
    job.awaited = true;
    return new Promise((resolve, reject) => {
      const aborted = () => reject(new RaftctlError('aborted', `gave up waiting for job ${name}: ${job.line}`));
      if (signal.aborted) return aborted();
      signal.addEventListener('abort', aborted, { once: true });
      job.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
    });
  }

  /** Stops what still runs, and waits for it. Answers the failures that nobody awaited. */
  async finish(): Promise<readonly { readonly name: string; readonly line: string; readonly error: unknown }[]> {
    const failed = [...this.#jobs].filter(([, job]) => job.state === 'failed' && !job.awaited);
    for (const job of this.#jobs.values()) if (job.state === 'running') job.controller.abort();
    await Promise.allSettled([...this.#jobs.values()].map((job) => job.result));
    this.#jobs.clear();
    return failed.map(([name, job]) => ({ name, line: job.line, error: job.error }));
  }
}
