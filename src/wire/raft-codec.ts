import { asIndex, assert, asTerm, type NodeId } from '../base/index.js';
import {
  areIntact,
  type Entry,
  RECORD_HEADER_BYTES,
  readIntact,
  readRecord,
  recordSlices,
  termRuns,
} from '../raft/entry.js';
import type { AppendEntries, Message, MessageType } from '../raft/message.js';
import { expectAtLeast, expectLength, getBoolean, getFlags, getU64, malformed, putU64 } from './bytes.js';
import { KIND } from './kinds.js';

/**
 * Raft's messages as bytes. Each starts with `u64 term`; sender and receiver are those of the link. The layouts are in
 * docs/protocol.md. An append's entries are the records themselves, verbatim: encoded once where they were proposed,
 * checked here, and referred to in the received payload from then on.
 */
export interface EncodedMessage {
  readonly kind: number;
  /** The frame's payload is their concatenation. */
  readonly parts: readonly Buffer[];
}

const KIND_OF: Readonly<Record<MessageType, number>> = {
  'request-vote': KIND.requestVote,
  'request-vote-response': KIND.requestVoteResponse,
  'append-entries': KIND.appendEntries,
  'append-entries-response': KIND.appendEntriesResponse,
  heartbeat: KIND.heartbeat,
  'heartbeat-response': KIND.heartbeatResponse,
  'read-index': KIND.readIndex,
  'read-index-response': KIND.readIndexResponse,
  'timeout-now': KIND.timeoutNow,
};

/** `entries` fills an append that only names its range. */
export function encodeMessage(message: Message, entries?: readonly Entry[]): EncodedMessage {
  const kind = KIND_OF[message.type];
  if (message.type === 'append-entries') return { kind, parts: encodeAppend(message, entries ?? message.entries) };
  return { kind, parts: [encodeSmall(message)] };
}

/** Of a request for votes. */
const TRANSFER = 2;
/** Of an answer to one. */
const GRANTED = 2;
const STICKY = 4;

function encodeSmall(message: Exclude<Message, AppendEntries>): Buffer {
  switch (message.type) {
    case 'request-vote': {
      const bytes = start(message, 25);
      bytes[8] = Number(message.preVote) | (message.transfer ? TRANSFER : 0);
      putU64(bytes, message.lastLogIndex, 9);
      putU64(bytes, message.lastLogTerm, 17);
      return bytes;
    }
    case 'request-vote-response': {
      const bytes = start(message, 9);
      bytes[8] = Number(message.preVote) | (message.granted ? GRANTED : 0) | (message.sticky ? STICKY : 0);
      return bytes;
    }
    case 'append-entries-response': {
      const bytes = start(message, 33);
      bytes[8] = Number(message.success);
      putU64(bytes, message.index, 9);
      putU64(bytes, message.hintIndex, 17);
      putU64(bytes, message.hintTerm, 25);
      return bytes;
    }
    case 'heartbeat': {
      const bytes = start(message, 24);
      putU64(bytes, message.commitIndex, 8);
      putU64(bytes, message.readRound, 16);
      return bytes;
    }
    case 'heartbeat-response': {
      const bytes = start(message, 16);
      putU64(bytes, message.readRound, 8);
      return bytes;
    }
    case 'read-index': {
      const bytes = start(message, 16);
      putU64(bytes, message.id, 8);
      return bytes;
    }
    case 'read-index-response': {
      const bytes = start(message, 24);
      putU64(bytes, message.id, 8);
      putU64(bytes, message.index, 16);
      return bytes;
    }
    case 'timeout-now':
      return start(message, 8);
  }
}

function start(message: Message, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  putU64(bytes, message.term, 0);
  return bytes;
}

/** u64 term | u64 prevLogIndex | u64 prevLogTerm | u64 leaderCommit | u32 entries | u32 runs */
const APPEND_HEADER_BYTES = 40;
/** u64 term | u32 count */
const RUN_BYTES = 12;

