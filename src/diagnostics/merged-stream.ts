import { type Clock, type Level, RaftctlError, type Scheduler, until } from '../base/index.js';
import type { DiagnosticEvent, MergedEvent } from './event.js';
import { compileFilter, describeFilter, type EventFilter, type EventMatcher } from './filter.js';
import { mostVerbose } from './level.js';
import { Ring } from './ring.js';

/** The events of a whole cluster, as readers see them: in the supervisor itself, or over the control socket. */
export interface EventSource {
  /** The position of the newest event. Events after it are what happens from now on: a script's `mark`. */
  last(): Promise<number>;
  read(query: EventQuery): Promise<EventPage>;
  /** How many events after a position match, of those still kept. */
  count(filter: EventFilter, after: number): Promise<number>;
  /** The first match after a position: at once if it already happened, else when it does. */
  waitFor(filter: EventFilter, after: number, options?: WaitOptions): Promise<MergedEvent>;
  /** Matches after a position, first those kept, then as they come. Answers how to end it. */
  subscribe(after: number, filter: EventFilter, onBatch: (events: readonly MergedEvent[]) => void): () => void;
}

export interface EventQuery {
  /** 0 for everything that is kept. */
  readonly after: number;
  readonly filter?: EventFilter;
  /** At most this many. Default 1,000. */
  readonly limit?: number;
  /** Take the last ones that match rather than the first. */
  readonly fromEnd?: boolean;
}

export interface EventPage {
  readonly events: readonly MergedEvent[];
  /** Where to go on: the `after` of the next read. */
  readonly next: number;
  /** Events after the asked position that are no longer kept. */
  readonly lost: number;
}

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface MergedStreamOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly capacity?: number;
  /** A running subscription or wait asks for more (or no longer asks for as much) than events at `info`. */
  readonly demandChanged?: (level: Level) => void;
}

const CAPACITY = 100_000;
const LIMIT = 1_000;

interface Reader {
  readonly matcher: EventMatcher;
  readonly level: Level | undefined;
  readonly onBatch: (events: readonly MergedEvent[]) => void;
  after: number;
}

/**
 * The one stream that `logs`, `count` and `wait` read. What arrives in one turn is put in the order of its monotonic
 * time; positions never change afterwards, so a place remembered by one line of a script is good for the next one.
 */
export class MergedStream implements EventSource {
  readonly #options: MergedStreamOptions;
  readonly #ring: Ring<MergedEvent>;
  readonly #readers = new Set<Reader>();
  #arrived: DiagnosticEvent[] = [];
  #scheduled = false;
  #demand: Level = 'info';

  constructor(options: MergedStreamOptions) {
    this.#options = options;
    this.#ring = new Ring(options.capacity ?? CAPACITY);
  }

  /** The most verbose level that a subscription or wait asks for just now; at least `info`. */
  get demand(): Level {
    return this.#demand;
  }

  /** The position of the newest event, all that arrived included. */
  get position(): number {
    this.#settle();
    return this.#ring.last;
  }

  append(events: readonly DiagnosticEvent[]): void {
    for (const event of events) this.#arrived.push(event);
    if (events.length > 0) this.#schedule();
  }

  async last(): Promise<number> {
    return this.position;
  }

