import { type Clock, type Level, Listeners, type NodeId, RaftctlError, type Scheduler } from '../base/index.js';
import type {
  EventFilter,
  EventPage,
  EventQuery,
  EventSource,
  MergedEvent,
  WaitOptions,
} from '../diagnostics/index.js';
import { ask, Calls, type Connection, type Frame } from '../transport/index.js';
import { decodeDocument, encodeDocument } from '../wire/document.js';
import { decodeError } from '../wire/index.js';
import type { ClusterConfig } from './config/config.js';
import {
  type ClusterControl,
  type ClusterView,
  type DownOptions,
  EVENTS_LATE_MS,
  type LifecycleAction,
  type LifecycleOptions,
  type LifecycleResult,
  type LiveState,
} from './control.js';
import {
  CONTROL,
  CONTROL_VERSION,
  fromLiveDocument,
  type LiveDocument,
  type Method,
  type Welcome,
} from './control-protocol.js';

/** What comes before a result, under the same id. */
const NEWS: ReadonlySet<number> = new Set([CONTROL.progress, CONTROL.events]);
/** A supervisor answers at once, or after the time it was given; so much later it must be stuck. */
const GRACE_MS = 10_000;

interface CallOptions {
  /** How long the supervisor itself may take; absent: as long as it likes. */
  readonly workMs?: number | undefined;
  readonly onProgress?: (document: unknown) => void;
  /** Aborted: the supervisor is told. */
  readonly cancel?: AbortSignal | undefined;
}

/** A cluster whose supervisor is another process: the same as in its own, over the control socket. */
export class RemoteControl implements ClusterControl {
  readonly events: EventSource;
  readonly eventsLateMs = EVENTS_LATE_MS;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #calls: Calls;
  readonly #changes = new Listeners();
  readonly #closing = new Listeners();
  #welcome: Welcome | undefined;
  #live: LiveState | undefined;
  #closed = false;

  constructor(connection: Connection, { clock, scheduler }: { readonly clock: Clock; readonly scheduler: Scheduler }) {
    this.#connection = connection;
    this.#clock = clock;
    this.#calls = new Calls({ clock, scheduler, isNews: ({ kind }) => NEWS.has(kind) });
    this.events = new RemoteEvents((method, args, options) => this.call(method, args, options));
  }

  /** The first call: everything else relies on what it brings. */
  async greet(): Promise<void> {
    const welcome = (await this.call('hello', { version: CONTROL_VERSION }, { workMs: 0 })) as Welcome;
    this.#welcome = welcome;
    this.#live ??= fromLiveDocument(welcome.live);
  }

  get config(): ClusterConfig {
    return this.#greeted.config;
  }

  get clusterId(): string {
    return this.#greeted.clusterId;
  }

  get directory(): string {
    return this.#greeted.directory;
  }

  live(): LiveState {
    return this.#live ?? fromLiveDocument(this.#greeted.live);
  }

  onLiveChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  /** Called once, when the supervisor is gone or `close` was called. */
  onClosed(listener: () => void): () => void {
    return this.#closing.add(listener);
  }

  async view(options: { readonly timeoutMs?: number } = {}): Promise<ClusterView> {
    return (await this.call('view', options, { workMs: options.timeoutMs ?? GRACE_MS })) as ClusterView;
  }

  async lifecycle(action: LifecycleAction, node: NodeId, options: LifecycleOptions = {}): Promise<LifecycleResult> {
    const workMs = (options.timeoutMs ?? GRACE_MS) + 2 * this.config.supervisor.stopTimeoutMs;
    return (await this.call('lifecycle', { action, node, ...options }, { workMs })) as LifecycleResult;
  }

  async setLevel(level: Level, node?: NodeId): Promise<void> {
    await this.call('setLevel', { level, node }, { workMs: GRACE_MS });
  }

  async down({ timeoutMs, force, onProgress }: DownOptions = {}): Promise<void> {
    await this.call(
      'down',
      { timeoutMs },
      { cancel: force, onProgress: (text) => typeof text === 'string' && onProgress?.(text) },
    );
  }

  /** Hangs up; the cluster goes on. */
  close(): void {
    this.#connection.close();
    this.closed(undefined);
  }

  /** For the transport: what arrived, and the end. */
  received(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.kind === CONTROL.live) this.#liveChanged(decodeDocument(frame.payload, 'live') as LiveDocument);
      else this.#calls.take(frame);
    }
  }

  closed(error: RaftctlError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#calls.lost(error);
    this.#closing.notify();
  }

  async call(method: Method, args: unknown, { workMs, onProgress, cancel }: CallOptions = {}): Promise<unknown> {
    if (this.#closed) throw gone(undefined);
    const answer = await ask({
      calls: this.#calls,
      over: this.#connection,
      clock: this.#clock,
      kind: CONTROL.call,
      payload: encodeDocument({ method, args }),
      timeoutMs: workMs === undefined ? undefined : workMs + GRACE_MS,
      late: () => stuck(method),
      lost: gone,
      onNews: ({ payload }) => onProgress?.(decodeDocument(payload, 'progress')),
      cancel: cancel && { signal: cancel, kind: CONTROL.cancel },
    });
    if (answer.kind === CONTROL.failure) throw decodeError(answer.payload).error;
    return decodeDocument(answer.payload, 'result');
  }

  get #greeted(): Welcome {
    if (this.#welcome === undefined) throw new RaftctlError('closed', 'the supervisor has not been greeted yet');
    return this.#welcome;
  }

  #liveChanged(document: LiveDocument): void {
    this.#live = fromLiveDocument(document);
    this.#changes.notify();
  }
}

const stuck = (method: Method): RaftctlError =>
  new RaftctlError('timeout', `the supervisor does not answer (${method})`, {
    hint: 'it may be stopped or busy: see its process',
  });

function gone(cause: RaftctlError | undefined): RaftctlError {
  return new RaftctlError('closed', 'the supervisor is gone', { ...(cause && { cause }), definite: false });
}

type MakeCall = (method: Method, args: unknown, options?: CallOptions) => Promise<unknown>;

/** The merged stream of another process. */
class RemoteEvents implements EventSource {
  readonly #call: MakeCall;

  constructor(call: MakeCall) {
    this.#call = call;
  }

  async last(): Promise<number> {
    return (await this.#call('last', {}, { workMs: 0 })) as number;
  }

  async read(query: EventQuery): Promise<EventPage> {
    return (await this.#call('read', query, { workMs: 0 })) as EventPage;
  }

  async count(filter: EventFilter, after: number): Promise<number> {
    return (await this.#call('count', { filter, after }, { workMs: 0 })) as number;
  }

  async waitFor(filter: EventFilter, after: number, { timeoutMs, signal }: WaitOptions = {}): Promise<MergedEvent> {
    const options = { workMs: timeoutMs, cancel: signal };
    return (await this.#call('waitFor', { filter, after, timeoutMs }, options)) as MergedEvent;
  }

  subscribe(after: number, filter: EventFilter, onBatch: (events: readonly MergedEvent[]) => void): () => void {
    const stop = new AbortController();
    const onProgress = (events: unknown) => {
      if (!stop.signal.aborted) onBatch(events as readonly MergedEvent[]);
    };
    // The end of the connection is told to whoever holds the control; a subscription just falls silent.
    this.#call('subscribe', { filter, after }, { onProgress, cancel: stop.signal }).catch(() => {});
    return () => stop.abort();
  }
}
