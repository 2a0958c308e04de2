import type { ChildProcess } from '../../src/cluster/child-process.js';
import type { ProcessExit } from '../../src/cluster/process-exit.js';

/** A child process that only exists on paper: it keeps the signals it gets and ends when told. */
export class FakeProcess implements ChildProcess {
  readonly pid: number | undefined;
  readonly signals: NodeJS.Signals[] = [];
  readonly exited: Promise<ProcessExit>;
  #resolve!: (exit: ProcessExit) => void;

  constructor(pid: number | undefined) {
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  kill(signal: NodeJS.Signals): boolean {
    this.signals.push(signal);
    return true;
  }

  /** Resolves when the supervisor has dealt with the exit. */
  async exit(exit: Partial<ProcessExit>): Promise<void> {
    this.#resolve({ code: null, signal: null, ...exit });
    await this.exited;
    await Promise.resolve();
  }
}