  async read(query: EventQuery): Promise<EventPage> {
    this.#settle();
    const matcher = compileFilter(query.filter ?? {});
    const limit = query.limit ?? LIMIT;
    const lost = this.#lostAfter(query.after);
    const first = Math.max(query.after + 1, this.#ring.first);
    const events: MergedEvent[] = [];
    if (query.fromEnd) {
      for (let at = this.#ring.last; at >= first && events.length < limit; at--) this.#take(at, matcher, events);
      return { events: events.reverse(), next: this.#ring.last, lost };
    }
    let next = Math.max(first - 1, 0);
    while (next < this.#ring.last && events.length < limit) this.#take(++next, matcher, events);
    return { events, next, lost };
  }

  async count(filter: EventFilter, after: number): Promise<number> {
    this.#settle();
    const matcher = compileFilter(filter);
    let count = 0;
    for (let at = Math.max(after + 1, this.#ring.first); at <= this.#ring.last; at++) {
      if (matcher(this.#ring.at(at))) count += 1;
    }
    return count;
  }

  waitFor(filter: EventFilter, after: number, { timeoutMs, signal }: WaitOptions = {}): Promise<MergedEvent> {
    let found: MergedEvent | undefined;
    const add = (look: () => void) =>
      this.#subscribe(
        after,
        filter,
        ([event]) => {
          found ??= event;
          look();
        },
        true,
      );
    return until(() => found, {
      changes: { add },
      scheduler: this.#options.scheduler,
      timeoutMs,
      late: (ms) => waitTimedOut(filter, ms),
      signal,
      aborted: () => new RaftctlError('aborted', 'the wait for an event was given up'),
    });
  }

  subscribe(after: number, filter: EventFilter, onBatch: (events: readonly MergedEvent[]) => void): () => void {
    return this.#subscribe(after, filter, onBatch, false);
  }

  #subscribe(
    after: number,
    filter: EventFilter,
    onBatch: (events: readonly MergedEvent[]) => void,
    exact: boolean,
  ): () => void {
    this.#settle();
    // A wait is for a real event: it is not woken by the note that older ones are gone.
    const start = exact ? Math.max(after, this.#ring.first - 1) : after;
    const reader: Reader = { matcher: compileFilter(filter), level: filter.level, onBatch, after: start };
    this.#readers.add(reader);
    this.#refreshDemand();
    this.#schedule();
    return () => {
      if (this.#readers.delete(reader)) this.#refreshDemand();
    };
  }

  #refreshDemand(): void {
    const levels = [...this.#readers].flatMap((reader) => reader.level ?? []);
    const demand = mostVerbose('info', levels);
    if (demand === this.#demand) return;
    this.#demand = demand;
    this.#options.demandChanged?.(demand);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.scheduler.defer(() => {
      this.#scheduled = false;
      this.#settle();
      for (const reader of this.#readers) this.#serve(reader);
    });
  }

  /** Gives what arrived its place. Every question comes through here first, so none misses what is already known. */
  #settle(): void {
    if (this.#arrived.length === 0) return;
    const arrived = this.#arrived.sort((one, other) => one.time - other.time);
    this.#arrived = [];
    for (const event of arrived) this.#ring.push({ ...event, position: this.#ring.last + 1 });
  }

  #serve(reader: Reader): void {
    const events: MergedEvent[] = [];
    const lost = this.#lostAfter(reader.after);
    if (lost > 0) events.push(this.#eventsLost(lost));
    for (let at = Math.max(reader.after + 1, this.#ring.first); at <= this.#ring.last; at++) {
      this.#take(at, reader.matcher, events);
    }
    reader.after = Math.max(reader.after, this.#ring.last);
    if (events.length > 0) reader.onBatch(events);
  }

  #take(at: number, matcher: EventMatcher, into: MergedEvent[]): void {
    const event = this.#ring.at(at);
    if (matcher(event)) into.push(event);
  }

  #lostAfter(after: number): number {
    return Math.max(0, this.#ring.first - 1 - after);
  }

  #eventsLost(lost: number): MergedEvent {
    const { clock } = this.#options;
    return {
      position: this.#ring.first - 1,
      node: 'supervisor',
      instance: '',
      sequence: 0,
      component: 'supervisor',
      level: 'warn',
      event: 'events-lost',
      fields: { lost },
      wall: clock.wall(),
      time: clock.now(),
    };
  }
}

function waitTimedOut(filter: EventFilter, timeoutMs: number): RaftctlError {
  return new RaftctlError('timeout', `no event ${describeFilter(filter)} within ${timeoutMs} ms`, { definite: true });
}
