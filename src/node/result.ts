import type { Membership, NodeId, RaftctlError, Revision, Term } from '../base/index.js';
import type { CommandResult, ScanResult, SessionOpened } from '../kv/index.js';
import type { EventBatch, NodeStatus, Stored, WatchEvents } from '../wire/index.js';

/** What becomes of a request: what it asked for, or the reason why not. */
export type Result =
  | Written
  | Opened
  | Got
  | Scanned
  | { readonly type: 'status'; readonly status: NodeStatus }
  | News
  | { readonly type: 'events'; readonly batch: EventBatch }
  /** Who leads now. */
  | { readonly type: 'leads'; readonly leader: NodeId; readonly term: Term }
  /** Who the members are now. */
  | { readonly type: 'membership'; readonly membership: Membership }
  /** It has no more to say than that it was done. */
  | { readonly type: 'done' }
  | Failed;

export interface Written extends CommandResult {
  readonly type: 'written';
}

export interface Opened extends SessionOpened {
  readonly type: 'session-opened';
}

export interface Got {
  readonly type: 'got';
  /** The store's revision as of the read. */
  readonly revision: Revision;
  readonly found: Stored | undefined;
}

export interface Scanned extends ScanResult {
  readonly type: 'scanned';
}

/** Of a watch, one of many. */
export interface News extends WatchEvents {
  readonly type: 'news';
}

/** The error's `definite` says whether the request may have taken effect all the same. */
export interface Failed {
  readonly type: 'failed';
  readonly error: RaftctlError;
}

export const failed = (error: RaftctlError): Failed => ({ type: 'failed', error });
