import { EMPTY_REVISION, type Membership } from '../../base/index.js';
import {
  COMMAND_OPS,
  CommandVersions,
  type DataVersion,
  decodeCommand,
  FIRST_CLUSTER_VERSION,
  isOpenSession,
  readClusterVersion,
  readSession,
  readTime,
} from '../../kv/index.js';
import {
  ENTRY_TYPES,
  type Entry,
  membershipIn,
  payloadOf,
  RECORD_HEADER_BYTES,
  type RecordRef,
} from '../../raft/index.js';
import { type Effect, Model } from './model.js';
import { ModelSessions } from './model-sessions.js';
import { nameOf } from './values.js';
import { expectSafe } from './violation.js';

interface KnownEntry {
  readonly type: Entry['type'];
  readonly checksum: number;
  readonly payload: Buffer;
  /** Of the entry before it, in whatever log it was seen. */
  readonly previousTerm: number;
}

export interface CommittedWrite {
  readonly index: number;
  readonly effect: Effect;
}

interface CommittedEntry {
  readonly term: number;
  /** The term in which somebody first took it for committed. */
  readonly inTerm: number;
  readonly revision: number;
  readonly clusterVersion: number;
  readonly membership: Membership;
  /** The log's time, and how many sessions there are. */
  readonly time: number;
  readonly sessions: number;
}

/**
 * What the cluster as a whole has decided: every entry that any log ever held, by index and term, and the one at each
 * index that was committed. The committed ones run through the model, so every answer can be compared with it.
 */
export class CommittedLog {
  readonly model = new Model();
  readonly #sessions: ModelSessions;
  /** By the name of its value, where a write was committed and what it did. */
  readonly writes = new Map<string, CommittedWrite>();
  readonly #known = new Map<number, Map<number, KnownEntry>>();
  readonly #committed: CommittedEntry[] = [];
  readonly #versions: CommandVersions;
  readonly #first: Membership;
  /** That any log ever held, in no order. */
  readonly #memberships: { readonly index: number; readonly term: number; readonly membership: Membership }[] = [];

  /** `first`: the members that the cluster begins with. */
  constructor(newest: DataVersion, first: Membership) {
    this.#first = first;
    this.#versions = new CommandVersions(newest);
    this.#sessions = new ModelSessions(newest.sessions);
  }

  get lastIndex(): number {
    return this.#committed.length;
  }

  get revision(): number {
    return this.model.revision;
  }

  termAt(index: number): number {
    return this.#committed[index - 1]?.term ?? 0;
  }

  committedInTerm(index: number): number {
    return this.#committed[index - 1]!.inTerm;
  }

  /** The store's revision once everything up to `index` is applied. */
  revisionAt(index: number): number {
    return index === 0 ? EMPTY_REVISION : this.#committed[index - 1]!.revision;
  }

  /** The cluster version once everything up to `index` is applied. */
  clusterVersionAt(index: number): number {
    return index === 0 ? FIRST_CLUSTER_VERSION : this.#committed[index - 1]!.clusterVersion;
  }

  /** Who the members are once everything up to `index` is applied. */
  membershipAt(index: number): Membership {
    return index === 0 ? this.#first : this.#committed[index - 1]!.membership;
  }

  /**
   * Who may have decided on the entry at `index` of a log: by the latest membership at or before it, or by a later one
   * whose predecessor stands before it.
   */
  configurationsOf(index: number, termAt: (index: number) => number, lastIndex: number): readonly Membership[] {
    const logged = this.#memberships
      .filter((one) => one.index <= lastIndex && termAt(one.index) === one.term)
      .sort((a, b) => a.index - b.index);
    const own = logged.findLastIndex((one) => one.index <= index);
    const base = own < 0 ? this.membershipAt(Math.min(this.lastIndex, index - 1)) : logged[own]!.membership;
    const later = logged.filter((_, at) => at > own && (at === 0 || logged[at - 1]!.index < index));
    return [base, ...later.map(({ membership }) => membership)];
  }

  /** The last one in a log that begins behind `beforeIndex`; without one, the one that was committed by then. */
  latestMembership(beforeIndex: number, lastIndex: number, termAt: (index: number) => number): Membership {
    let latest: { readonly index: number; readonly membership: Membership } | undefined;
    for (const one of this.#memberships) {
      if (one.index <= beforeIndex || one.index > lastIndex || one.index < (latest?.index ?? 0)) continue;
      if (termAt(one.index) === one.term) latest = one;
    }
    return latest?.membership ?? this.membershipAt(Math.min(beforeIndex, this.lastIndex));
  }

  /** The log's time once everything up to `index` is applied, and how many sessions there are then. */
  sessionsAt(index: number): { readonly time: number; readonly sessions: number } {
    return this.#committed[index - 1] ?? { time: 0, sessions: 0 };
  }

  /** Committed writes that were not run, because they had been, or because their session was no more. */
  get repeated(): number {
    return this.#sessions.repeated;
  }

