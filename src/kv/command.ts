import { RaftctlError, unreachable } from '../base/index.js';

/**
 * What the state machine is told to do. The payload of a log entry of type `command`, and of a client's write request,
 * is one command, little-endian:
 *
 *     u8 op | u8 flags | u16 key length | u32 value length | u32 expected length | key | value | expected
 *
 *     op      1 put   2 delete   3 cas   4 cluster version, which only a leader proposes: no key, the value is u32 version
 *     flags   bit 0: cas expects that there is no such key (expected is empty)
 *             bit 1: reserved for a session header between this header and the key
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

export const COMMAND_OPS = { put: 1, delete: 2, cas: 3, clusterVersion: 4 } as const;
export type CommandName = keyof typeof COMMAND_OPS;
type CommandOp = (typeof COMMAND_OPS)[Command['type']];

const COMMAND_HEADER_BYTES = 12;
const EXPECTS_ABSENT = 1;
export const KNOWN_FLAGS = EXPECTS_ABSENT;
const CLUSTER_VERSION_BYTES = COMMAND_HEADER_BYTES + 4;
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

/** Writes the command at `at` and returns the offset behind it. */
export function writeCommand(target: Buffer, at: number, command: Command): number {
  const { type, key } = command;
  const value = writtenOf(command);
  const expected = expectedOf(command);
  if (key.length > KEY_LENGTH_MAX) throw keyTooLarge(key.length, KEY_LENGTH_MAX);
  target[at] = COMMAND_OPS[type];
  target[at + 1] = type === 'cas' && command.expected === null ? EXPECTS_ABSENT : 0;
  target.writeUInt16LE(key.length, at + 2);
  target.writeUInt32LE(value.length, at + 4);
  target.writeUInt32LE(expected.length, at + 8);
  const keyAt = at + COMMAND_HEADER_BYTES;
  target.set(key, keyAt);
  target.set(value, keyAt + key.length);
  target.set(expected, keyAt + key.length + value.length);
  return keyAt + key.length + value.length + expected.length;
}

/** The parts are views. Throws `bad-request` on anything that `encodeCommand` does not write. */
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
  keyAt = 0;
  valueAt = 0;
  expectedAt = 0;
  end = 0;

  /** Says what is wrong, or undefined when the parts are set. */
  read(bytes: Buffer, at: number, length: number): string | undefined {
    if (length < COMMAND_HEADER_BYTES) return `${length} bytes, expected at least ${COMMAND_HEADER_BYTES}`;
    const op = bytes[at]!;
    const flags = bytes[at + 1]!;
    if (!isCommandOp(op)) return `op ${op}, expected 1 to 3`;
    if (flags > EXPECTS_ABSENT) return `flags ${flags}, expected 0 or 1`;
    this.op = op;
    this.expectsAbsent = flags === EXPECTS_ABSENT;
    this.keyAt = at + COMMAND_HEADER_BYTES;
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
}

const scratch = new CommandView();
