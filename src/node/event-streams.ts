import type { EventRecorder } from '../diagnostics/index.js';
import type { Origin } from './origin.js';
import type { SubscribeEvents } from './request.js';

/** Who hears of diagnostic events as they happen. */
export class EventStreams {
  readonly #recorder: EventRecorder;
  readonly #instance: string;
  readonly #subscriptions = new Map<Origin, () => void>();

  constructor(recorder: EventRecorder, instance: string) {
    this.#recorder = recorder;
    this.#instance = instance;
  }

  begin({ after, level }: SubscribeEvents, origin: Origin): void {
    const unsubscribe = this.#recorder.subscribe(after, level, (events, lost) => {
      origin.respond({ type: 'events', batch: { instance: this.#instance, lost, events } });
    });
    this.#subscriptions.set(origin, unsubscribe);
  }

  end(origin: Origin): void {
    this.#subscriptions.get(origin)?.();
    this.#subscriptions.delete(origin);
  }
}
