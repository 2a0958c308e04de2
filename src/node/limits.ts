import type { ConnectionRole } from '../transport/index.js';

/** Every bound of a node that cluster.yaml does not set. */
export const MAX_KEY_BYTES = 1_024;
const MAX_CONNECTIONS = 4_096;
const MIN_CONNECTIONS = 16;
/** Descriptors for files, for links to the other members, and for strangers at the door or on their way out. */
const OTHER_DESCRIPTORS = 512;
export const HANDSHAKE_TIMEOUT_MS = 3_000;
/**
 * How often requests are checked against their deadlines, while any wait: so often that the reason reaches the client in
 * what it keeps back of its time for that.
 */
export const SWEEP_MS = 10;

/** Windows and batches. A simulation draws them small, so that their edges are met. */
export interface NodeLimits {
  /** Entries kept in memory. */
  readonly cacheBytesMax: number;
  /** Entries applied in one turn. */
  readonly applyEntriesMax: number;
  readonly appendBytesMax: number;
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  readonly uncommittedBytesMax: number;
  /**
   * When the state machine's memtable goes to its backend: memory, time, and entries that a start would apply again.
   * While a node flushes, puts wait for the disk: a node that is seldom written to need not do it often.
   */
  readonly flushBytes: number;
  readonly flushMs: number;
  readonly flushEntries: number;
  /** Memory for the events of past revisions, for those who watch. */
  readonly historyBytes: number;
  /** How often a leader moves the log's time on, while there are sessions. */
  readonly timeEveryMs: number;
  /** A state travels in parts of so many bytes, and a transfer of which nothing is heard for so long is given up. */
  readonly snapshotPartBytes: number;
  readonly snapshotPatienceMs: number;
  /** Of clients; peers and admin have a reserve. */
  readonly maxConnections: number;
  /** What may pile up for one connection that does not read. */
  readonly queuedBytesMax: number;
  /** With so much of it one is full: no request is read of it, and its reads, watches and scans wait. */
  readonly fullBytes: number;
  /** What may pile up for all connections together, and of them in halves of requests. */
  readonly heldBytesMax: number;
}

export const nodeLimits: NodeLimits = {
  cacheBytesMax: 8 << 20,
  applyEntriesMax: 4_096,
  appendBytesMax: 256 << 10,
  inflightMessagesMax: 64,
  inflightBytesMax: 4 << 20,
  uncommittedBytesMax: 64 << 20,
  flushBytes: 8 << 20,
  flushMs: 30_000,
  flushEntries: 100_000,
  historyBytes: 64 << 20,
  timeEveryMs: 10_000,
  snapshotPartBytes: 256 << 10,
  snapshotPatienceMs: 10_000,
  maxConnections: MAX_CONNECTIONS,
  queuedBytesMax: 64 << 20,
  fullBytes: 1 << 20,
  heldBytesMax: 256 << 20,
};

/** How many connections a process takes that may have so many descriptors. */
export function connectionsWithin(descriptors = Number.POSITIVE_INFINITY): number {
  return Math.max(MIN_CONNECTIONS, Math.min(MAX_CONNECTIONS, descriptors - OTHER_DESCRIPTORS));
}

/** Kind and call id of a frame, deadline, header and session of a command: what a write has before its key. */
const WRITE_HEADERS_BYTES = 5 + 4 + 12 + 18;
/** The same of an append with this one entry: frame, append, its run of one term, record and command. */
const APPEND_HEADERS_BYTES = 5 + 40 + 12 + 9 + 12 + 18;
/** An append of many small entries, of any version, and where their terms change. */
const APPEND_FRAME_BYTES_MIN = 2 << 20;
/** A part of a state, from whichever version: larger ones than today's may come. */
const SNAPSHOT_FRAME_BYTES = 1 << 20;
/** Requests that are no writes carry keys and numbers. */
const REQUEST_BYTES_MIN = 64 << 10;

/**
 * The largest frame of a role. A cas carries two values; whatever a client may send fits, forwarded or in an append, in
 * what a peer may send, or an entry could be accepted that no follower takes.
 */
export function frameBytesMax({ maxValueBytes }: { readonly maxValueBytes: number }, role: ConnectionRole): number {
  const content = MAX_KEY_BYTES + 2 * maxValueBytes;
  if (role === 'snapshot') return SNAPSHOT_FRAME_BYTES;
  if (role !== 'peer') return Math.max(WRITE_HEADERS_BYTES + content, REQUEST_BYTES_MIN);
  return Math.max(APPEND_HEADERS_BYTES + content, APPEND_FRAME_BYTES_MIN);
}
