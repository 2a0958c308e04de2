import { asError, type Clock, Listeners, messageOf, RaftctlError, type Scheduler } from '../base/index.js';
import { ask, Calls, type Connection, type Frame } from '../transport/index.js';
import { decodeDocument, encodeDocument } from '../wire/document.js';
import { decodeError } from '../wire/index.js';
import { type ClusterControl, EVENTS_LATE_MS, type LiveState } from './control.js';
import type { Welcome } from './control-documents.js';
import { CONTROL_METHODS, CONTROL_STREAMS, EVENT_METHODS, GREETING } from './control-methods.js';
import { CONTROL, CONTROL_VERSION } from './control-protocol.js';
import { type Asked, type CallRow, methodsOver, streamsOver } from './control-row.js';

/** A supervisor answers at once, or after the time it was given; so much later it must be stuck. */
const GRACE_MS = 10_000;

/** A cluster whose supervisor is another process: the same as in its own, over the control socket. */
export interface RemoteControl extends ClusterControl {
  /** Called once, when the supervisor is gone or `close` was called. Answers how to end it. */
  onClosed(listener: () => void): () => void;
  /** Hangs up; the cluster goes on. */
  close(): void;
}

/** Greets the supervisor, and follows its state from then on. Rejects with `handshake-refused` for another version. */
export async function remoteControl(connection: ControlConnection, socketPath: string): Promise<RemoteControl> {
  const { config, clusterId, directory } = await greet(connection);
  const { live, subscribe } = streamsOver(CONTROL_STREAMS, (name, row, parameters, onItem) =>
    connection.open(name, row.ask(...parameters), (document) => onItem(row.item(document, name) as never)),
  );
  const changes = new Listeners();
  const state = await follow(live, connection, changes);
  const call: CallRow = async (name, row, parameters) =>
    row.result(await connection.call(name, row.ask(config, ...parameters)), name);
  return {
    config,
    clusterId,
    socketPath,
    directory,
    eventsLateMs: EVENTS_LATE_MS,
    live: state,
    onLiveChange: (listener) => changes.add(listener),
    onClosed: (listener) => connection.onClosed(listener),
    close: () => connection.close(),
    ...methodsOver(CONTROL_METHODS, call),
    events: { ...methodsOver(EVENT_METHODS, call), subscribe },
  };
}

/** A supervisor that does not even understand the greeting speaks an older version, in which documents were others. */
async function greet(connection: ControlConnection): Promise<Welcome> {
  const { hello } = GREETING;
  try {
    const welcome = await connection.call('hello', { args: { version: CONTROL_VERSION } });
    return hello.result(welcome, 'hello');
  } catch (thrown) {
    const cause = asError(thrown);
    if (cause.code !== 'bad-request') throw cause;
    const text = `the supervisor does not speak version ${CONTROL_VERSION} of the control protocol, as this console does`;
    throw new RaftctlError('handshake-refused', text, { hint: 'use the raftctl that started the cluster', cause });
  }
}

/** Resolves once the first state was told, with how to read the last one. Several may arrive in one read. */
async function follow(
  live: (onState: (state: LiveState) => void) => () => void,
  connection: ControlConnection,
  changes: Listeners,
): Promise<() => LiveState> {
  let state: LiveState | undefined;
  await new Promise<void>((resolve, reject) => {
    connection.onClosed(() => reject(connection.end));
    live((next) => {
      state = next;
      resolve();
      changes.notify();
    });
  });
  return () => state!;
}

/** The calls of one connection to a supervisor. */
export class ControlConnection {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #calls: Calls;
  readonly #closing = new Listeners();
  #end: RaftctlError | undefined;

  constructor(connection: Connection, { clock, scheduler }: { readonly clock: Clock; readonly scheduler: Scheduler }) {
    this.#connection = connection;
    this.#clock = clock;
    this.#calls = new Calls({ clock, scheduler, isNews: ({ kind }) => kind === CONTROL.news });
  }

  /** Why no call is answered any more; undefined as long as it is open. */
  get end(): RaftctlError | undefined {
    return this.#end;
  }

  onClosed(listener: () => void): () => void {
    return this.#closing.add(listener);
  }

  close(): void {
    this.#connection.close();
    this.closed(undefined);
  }

  /** For the transport: what arrived, and the end. Whoever tells what is no news is hung up on. */
  received(frames: readonly Frame[]): void {
    try {
      for (const frame of frames) this.#calls.take(frame);
    } catch (thrown) {
      this.#connection.close();
      this.#ended(hungUp(thrown));
    }
  }

  closed(error: RaftctlError | undefined): void {
    this.#ended(gone(error));
  }

  #ended(end: RaftctlError): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#calls.lost(end);
    this.#closing.notify();
  }

  /** Resolves with the document that answers, as it came. */
  async call(method: string, { args, workMs = 0, cancel, onNews }: Asked): Promise<unknown> {
    if (this.#end !== undefined) throw this.#end;
    const answer = await ask({
      calls: this.#calls,
      over: this.#connection,
      clock: this.#clock,
      kind: CONTROL.call,
      payload: encodeDocument({ method, args }),
      timeoutMs: workMs + GRACE_MS,
      late: () => stuck(method),
      lost: (end) => end ?? gone(undefined),
      onNews: ({ payload }) => onNews?.(decodeDocument(payload, 'news')),
      cancel: cancel && { signal: cancel, kind: CONTROL.cancel },
    });
    if (answer.kind === CONTROL.failure) throw decodeError(answer.payload).error;
    return decodeDocument(answer.payload, 'result');
  }

  /** A stream tells until it is stopped; the end of the connection is told to whoever listens for it. */
  open(method: string, args: unknown, onDocument: (document: unknown) => void): () => void {
    const stop = new AbortController();
    const onNews = (document: unknown) => {
      if (!stop.signal.aborted) onDocument(document);
    };
    this.call(method, { args, workMs: Number.POSITIVE_INFINITY, cancel: stop.signal, onNews }).catch(() => {});
    return () => stop.abort();
  }
}

const stuck = (method: string): RaftctlError =>
  new RaftctlError('timeout', `the supervisor does not answer (${method})`, {
    hint: 'it may be stopped or busy: see its process',
  });

const gone = (cause: RaftctlError | undefined): RaftctlError =>
  new RaftctlError('closed', 'the supervisor is gone', { ...(cause && { cause }), definite: false });

/** The end was ours, and not the supervisor's. */
const hungUp = (thrown: unknown): RaftctlError =>
  new RaftctlError('closed', `hung up on the supervisor: it told what cannot be taken (${messageOf(thrown)})`, {
    cause: asError(thrown),
    definite: false,
  });
