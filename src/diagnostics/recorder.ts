import type { Clock, Emit, Fields, Level, NodeId, Scheduler } from '../base/index.js';
import type { NodeEvent } from './event.js';
import { LEVEL_RANK, mostVerbose } from './level.js';
import { Ring } from './ring.js';

export interface RecorderOptions {
  readonly node: NodeId;
  readonly instance: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Recorded even when nobody subscribes. Suggested: `logs.level` of cluster.yaml. */
  readonly level: Level;
  /** Events kept for a subscriber that comes late or reconnects. */
  readonly capacity?: number;
}

/** `lost` events fell out of the ring before this subscriber came to them. */
export type OnEventBatch = (events: readonly NodeEvent[], lost: number) => void;

const CAPACITY = 10_000;
/** One batch is one frame on the admin connection: about 200 KB at this many events. */
const BATCH_EVENTS_MAX = 1_000;

interface Subscription {
  readonly rank: number;
  readonly level: Level;
  readonly onBatch: OnEventBatch;
  /** The sequence up to which it has been served. */
  after: number;
}

/**
 * The events of one node: a bounded ring that subscribers read at their own pace, once per turn of the event loop.
 * Nobody asks for a level: its events cost one comparison of numbers.
 */
export class EventRecorder {
  readonly #options: RecorderOptions;
  readonly #ring: Ring<NodeEvent>;
  readonly #subscriptions = new Set<Subscription>();
  #baseLevel: Level;
  #threshold: number;
  #scheduled = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#ring = new Ring(options.capacity ?? CAPACITY);
    this.#baseLevel = options.level;
    this.#threshold = LEVEL_RANK[options.level];
  }

  /** The level that is asked for without any subscriber. */
  get baseLevel(): Level {
    return this.#baseLevel;
  }

  /** What is recorded now: the most verbose level that somebody asked for. */
  get level(): Level {
    return mostVerbose(
      this.#baseLevel,
      [...this.#subscriptions].map((subscription) => subscription.level),
    );
  }

  /** The sequence of the newest event; 0 before the first. */
  get lastSequence(): number {
    return this.#ring.last;
  }

  setBaseLevel(level: Level): void {
    this.#baseLevel = level;
    this.#threshold = LEVEL_RANK[this.level];
  }

  /** The `Emit` of one part of the process. */
  emitFor(component: string): Emit {
    return {
      enabled: (level) => LEVEL_RANK[level] <= this.#threshold,
      emit: (level, event, fields) => {
        if (LEVEL_RANK[level] <= this.#threshold) this.#record(component, level, event, fields);
      },
    };
  }

  /**
   * Hands over the events after a sequence, at this level or more severe, in batches at the end of a turn; first those
   * the ring still has. While it lasts, the level is recorded. Answers how to end it.
   */
  subscribe(afterSequence: number, level: Level, onBatch: OnEventBatch): () => void {
    const after = Math.min(afterSequence, this.#ring.last);
    const subscription: Subscription = { rank: LEVEL_RANK[level], level, onBatch, after };
    this.#subscriptions.add(subscription);
    this.#threshold = LEVEL_RANK[this.level];
    this.#schedule();
    return () => {
      this.#subscriptions.delete(subscription);
      this.#threshold = LEVEL_RANK[this.level];
    };
  }

  #record(component: string, level: Level, event: string, fields: Fields | undefined): void {
    const { node, instance, clock } = this.#options;
    this.#ring.push({
      node,
      instance,
      sequence: this.#ring.last + 1,
      component,
      level,
      event,
      fields: fields ?? {},
      wall: clock.wall(),
      time: clock.now(),
    });
    if (this.#subscriptions.size > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.scheduler.defer(() => {
      this.#scheduled = false;
      for (const subscription of this.#subscriptions) this.#serve(subscription);
    });
  }

  #serve(subscription: Subscription): void {
    const lost = Math.max(0, this.#ring.first - 1 - subscription.after);
    const from = subscription.after + lost + 1;
    const events: NodeEvent[] = [];
    let sequence = from;
    while (sequence <= this.#ring.last && events.length < BATCH_EVENTS_MAX) {
      const event = this.#ring.at(sequence);
      if (LEVEL_RANK[event.level] <= subscription.rank) events.push(event);
      sequence += 1;
    }
    subscription.after = sequence - 1;
    if (subscription.after < this.#ring.last) this.#schedule();
    if (events.length > 0 || lost > 0) subscription.onBatch(events, lost);
  }
}
