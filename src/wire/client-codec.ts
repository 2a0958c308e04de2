import { asIndex, asNodeId, asRevision, isErrorCode, type NodeId, RaftctlError, type Revision } from '../base/index.js';
import { type Command, encodeOpenSession, SESSION_HEADER_BYTES, sizeOfCommand, writeCommand } from '../kv/command.js';
import type { CommandResult, KeyValue, ScanResult, SessionOpened } from '../kv/types.js';
import { expectAtLeast, expectLength, getBoolean, getU64, malformed, putU64 } from './bytes.js';
import { decodeDocument, encodeDocument } from './document.js';
import { object, optional, text, truth } from './parse.js';

/**
 * Requests of clients and the answers of nodes. Every request starts with `u32 timeout in ms`: how long the node may
 * keep it before it answers with an error. Decoded keys and values are views of the payload.
 */
export type ReadMode = 'linearizable' | 'stale';

const READ_MODES: Readonly<Record<ReadMode, number>> = { linearizable: 1, stale: 2 };

/** The command starts here in a write's payload; the node proposes those bytes as they are. */
export const WRITE_HEADER_BYTES = 4;

/** A scan's answer holds at most about this many bytes; `more` tells that it was cut. One larger entry travels alone. */
const SCAN_REPLY_BYTES_MAX = 1 << 20;

export interface WriteRequest {
  readonly timeoutMs: number;
  /** The command's bytes, not looked at: `checkCommand` does that. */
  readonly command: Buffer;
}

/** For a write under a session, room is left in the command for `putSession`. */
export function encodeWrite(timeoutMs: number, command: Command, isInSession = false): Buffer {
  const length = sizeOfCommand(command) + (isInSession ? SESSION_HEADER_BYTES : 0);
  const bytes = Buffer.allocUnsafe(WRITE_HEADER_BYTES + length);
  bytes.writeUInt32LE(timeoutMs, 0);
  writeCommand(bytes, WRITE_HEADER_BYTES, command, isInSession);
  return bytes;
}

/** Sent as a write, answered by `ok-session`. */
export const encodeOpening = (timeoutMs: number): Buffer =>
  Buffer.concat([encodeWriteHeader(timeoutMs), encodeOpenSession()]);

/** What stands before the command. */
export function encodeWriteHeader(timeoutMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(WRITE_HEADER_BYTES);
  bytes.writeUInt32LE(timeoutMs, 0);
  return bytes;
}

export function decodeWrite(payload: Buffer): WriteRequest {
  expectAtLeast(payload, WRITE_HEADER_BYTES, 'write');
  return { timeoutMs: payload.readUInt32LE(0), command: payload.subarray(WRITE_HEADER_BYTES) };
}

export interface GetRequest {
  readonly timeoutMs: number;
  readonly mode: ReadMode;
  readonly key: Buffer;
}

/** u32 timeout | u8 mode | key */
export function encodeGet(timeoutMs: number, mode: ReadMode, key: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(5 + key.length);
  bytes.writeUInt32LE(timeoutMs, 0);
  bytes[4] = READ_MODES[mode];
  bytes.set(key, 5);
  return bytes;
}

export function decodeGet(payload: Buffer): GetRequest {
  expectAtLeast(payload, 5, 'get');
  return { timeoutMs: payload.readUInt32LE(0), mode: readModeOf(payload, 'get'), key: payload.subarray(5) };
}

function readModeOf(payload: Buffer, what: string): ReadMode {
  const mode = payload[4];
  if (mode === READ_MODES.linearizable) return 'linearizable';
  if (mode === READ_MODES.stale) return 'stale';
  throw malformed(what, `unknown read mode ${mode}`);
}

export interface ScanRequest {
  readonly timeoutMs: number;
  readonly mode: ReadMode;
  readonly limit: number;
  readonly prefix: Uint8Array;
  /** The entries behind this key; absent: from the first one. */
  readonly after: Uint8Array | undefined;
}

/** u32 timeout | u8 mode | u32 limit | u16 prefix length | prefix | after-key (empty: absent) */
export function encodeScan(request: ScanRequest): Buffer {
  const { prefix, after } = request;
  const bytes = Buffer.allocUnsafe(11 + prefix.length + (after?.length ?? 0));
  bytes.writeUInt32LE(request.timeoutMs, 0);
  bytes[4] = READ_MODES[request.mode];
  bytes.writeUInt32LE(request.limit, 5);
  bytes.writeUInt16LE(prefix.length, 9);
  bytes.set(prefix, 11);
  if (after !== undefined) bytes.set(after, 11 + prefix.length);
  return bytes;
}

export function decodeScan(payload: Buffer): ScanRequest {
  expectAtLeast(payload, 11, 'scan');
  const prefixEnd = 11 + payload.readUInt16LE(9);
  expectAtLeast(payload, prefixEnd, 'scan');
  return {
    timeoutMs: payload.readUInt32LE(0),
    mode: readModeOf(payload, 'scan'),
    limit: payload.readUInt32LE(5),
    prefix: payload.subarray(11, prefixEnd),
    after: payload.length === prefixEnd ? undefined : payload.subarray(prefixEnd),
  };
}

/** u8 succeeded | u64 revision */
export function encodeOkWrite(result: CommandResult): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = result.succeeded ? 1 : 0;
  putU64(bytes, result.revision, 1);
  return bytes;
}

export function decodeOkWrite(payload: Buffer): CommandResult {
  expectLength(payload, 9, 'ok-write');
  return { succeeded: getBoolean(payload, 0, 'ok-write'), revision: asRevision(getU64(payload, 1, 'ok-write')) };
}

/** u64 session */
export function encodeOkSession({ session }: SessionOpened): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  putU64(bytes, session, 0);
  return bytes;
}

