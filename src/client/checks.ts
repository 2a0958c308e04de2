import { isUint8Array } from 'node:util/types';
import { didYouMean, type ErrorCode, RaftctlError } from '../base/index.js';
import type { Bytes, CallOptions, ConnectOptions, ReadOptions, ScanOptions, WatchOptions } from './types.js';

/**
 * What callers hand in, checked before anything is made of it: programs in JavaScript have no compiler to do so. A
 * mistake names the call and the argument, what was expected and what came, and is the failure of that call alone.
 * `subject` is both names, such as `put: timeoutMs`.
 */
const mistake = (code: ErrorCode, subject: string, expected: string, received: unknown, hint?: string): RaftctlError =>
  new RaftctlError(
    code,
    `${subject}: expected ${expected}, got ${describe(received)}`,
    hint === undefined ? {} : { hint },
  );

const usage = (subject: string, expected: string, received: unknown): RaftctlError =>
  mistake('usage', subject, expected, received);

const SHOWN_CHARACTERS_MAX = 40;

/** Whatever it is, in a few words. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.slice(0, SHOWN_CHARACTERS_MAX));
    case 'bigint':
      return `${value}n`;
    case 'symbol':
    case 'function':
      return `a ${typeof value}`;
    case 'object':
      return value === null ? 'null' : Object.prototype.toString.call(value).slice('[object '.length, -1);
    default:
      return String(value);
  }
}

// ── keys and values ──

/** The longest key that a request can carry; a node allows fewer bytes. */
const KEY_BYTES_MAX = 0xffff;

/** Halves of a character have no UTF-8: all of them would become the same key. */
function toBytes(subject: string, bytes: Bytes): Uint8Array {
  if (typeof bytes === 'string') {
    if (bytes.isWellFormed()) return Buffer.from(bytes);
    throw mistake('bad-request', subject, 'text without halves of surrogate pairs', bytes, 'use bytes instead');
  }
  if (isUint8Array(bytes)) return bytes;
  throw mistake('bad-request', subject, 'text or a Uint8Array', bytes);
}

export function toKey(call: string, key: Bytes): Uint8Array {
  const bytes = toKeyPart(call, 'key', key);
  if (bytes.length > 0) return bytes;
  throw new RaftctlError('key-empty', `${call}: the key is empty: expected 1 byte or more`);
}

/** A prefix, or a key to begin behind: may be empty. */
export function toKeyPart(call: string, name: string, key: Bytes): Uint8Array {
  const bytes = toBytes(`${call}: ${name}`, key);
  if (bytes.length <= KEY_BYTES_MAX) return bytes;
  throw new RaftctlError(
    'key-too-large',
    `${call}: the ${name} has ${bytes.length} bytes, at most ${KEY_BYTES_MAX} fit in a request`,
  );
}

/** `maxBytes` as the nodes told; 0 when they have not. */
export function toValue(call: string, name: string, value: Bytes, maxBytes: number): Uint8Array {
  const bytes = toBytes(`${call}: ${name}`, value);
  if (maxBytes === 0 || bytes.length <= maxBytes) return bytes;
  throw valueTooLarge(call, bytes.length, maxBytes);
}

export const valueTooLarge = (call: string, bytes: number, maxBytes: number): RaftctlError =>
  new RaftctlError('value-too-large', `${call}: the value has ${bytes} bytes, the cluster takes at most ${maxBytes}`, {
    hint: 'storage.maxValue in cluster.yaml sets the bound',
  });

// ── options ──

const CALL = ['timeoutMs', 'signal', 'via'] as const satisfies readonly (keyof CallOptions)[];

/** The names of all options there are, by who takes them. */
export const OPTION_NAMES = {
  connect: [
    'timeoutMs',
    'connections',
    'clusterId',
    'sessions',
    'discover',
    'signal',
  ] satisfies readonly (keyof ConnectOptions)[],
  write: CALL,
  read: [...CALL, 'read'] satisfies readonly (keyof ReadOptions)[],
  watch: [...CALL, 'from'] satisfies readonly (keyof WatchOptions)[],
  scan: ['prefix', 'limit', 'after'] satisfies readonly (keyof ScanOptions)[],
  target: ['prefix'],
} as const;

type OptionNames = readonly string[];

/** An option that is not known was meant to be another one, or to do what it does not do. */
export function checkOptions(subject: string, options: unknown, names: OptionNames): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || ArrayBuffer.isView(options))
    throw usage(subject, 'an object of options', options);
  for (const name in options) if (!names.includes(name)) throw unknownOption(subject, name, names);
}

const unknownOption = (subject: string, name: string, names: OptionNames): RaftctlError =>
  new RaftctlError('usage', `${subject}: there is no option ${name}${didYouMean(name, names)}`, {
    hint: `options: ${names.join(', ')}`,
  });

/** The options that all calls have, and `read`. What is undefined is left out. */
export function checkCall(call: string, options: unknown, names: OptionNames): void {
  checkOptions(call, options, names);
  const { timeoutMs, signal, via, read } = options as Readonly<Record<string, unknown>>;
  if (timeoutMs !== undefined) checkTimeout(`${call}: timeoutMs`, timeoutMs);
  if (signal !== undefined) checkSignal(`${call}: signal`, signal);
  if (via !== undefined && (typeof via !== 'string' || via === ''))
    throw usage(`${call}: via`, "'any', 'leader', 'follower' or the name of a node", via);
  if (read !== undefined && read !== 'linearizable' && read !== 'stale')
    throw usage(`${call}: read`, "'linearizable' or 'stale'", read);
}

const TIMER_MS_MAX = 2 ** 31 - 1;

export function checkTimeout(subject: string, timeoutMs: unknown): number {
  if (typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= TIMER_MS_MAX) return timeoutMs;
  throw usage(subject, `milliseconds, above 0 and at most ${TIMER_MS_MAX}`, timeoutMs);
}

/** One of another realm, or of a library that has its own, will do. */
export function checkSignal(subject: string, signal: unknown): void {
  const { aborted, addEventListener } = (signal ?? {}) as Partial<AbortSignal>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function')
    throw usage(subject, 'an AbortSignal', signal);
}

const CONNECTIONS_MAX = 1024;

export function checkConnections(connections: unknown): number {
  if (isWhole(connections) && connections >= 1 && connections <= CONNECTIONS_MAX) return connections;
  throw usage('connect: connections', `a whole number from 1 to ${CONNECTIONS_MAX}`, connections);
}

export function checkSwitch(subject: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw usage(subject, 'true or false', value);
}

const LIMIT_MAX = 0xffff_ffff;

export function checkLimit(subject: string, limit: unknown): number {
  if (isWhole(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw usage(subject, `a whole number from 1 to ${LIMIT_MAX}`, limit);
}

export function checkRevision(subject: string, revision: unknown): number {
  if (isWhole(revision) && revision >= 1) return revision;
  throw usage(subject, 'a revision, which is a whole number from 1', revision);
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

export function checkClusterId(clusterId: unknown): string {
  if (typeof clusterId === 'string' && (clusterId === '' || /^[0-9a-f]{32}$/.test(clusterId))) return clusterId;
  throw usage('connect: clusterId', '32 hex digits', clusterId);
}
