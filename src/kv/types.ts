import type { LogIndex, RaftctlError, Revision } from '../base/index.js';

/** One key as it stands: etcd's data model. The bytes never change and stay valid for as long as they are held. */
export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  /** The store's revision at which the key came into being, and at which it was last written. */
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  /** 1 for a new key, plus one for each write since; a delete ends the count. */
  readonly version: number;
}

/** What a command did. */
export interface CommandResult {
  /** put: true; delete: the key existed; cas: it was swapped. */
  readonly succeeded: boolean;
  /** The store's revision after the command: the one before it, when nothing changed. */
  readonly revision: Revision;
}

/** A client has a session now. */
export interface SessionOpened {
  readonly session: LogIndex;
}

/** What came of a command: an error says why nothing was done. */
export type Outcome = CommandResult | SessionOpened | RaftctlError;

export interface ScanOptions {
  /** Empty: every key. */
  readonly prefix: Uint8Array;
  /** Entries in the answer, at most. */
  readonly limit: number;
  /** Only keys behind this one. */
  readonly after?: Uint8Array;
  /** Stop before the keys and values exceed this; one larger entry still comes alone. Default 1 MiB. */
  readonly bytesMax?: number;
}

export interface ScanResult {
  readonly entries: readonly KeyValue[];
  /** There is at least one more key with the prefix behind the last entry. */
  readonly more: boolean;
  readonly revision: Revision;
}

/** What happened to one key at one revision. A delete has no value, `createRevision` 0 and `version` 0. */
export interface KeyEvent extends KeyValue {
  readonly type: 'put' | 'delete';
}

export interface EventQuery {
  /** The first revision that is asked for. */
  readonly from: Revision;
  /** Which keys, told by their bytes as a latin1 string. Default: all. */
  readonly wants?: (key: string) => boolean;
  /** Stop at the end of a revision once so many bytes were looked at. Default 1 MiB. */
  readonly bytesMax?: number;
}

export interface EventsFound {
  /** In the order in which they happened. */
  readonly events: readonly KeyEvent[];
  /** All events from the first revision asked for up to this one were looked at; the next query goes on behind it. */
  readonly upTo: Revision;
  /** What was looked at, the events that were not wanted too. */
  readonly bytes: number;
}