function encodeAppend(message: AppendEntries, entries: readonly Entry[]): Buffer[] {
  assert(entries.length === message.lastLogIndex - message.prevLogIndex, () => rangeMismatch(message, entries));
  const runs = termRuns(entries);
  const header = start(message, APPEND_HEADER_BYTES + RUN_BYTES * runs.length);
  putU64(header, message.prevLogIndex, 8);
  putU64(header, message.prevLogTerm, 16);
  putU64(header, message.leaderCommit, 24);
  header.writeUInt32LE(entries.length, 32);
  let at = header.writeUInt32LE(runs.length, 36);
  for (const run of runs) at = header.writeUInt32LE(run.count, putU64(header, run.term, at));
  return [header, ...recordSlices(entries)];
}

const rangeMismatch = (message: AppendEntries, entries: readonly Entry[]): string =>
  `append of (${message.prevLogIndex}, ${message.lastLogIndex}] filled with ${entries.length} entries`;

/** Throws `bad-request` for anything that no node would send. The result points into `payload`. */
export function decodeMessage(kind: number, payload: Buffer, from: NodeId, to: NodeId): Message {
  switch (kind) {
    case KIND.requestVote: {
      expectLength(payload, 25, 'request-vote');
      const flags = getFlags(payload, 8, 1 | TRANSFER, 'request-vote');
      return {
        type: 'request-vote',
        from,
        to,
        term: asTerm(getU64(payload, 0, 'request-vote')),
        preVote: (flags & 1) !== 0,
        transfer: (flags & TRANSFER) !== 0,
        lastLogIndex: asIndex(getU64(payload, 9, 'request-vote')),
        lastLogTerm: asTerm(getU64(payload, 17, 'request-vote')),
      };
    }
    case KIND.requestVoteResponse: {
      expectLength(payload, 9, 'request-vote-response');
      const flags = getFlags(payload, 8, 1 | GRANTED | STICKY, 'request-vote-response');
      return {
        type: 'request-vote-response',
        from,
        to,
        term: asTerm(getU64(payload, 0, 'request-vote-response')),
        preVote: (flags & 1) !== 0,
        granted: (flags & GRANTED) !== 0,
        sticky: (flags & STICKY) !== 0,
      };
    }
    case KIND.appendEntries:
      return decodeAppend(payload, from, to);
    case KIND.appendEntriesResponse:
      expectLength(payload, 33, 'append-entries-response');
      return {
        type: 'append-entries-response',
        from,
        to,
        term: asTerm(getU64(payload, 0, 'append-entries-response')),
        success: getBoolean(payload, 8, 'append-entries-response'),
        index: asIndex(getU64(payload, 9, 'append-entries-response')),
        hintIndex: asIndex(getU64(payload, 17, 'append-entries-response')),
        hintTerm: asTerm(getU64(payload, 25, 'append-entries-response')),
      };
    default:
      return decodeBeatOrRead(kind, payload, from, to);
  }
}

function decodeBeatOrRead(kind: number, payload: Buffer, from: NodeId, to: NodeId): Message {
  switch (kind) {
    case KIND.heartbeat:
      expectLength(payload, 24, 'heartbeat');
      return {
        type: 'heartbeat',
        from,
        to,
        term: asTerm(getU64(payload, 0, 'heartbeat')),
        commitIndex: asIndex(getU64(payload, 8, 'heartbeat')),
        readRound: getU64(payload, 16, 'heartbeat'),
      };
    case KIND.heartbeatResponse: {
      expectLength(payload, 16, 'heartbeat-response');
      const term = asTerm(getU64(payload, 0, 'heartbeat-response'));
      return { type: 'heartbeat-response', from, to, term, readRound: getU64(payload, 8, 'heartbeat-response') };
    }
    case KIND.readIndex: {
      expectLength(payload, 16, 'read-index');
      const term = asTerm(getU64(payload, 0, 'read-index'));
      return { type: 'read-index', from, to, term, id: getU64(payload, 8, 'read-index') };
    }
    case KIND.readIndexResponse:
      expectLength(payload, 24, 'read-index-response');
      return {
        type: 'read-index-response',
        from,
        to,
        term: asTerm(getU64(payload, 0, 'read-index-response')),
        id: getU64(payload, 8, 'read-index-response'),
        index: asIndex(getU64(payload, 16, 'read-index-response')),
      };
    case KIND.timeoutNow:
      expectLength(payload, 8, 'timeout-now');
      return { type: 'timeout-now', from, to, term: asTerm(getU64(payload, 0, 'timeout-now')) };
    default:
      throw malformed('peer message', `unknown kind ${kind}`);
  }
}

