import { Listeners, until } from '../base/index.js';
import type { EventFilter, MergedEvent } from '../diagnostics/index.js';
import type { Access } from './access.js';
import { holds } from './holds.js';
import { world } from './world.js';

/** Events that wait for a reader. As many are kept of the whole cluster. */
const WAITING_MAX = 100_000;
/** So many that were read are let go of together: one by one would move all others each time. */
const READ_MAX = 1_000;

type Result = IteratorResult<MergedEvent, undefined>;
const OVER: Result = { done: true, value: undefined };

/**
 * Events as they come, for one reader, until it leaves or the cluster ends. It begins when it is made, not when it is
 * first read: what is done in between is not missed.
 */
export class EventQueue implements AsyncIterableIterator<MergedEvent, undefined> {
  readonly #opening: Promise<void>;
  readonly #changes = new Listeners();
  readonly #stops: (() => void)[] = [];
  readonly #events: MergedEvent[] = [];
  #at = 0;
  #lost = 0;
  /** The last of those: where the story goes on. */
  #lastLost: MergedEvent | null = null;
  #isOver = false;

  /** `since` undefined: from now on. */
  constructor(access: Access, filter: EventFilter, since: number | undefined) {
    this.#opening = access.ask(async (control) => {
      const after = since ?? (await control.events.last());
      if (this.#isOver) return;
      const stop = control.events.subscribe(after, filter, (events) => this.#take(events));
      this.#stops.push(
        stop,
        control.onClosed(() => this.#end()),
      );
    });
    // Whoever reads hears of it.
    this.#opening.catch(() => {});
  }

  /** Events in memory. */
  get kept(): number {
    return this.#events.length;
  }

  next(): Promise<Result> {
    return holds.while(this.#next());
  }

  async return(): Promise<Result> {
    this.#end();
    return OVER;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #next(): Promise<Result> {
    await this.#opening;
    const late = () => {
      throw new Error('there is no bound');
    };
    return until(() => this.#first(), { changes: this.#changes, scheduler: world.scheduler, late });
  }

  #first(): Result | undefined {
    // The end comes behind what was lost before it.
    if (this.#isOver && this.#at === this.#events.length) this.#tellLost();
    const value = this.#events[this.#at];
    if (value === undefined) return this.#isOver ? OVER : undefined;
    this.#at += 1;
    if (this.#at === this.#events.length || this.#at === READ_MAX) this.#letGo();
    return { done: false, value };
  }

  #take(events: readonly MergedEvent[]): void {
    for (const event of events) {
      if (this.kept - this.#at >= WAITING_MAX) {
        this.#lost += 1;
        this.#lastLost = event;
      } else {
        this.#tellLost();
        this.#events.push(event);
      }
    }
    this.#changes.notify();
  }

  /** In their place, once. */
  #tellLost(): void {
    if (this.#lastLost === null) return;
    const told = { node: 'supervisor', component: 'supervisor', level: 'warn', event: 'events-lost' } as const;
    this.#events.push({ ...this.#lastLost, ...told, instance: '', sequence: 0, fields: { lost: this.#lost } });
    this.#lost = 0;
    this.#lastLost = null;
  }

  /** What was read. */
  #letGo(): void {
    this.#events.splice(0, this.#at);
    this.#at = 0;
  }

  #end(): void {
    this.#isOver = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#changes.notify();
  }
}
