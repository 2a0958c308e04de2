import { didYouMean, Listeners, RaftctlError } from '../../base/index.js';
import type { Outcome } from '../outcome.js';

interface Job {
  readonly controller: AbortController;
  readonly result: Promise<Outcome>;
  readonly line: string;
  state: JobState;
  error: unknown;
  awaited: boolean;
  /** How far it is, in its own words. */
  readonly said: { readonly progress: string | null };
}

export type JobState = 'running' | 'done' | 'failed';

/** A job as others see it. */
export interface JobView {
  readonly name: string;
  readonly line: string;
  readonly state: JobState;
  readonly progress: string | null;
}

/** What a job runs with. */
export interface JobHandle {
  readonly signal: AbortSignal;
  /** Says how far it is. */
  progress(text: string): void;
}

/** Commands in the background (`&name`). Whoever owns them stops what still runs, and looks at what failed unseen. */
export class Jobs {
  readonly #jobs = new Map<string, Job>();
  readonly #changes = new Listeners();

  names(): readonly string[] {
    return [...this.#jobs.keys()];
  }

  isRunning(name: string): boolean {
    return this.#jobs.get(name)?.state === 'running';
  }

  /** Somebody waits for it, or has: its result is theirs. */
  isAwaited(name: string): boolean {
    return this.#jobs.get(name)?.awaited === true;
  }

  /** All of them, in the order in which they began. */
  list(): readonly JobView[] {
    return [...this.#jobs].map(([name, { line, state, said }]) => ({ name, line, state, ...said }));
  }

  /** Called when a job begins, says how far it is, or ends. Answers how to end it. */
  onChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  /** Starts `run` under a name; a name that is still running cannot be taken. */
  start(name: string, line: string, run: (handle: JobHandle) => Promise<Outcome>): void {
    if (this.isRunning(name)) {
      throw new RaftctlError('usage', `a job '${name}' is running already: ${this.#jobs.get(name)!.line}`);
    }
    const controller = new AbortController();
    const said = { progress: null as string | null };
    const progress = (text: string) => {
      said.progress = text;
      this.#changes.notify();
    };
    const job: Job = {
      controller,
      result: run({ signal: controller.signal, progress }),
      line,
      state: 'running',
      error: undefined,
      awaited: false,
      said,
    };
    job.result.then(
      ({ unmet, unmetCode = 'command-failed' }) =>
        unmet === undefined
          ? this.#ended(job, 'done', undefined)
          : this.#ended(job, 'failed', new RaftctlError(unmetCode, unmet)),
      (error: unknown) => this.#ended(job, 'failed', error),
    );
    this.#jobs.delete(name);
    this.#jobs.set(name, job);
    this.#changes.notify();
  }

  /** The job's outcome, or its failure, or `aborted` when the signal comes first (the job goes on). */
  wait(name: string, signal: AbortSignal): Promise<Outcome> {
    const job = this.#find(name);
    job.awaited = true;
    return new Promise((resolve, reject) => {
      const aborted = () => reject(new RaftctlError('aborted', `gave up waiting for job ${name}: ${job.line}`));
      if (signal.aborted) return aborted();
      signal.addEventListener('abort', aborted, { once: true });
      job.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
    });
  }

  /** Interrupts a job, as Ctrl-C does a command; then as `wait`. One that has ended is none to be stopped. */
  stop(name: string, signal: AbortSignal): Promise<Outcome> {
    const job = this.#find(name);
    if (job.state !== 'running') {
      throw new RaftctlError('usage', `the job '${name}' has ended: ${job.line}`, {
        hint: `wait job ${name} has its result`,
      });
    }
    job.controller.abort();
    return this.wait(name, signal);
  }

  /** Stops what still runs, and waits for it. Answers the failures that nobody awaited. */
  async finish(): Promise<readonly { readonly name: string; readonly line: string; readonly error: unknown }[]> {
    const failed = [...this.#jobs].filter(([, job]) => job.state === 'failed' && !job.awaited);
    for (const job of this.#jobs.values()) if (job.state === 'running') job.controller.abort();
    await Promise.allSettled([...this.#jobs.values()].map((job) => job.result));
    this.#jobs.clear();
    return failed.map(([name, job]) => ({ name, line: job.line, error: job.error }));
  }

  #find(name: string): Job {
    const job = this.#jobs.get(name);
    if (job) return job;
    throw new RaftctlError('usage', `there is no job '${name}'${didYouMean(name, this.#jobs.keys())}`, {
      hint: `a command with &${name} at its end starts one`,
    });
  }

  #ended(job: Job, state: JobState, error: unknown): void {
    job.state = state;
    job.error = error;
    this.#changes.notify();
  }
}