const APPEND = 'append-entries';

function decodeAppend(payload: Buffer, from: NodeId, to: NodeId): AppendEntries {
  expectAtLeast(payload, APPEND_HEADER_BYTES, APPEND);
  const prevLogIndex = asIndex(getU64(payload, 8, APPEND));
  const entries = decodeEntries(payload, prevLogIndex);
  const lastLogIndex = asIndex(prevLogIndex + entries.length);
  if (!Number.isSafeInteger(lastLogIndex)) throw malformed(APPEND, `entries after index ${prevLogIndex}`);
  const term = asTerm(getU64(payload, 0, APPEND));
  const lastTerm = entries.at(-1)?.term ?? 0;
  if (lastTerm > term) throw malformed(APPEND, `an entry of term ${lastTerm} in a message of term ${term}`);
  return {
    type: 'append-entries',
    from,
    to,
    term,
    prevLogIndex,
    prevLogTerm: asTerm(getU64(payload, 16, APPEND)),
    lastLogIndex,
    leaderCommit: asIndex(getU64(payload, 24, APPEND)),
    entries,
  };
}

/** Counts are checked against the bytes that are there before anything is made of them. */
function decodeEntries(payload: Buffer, prevLogIndex: number): Entry[] {
  const count = payload.readUInt32LE(32);
  const runs = payload.readUInt32LE(36);
  const records = APPEND_HEADER_BYTES + runs * RUN_BYTES;
  if (runs > count || records + count * RECORD_HEADER_BYTES > payload.length) {
    throw malformed(APPEND, `${count} entries in ${runs} terms do not fit in ${payload.length} bytes`);
  }
  const isIntact = count > 1 && areIntact(payload, records, payload.length);
  const entries: Entry[] = [];
  let at = records;
  let term = 0;
  for (let run = 0; run < runs; run += 1) {
    const runAt = APPEND_HEADER_BYTES + run * RUN_BYTES;
    const runTerm = getU64(payload, runAt, APPEND);
    const runCount = payload.readUInt32LE(runAt + 8);
    // Terms never fall along a log (§5.3), and equal neighbours would be one run.
    if (runTerm <= term) throw malformed(APPEND, `term ${runTerm} after term ${term}`);
    if (runCount === 0 || runCount > count - entries.length) {
      throw malformed(APPEND, `a run of ${runCount} entries, ${count - entries.length} of ${count} left`);
    }
    term = runTerm;
    for (let nth = 0; nth < runCount; nth += 1) {
      const record = (isIntact ? readIntact : readRecord)(payload, at, payload.length);
      if (record === undefined) throw malformed(APPEND, `no intact record at byte ${at} of ${payload.length}`);
      const index = asIndex(prevLogIndex + entries.length + 1);
      entries.push({ index, term: asTerm(term), type: record.type, bytes: payload, at, length: record.length });
      at += record.length;
    }
  }
  if (entries.length !== count) throw malformed(APPEND, `its terms name ${entries.length} of ${count} entries`);
  if (at !== payload.length) throw malformed(APPEND, `${payload.length - at} bytes after the last record`);
  return entries;
}
