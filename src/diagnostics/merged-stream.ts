import { type Clock, type Level, RaftctlError, type Scheduler, until, withinTime } from '../base/index.js';
import type { DiagnosticEvent, MergedEvent } from './event.js';
import {
  compileFilter,
  describeFilter,
  type EventFilter,
  type EventMatcher,
  hasPatterns,
  PATTERN_MS,
  patternTooSlow,
} from './filter.js';
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
/** Events that are looked at in one go. A pattern takes some microseconds for each, or for ever. */
const SLICE = 1_000;

interface Search {
  readonly matcher: EventMatcher;
  readonly hasPatterns: boolean;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly step: 1 | -1;
  readonly limit?: number;
}

interface Reader {
  readonly search: Search;
  /** It waits for a real event, and is told nothing else. */
  readonly isExact: boolean;
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
    const search = searchFor(query.filter ?? {});
    const limit = query.limit ?? LIMIT;
    const lost = this.#lostAfter(query.after);
    const first = Math.max(query.after + 1, this.#ring.first);
    const { last } = this.#ring;
    if (query.fromEnd) {
      const { found } = this.#find(search, { from: last, to: first, step: -1, limit });
      return { events: found.reverse(), next: last, lost };
    }
    const { found, end } = this.#find(search, { from: first, to: last, step: 1, limit });
    return { events: found, next: Math.max(end - 1, 0), lost };
  }

  async count(filter: EventFilter, after: number): Promise<number> {
    this.#settle();
    const from = Math.max(after + 1, this.#ring.first);
    return this.#find(searchFor(filter), { from, to: this.#ring.last, step: 1 }).found.length;
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
    const search = searchFor(filter);
    const reader: Reader = { search, isExact: exact, level: filter.level, onBatch, after: start };
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
    if (lost > 0) events.push(this.#note({ event: 'events-lost', fields: { lost } }));
    const from = Math.max(reader.after + 1, this.#ring.first);
    reader.after = Math.max(reader.after, this.#ring.last);
    try {
      for (const event of this.#find(reader.search, { from, to: this.#ring.last, step: 1 }).found) events.push(event);
    } catch (thrown) {
      if (!(thrown instanceof RaftctlError)) throw thrown;
      // It would hold up everybody again at the next event.
      this.#readers.delete(reader);
      this.#refreshDemand();
      if (!reader.isExact) events.push(this.#note({ event: 'pattern-too-slow', fields: { ms: PATTERN_MS } }));
    }
    if (events.length > 0) reader.onBatch(events);
  }

  /**
   * What matches, and the position behind the last one that was looked at.
   *
   * @throws {RaftctlError} `usage`: a pattern takes too long
   */
  #find({ matcher, hasPatterns: isSlow }: Search, { from, to, step, limit = Number.POSITIVE_INFINITY }: Span) {
    const found: MergedEvent[] = [];
    let end = from;
    const isOver = () => found.length >= limit || (to - end) * step < 0;
    const look = () => {
      for (let left = SLICE; left > 0 && !isOver(); left--, end += step) {
        const event = this.#ring.at(end);
        if (matcher(event)) found.push(event);
      }
    };
    while (!isOver()) {
      if (isSlow) withinTime(PATTERN_MS, look, patternTooSlow);
      else look();
    }
    return { found, end };
  }

  #lostAfter(after: number): number {
    return Math.max(0, this.#ring.first - 1 - after);
  }

  /** For one reader, in no place of the stream. */
  #note(what: Pick<MergedEvent, 'event' | 'fields'>): MergedEvent {
    const { clock } = this.#options;
    return {
      position: this.#ring.first - 1,
      node: 'supervisor',
      instance: '',
      sequence: 0,
      component: 'supervisor',
      level: 'warn',
      ...what,
      wall: clock.wall(),
      time: clock.now(),
    };
  }
}

const searchFor = (filter: EventFilter): Search => ({
  matcher: compileFilter(filter),
  hasPatterns: hasPatterns(filter),
});

function waitTimedOut(filter: EventFilter, timeoutMs: number): RaftctlError {
  return new RaftctlError('timeout', `no event ${describeFilter(filter)} within ${timeoutMs} ms`, { definite: true });
}
