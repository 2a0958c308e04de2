import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { asNodeId, messageOf, RaftctlError } from '../base/index.js';
import type { MergedEvent } from '../diagnostics/index.js';
import type { Connection, Frame, Listener, Transport } from '../transport/index.js';
import { decodeDocument, encodeDocument } from '../wire/document.js';
import { encodeError } from '../wire/index.js';
import type { ClusterControl } from './control.js';
import {
  ARGUMENTS,
  type Arguments,
  CONTROL,
  CONTROL_FRAME_BYTES_MAX,
  CONTROL_QUEUED_BYTES_MAX,
  CONTROL_VERSION,
  EVENTS_PER_FRAME,
  type Method,
  parseCall,
  toLiveDocument,
  type Welcome,
} from './control-protocol.js';

export interface ControlServerOptions {
  readonly control: ClusterControl & { readonly directory: string };
  /** Of the Unix socket. Whoever holds the cluster's lock may replace what a dead supervisor left there. */
  readonly path: string;
  readonly transport: Transport;
}

export interface ControlServer {
  /** Answers those who took the cluster down, and hangs up on everybody. */
  close(): Promise<void>;
}

const HANDSHAKE_TIMEOUT_MS = 3_000;
const CONNECTIONS_MAX = 64;

/** Lets other processes of this user control the cluster as this one does. */
export async function serveControl({ control, path, transport }: ControlServerOptions): Promise<ControlServer> {
  rmSync(path, { force: true });
  const sessions = new Map<Connection, ControlSession>();
  const listener: Listener = await transport.listen({
    host: '',
    port: 0,
    path,
    hello: () => ({
      role: 'admin',
      clusterId: control.clusterId,
      node: 'supervisor',
      instance: '',
      note: new Uint8Array(),
    }),
    maxFrameBytes: () => CONTROL_FRAME_BYTES_MAX,
    handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
    maxConnections: CONNECTIONS_MAX,
    maxQueuedBytes: CONTROL_QUEUED_BYTES_MAX,
    handlers: {
      opened: (connection) => void sessions.set(connection, new ControlSession(control, connection)),
      frames: (connection, frames) => sessions.get(connection)?.received(frames),
      closed: (connection) => {
        sessions.get(connection)?.end();
        sessions.delete(connection);
      },
    },
  });
  return {
    close: async () => {
      for (const session of sessions.values()) session.clusterIsDown();
      await listener.close();
    },
  };
}

/** One console's connection: its calls under way, and what it is told without asking again. */
class ControlSession {
  readonly #control: ControlServerOptions['control'];
  readonly #connection: Connection;
  /** Aborted when the console cancels the call, or is gone. */
  readonly #calls = new Map<number, AbortController>();
  /** Calls of `down`: answered last of all. */
  readonly #downCalls = new Set<number>();
  #stopLive: (() => void) | undefined;

  constructor(control: ControlServerOptions['control'], connection: Connection) {
    this.#control = control;
    this.#connection = connection;
  }

  received(frames: readonly Frame[]): void {
    for (const { kind, callId, payload } of frames) {
      if (kind === CONTROL.call) void this.#answer(callId, payload);
      else if (kind === CONTROL.cancel) this.#calls.get(callId)?.abort();
    }
  }

  clusterIsDown(): void {
    for (const callId of this.#downCalls) this.#send(CONTROL.result, callId, null);
    this.#downCalls.clear();
    this.#connection.flush();
  }

  end(): void {
    this.#stopLive?.();
    // A console that is gone does not force the cluster down.
    for (const [callId, call] of this.#calls) if (!this.#downCalls.has(callId)) call.abort();
  }

  async #answer(callId: number, payload: Buffer): Promise<void> {
    const abort = new AbortController();
    this.#calls.set(callId, abort);
    try {
      const { method, args } = parseCall(decodeDocument(payload, 'call'), 'call');
      const result = await this.#run(method, args, callId, abort.signal);
      if (method !== 'down') this.#send(CONTROL.result, callId, result ?? null);
    } catch (thrown) {
      this.#connection.send(CONTROL.failure, callId, encodeError(toError(thrown)));
    } finally {
      this.#calls.delete(callId);
    }
  }

  #run(method: Method, args: unknown, callId: number, signal: AbortSignal): Promise<unknown> {
    switch (method) {
      case 'hello':
        return this.#hello(ARGUMENTS.hello(args, 'hello'));
      case 'view':
        return this.#control.view(given(ARGUMENTS.view(args, 'view')));
      case 'lifecycle':
        return this.#lifecycle(ARGUMENTS.lifecycle(args, 'lifecycle'));
      case 'setLevel': {
        const { level, node } = ARGUMENTS.setLevel(args, 'setLevel');
        return this.#control.setLevel(level, node === undefined ? undefined : asNodeId(node));
      }
      case 'down':
        return this.#down(ARGUMENTS.down(args, 'down'), callId, signal);
      default:
        return this.#runEvents(method, args, callId, signal);
    }
  }

