import { asRevision, type Revision } from '../base/index.js';
import type { KeyEvent } from '../kv/types.js';
import { expectAtLeast, expectLength, getFlags, getU64, malformed, putU64 } from './bytes.js';

/**
 * Watching keys. A watch lives under the call id of its request: the node answers with `watch-events` at once and as
 * often as there is news, and ends it with an `error`; the client ends it with an `unwatch`, which has no payload.
 */
export interface WatchRequest {
  /** The first revision of interest; 0: the one after the node's newest. */
  readonly from: Revision;
  /** All keys that begin with `key`, which may be empty then. */
  readonly isPrefix: boolean;
  readonly key: Buffer;
}

const WATCH_HEADER_BYTES = 9;
const PREFIX = 1;

/** u64 from | u8 flags (1: prefix) | key */
export function encodeWatch(from: Revision, isPrefix: boolean, key: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(WATCH_HEADER_BYTES + key.length);
  bytes[putU64(bytes, from, 0)] = isPrefix ? PREFIX : 0;
  bytes.set(key, WATCH_HEADER_BYTES);
  return bytes;
}

export function decodeWatch(payload: Buffer): WatchRequest {
  expectAtLeast(payload, WATCH_HEADER_BYTES, 'watch');
  return {
    from: asRevision(getU64(payload, 0, 'watch')),
    isPrefix: getFlags(payload, 8, PREFIX, 'watch') === PREFIX,
    key: payload.subarray(WATCH_HEADER_BYTES),
  };
}

export interface WatchEvents {
  /** Whoever goes on behind this revision has missed nothing. It never lies within a revision. */
  readonly upTo: Revision;
  /** In the order in which they happened. Views of the payload. */
  readonly events: readonly KeyEvent[];
}

const EVENT_TYPES = { put: 1, delete: 2 } as const;
const EVENTS_HEADER_BYTES = 12;
/** u8 type | u64 create | u64 mod | u64 version | u16 key length | u32 value length */
const EVENT_HEADER_BYTES = 31;

/** u64 up to | u32 events | the events */
export function encodeWatchEvents({ upTo, events }: WatchEvents): Buffer {
  let length = EVENTS_HEADER_BYTES;
  for (const { key, value } of events) length += EVENT_HEADER_BYTES + key.length + value.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = bytes.writeUInt32LE(events.length, putU64(bytes, upTo, 0));
  for (const event of events) at = putEvent(bytes, event, at);
  return bytes;
}

function putEvent(target: Buffer, event: KeyEvent, at: number): number {
  const { key, value } = event;
  target[at] = EVENT_TYPES[event.type];
  const versionAt = putU64(target, event.modRevision, putU64(target, event.createRevision, at + 1));
  const keyAt = target.writeUInt32LE(
    value.length,
    target.writeUInt16LE(key.length, putU64(target, event.version, versionAt)),
  );
  target.set(key, keyAt);
  target.set(value, keyAt + key.length);
  return keyAt + key.length + value.length;
}

export function decodeWatchEvents(payload: Buffer): WatchEvents {
  expectAtLeast(payload, EVENTS_HEADER_BYTES, 'watch-events');
  const upTo = asRevision(getU64(payload, 0, 'watch-events'));
  const count = payload.readUInt32LE(8);
  const events: KeyEvent[] = [];
  let at = EVENTS_HEADER_BYTES;
  let before = 0;
  for (let nth = 0; nth < count; nth += 1) {
    const keyAt = at + EVENT_HEADER_BYTES;
    expectAtLeast(payload, keyAt, 'watch-events');
    const valueAt = keyAt + payload.readUInt16LE(keyAt - 6);
    const end = valueAt + payload.readUInt32LE(keyAt - 4);
    expectAtLeast(payload, end, 'watch-events');
    const event = getEvent(payload, at, payload.subarray(keyAt, valueAt), payload.subarray(valueAt, end));
    if (event.modRevision < before || event.modRevision > upTo) {
      throw malformed('watch-events', `revision ${event.modRevision} after ${before}, with a batch up to ${upTo}`);
    }
    before = event.modRevision;
    events.push(event);
    at = end;
  }
  expectLength(payload, at, 'watch-events');
  return { upTo, events };
}

function getEvent(payload: Buffer, at: number, key: Buffer, value: Buffer): KeyEvent {
  const type = payload[at];
  if (type !== EVENT_TYPES.put && type !== EVENT_TYPES.delete) {
    throw malformed('watch-events', `unknown type of event ${type} at byte ${at}`);
  }
  return {
    type: type === EVENT_TYPES.put ? 'put' : 'delete',
    key,
    value,
    createRevision: asRevision(getU64(payload, at + 1, 'watch-events')),
    modRevision: asRevision(getU64(payload, at + 9, 'watch-events')),
    version: getU64(payload, at + 17, 'watch-events'),
  };
}
