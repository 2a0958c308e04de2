import { asIndex, asNodeId, asRevision, asTerm, type NodeId, RaftctlError } from '../../src/base/index.js';
import { checkCommand, decodeCommand, isOpenSession, readSession } from '../../src/kv/command.js';
import type { KeyValue } from '../../src/kv/types.js';
import type { Connection, Frame, Listener, Transport } from '../../src/transport/index.js';
import {
  decodeGet,
  decodeScan,
  encodeError,
  encodeNote,
  encodeOkGet,
  encodeOkScan,
  encodeOkSession,
  encodeOkWrite,
  KIND,
  WRITE_HEADER_BYTES,
} from '../../src/wire/index.js';

const CLUSTER = '0123456789abcdef0123456789abcdef';
const LIMITS = { maxKeyBytes: 1024, maxValueBytes: 1 << 20 };

export interface FakeNodeOptions {
  readonly transport: Transport;
  readonly name: string;
  readonly port?: number;
  readonly clusterId?: string;
  readonly leader?: string | null;
  readonly term?: number;
  readonly maxValueBytes?: number;
  /** The store that `serve` answers from; several nodes may share one. */
  readonly store?: FakeStore;
}

/** A request as a fake node received it. What becomes of it is the test's word; nothing, until then. */
export class Request {
  readonly kind: number;
  readonly payload: Buffer;
  readonly timeoutMs: number;
  readonly connection: Connection;
  readonly #callId: number;

  constructor(connection: Connection, frame: Frame) {
    this.connection = connection;
    this.kind = frame.kind;
    this.payload = frame.payload;
    this.timeoutMs = frame.payload.length < 4 ? 0 : frame.payload.readUInt32LE(0);
    this.#callId = frame.callId;
  }

  answer(kind: number, ...parts: readonly Uint8Array[]): void {
    this.connection.send(kind, this.#callId, ...parts);
  }

  okWrite(revision: number, succeeded = true): void {
    this.answer(KIND.okWrite, encodeOkWrite({ succeeded, revision: asRevision(revision) }));
  }

  okSession(session: number): void {
    this.answer(KIND.okSession, encodeOkSession({ session: asIndex(session) }));
  }

  /** It asks for a session. */
  get opensSession(): boolean {
    const { payload } = this;
    return this.kind === KIND.write && isOpenSession(payload, WRITE_HEADER_BYTES, payload.length - WRITE_HEADER_BYTES);
  }

  okGet(revision: number, value?: string): void {
    const numbers = { createRevision: asRevision(1), modRevision: asRevision(1), version: 1 };
    const found = value === undefined ? undefined : { value: Buffer.from(value), ...numbers };
    this.answer(KIND.okGet, ...encodeOkGet(asRevision(revision), found));
  }

  refuse(error: RaftctlError, leader: NodeId | null = null): void {
    this.answer(KIND.error, encodeError(error, leader));
  }

  breakConnection(): void {
    this.connection.close();
  }
}

/** A node's manners without Raft: it greets, takes requests, and does with them what the test says. */
export class FakeNode {
  readonly name: NodeId;
  /** Every request so far. */
  readonly received: Request[] = [];
  /** When set, requests go here instead of waiting for `next`. */
  behaviour: ((request: Request) => void) | undefined;
  term: number;
  leader: NodeId | null;
  #listener: Listener | undefined;
  readonly #options: FakeNodeOptions;
  readonly #unclaimed: Request[] = [];
  readonly #claims: ((request: Request) => void)[] = [];
  #port: number;

  constructor(options: FakeNodeOptions) {
    this.#options = options;
    this.name = asNodeId(options.name);
    this.term = options.term ?? 1;
    this.leader = options.leader ? asNodeId(options.leader) : null;
    this.#port = options.port ?? 0;
  }

