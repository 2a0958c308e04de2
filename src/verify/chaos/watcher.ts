import { asError, type Scheduler } from '../../base/index.js';
import type { Client, KeyEvent, Via } from '../../client/index.js';
import { valueText } from '../history/index.js';

/** What a watch was told without an interruption: from a revision on, up to one. */
export interface WatchedStretch {
  /** Every event from this revision on was to come. */
  readonly from: number;
  readonly events: WatchedEvent[];
}

export interface WatchedEvent {
  readonly revision: number;
  readonly key: string;
  /** Null: it was deleted. */
  readonly value: string | null;
}

interface WatcherContext {
  readonly client: Client;
  readonly prefix: string;
  readonly via: Via | undefined;
  readonly scheduler: Scheduler;
}

/** Longer than any fault: the watch is to outlive them. */
const WITHOUT_NODE_MS = 60_000;
const AGAIN_MS = 50;

/**
 * Watches all keys of a run, from its begin to its end, whatever happens to the nodes. Where no node has the past any more
 * that it would need to go on (all were restarted), the user has to begin anew, and so does it: with another stretch.
 */
export class Watcher {
  readonly stretches: WatchedStretch[] = [];
  readonly #context: WatcherContext;
  readonly #control = new AbortController();
  readonly #waiting = new Set<() => void>();
  #running: Promise<void> = Promise.resolve();

  constructor(context: WatcherContext) {
    this.#context = context;
  }

  /** Resolves when a node watches. Rejects when none does within the client's bound. */
  async start(): Promise<void> {
    const watch = this.#watch(undefined);
    const { revision } = await watch.started;
    this.stretches.push({ from: revision, events: [] });
    this.#running = this.#run(watch);
  }

  /** The last revision that it was told of; 0: none. */
  get last(): number {
    for (const { events } of [...this.stretches].reverse()) if (events.length > 0) return events.at(-1)!.revision;
    return 0;
  }

  /** Answers whether it was told of that revision, or a later one, in time. */
  async reaches(revision: number, timeoutMs: number): Promise<boolean> {
    if (this.last >= revision) return true;
    return new Promise((resolve) => {
      const timer = this.#context.scheduler.after(timeoutMs, () => end(false));
      const look = (): void => {
        if (this.last >= revision) end(true);
      };
      const end = (answer: boolean): void => {
        timer.cancel();
        this.#waiting.delete(look);
        resolve(answer);
      };
      this.#waiting.add(look);
    });
  }

  async stop(): Promise<void> {
    this.#control.abort();
    await this.#running;
  }

  async #run(first: Watching): Promise<void> {
    for (let watch = first; ; ) {
      const end = await this.#follow(watch);
      if (this.#control.signal.aborted) return;
      watch = await this.#again(end);
      if (this.#control.signal.aborted) return;
    }
  }

  /** Answers why it ended. */
  async #follow(watch: Watching): Promise<unknown> {
    try {
      for await (const event of watch) this.#take(event);
      return undefined;
    } catch (thrown) {
      return thrown;
    }
  }

  /** Behind what it was told last; or from now on, where that is gone. */
  async #again(end: unknown): Promise<Watching> {
    await new Promise<void>((resolve) => this.#context.scheduler.after(AGAIN_MS, resolve));
    const { from, events } = this.stretches.at(-1)!;
    const next = (events.at(-1)?.revision ?? from - 1) + 1;
    if (asError(end).code !== 'revision-gone') return this.#watch(next);
    const watch = this.#watch(undefined);
    const begun = await watch.started.catch(() => null);
    if (begun !== null) this.stretches.push({ from: begun.revision, events: [] });
    return watch;
  }

  #watch(from: number | undefined): Watching {
    const { client, prefix, via } = this.#context;
    const { signal } = this.#control;
    const call = { timeoutMs: WITHOUT_NODE_MS, signal, ...(via !== undefined && { via }) };
    const watch = client.watch({ prefix }, from === undefined ? call : { ...call, from });
    // Whoever follows it hears of the same.
    watch.started.catch(() => {});
    return watch;
  }

  #take({ type, key, value, modRevision }: KeyEvent): void {
    const told = type === 'delete' ? null : valueText(value);
    this.stretches.at(-1)!.events.push({ revision: modRevision, key: key.toString(), value: told });
    for (const look of [...this.#waiting]) look();
  }
}

type Watching = ReturnType<Client['watch']>;
