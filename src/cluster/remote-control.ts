import { type Level, type NodeId, RaftctlError, type Scheduler, type Timer } from '../base/index.js';
import type {
  EventFilter,
  EventPage,
  EventQuery,
  EventSource,
  MergedEvent,
  WaitOptions,
} from '../diagnostics/index.js';
import type { Connection, Frame } from '../transport/index.js';
import { decodeDocument, encodeDocument } from '../wire/document.js';
import { decodeError } from '../wire/index.js';
import type { ClusterConfig } from './config/config.js';
import type {
  ClusterControl,
  ClusterView,
  DownOptions,
  LifecycleAction,
  LifecycleOptions,
  LifecycleResult,
  LiveState,
} from './control.js';
import {
  CONTROL,
  CONTROL_VERSION,
  fromLiveDocument,
  type LiveDocument,
  type Method,
  type Welcome,
} from './control-protocol.js';
import { Listeners } from './until.js';

/** A supervisor answers at once, or after the time it was given; so much later it must be stuck. */
const GRACE_MS = 10_000;

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: RaftctlError) => void;
  readonly onProgress?: ((document: unknown) => void) | undefined;
  timer: Timer | undefined;
}

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
  readonly #connection: Connection;
  readonly #scheduler: Scheduler;
  readonly #calls = new Map<number, PendingCall>();
  readonly #changes = new Listeners();
  readonly #closing = new Listeners();
  #welcome: Welcome | undefined;
  #live: LiveState | undefined;
  #lastCallId = 0;
  #closed = false;

  constructor(connection: Connection, scheduler: Scheduler) {
    this.#connection = connection;
    this.#scheduler = scheduler;
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
    for (const { kind, callId, payload } of frames) {
      if (kind === CONTROL.live) this.#liveChanged(decodeDocument(payload, 'live') as LiveDocument);
      const call = this.#calls.get(callId);
      if (call === undefined) continue;
      if (kind === CONTROL.result) this.#settle(callId)?.resolve(decodeDocument(payload, 'result'));
      else if (kind === CONTROL.failure) this.#settle(callId)?.reject(decodeError(payload).error);
      else call.onProgress?.(decodeDocument(payload, 'progress'));
    }
  }

  closed(error: RaftctlError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const callId of [...this.#calls.keys()]) this.#settle(callId)?.reject(gone(error));
    this.#closing.notify();
  }

  call(method: Method, args: unknown, { workMs, onProgress, cancel }: CallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#lastCallId += 1;
      const callId = this.#lastCallId;
      if (this.#closed || !this.#connection.send(CONTROL.call, callId, encodeDocument({ method, args }))) {
        reject(gone(undefined));
        return;
      }
      const call: PendingCall = { resolve, reject, onProgress, timer: undefined };
      this.#calls.set(callId, call);
      if (workMs !== undefined)
        call.timer = this.#scheduler.after(workMs + GRACE_MS, () => this.#stuck(callId, method));
      const abort = () => this.#calls.has(callId) && this.#connection.send(CONTROL.cancel, callId);
      if (cancel?.aborted) abort();
      else cancel?.addEventListener('abort', abort, { once: true });
    });
  }

  get #greeted(): Welcome {
    if (this.#welcome === undefined) throw new RaftctlError('closed', 'the supervisor has not been greeted yet');
    return this.#welcome;
  }

  #liveChanged(document: LiveDocument): void {
    this.#live = fromLiveDocument(document);
    this.#changes.notify();
  }

  #stuck(callId: number, method: Method): void {
    const error = new RaftctlError('timeout', `the supervisor does not answer (${method})`, {
      hint: 'it may be stopped or busy: see its process',
    });
    this.#settle(callId)?.reject(error);
  }

  #settle(callId: number): PendingCall | undefined {
    const call = this.#calls.get(callId);
    this.#calls.delete(callId);
    call?.timer?.cancel();
    return call;
  }
}

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
