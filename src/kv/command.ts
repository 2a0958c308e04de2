import { type LogIndex, RaftctlError, unreachable } from '../base/index.js';
import { readU64, writeU64 } from './u64.js';

/**
 * What the state machine is told to do. The payload of a log entry of type `command`, and of a client's write request,
 * is one command, little-endian:
 *
 *     u8 op | u8 flags | u16 key length | u32 value length | u32 expected length | session | key | value | expected
 *
 *     op        1 put   2 delete   3 cas   4 cluster version   5 open session   6 time
 *     flags     bit 0: cas expects that there is no such key (expected is empty)
 *               bit 1: put, delete or cas under a session
 *     session   with bit 1: u64 session | u64 sequence | u16 how far behind it the lowest unacknowledged sequence is
 *
 * Only a leader proposes 4 and 6: no key, the value is u32 version, or u64 the log's time in ms. 5 is its header alone.
 *
 * Ops and flags have the version that knows them first: see `data-version.ts`.
 */
export type Command =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array }
  /** Compare-and-set. `expected` null: there must be no such key. */
  | {
      readonly type: 'cas';
      readonly key: Uint8Array;
      readonly expected: Uint8Array | null;
      readonly value: Uint8Array;
    };

/** Under which session a write is run, and as which of its writes. */
export interface InSession {
  readonly session: LogIndex;
  readonly sequence: number;
  /** The first sequence whose outcome the client does not know. */
  readonly lowest: number;
}

/** So many sequences of one session may be unacknowledged at a time: more results are never remembered. */
export const SESSION_WINDOW = 1_024;

export const COMMAND_OPS = { put: 1, delete: 2, cas: 3, clusterVersion: 4, openSession: 5, time: 6 } as const;
export type CommandName = keyof typeof COMMAND_OPS;
type CommandOp = (typeof COMMAND_OPS)[Command['type']];

const COMMAND_HEADER_BYTES = 12;
export const SESSION_HEADER_BYTES = 18;
const EXPECTS_ABSENT = 1;
export const IN_SESSION = 2;
export const KNOWN_FLAGS = EXPECTS_ABSENT | IN_SESSION;
const CLUSTER_VERSION_BYTES = COMMAND_HEADER_BYTES + 4;
const TIME_BYTES = COMMAND_HEADER_BYTES + 8;
const KEY_LENGTH_MAX = 0xffff;
const NOTHING = new Uint8Array(0);

const writtenOf = (command: Command): Uint8Array => (command.type === 'delete' ? NOTHING : command.value);
const expectedOf = (command: Command): Uint8Array => (command.type === 'cas' && command.expected) || NOTHING;

export const sizeOfCommand = (command: Command): number =>
  COMMAND_HEADER_BYTES + command.key.length + writtenOf(command).length + expectedOf(command).length;

export function encodeCommand(command: Command): Buffer {
  const bytes = Buffer.allocUnsafe(sizeOfCommand(command));
  writeCommand(bytes, 0, command);
  return bytes;
}

/**
 * Writes the command at `at` and returns the offset behind it. For one that is to be run under a session, room is left
 * for what `putSession` writes before it is sent.
 */
export function writeCommand(target: Buffer, at: number, command: Command, isInSession = false): number {
  const { type, key } = command;
  const value = writtenOf(command);
  const expected = expectedOf(command);
  if (key.length > KEY_LENGTH_MAX) throw keyTooLarge(key.length, KEY_LENGTH_MAX);
  target[at] = COMMAND_OPS[type];
  target[at + 1] = (type === 'cas' && command.expected === null ? EXPECTS_ABSENT : 0) | (isInSession ? IN_SESSION : 0);
  target.writeUInt16LE(key.length, at + 2);
  target.writeUInt32LE(value.length, at + 4);
  target.writeUInt32LE(expected.length, at + 8);
  const keyAt = at + COMMAND_HEADER_BYTES + (isInSession ? SESSION_HEADER_BYTES : 0);
  target.set(key, keyAt);
  target.set(value, keyAt + key.length);
  target.set(expected, keyAt + key.length + value.length);
  return keyAt + key.length + value.length + expected.length;
}

/** Completes the command at `at`, which was written to be run under a session. */
export function putSession(target: Buffer, at: number, { session, sequence, lowest }: InSession): void {
  target.writeUInt16LE(
    sequence - lowest,
    writeU64(target, sequence, writeU64(target, session, at + COMMAND_HEADER_BYTES)),
  );
}

