import { RaftctlError } from '../base/index.js';
import { checkCommand, type KvStore } from '../kv/index.js';
import {
  decodeGet,
  decodeScan,
  decodeWrite,
  encodeNodeStatus,
  encodeOkGet,
  encodeOkScan,
  KIND,
  type NodeStatus,
  type ReadMode,
  WRITE_HEADER_BYTES,
} from '../wire/index.js';
import type { Answers, Call, Origin } from './call.js';

interface ClientCallsOptions {
  readonly store: KvStore;
  readonly answers: Answers;
  readonly now: () => number;
  readonly limits: { readonly maxKeyBytes: number; readonly maxValueBytes: number };
  readonly status: () => NodeStatus;
}

/** A node keeps no call longer than this, whatever the client says. */
const TIMEOUT_MS_MAX = 600_000;
/** Entries in one scan answer; the answer's bytes are bounded by its codec. */
const SCAN_LIMIT_MAX = 10_000;

export type ParsedCall = { readonly type: 'write' | 'read'; readonly call: Call };

/** Client requests: what they ask for, whether it is allowed, and reads answered from the local state. */
export class ClientCalls {
  readonly #options: ClientCallsOptions;

  constructor(options: ClientCallsOptions) {
    this.#options = options;
  }

  /** Undefined: answered already (refused, or needs no consensus). Throws `bad-request` for bytes no client sends. */
  parse(origin: Origin, callId: number, kind: number, payload: Buffer): ParsedCall | undefined {
    switch (kind) {
      case KIND.write:
        return this.#parseWrite(origin, callId, payload);
      case KIND.get: {
        const { timeoutMs, mode, key } = decodeGet(payload);
        return this.#parseRead(this.#call(origin, callId, kind, payload, timeoutMs), mode, this.#checkKey(key));
      }
      case KIND.scan: {
        const { timeoutMs, mode } = decodeScan(payload);
        return this.#parseRead(this.#call(origin, callId, kind, payload, timeoutMs), mode, undefined);
      }
      case KIND.status:
        this.#serveStatus(this.#call(origin, callId, kind, payload, 0));
        return undefined;
      default:
        throw new RaftctlError('bad-request', `a frame of kind ${kind}, which no client sends`);
    }
  }

  /** Answers a get or scan from the local state. */
  serveRead(call: Call): void {
    const { store, answers } = this.#options;
    if (call.kind === KIND.get) {
      const found = store.get(decodeGet(call.payload).key);
      answers.answer(call, KIND.okGet, ...encodeOkGet(store.revision, found));
      return;
    }
    const { prefix, after, limit } = decodeScan(call.payload);
    const bounded = limit === 0 ? SCAN_LIMIT_MAX : Math.min(limit, SCAN_LIMIT_MAX);
    const found = store.scan({ prefix, limit: bounded, ...(after !== undefined && { after }) });
    answers.answer(call, KIND.okScan, encodeOkScan(found));
  }

  #serveStatus(call: Call): void {
    this.#options.answers.answer(call, KIND.okDocument, encodeNodeStatus(this.#options.status()));
  }

  #parseWrite(origin: Origin, callId: number, payload: Buffer): ParsedCall | undefined {
    const { timeoutMs } = decodeWrite(payload);
    const call = this.#call(origin, callId, KIND.write, payload, timeoutMs);
    const commandBytes = payload.length - WRITE_HEADER_BYTES;
    const refused = checkCommand(payload, WRITE_HEADER_BYTES, commandBytes, this.#options.limits);
    if (refused === undefined) return { type: 'write', call };
    this.#options.answers.fail(call, refused);
    return undefined;
  }

  #parseRead(call: Call, mode: ReadMode, refused: RaftctlError | undefined): ParsedCall | undefined {
    if (refused !== undefined) this.#options.answers.fail(call, refused);
    else if (mode === 'linearizable') return { type: 'read', call };
    else this.serveRead(call);
    return undefined;
  }

  #call(origin: Origin, callId: number, kind: number, payload: Buffer, timeoutMs: number): Call {
    const deadline = this.#options.now() + Math.min(timeoutMs, TIMEOUT_MS_MAX);
    return { origin, callId, kind, payload, deadline };
  }

  #checkKey(key: Buffer): RaftctlError | undefined {
    const { maxKeyBytes } = this.#options.limits;
    if (key.length === 0) return new RaftctlError('key-empty', 'the key is empty: expected 1 byte or more');
    if (key.length <= maxKeyBytes) return undefined;
    return new RaftctlError('key-too-large', `the key has ${key.length} bytes: expected at most ${maxKeyBytes}`);
  }
}
