import type { Level, NodeId, Revision } from '../base/index.js';
import type { MembershipRequest, NodeFaults, ReadMode } from '../wire/index.js';
import type { Origin } from './origin.js';

/**
 * What is asked of a node, whoever asks: decoded once where it arrives, and no bytes of a protocol behind that. Times
 * are milliseconds; `timeoutMs` is how long the asker waits.
 */
export type Request =
  | Write
  | Get
  | Scan
  | StatusRequest
  | MembersRequest
  | Watch
  | SubscribeEvents
  | Cancel
  | SetLogLevel
  | SetFaults
  | Transfer
  | ChangeMembership
  | Stop;

/** A put, delete or cas. */
export interface Write {
  readonly type: 'write';
  readonly timeoutMs: number;
  /** As it came: these bytes go to the leader and into the log, and are not looked at but to check them. */
  readonly command: Buffer;
}

export interface Get {
  readonly type: 'get';
  readonly timeoutMs: number;
  readonly mode: ReadMode;
  readonly key: Buffer;
}

export interface Scan {
  readonly type: 'scan';
  readonly timeoutMs: number;
  readonly mode: ReadMode;
  /** 0: as many as one answer takes. */
  readonly limit: number;
  readonly prefix: Uint8Array;
  /** The entries behind this key; absent: from the first one. */
  readonly after: Uint8Array | undefined;
}

/** Who belongs to the cluster, as far as this node knows. */
export interface MembersRequest {
  readonly type: 'members';
}

export interface StatusRequest {
  readonly type: 'status';
}

/** Answered by `watch-events` at once and as often as there is news, until it fails or is cancelled. */
export interface Watch {
  readonly type: 'watch';
  /** The first revision of interest; 0: the one after the newest. */
  readonly from: Revision;
  /** All keys that begin with `key`, which may be empty then. */
  readonly isPrefix: boolean;
  readonly key: Buffer;
}

/** The diagnostic events behind sequence `after`, at `level` and above, now and as they happen, until it is cancelled. */
export interface SubscribeEvents {
  readonly type: 'subscribe-events';
  readonly after: number;
  readonly level: Level;
}

/** Ends the watch or the subscription that `stream` asked for. Has no answer. */
export interface Cancel {
  readonly type: 'cancel';
  readonly stream: Origin;
}

export interface SetLogLevel {
  readonly type: 'log-level';
  readonly level: Level;
}

/** What the node is to suffer from now on, instead of what it suffers. */
export interface SetFaults {
  readonly type: 'set-faults';
  readonly faults: NodeFaults;
}

/** Asked of the leader: others are to be members. */
export interface ChangeMembership {
  readonly type: 'change-membership';
  readonly timeoutMs: number;
  readonly change: MembershipRequest;
}

/** Asked of the leader: another is to lead. */
export interface Transfer {
  readonly type: 'transfer';
  readonly timeoutMs: number;
  /** null: whoever lacks the least. */
  readonly to: NodeId | null;
}

export interface Stop {
  readonly type: 'stop';
}

/** A request on its way through this node: who gets the result, and until when somebody waits for it. */
export interface Pending<Asked extends Request = Request> {
  readonly request: Asked;
  readonly origin: Origin;
  /** Monotonic milliseconds. */
  readonly deadline: number;
}