export function decodeOkSession(payload: Buffer): SessionOpened {
  expectLength(payload, 8, 'ok-session');
  return { session: asIndex(getU64(payload, 0, 'ok-session')) };
}

/** What the store holds under a key that the asker knows. */
export type Stored = Omit<KeyValue, 'key'>;

export interface OkGet {
  /** The store's revision as of the read. */
  readonly revision: Revision;
  readonly found: Stored | undefined;
}

const STORED_NUMBERS_BYTES = 24;

/** u8 found | u64 store's revision | when found: u64 create | u64 mod | u64 version | value. Parts of the payload. */
export function encodeOkGet(revision: Revision, found: Stored | undefined): Buffer[] {
  const bytes = Buffer.allocUnsafe(found === undefined ? 9 : 9 + STORED_NUMBERS_BYTES);
  bytes[0] = found === undefined ? 0 : 1;
  putU64(bytes, revision, 1);
  if (found === undefined) return [bytes];
  putNumbers(bytes, found, 9);
  return [bytes, found.value];
}

function putNumbers(target: Buffer, stored: Stored, at: number): number {
  return putU64(target, stored.version, putU64(target, stored.modRevision, putU64(target, stored.createRevision, at)));
}

export function decodeOkGet(payload: Buffer): OkGet {
  expectAtLeast(payload, 9, 'ok-get');
  const revision = asRevision(getU64(payload, 1, 'ok-get'));
  if (!getBoolean(payload, 0, 'ok-get')) {
    expectLength(payload, 9, 'ok-get');
    return { revision, found: undefined };
  }
  const valueAt = 9 + STORED_NUMBERS_BYTES;
  expectAtLeast(payload, valueAt, 'ok-get');
  return { revision, found: getStored(payload, 9, payload.subarray(valueAt), 'ok-get') };
}

function getStored(payload: Buffer, at: number, value: Buffer, what: string): Stored {
  return {
    value,
    createRevision: asRevision(getU64(payload, at, what)),
    modRevision: asRevision(getU64(payload, at + 8, what)),
    version: getU64(payload, at + 16, what),
  };
}

const SCAN_HEADER_BYTES = 13;
/** u64 create | u64 mod | u64 version | u16 key length | u32 value length */
const SCAN_ENTRY_BYTES = STORED_NUMBERS_BYTES + 6;

/** u8 more | u64 store's revision | u32 entries | the entries. Cut, and `more` set, at about `bytesMax` bytes. */
export function encodeOkScan(result: ScanResult, bytesMax = SCAN_REPLY_BYTES_MAX): Buffer {
  let length = SCAN_HEADER_BYTES;
  let count = 0;
  for (const { key, value } of result.entries) {
    const next = length + SCAN_ENTRY_BYTES + key.length + value.length;
    if (next > bytesMax && count > 0) break;
    length = next;
    count += 1;
  }
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = result.more || count < result.entries.length ? 1 : 0;
  let at = bytes.writeUInt32LE(count, putU64(bytes, result.revision, 1));
  for (let nth = 0; nth < count; nth += 1) at = putEntry(bytes, result.entries[nth]!, at);
  return bytes;
}

function putEntry(target: Buffer, entry: KeyValue, at: number): number {
  const lengths = target.writeUInt16LE(entry.key.length, putNumbers(target, entry, at));
  const keyAt = target.writeUInt32LE(entry.value.length, lengths);
  target.set(entry.key, keyAt);
  target.set(entry.value, keyAt + entry.key.length);
  return keyAt + entry.key.length + entry.value.length;
}

export function decodeOkScan(payload: Buffer): ScanResult {
  expectAtLeast(payload, SCAN_HEADER_BYTES, 'ok-scan');
  const count = payload.readUInt32LE(9);
  const entries: KeyValue[] = [];
  let at = SCAN_HEADER_BYTES;
  for (let nth = 0; nth < count; nth += 1) {
    const keyAt = at + SCAN_ENTRY_BYTES;
    expectAtLeast(payload, keyAt, 'ok-scan');
    const valueAt = keyAt + payload.readUInt16LE(keyAt - 6);
    const end = valueAt + payload.readUInt32LE(keyAt - 4);
    const stored = getStored(payload, at, payload.subarray(valueAt, end), 'ok-scan');
    entries.push({ key: payload.subarray(keyAt, valueAt), ...stored });
    at = end;
  }
  expectLength(payload, at, 'ok-scan');
  return {
    entries,
    more: getBoolean(payload, 0, 'ok-scan'),
    revision: asRevision(getU64(payload, 1, 'ok-scan')),
  };
}

export interface ErrorReply {
  readonly error: RaftctlError;
  /** The leader as the answering node knows it. */
  readonly leader: NodeId | null;
}

const parseError = object({
  code: text,
  message: text,
  definite: truth,
  hint: optional(text),
  leader: optional(text),
});

/** A document { code, message, definite, hint?, leader? }. */
export function encodeError(error: RaftctlError, leader: NodeId | null = null): Buffer {
  const { code, message, definite, hint } = error;
  return encodeDocument({ code, message, definite, ...(hint && { hint }), ...(leader && { leader }) });
}

/** A code that this version does not know becomes `internal`, and is named in the message. */
export function decodeError(payload: Buffer): ErrorReply {
  const { code, message, definite, hint, leader } = parseError(decodeDocument(payload, 'error'), 'error');
  const options = { definite, ...(hint !== undefined && { hint }) };
  const error = isErrorCode(code)
    ? new RaftctlError(code, message, options)
    : new RaftctlError('internal', `${code}: ${message}`, options);
  return { error, leader: leader === undefined || leader === '' ? null : asNodeId(leader) };
}
