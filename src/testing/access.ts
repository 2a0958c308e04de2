import { asError, RaftctlError, until } from '../base/index.js';
import type { RemoteControl } from '../cluster/index.js';
import type { Companion } from './companion.js';
import { holds } from './holds.js';
import { removeDirectory } from './node-files.js';
import { world } from './world.js';

export interface Waiting {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** What is waited for, in words. */
  readonly wanted: string;
}

/** The way to a cluster's supervisor, for as long as there is one. */
export class Access {
  readonly #control: RemoteControl;
  readonly #companion: Companion;
  readonly #closings = new Set<() => void | Promise<void>>();
  readonly #stopping = new AbortController();
  #stopped: Promise<void> | undefined;

  constructor(control: RemoteControl, companion: Companion) {
    this.#control = control;
    this.#companion = companion;
  }

  /** @throws {RaftctlError} `closed` after `stop`; `not-running` when the supervisor is gone */
  get control(): RemoteControl {
    const reason = this.#whyNone();
    if (reason !== undefined) throw reason;
    return this.#control;
  }

  /** Asks, and keeps the process alive until the answer. */
  ask<T>(work: (control: RemoteControl) => T | Promise<T>): Promise<T> {
    return holds.while(this.#ask(work));
  }

  /** Resolves with what `check` answers, now or after the change that makes it answer. */
  until<T>(check: (control: RemoteControl) => T | undefined, { timeoutMs, signal, wanted }: Waiting): Promise<T> {
    return this.ask((control) =>
      until(() => check(this.control), {
        changes: { add: (listener) => this.#onChange(listener) },
        scheduler: world.scheduler,
        timeoutMs,
        late: (ms) =>
          new RaftctlError('timeout', `${wanted}: not within ${ms} ms (${stateOf(control)})`, { definite: true }),
        signal,
        aborted: () => new RaftctlError('aborted', `${wanted}: the wait was given up`),
      }),
    );
  }

  /** Aborted when the cluster is stopped, before anything else happens. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Done before the cluster is stopped; at once if it is. Answers how it is taken back, once there is nothing to close. */
  async onStop(closing: () => void | Promise<void>): Promise<() => void> {
    if (this.#stopped === undefined) this.#closings.add(closing);
    else await closing();
    return () => void this.#closings.delete(closing);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return holds.while(this.#stopped);
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#closings].map((closing) => closing()));
    await this.#companion.stop();
    this.#control.close();
    // A supervisor that was killed could not.
    await removeDirectory(this.#control.directory);
  }

  async #ask<T>(work: (control: RemoteControl) => T | Promise<T>): Promise<T> {
    try {
      return await work(this.control);
    } catch (thrown) {
      const error = asError(thrown);
      const isLost = error.code === 'closed' || this.#stopped !== undefined;
      throw isLost ? ((await this.#whyLost()) ?? error) : error;
    }
  }

  /** The connection breaks some time before the process is known to have ended. */
  async #whyLost(): Promise<RaftctlError | undefined> {
    if (this.#stopped === undefined) await this.#companion.exited(LOST_MS).catch(() => {});
    return this.#whyNone();
  }

  #whyNone(): RaftctlError | undefined {
    if (this.#stopped !== undefined) return new RaftctlError('closed', 'the cluster was stopped');
    const { end } = this.#companion;
    return end === undefined ? undefined : new RaftctlError('not-running', `the cluster is gone: ${end}`);
  }

  #onChange(listener: () => void): () => void {
    const stops = [this.#control.onLiveChange(listener), this.#control.onClosed(listener)];
    return () => {
      for (const stop of stops) stop();
    };
  }
}

const LOST_MS = 2_000;

function stateOf(control: RemoteControl): string {
  const { up, total, leader, term } = control.live();
  return `${up}/${total} up, ${leader === null ? 'no leader' : `leader ${leader}`}, term ${term}`;
}