  /** An entry was seen in the log of `node`. Log Matching, step by step: index and term determine it and what precedes it. */
  saw(node: string, { index, term, ...record }: Entry, previousTerm: number, dataVersion: number): void {
    this.#checkKnown(node, index, record, dataVersion);
    const terms = this.#known.get(index) ?? new Map<number, KnownEntry>();
    if (terms.size === 0) this.#known.set(index, terms);
    const known = terms.get(term);
    const checksum = record.bytes.readUInt32LE(record.at + 4) + record.length * 2 ** 32;
    if (known === undefined) {
      terms.set(term, { type: record.type, checksum, payload: payloadOf(record), previousTerm });
      if (record.type === ENTRY_TYPES.membership) {
        this.#memberships.push({ index, term, membership: membershipIn(record, index) });
      }
      return;
    }
    const same = known.checksum === checksum && known.previousTerm === previousTerm;
    expectSafe(same, 'log matching (§5.3)', () => {
      const bytes = record.length - RECORD_HEADER_BYTES;
      return `entry ${index} of term ${term} in the log of ${node} (${bytes} bytes after term ${previousTerm}) is not the one seen before (${known.payload.length} bytes after term ${known.previousTerm})`;
    });
  }

  /** Upgraded one by one, no node gets what it does not know, committed or not. */
  #checkKnown(node: string, index: number, record: RecordRef, dataVersion: number): void {
    if (record.type !== ENTRY_TYPES.command) return;
    const at = record.at + RECORD_HEADER_BYTES;
    const raisedTo = readClusterVersion(record.bytes, at, record.length - RECORD_HEADER_BYTES) ?? 0;
    const needed = Math.max(this.#versions.neededBy(record.bytes, at), raisedTo);
    expectSafe(needed <= dataVersion, 'nobody gets what they do not know', () => {
      return `${node} of data version ${dataVersion} has entry ${index}, which needs ${needed}`;
    });
  }

  /** `node` takes `index` for committed, with this term in its log. Answers what it did, when it is news. */
  commit(node: string, index: number, term: number, inTerm: number): Effect | undefined {
    const committed = this.#committed[index - 1];
    if (committed !== undefined) {
      expectSafe(committed.term === term, 'state machine safety (§5.4.3)', () => {
        return `${node} committed term ${term} at index ${index}, where term ${committed.term} is committed`;
      });
      return undefined;
    }
    expectSafe(index === this.#committed.length + 1, 'state machine safety (§5.4.3)', () => {
      return `${node} committed ${index}, the last known one is ${this.#committed.length}`;
    });
    const entry = this.#known.get(index)?.get(term);
    expectSafe(
      entry !== undefined,
      'log matching (§5.3)',
      () => `${node} committed ${index} of ${term}, seen in no log`,
    );
    const raisedTo = versionIn(entry);
    const clusterVersion = Math.max(this.clusterVersionAt(index - 1), raisedTo ?? 0);
    const needed = entry.type === ENTRY_TYPES.command ? this.#versions.neededBy(entry.payload, 0) : 0;
    expectSafe(raisedTo !== undefined || needed <= clusterVersion, 'only what all members know is written', () => {
      return `entry ${index} needs version ${needed}, the cluster is at ${clusterVersion}`;
    });
    const effect = this.#effectOf(entry, index);
    const { time, count: sessions } = this.#sessions;
    const membership = this.#memberships.find((one) => one.index === index && one.term === term)?.membership;
    this.#committed.push({
      term,
      inTerm,
      revision: this.model.revision,
      clusterVersion,
      membership: membership ?? this.membershipAt(index - 1),
      time,
      sessions,
    });
    if (effect !== undefined && effect.value !== null) this.#rememberWrite(index, effect, effect.value);
    return effect;
  }

  #effectOf({ type, payload }: KnownEntry, index: number): Effect | undefined {
    if (type !== ENTRY_TYPES.command || readClusterVersion(payload, 0, payload.length) !== undefined) return undefined;
    const time = readTime(payload, 0, payload.length);
    if (time !== undefined) this.#sessions.advance(time);
    else if (isOpenSession(payload, 0, payload.length)) this.#sessions.open(index);
    else {
      const own = readSession(payload, 0);
      if (own === undefined || this.#sessions.takes(own, index)) return this.model.apply(payload);
    }
    return undefined;
  }

  /** Where a write stands in some log, behind all that is committed: it may be, yet. */
  undecided(value: string): { readonly index: number; readonly term: number } | undefined {
    for (let index = this.lastIndex + 1; this.#known.has(index); index += 1) {
      for (const [term, entry] of this.#known.get(index)!) {
        if (!isWrite(entry)) continue;
        const command = decodeCommand(entry.payload, 0, entry.payload.length);
        if (command.type !== 'delete' && nameOf(command.value) === value) return { index, term };
      }
    }
    return undefined;
  }

  #rememberWrite(index: number, effect: Effect, value: string): void {
    const before = this.writes.get(value);
    expectSafe(before === undefined, 'a write happens once', () => {
      return `the write of ${value} is committed at ${before?.index} and at ${index}`;
    });
    this.writes.set(value, { index, effect });
  }
}

const isWrite = ({ type, payload }: KnownEntry): boolean =>
  type === ENTRY_TYPES.command && payload[0]! <= COMMAND_OPS.cas;

/** What an entry raises the cluster version to, if that is what it does. */
const versionIn = ({ type, payload }: KnownEntry): number | undefined =>
  type === ENTRY_TYPES.command ? readClusterVersion(payload, 0, payload.length) : undefined;