/** A command that was written to be run under a session, and is to be run without one. */
export function withoutSession(bytes: Buffer, at: number): Buffer {
  const headerEnd = at + COMMAND_HEADER_BYTES;
  const plain = Buffer.concat([bytes.subarray(0, headerEnd), bytes.subarray(headerEnd + SESSION_HEADER_BYTES)]);
  plain[at + 1] = plain[at + 1]! & ~IN_SESSION;
  return plain;
}

/** Under what session a well-formed command is run; undefined: under none. */
export function readSession(bytes: Buffer, at: number): InSession | undefined {
  if ((bytes[at + 1]! & IN_SESSION) === 0) return undefined;
  const sequence = readU64(bytes, at + COMMAND_HEADER_BYTES + 8);
  const lowest = sequence - bytes.readUInt16LE(at + COMMAND_HEADER_BYTES + 16);
  return { session: readU64(bytes, at + COMMAND_HEADER_BYTES) as LogIndex, sequence, lowest };
}

/** The parts are views, and do not tell of a session: see `readSession`. Throws `bad-request` on anything that `encodeCommand` does not write. */
export function decodeCommand(bytes: Buffer, at: number, length: number): Command {
  const view = new CommandView();
  const fault = view.read(bytes, at, length);
  if (fault !== undefined) throw badRequest(fault);
  const key = bytes.subarray(view.keyAt, view.valueAt);
  const value = bytes.subarray(view.valueAt, view.expectedAt);
  const expected = view.expectsAbsent ? null : bytes.subarray(view.expectedAt, view.end);
  switch (view.op) {
    case COMMAND_OPS.put:
      return { type: 'put', key, value };
    case COMMAND_OPS.delete:
      return { type: 'delete', key };
    case COMMAND_OPS.cas:
      return { type: 'cas', key, expected, value };
    default:
      return unreachable(view.op);
  }
}

/** What a leader proposes when all members understand `version`. */
export function encodeClusterVersion(version: number): Buffer {
  const bytes = Buffer.alloc(CLUSTER_VERSION_BYTES);
  bytes[0] = COMMAND_OPS.clusterVersion;
  bytes.writeUInt32LE(4, 4);
  bytes.writeUInt32LE(version, COMMAND_HEADER_BYTES);
  return bytes;
}

/** The version that a command raises the cluster to; undefined: it is another command. */
export function readClusterVersion(bytes: Buffer, at: number, length: number): number | undefined {
  if (bytes[at] !== COMMAND_OPS.clusterVersion || length !== CLUSTER_VERSION_BYTES) return undefined;
  return bytes.readUInt32LE(at + COMMAND_HEADER_BYTES);
}

/** What a client asks for, to have a session; the index of its entry names it. */
export function encodeOpenSession(): Buffer {
  const bytes = Buffer.alloc(COMMAND_HEADER_BYTES);
  bytes[0] = COMMAND_OPS.openSession;
  return bytes;
}

export const isOpenSession = (bytes: Buffer, at: number, length: number): boolean =>
  length === COMMAND_HEADER_BYTES &&
  bytes[at] === COMMAND_OPS.openSession &&
  bytes.readUInt32LE(at) === COMMAND_OPS.openSession &&
  bytes.readUInt32LE(at + 4) === 0 &&
  bytes.readUInt32LE(at + 8) === 0;

/** What a leader proposes as the log's time goes on, in milliseconds. */
export function encodeTime(time: number): Buffer {
  const bytes = Buffer.alloc(TIME_BYTES);
  bytes[0] = COMMAND_OPS.time;
  bytes.writeUInt32LE(8, 4);
  writeU64(bytes, time, COMMAND_HEADER_BYTES);
  return bytes;
}

/** The log's time that a command sets; undefined: it is another command. */
export function readTime(bytes: Buffer, at: number, length: number): number | undefined {
  if (bytes[at] !== COMMAND_OPS.time || length !== TIME_BYTES) return undefined;
  return readU64(bytes, at + COMMAND_HEADER_BYTES);
}

export interface CommandLimits {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
}