  static async start(options: FakeNodeOptions): Promise<FakeNode> {
    const node = new FakeNode(options);
    await node.start();
    return node;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get connections(): readonly Connection[] {
    return [...(this.#listener?.connections ?? [])];
  }

  /** Listens, on the port of the time before if there was one. */
  async start(): Promise<void> {
    const { transport, clusterId = CLUSTER } = this.#options;
    const instance = this.name;
    this.#listener = await transport.listen({
      host: '127.0.0.1',
      port: this.#port,
      hello: () => ({ role: 'peer', clusterId, node: this.name, instance, note: this.#note() }),
      maxFrameBytes: () => 4 << 20,
      handshakeTimeoutMs: 3000,
      maxConnections: 100,
      maxQueuedBytes: 64 << 20,
      handlers: {
        frames: (connection, frames) => {
          for (const frame of frames) this.#take(new Request(connection, frame));
        },
      },
    });
    this.#port = this.#listener.port;
  }

  /** The process is gone: connections end, dials are refused. */
  async stop(): Promise<void> {
    await this.#listener?.close();
    this.#listener = undefined;
  }

  /** The next request that the test has not seen yet. */
  next(): Promise<Request> {
    const request = this.#unclaimed.shift();
    if (request !== undefined) return Promise.resolve(request);
    return new Promise((resolve) => this.#claims.push(resolve));
  }

  /** Tells all connections, as a node does when it learns of a leader. */
  announce(term: number, leader: string | null): void {
    this.term = term;
    this.leader = leader === null ? null : asNodeId(leader);
    for (const connection of this.connections) connection.send(KIND.leader, 0, this.#note());
  }

  /** Answers everything from now on, from its store. */
  serve(store = this.#options.store ?? new FakeStore()): void {
    this.behaviour = (request) => store.answer(request);
  }

  #note(): Buffer {
    const { maxValueBytes } = this.#options;
    return encodeNote({ term: asTerm(this.term), leader: this.leader, ...(maxValueBytes && { maxValueBytes }) });
  }

  #take(request: Request): void {
    this.received.push(request);
    const claim = this.#claims.shift();
    if (this.behaviour !== undefined) this.behaviour(request);
    else if (claim !== undefined) claim(request);
    else this.#unclaimed.push(request);
  }
}

/** Keys and values with etcd's numbers, in a Map; and what came of writes under sessions, for ever. */
export class FakeStore {
  /** By session and sequence. */
  readonly #results = new Map<string, { readonly revision: number; readonly succeeded: boolean }>();
  #sessions = 0;
  readonly #entries = new Map<string, KeyValue>();
  #revision = 0;

  answer(request: Request): void {
    switch (request.kind) {
      case KIND.write:
        this.#write(request);
        break;
      case KIND.get:
        request.answer(
          KIND.okGet,
          ...encodeOkGet(asRevision(this.#revision), this.#find(decodeGet(request.payload).key)),
        );
        break;
      case KIND.scan:
        this.#scan(request);
        break;
      default:
        request.refuse(new RaftctlError('bad-request', `unexpected kind ${request.kind}`));
    }
  }

  #find(key: Uint8Array): KeyValue | undefined {
    return this.#entries.get(Buffer.from(key).toString('latin1'));
  }

  #write(request: Request): void {
    const length = request.payload.length - WRITE_HEADER_BYTES;
    const error = checkCommand(request.payload, WRITE_HEADER_BYTES, length, LIMITS);
    if (error !== undefined) {
      request.refuse(error);
      return;
    }
    if (request.opensSession) {
      this.#sessions += 1;
      request.okSession(this.#sessions);
      return;
    }
    const own = readSession(request.payload, WRITE_HEADER_BYTES);
    const place = own === undefined ? undefined : `${own.session} ${own.sequence}`;
    const { revision, succeeded } = this.#results.get(place ?? '') ?? this.#run(request.payload, length);
    if (place !== undefined) this.#results.set(place, { revision, succeeded });
    request.okWrite(revision, succeeded);
  }

  #run(payload: Buffer, length: number): { readonly revision: number; readonly succeeded: boolean } {
    const command = decodeCommand(payload, WRITE_HEADER_BYTES, length);
    const name = Buffer.from(command.key).toString('latin1');
    const before = this.#entries.get(name);
    const succeeded =
      command.type === 'put' ||
      (command.type === 'delete' && before !== undefined) ||
      (command.type === 'cas' && holds(before, command.expected));
    if (succeeded) {
      this.#revision += 1;
      const revision = asRevision(this.#revision);
      if (command.type === 'delete') this.#entries.delete(name);
      else {
        this.#entries.set(name, {
          key: Buffer.from(command.key),
          value: Buffer.from(command.value),
          createRevision: before?.createRevision ?? revision,
          modRevision: revision,
          version: (before?.version ?? 0) + 1,
        });
      }
    }
    return { revision: this.#revision, succeeded };
  }

  #scan(request: Request): void {
    const { prefix, limit, after } = decodeScan(request.payload);
    const found = [...this.#entries.values()]
      .filter(({ key }) => key.subarray(0, prefix.length).equals(prefix))
      .filter(({ key }) => after === undefined || key.compare(after) > 0)
      .sort((a, b) => a.key.compare(b.key));
    const entries = found.slice(0, limit);
    const more = entries.length < found.length;
    request.answer(KIND.okScan, encodeOkScan({ entries, more, revision: asRevision(this.#revision) }));
  }
}

const holds = (entry: KeyValue | undefined, expected: Uint8Array | null): boolean =>
  expected === null ? entry === undefined : entry?.value.equals(expected) === true;
