import type { Clock, NodeId, RaftctlError, Random, Scheduler } from '../base/index.js';
import type { Command } from '../kv/command.js';
import type { Transport } from '../transport/transport.js';
import { encodeGet, encodeScan, encodeWrite } from '../wire/client-codec.js';
import { parseEndpoints } from './addresses.js';
import {
  checkCall,
  checkClusterId,
  checkConnections,
  checkLimit,
  checkOptions,
  checkRevision,
  checkSignal,
  checkSwitch,
  checkTimeout,
  OPTION_NAMES,
  toKey,
  toKeyPart,
  toValue,
} from './checks.js';
import { Dispatcher } from './dispatcher.js';
import { nodeTimeoutOf, Operation, type OperationStart } from './operation.js';
import { scanAll } from './scan-all.js';
import type {
  Bytes,
  CallOptions,
  Client,
  CompareAndSetResult,
  ConnectOptions,
  DeleteResult,
  KeyValue,
  PutResult,
  ReadOptions,
  ReadResult,
  ScanAllResult,
  ScanOptions,
  ScanResult,
  Watch,
  WatchOptions,
} from './types.js';
import { COMPARE_AND_SET, DELETE, GET, PUT, READ, SCAN, type Verb } from './verbs.js';
import { WatchCall } from './watch-call.js';

const TIMEOUT_MS = 10_000;
const SCAN_LIMIT = 1000;
const NO_CALL: ReadOptions = {};
const NO_BYTES = new Uint8Array(0);

type Resolve<Result> = (result: Result) => void;
type Reject = (error: RaftctlError) => void;

export interface ClientParts {
  readonly endpoints: string | readonly string[];
  readonly transport: Transport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly options?: ConnectOptions;
}

/** The client without real time and sockets. It dials at once; what is asked before a node answers waits for one. */
export function createClient(parts: ClientParts): ClusterClient {
  return new ClusterClient(parts);
}

/** The library's methods: checks what callers hand in, encodes it, and leaves the rest to the dispatcher. */
export class ClusterClient implements Client {
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timeoutMs: number;