/** What is wrong with a client's command, if anything. Only what passes here may be proposed. */
export function checkCommand(
  bytes: Buffer,
  at: number,
  length: number,
  limits: CommandLimits,
): RaftctlError | undefined {
  if (isOpenSession(bytes, at, length)) return undefined;
  const fault = scratch.read(bytes, at, length);
  if (fault !== undefined) return badRequest(fault);
  const keyLength = scratch.valueAt - scratch.keyAt;
  if (keyLength === 0) return new RaftctlError('key-empty', 'the key is empty: expected at least 1 byte');
  if (keyLength > limits.maxKeyBytes) return keyTooLarge(keyLength, limits.maxKeyBytes);
  const valueLength = Math.max(scratch.expectedAt - scratch.valueAt, scratch.end - scratch.expectedAt);
  if (valueLength > limits.maxValueBytes) {
    return new RaftctlError('value-too-large', `the value has ${valueLength} bytes: at most ${limits.maxValueBytes}`);
  }
  return undefined;
}

const badRequest = (fault: string): RaftctlError => new RaftctlError('bad-request', `malformed command: ${fault}`);

const keyTooLarge = (length: number, most: number): RaftctlError =>
  new RaftctlError('key-too-large', `the key has ${length} bytes: at most ${most}`);

const isCommandOp = (op: number): op is CommandOp => op >= COMMAND_OPS.put && op <= COMMAND_OPS.cas;

/** Where the parts of a command lie. One view serves every command in turn: reading allocates nothing. */
export class CommandView {
  op: CommandOp = COMMAND_OPS.put;
  expectsAbsent = false;
  /** 0: it is run under none. */
  session = 0 as LogIndex;
  sequence = 0;
  /** The lowest sequence that is not acknowledged. */
  lowest = 0;
  keyAt = 0;
  valueAt = 0;
  expectedAt = 0;
  end = 0;

  /** Says what is wrong, or undefined when the parts are set. */
  read(bytes: Buffer, at: number, length: number): string | undefined {
    if (length < COMMAND_HEADER_BYTES) return `${length} bytes, expected at least ${COMMAND_HEADER_BYTES}`;
    const op = bytes[at]!;
    const flags = bytes[at + 1]!;
    if (!isCommandOp(op)) return `op ${op}, expected 1 to 3 or 5`;
    if ((flags & ~KNOWN_FLAGS) !== 0) return `flags ${flags}, expected 0 to ${KNOWN_FLAGS}`;
    this.op = op;
    this.expectsAbsent = (flags & EXPECTS_ABSENT) !== 0;
    this.session = 0 as LogIndex;
    this.keyAt = at + COMMAND_HEADER_BYTES;
    if ((flags & IN_SESSION) !== 0) {
      const fault = this.#readSession(bytes, length);
      if (fault !== undefined) return fault;
    }
    this.valueAt = this.keyAt + bytes.readUInt16LE(at + 2);
    this.expectedAt = this.valueAt + bytes.readUInt32LE(at + 4);
    this.end = this.expectedAt + bytes.readUInt32LE(at + 8);
    if (this.end !== at + length) return `${this.end - at} bytes announced, ${length} received`;
    if (op === COMMAND_OPS.delete && this.expectedAt !== this.valueAt) return 'a delete with a value';
    if (op !== COMMAND_OPS.cas && this.end !== this.expectedAt) return 'an expected value outside a cas';
    if (this.expectsAbsent && op !== COMMAND_OPS.cas) return 'the flag "expects no such key" outside a cas';
    if (this.expectsAbsent && this.end !== this.expectedAt) return 'a cas that expects a value and no such key';
    return undefined;
  }

  #readSession(bytes: Buffer, length: number): string | undefined {
    if (length < COMMAND_HEADER_BYTES + SESSION_HEADER_BYTES) return `${length} bytes, too few for its session`;
    const session = readU64(bytes, this.keyAt);
    const sequence = readU64(bytes, this.keyAt + 8);
    const behind = bytes.readUInt16LE(this.keyAt + 16);
    if (!isNumber(session) || !isNumber(sequence))
      return `sequence ${sequence} of session ${session}, expected both from 1`;
    if (behind >= Math.min(sequence, SESSION_WINDOW))
      return `sequence ${sequence} with ${behind} before it unacknowledged`;
    this.session = session as LogIndex;
    this.sequence = sequence;
    this.lowest = sequence - behind;
    this.keyAt += SESSION_HEADER_BYTES;
    return undefined;
  }
}

const isNumber = (value: number): boolean => value >= 1 && value < Number.MAX_SAFE_INTEGER;

const scratch = new CommandView();
