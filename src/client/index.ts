/**
 * # client: the library, and how every part of raftctl talks to a cluster
 *
 *     import { connect } from 'raftctl';
 *
 *     const client = await connect('127.0.0.1:3331,127.0.0.1:3332,127.0.0.1:3333');
 *     await client.put('key-01', 'content 01');
 *     const entry = await client.get('key-01');         // { key, value: <Buffer>, version: 1, … }
 *     await client.close();
 *
 * A node's handshake and its later frames tell the leader; requests go there, or to any node, which forwards. Rules:
 *
 * - A write goes under a session (`sessions.ts`), as one of its sequences. It is sent again, the same bytes, until its
 *   outcome is known: when its connection breaks, another node leads, or a node does not know. Its sequence is
 *   acknowledged when its call ends, however it ends, and never before.
 * - An error is definite only if no try of the write is without an answer (`Operation.isInDoubt`).
 * - A session that expired is replaced for writes of which no try is in doubt. The others reject: who repeats such a
 *   write under another session may do it twice.
 * - A write without a session (`sessions: false`; a cluster that knows none) that was handed to a connection is sent
 *   once. If its answer is lost it rejects with `outcome-unknown`, if it does not come in time with `timeout`.
 * - A write that was never sent, or that a node refused before proposing it (`no-leader`, `proposal-dropped`,
 *   `shutting-down`), goes to another node until the call's timeout.
 * - A read is asked again anywhere until the call's timeout.
 * - A watch that loses its node goes on at another one behind the last revision it was told of: its events come in
 *   order, each once. One that goes to the leader follows it.
 * - With `connections: 1` the requests to one node are sent in the order of the calls; answers may overtake each other.
 * - Keys and values that are handed in are copied at once; those handed out belong to the caller.
 *
 * One promise per operation, one timer for all, one write to the socket per turn of the event loop.
 * `client.ts` is the public face, `checks.ts` its door. An operation and a watch each own their state; `dispatcher.ts`
 * moves operations, `watches.ts` watches, `router.ts` chooses where to. A channel knows neither: it has calls, which take
 * frames or are lost.
 */
export { type ErrorCode, type NodeId, RaftctlError, type Revision } from '../base/index.js';
export { connect } from './connect.js';
export type {
  Bytes,
  CallOptions,
  Client,
  CompareAndSetResult,
  ConnectOptions,
  DeleteResult,
  KeyEvent,
  KeyValue,
  PutResult,
  ReadOptions,
  ReadResult,
  ScanAllResult,
  ScanOptions,
  ScanResult,
  Via,
  Watch,
  WatchOptions,
  WatchStart,
} from './types.js';
