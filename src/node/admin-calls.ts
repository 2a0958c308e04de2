import type { EventRecorder } from '../diagnostics/index.js';
import type { Connection } from '../transport/index.js';
import { decodeLogLevel, decodeSubscribeEvents, encodeEventBatch, KIND } from '../wire/index.js';

interface AdminCallsOptions {
  readonly recorder: EventRecorder;
  readonly instance: string;
  readonly stop: () => void;
}

/** What only a supervisor asks of a node: its events as they happen, its log level, its end. */
export class AdminCalls {
  readonly #options: AdminCallsOptions;
  /** One subscription per admin connection; a new one replaces it. */
  readonly #subscriptions = new Map<Connection, () => void>();

  constructor(options: AdminCallsOptions) {
    this.#options = options;
  }

  /** False: not an admin's call. */
  handle(connection: Connection, kind: number, callId: number, payload: Buffer): boolean {
    switch (kind) {
      case KIND.subscribeEvents:
        this.#subscribe(connection, callId, payload);
        return true;
      case KIND.logLevel:
        this.#options.recorder.setBaseLevel(decodeLogLevel(payload).level);
        connection.send(KIND.ok, callId);
        return true;
      case KIND.stop:
        connection.send(KIND.ok, callId);
        connection.flush();
        this.#options.stop();
        return true;
      default:
        return false;
    }
  }

  closed(connection: Connection): void {
    this.#subscriptions.get(connection)?.();
    this.#subscriptions.delete(connection);
  }

  #subscribe(connection: Connection, callId: number, payload: Buffer): void {
    const { after, level } = decodeSubscribeEvents(payload);
    const { recorder, instance } = this.#options;
    this.closed(connection);
    const unsubscribe = recorder.subscribe(after, level, (events, lost) => {
      connection.send(KIND.eventBatch, callId, encodeEventBatch({ instance, lost, events }));
    });
    this.#subscriptions.set(connection, unsubscribe);
  }
}
