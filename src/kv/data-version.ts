import { RaftctlError } from '../base/index.js';
import { COMMAND_OPS, type CommandName, IN_SESSION, KNOWN_FLAGS } from './command.js';

/** Which sessions of clients go: part of what a log means, so the same on every member. */
export interface SessionLimits {
  /** One more, and the least recently active one goes. */
  readonly most: number;
  /** A session without a write for so long goes, by the log's time. */
  readonly idleMs: number;
}

/**
 * What one raftctl understands of the log and of the state. The *cluster version* is the least of its members' data
 * versions: it rises by a replicated command when all of them are newer, and it never falls. Whatever is new in the log
 * is written only when the cluster version knows it, so that nodes can be upgraded one by one.
 *
 *     1   put, delete, cas
 *     2   the command that raises the cluster version
 *     3   changes of the membership, and leaders that hand over; sessions of clients, and writes under them; logs that are trimmed,
 *         and states that are sent to whoever needs what is gone
 */
export interface DataVersion {
  readonly version: number;
  /** The first version that knows a command. */
  readonly since: Readonly<Record<CommandName, number>>;
  readonly sessions: SessionLimits;
}

/** This raftctl's. A simulation of two versions hands in others. */
export const DATA_VERSION: DataVersion = {
  version: 3,
  since: { put: 1, delete: 1, cas: 1, clusterVersion: 2, openSession: 3, time: 3 },
  sessions: { most: 10_000, idleMs: 300_000 },
};

/** The first that knows entries of a new membership, and messages of leadership transfer. */
export const MEMBERSHIP_VERSION = 3;

/** The first that can be sent a state: nobody trims before all can. */
export const SNAPSHOT_VERSION = 3;

/** Of a cluster that has never said otherwise. */
export const FIRST_CLUSTER_VERSION = 1;

/** What version a command in a log or in a request needs: one lookup by its op. */
export class CommandVersions {
  readonly #sinceOp: readonly (number | undefined)[];
  readonly #sinceSessions: number;

  constructor({ since }: DataVersion) {
    const sinceOp: number[] = [];
    for (const [name, op] of Object.entries(COMMAND_OPS)) sinceOp[op] = since[name as CommandName];
    this.#sinceOp = sinceOp;
    this.#sinceSessions = since.openSession;
  }

  /** Infinity: this raftctl does not know it. */
  neededBy(bytes: Buffer, at: number): number {
    const flags = bytes[at + 1]!;
    if ((flags & ~KNOWN_FLAGS) !== 0) return Number.POSITIVE_INFINITY;
    const since = this.#sinceOp[bytes[at]!] ?? Number.POSITIVE_INFINITY;
    return (flags & IN_SESSION) === 0 ? since : Math.max(since, this.#sinceSessions);
  }
}

export const versionTooLow = (name: string, needed: number, clusterVersion: number): RaftctlError =>
  new RaftctlError('version-too-low', `${name} needs cluster version ${needed}, the cluster is at ${clusterVersion}`, {
    hint: 'the version rises by itself once every member runs a newer raftctl: upgrade the others, or try again',
  });

/** `what` came from the future. */
export const dataNewer = (place: string, what: string): RaftctlError =>
  new RaftctlError('data-newer', `${place}: ${what}`, { hint: 'use the raftctl that wrote it, or a newer one' });

/** The cluster that the state at `place` belongs to has come further than `data`. */
export const clusterNewer = (place: string, clusterVersion: number, { version }: DataVersion): RaftctlError =>
  dataNewer(place, `the cluster is at version ${clusterVersion}, this raftctl knows data up to version ${version}`);
