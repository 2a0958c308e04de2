import type { LogIndex, NodeId } from '../base/index.js';
import { decodeOkGet, decodeOkScan, decodeOkSession, decodeOkWrite } from '../wire/client-codec.js';
import { KIND } from '../wire/kinds.js';
import type { CompareAndSetResult, DeleteResult, KeyValue, PutResult, ReadResult, ScanResult } from './types.js';

/** A kind of request: what is sent, what answers it, and how the answer reads. */
export interface Verb<Result> {
  readonly name: string;
  readonly kind: number;
  readonly replyKind: number;
  /** A write is sent twice only under a session; anything else may be asked again anywhere. */
  readonly isWrite: boolean;
  decode(reply: Buffer, node: NodeId, request: Buffer): Result;
}

export const PUT: Verb<PutResult> = {
  name: 'put',
  kind: KIND.write,
  replyKind: KIND.okWrite,
  isWrite: true,
  decode: (reply, node) => ({ revision: decodeOkWrite(reply).revision, node }),
};

export const DELETE: Verb<DeleteResult> = {
  ...PUT,
  name: 'delete',
  decode(reply, node) {
    const { succeeded, revision } = decodeOkWrite(reply);
    return { deleted: succeeded, revision, node };
  },
};

export const COMPARE_AND_SET: Verb<CompareAndSetResult> = {
  ...PUT,
  name: 'compare-and-set',
  decode(reply, node) {
    const { succeeded, revision } = decodeOkWrite(reply);
    return { succeeded, revision, node };
  },
};

/** Two that are opened for one do no harm. */
export const OPEN_SESSION: Verb<LogIndex> = {
  name: 'open-session',
  kind: KIND.write,
  replyKind: KIND.okSession,
  isWrite: false,
  decode: (reply) => decodeOkSession(reply).session,
};

/** Where the key stands in a get's payload. */
const GET_KEY_AT = 5;

export const READ: Verb<ReadResult> = {
  name: 'get',
  kind: KIND.get,
  replyKind: KIND.okGet,
  isWrite: false,
  decode(reply, node, request) {
    const { revision, found } = decodeOkGet(reply);
    const entry = found === undefined ? null : owned({ key: request.subarray(GET_KEY_AT), ...found });
    return { revision, node, entry };
  },
};

export const GET: Verb<KeyValue | null> = {
  ...READ,
  decode: (reply, node, request) => READ.decode(reply, node, request).entry,
};

export const SCAN: Verb<ScanResult> = {
  name: 'scan',
  kind: KIND.scan,
  replyKind: KIND.okScan,
  isWrite: false,
  decode(reply, node) {
    const { entries, more, revision } = decodeOkScan(reply);
    return { entries: entries.map(owned), more, revision, node };
  },
};

/** The caller may keep a value for long: a small one must not hold the whole chunk that it was read in. */
export const owned = ({ key, value, createRevision, modRevision, version }: KeyValue): KeyValue => ({
  key: ownedBytes(key),
  value: ownedBytes(value),
  createRevision,
  modRevision,
  version,
});

const ownedBytes = (bytes: Buffer): Buffer => (bytes.length * 2 < bytes.buffer.byteLength ? Buffer.from(bytes) : bytes);