  #runEvents(
    method: 'last' | 'read' | 'count' | 'waitFor' | 'subscribe',
    args: unknown,
    callId: number,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { events } = this.#control;
    switch (method) {
      case 'last':
        return events.last();
      case 'read': {
        const { after, ...rest } = ARGUMENTS.read(args, 'read');
        return events.read({ after, ...given(rest) });
      }
      case 'count': {
        const { filter, after } = ARGUMENTS.count(args, 'count');
        return events.count(filter, after);
      }
      case 'waitFor': {
        const { filter, after, timeoutMs } = ARGUMENTS.waitFor(args, 'waitFor');
        return events.waitFor(filter, after, { signal, ...given({ timeoutMs }) });
      }
      case 'subscribe':
        return this.#subscribe(ARGUMENTS.subscribe(args, 'subscribe'), callId, signal);
    }
  }

  async #hello({ version }: Arguments<'hello'>): Promise<Welcome> {
    if (version !== CONTROL_VERSION) {
      const text = `the supervisor speaks version ${CONTROL_VERSION} of the control protocol, this console ${version}`;
      throw new RaftctlError('handshake-refused', text, { hint: 'use the raftctl that started the cluster' });
    }
    const { config, clusterId, directory } = this.#control;
    const tell = () => this.#send(CONTROL.live, 0, toLiveDocument(this.#control.live()));
    this.#stopLive?.();
    this.#stopLive = this.#control.onLiveChange(tell);
    return { version, config, clusterId, directory, live: toLiveDocument(this.#control.live()) };
  }

  #lifecycle({ action, node, signal, timeoutMs }: Arguments<'lifecycle'>): Promise<unknown> {
    if (signal !== undefined && !isSignal(signal)) throw new RaftctlError('usage', `unknown signal '${signal}'`);
    return this.#control.lifecycle(action, asNodeId(node), given({ signal, timeoutMs }));
  }

  async #down({ timeoutMs }: Arguments<'down'>, callId: number, force: AbortSignal): Promise<void> {
    this.#downCalls.add(callId);
    const onProgress = (text: string) => this.#send(CONTROL.progress, callId, text);
    await this.#control.down({ force, onProgress, ...given({ timeoutMs }) });
  }

  #subscribe({ filter, after }: Arguments<'subscribe'>, callId: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#control.events.subscribe(after, filter, (events) => this.#sendEvents(callId, events));
      signal.addEventListener('abort', () => {
        stop();
        resolve();
      });
    });
  }

  #sendEvents(callId: number, events: readonly MergedEvent[]): void {
    for (let from = 0; from < events.length; from += EVENTS_PER_FRAME) {
      this.#send(CONTROL.events, callId, events.slice(from, from + EVENTS_PER_FRAME));
    }
  }

  #send(kind: number, callId: number, document: unknown): void {
    this.#connection.send(kind, callId, encodeDocument(document));
  }
}

const isSignal = (text: string): text is NodeJS.Signals => Object.hasOwn(constants.signals, text);

type Given<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Without the members that are undefined: absent and undefined are one on the wire. */
function given<T extends object>(options: T): Given<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>;
}

const toError = (thrown: unknown): RaftctlError =>
  thrown instanceof RaftctlError ? thrown : new RaftctlError('internal', messageOf(thrown), { cause: thrown });