  constructor({ endpoints, options = {}, ...parts }: ClientParts) {
    this.#clock = parts.clock;
    this.#random = parts.random;
    checkOptions('connect', options, OPTION_NAMES.connect);
    if (options.signal !== undefined) checkSignal('connect: signal', options.signal);
    this.#timeoutMs = checkTimeout('connect: timeoutMs', options.timeoutMs ?? TIMEOUT_MS);
    this.#dispatcher = new Dispatcher({
      ...parts,
      addresses: parseEndpoints(endpoints),
      connections: checkConnections(options.connections ?? 1),
      clusterId: checkClusterId(options.clusterId ?? ''),
      discover: checkSwitch('connect: discover', options.discover ?? true),
      sessions: checkSwitch('connect: sessions', options.sessions ?? true),
    });
  }

  /** Resolves once a node has answered the handshake; rejects with the reason of every endpoint. */
  connected(signal?: AbortSignal): Promise<void> {
    return this.#dispatcher.connected(this.#timeoutMs, signal);
  }

  // What a promise's executor throws rejects it: callers meet every failure in one place.

  put(key: Bytes, value: Bytes, call: CallOptions = NO_CALL): Promise<PutResult> {
    return new Promise((resolve, reject) => {
      const command: Command = { type: 'put', key: toKey('put', key), value: this.#value('put', 'value', value) };
      this.#write(PUT, command, call, resolve, reject);
    });
  }

  get(key: Bytes, call: ReadOptions = NO_CALL): Promise<KeyValue | null> {
    return new Promise((resolve, reject) => this.#read(GET, key, call, resolve, reject));
  }

  read(key: Bytes, call: ReadOptions = NO_CALL): Promise<ReadResult> {
    return new Promise((resolve, reject) => this.#read(READ, key, call, resolve, reject));
  }

  delete(key: Bytes, call: CallOptions = NO_CALL): Promise<DeleteResult> {
    return new Promise((resolve, reject) =>
      this.#write(DELETE, { type: 'delete', key: toKey('delete', key) }, call, resolve, reject),
    );
  }

  compareAndSet(
    key: Bytes,
    expected: Bytes | null,
    value: Bytes,
    call: CallOptions = NO_CALL,
  ): Promise<CompareAndSetResult> {
    return new Promise((resolve, reject) => {
      const what = COMPARE_AND_SET.name;
      const command: Command = {
        type: 'cas',
        key: toKey(what, key),
        expected: expected === null ? null : this.#value(what, 'expected', expected),
        value: this.#value(what, 'value', value),
      };
      this.#write(COMPARE_AND_SET, command, call, resolve, reject);
    });
  }

  scan(options: ScanOptions = {}, call: ReadOptions = NO_CALL): Promise<ScanResult> {
    return new Promise((resolve, reject) => {
      checkOptions('scan', options, OPTION_NAMES.scan);
      const timeoutMs = this.#timeoutOf('scan', call, OPTION_NAMES.read);
      const payload = encodeScan({
        timeoutMs: nodeTimeoutOf(timeoutMs),
        mode: call.read ?? 'linearizable',
        limit: checkLimit('scan: limit', options.limit ?? SCAN_LIMIT),
        prefix: options.prefix === undefined ? NO_BYTES : toKeyPart('scan', 'prefix', options.prefix),
        after: options.after === undefined ? undefined : toKeyPart('scan', 'after', options.after),
      });
      this.#start({ verb: SCAN, payload, valueBytes: 0, timeoutMs, resolve, reject }, call);
    });
  }

  async scanAll(options: ScanOptions = {}, call: ReadOptions = NO_CALL): Promise<ScanAllResult> {
    checkOptions('scan', options, OPTION_NAMES.scan);
    checkOptions('scan', call, OPTION_NAMES.read);
    return scanAll(this, options, call);
  }

  watch(target: Bytes | { readonly prefix: Bytes }, call: WatchOptions = NO_CALL): Watch {
    const isPrefix = typeof target === 'object' && target !== null && 'prefix' in target;
    if (isPrefix) checkOptions('watch', target, OPTION_NAMES.target);
    const timeoutMs = this.#timeoutOf('watch', call, OPTION_NAMES.watch);
    const started = new WatchCall({
      key: isPrefix ? toKeyPart('watch', 'prefix', target.prefix) : toKey('watch', target),
      isPrefix,
      from: call.from === undefined ? 0 : checkRevision('watch: from', call.from),
      via: call.via,
      timeoutMs,
      random: this.#random,
      owner: this.#dispatcher.watches,
    });
    this.#dispatcher.watch(started, call.signal);
    return started;
  }

  leader(): NodeId | null {
    return this.#dispatcher.leader;
  }

  async close(): Promise<void> {
    this.#dispatcher.close();
  }

  #value(what: string, name: string, value: Bytes): Uint8Array {
    return toValue(what, name, value, this.#dispatcher.maxValueBytes);
  }

  /** Checks all options of a call. */
  #timeoutOf(what: string, call: CallOptions, names: readonly string[]): number {
    if (call === NO_CALL) return this.#timeoutMs;
    checkCall(what, call, names);
    return call.timeoutMs ?? this.#timeoutMs;
  }

  #write<Result>(
    verb: Verb<Result>,
    command: Command,
    call: CallOptions,
    resolve: Resolve<Result>,
    reject: Reject,
  ): void {
    const timeoutMs = this.#timeoutOf(verb.name, call, OPTION_NAMES.write);
    const isInSession = this.#dispatcher.hasSessions;
    const payload = encodeWrite(nodeTimeoutOf(timeoutMs), command, isInSession);
    const valueBytes = valueBytesOf(command);
    this.#start({ verb, payload, isInSession, valueBytes, timeoutMs, resolve, reject }, call);
  }

  #read<Result>(verb: Verb<Result>, key: Bytes, call: ReadOptions, resolve: Resolve<Result>, reject: Reject): void {
    const timeoutMs = this.#timeoutOf(verb.name, call, OPTION_NAMES.read);
    const payload = encodeGet(nodeTimeoutOf(timeoutMs), call.read ?? 'linearizable', toKey('get', key));
    this.#start({ verb, payload, valueBytes: 0, timeoutMs, resolve, reject }, call);
  }

  #start<Result>(start: OperationStart<Result>, call: CallOptions): void {
    this.#dispatcher.start(new Operation(start, call.via, this.#clock.now(), this.#dispatcher), call.signal);
  }
}

function valueBytesOf(command: Command): number {
  if (command.type === 'delete') return 0;
  const expected = command.type === 'cas' ? (command.expected?.length ?? 0) : 0;
  return Math.max(command.value.length, expected);
}
