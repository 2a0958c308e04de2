import type { NodeId, Revision } from '../base/index.js';
import type { KeyEvent, KeyValue } from '../kv/types.js';
import type { ReadMode } from '../wire/client-codec.js';

export type { KeyEvent, KeyValue };

/** A key (1 to 1,024 bytes unless configured otherwise) or a value. Text is UTF-8. */
export type Bytes = string | Uint8Array;

/**
 * Which node is asked. Left out: the leader when it is known and connected, else any connected node, which forwards.
 * `any`: connected nodes in turn. `leader`, `follower`: only such a one. Anything else is a node's name.
 */
export type Via = 'any' | 'leader' | 'follower' | NodeId | (string & Record<never, never>);

export interface ConnectOptions {
  /** Milliseconds: the bound of connecting, and of each operation that does not bring its own. Default 10,000. */
  readonly timeoutMs?: number;
  /** Connections per node, used in turn. Requests keep their order on one connection only. Default 1. */
  readonly connections?: number;
  /** 32 hex digits. Nodes of another cluster are refused. Default: the cluster of the first node that answers. */
  readonly clusterId?: string;
  /**
   * Writes go under a session of this client, so that one whose answer was lost is sent again and happens once. Default
   * true. Without: a write that was sent and not answered rejects as of unknown outcome.
   */
  readonly sessions?: boolean;
  /** Members that are not among the endpoints are found, and asked as well. Default true. */
  readonly discover?: boolean;
  /** Gives up connecting. It has no meaning once `connect` has resolved: use `close`. */
  readonly signal?: AbortSignal;
}

export interface CallOptions {
  /** Milliseconds until the call fails. Default: `timeoutMs` of `connect`. */
  readonly timeoutMs?: number;
  /** Gives the call up: it rejects with `aborted`. A write that was sent may still happen (`definite: false`). */
  readonly signal?: AbortSignal;
  readonly via?: Via;
}

export interface ReadOptions extends CallOptions {
  /** `linearizable` (default): sees every write acknowledged before the call. `stale`: the node's own state, at once. */
  readonly read?: ReadMode;
}

interface Answer {
  /** The store's revision: after a write, or as of a read. */
  readonly revision: Revision;
  /** The node that answered. A follower forwards writes, so it need not be the leader. */
  readonly node: NodeId;
}

export type PutResult = Answer;

export interface DeleteResult extends Answer {
  /** False: there was no such key, and nothing changed. */
  readonly deleted: boolean;
}

export interface CompareAndSetResult extends Answer {
  /** False: the key did not hold the expected value, and nothing changed. */
  readonly succeeded: boolean;
}

export interface ReadResult extends Answer {
  /** Null: there is no such key. */
  readonly entry: KeyValue | null;
}

export interface ScanOptions {
  /** Keys that begin with these bytes. Default: all. */
  readonly prefix?: Bytes;
  /** At most so many entries. Default 1,000. An answer of more than about 1 MiB is cut earlier. */
  readonly limit?: number;
  /** Keys behind this one: the last key of the answer before. */
  readonly after?: Bytes;
}

export interface ScanResult extends Answer {
  /** In the order of their keys' bytes. */
  readonly entries: readonly KeyValue[];
  /** There are entries behind the last one. */
  readonly more: boolean;
}

export interface ScanAllResult extends ScanResult {
  /**
   * True: the entries are all that there was at `revision`. False: the store changed while it was read, again and
   * again. Each entry was there at some time since `revision`, which is that of the first page: a watch from the next
   * one on tells whatever was missed.
   */
  readonly consistent: boolean;
}

export interface WatchOptions extends CallOptions {
  /** The first revision of interest. Default: whatever comes after the start. */
  readonly from?: number;
}

export interface WatchStart {
  /** Every event from this revision on will come. */
  readonly revision: Revision;
  /** The node that watches. Another one may go on after it. */
  readonly node: NodeId;
}

/** Events in the order in which they happened, each once, whichever nodes they come from. Leave the loop to end it. */
export interface Watch extends AsyncIterableIterator<KeyEvent, undefined> {
  /** Resolves when a node has begun to watch: what is written from then on will be seen. */
  readonly started: Promise<WatchStart>;
}

/**
 * A connection to a cluster. Every method rejects with a `RaftctlError` and nothing else. Its `code` is stable; its
 * `definite` says whether the operation certainly did not happen. An indefinite write may have happened, or may yet.
 */
export interface Client {
  put(key: Bytes, value: Bytes, call?: CallOptions): Promise<PutResult>;
  /** Null when there is no such key. */
  get(key: Bytes, call?: ReadOptions): Promise<KeyValue | null>;
  /** As `get`, with the store's revision and the node that answered, also for a key that is not there. */
  read(key: Bytes, call?: ReadOptions): Promise<ReadResult>;
  delete(key: Bytes, call?: CallOptions): Promise<DeleteResult>;
  /** One answer of one node: the store as of one revision. */
  scan(options?: ScanOptions, call?: ReadOptions): Promise<ScanResult>;
  /** As many answers as it takes, `limit` entries (default: all). `timeoutMs` bounds each of them. */
  scanAll(options?: ScanOptions, call?: ReadOptions): Promise<ScanAllResult>;
  /** Writes `value` if the key holds `expected`; null expects that there is no such key. */
  compareAndSet(key: Bytes, expected: Bytes | null, value: Bytes, call?: CallOptions): Promise<CompareAndSetResult>;
  /**
   * What happens to a key, or to all keys that begin with a prefix, from now on or from a past revision on. `timeoutMs`
   * bounds how long it may be without a node. Fails with `revision-gone` when no node has that revision any more.
   */
  watch(target: Bytes | { readonly prefix: Bytes }, call?: WatchOptions): Watch;
  /** The leader as last heard of. Asks nobody. */
  leader(): NodeId | null;
  /** Ends all connections; what still waits rejects with `closed`. */
  close(): Promise<void>;
}
