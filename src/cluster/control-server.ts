import { chmodSync, unlinkSync } from 'node:fs';
import { asError, RaftctlError, systemCode } from '../base/index.js';
import type { Connection, Frame, Listener, Transport } from '../transport/index.js';
import { malformed } from '../wire/bytes.js';
import { decodeDocument, encodeDocument } from '../wire/document.js';
import { encodeError } from '../wire/index.js';
import type { ClusterControl } from './control.js';
import type { Welcome } from './control-documents.js';
import {
  CONTROL_METHODS,
  CONTROL_STREAMS,
  type ControlStreams,
  EVENT_METHODS,
  GREETING,
  type Greeting,
} from './control-methods.js';
import {
  CONTROL,
  CONTROL_FRAME_BYTES_MAX,
  CONTROL_QUEUED_BYTES_MAX,
  CONTROL_VERSION,
  parseCall,
} from './control-protocol.js';
import { type MethodTable, methodRows, type ServedCall, type StreamTable, streamRows } from './control-row.js';

type ServedControl = ClusterControl & { readonly directory: string };

export interface ControlServerOptions {
  readonly control: ServedControl;
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
/** A console that lets this much wait is asked nothing more. */
const FULL_BYTES = 1 << 20;
/** For all consoles together, news that nobody reads; beyond it the worst is cut, and the cluster's log says so. */
const HELD_BYTES_MAX = 2 * CONTROL_QUEUED_BYTES_MAX;

/** Lets other processes of this user control the cluster as this one does. */
export async function serveControl({ control, path, transport }: ControlServerOptions): Promise<ControlServer> {
  removeSocket(path);
  const methods = methodsOf(control);
  const callers = new Map<Connection, ControlCaller>();
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
    fullBytes: FULL_BYTES,
    maxHeldBytes: HELD_BYTES_MAX,
    handlers: {
      opened: (connection) => void callers.set(connection, new ControlCaller(methods, connection)),
      frames: (connection, frames) => callers.get(connection)?.received(frames),
      closed: (connection) => {
        callers.get(connection)?.end();
        callers.delete(connection);
      },
    },
  });
  // The cluster's directory may be one that the user made, for others to look into: the socket is not theirs.
  chmodSync(path, 0o600);
  return {
    close: async () => {
      for (const caller of callers.values()) caller.clusterIsDown();
      await listener.close();
    },
  };
}

/** One console's connection, and its calls under way. */
class ControlCaller {
  readonly #methods: ReadonlyMap<string, Served>;
  readonly #connection: Connection;
  readonly #calls = new Map<number, AbortController>();
  /** Calls that are answered last of all. */
  readonly #lastCalls = new Set<number>();

  constructor(methods: ReadonlyMap<string, Served>, connection: Connection) {
    this.#methods = methods;
    this.#connection = connection;
  }

  received(frames: readonly Frame[]): void {
    for (const { kind, callId, payload } of frames) {
      if (kind === CONTROL.call) void this.#answer(callId, payload);
      else if (kind === CONTROL.cancel) this.#calls.get(callId)?.abort();
    }
  }

  clusterIsDown(): void {
    for (const callId of this.#lastCalls) this.#send(CONTROL.result, callId, null);
    this.#lastCalls.clear();
    this.#connection.flush();
  }

  end(): void {
    // A console that is gone does not force the cluster down.
    for (const [callId, call] of this.#calls) if (!this.#lastCalls.has(callId)) call.abort();
  }

  async #answer(callId: number, payload: Buffer): Promise<void> {
    const abort = new AbortController();
    this.#calls.set(callId, abort);
    try {
      const { method, args } = parseCall(decodeDocument(payload, 'call'), 'call');
      const served = this.#methods.get(method);
      if (served === undefined) throw malformed('call.method', `there is no method ${method.slice(0, 40)}`);
      if (served.answeredLast) this.#lastCalls.add(callId);
      const news = (document: unknown) => this.#send(CONTROL.news, callId, document);
      const result = await served.run(args, { signal: abort.signal, news });
      if (!served.answeredLast) this.#send(CONTROL.result, callId, result);
    } catch (thrown) {
      this.#lastCalls.delete(callId);
      this.#connection.send(CONTROL.failure, callId, encodeError(asError(thrown)));
    } finally {
      this.#calls.delete(callId);
    }
  }

  #send(kind: number, callId: number, document: unknown): void {
    this.#connection.send(kind, callId, encodeDocument(document));
  }
}

/** One method, made from its row and from what carries it out. */
interface Served {
  readonly answeredLast: boolean;
  run(args: unknown, call: ServedCall): Promise<unknown>;
}

const methodsOf = (control: ServedControl): ReadonlyMap<string, Served> =>
  new Map([
    ...served(GREETING, greeting(control)),
    ...served(CONTROL_METHODS, control),
    ...served(EVENT_METHODS, control.events),
    ...servedStreams(CONTROL_STREAMS, streams(control)),
  ]);

const greeting = ({ config, clusterId, directory }: ServedControl): Greeting => ({
  async hello(version): Promise<Welcome> {
    if (version === CONTROL_VERSION) return { version, config, clusterId, directory };
    const text = `the supervisor speaks version ${CONTROL_VERSION} of the control protocol, this console ${version}`;
    throw new RaftctlError('handshake-refused', text, { hint: 'use the raftctl that started the cluster' });
  },
});

const streams = (control: ServedControl): ControlStreams => ({
  live(onState) {
    onState(control.live());
    return control.onLiveChange(() => onState(control.live()));
  },
  subscribe: (...parameters) => control.events.subscribe(...parameters),
});

function* served<Methods extends object>(table: MethodTable<Methods>, methods: Methods): Iterable<[string, Served]> {
  for (const { name, row, carryOut } of methodRows(table, methods)) {
    const { answeredLast } = row;
    // Async, so that arguments that are none fail as any call fails.
    const run = async (args: unknown, call: ServedCall) => carryOut(...row.parameters(args, call));
    yield [name, { answeredLast, run }];
  }
}

/** A stream is a call that tells, and is answered when it is cancelled. */
function* servedStreams<Streams extends object>(
  table: StreamTable<Streams>,
  streams: Streams,
): Iterable<[string, Served]> {
  for (const { name, row, open } of streamRows(table, streams)) {
    const run = (args: unknown, { signal, news }: ServedCall) =>
      new Promise<void>((resolve) => {
        const stop = open(row.parameters(args), (item) => {
          for (const document of row.documents(item)) news(document);
        });
        signal.addEventListener('abort', () => {
          stop();
          resolve();
        });
      });
    yield [name, { answeredLast: false, run }];
  }
}

/** Of a supervisor that died. */
function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (thrown) {
    if (systemCode(thrown) !== 'ENOENT') throw thrown;
  }
}
