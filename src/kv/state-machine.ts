import {
  asRevision,
  assert,
  type LogIndex,
  type Member,
  type Membership,
  type RaftctlError,
  type Revision,
  type Term,
  withAddressesOf,
} from '../base/index.js';
import {
  checkedFrom,
  checksumOfRecord,
  ENTRY_TYPES,
  type Entry,
  membershipIn,
  RECORD_HEADER_BYTES,
} from '../raft/entry.js';
import type { Backend } from './backend.js';
import { COMMAND_OPS, CommandView, readClusterVersion, readTime } from './command.js';
import { CommandVersions, clusterNewer, type DataVersion, dataNewer } from './data-version.js';
import { type BinaryKey, readKey } from './key.js';
import type { Memtables } from './memtables.js';
import type { StoreMeta } from './meta.js';
import type { PastRevisions } from './past-revisions.js';
import { Sessions, sequenceAcknowledged, sessionExpired } from './sessions.js';
import { isPoint, type StatePoints } from './state-points.js';
import { RunningSum, type StateSum } from './state-sum.js';
import { StoredVersions } from './stored-versions.js';
import type { CommandResult, Outcome } from './types.js';
import { checksumFromRecord, checksumOfVersion, isTombstone, NO_BYTES, newVersion, type Version } from './version.js';

interface StateMachineOptions {
  readonly backend: Backend;
  /** What the backend holds, and what its keys add up to. */
  readonly flushed: StoreMeta;
  readonly sum: StateSum;
  /** Empty: what is applied goes there. */
  readonly memtables: Memtables;
  readonly past: PastRevisions;
  readonly points: StatePoints;
  readonly data: DataVersion;
  /** Where members are reached: what this node was told wins over what the log says. */
  readonly addresses: readonly Member[];
}

/**
 * Runs commands: the state as of `appliedIndex`, and how an entry of the log makes the next one of it. Knows nothing of
 * flushes: what it changes is in the memtables.
 */
export class StateMachine {
  readonly memtables: Memtables;
  readonly sessions: Sessions;
  /** Of the backend. */
  readonly stored: StoredVersions;
  readonly past: PastRevisions;
  readonly #points: StatePoints;
  readonly #place: string;
  readonly #sum: RunningSum;
  readonly #data: DataVersion;
  readonly #versions: CommandVersions;
  readonly #addresses: readonly Member[];
  /** Reused for every command: applying allocates a result and, for a key new to the memtable, its version. */
  readonly #command = new CommandView();
  readonly #next = newVersion();
  #appliedIndex: LogIndex;
  #appliedTerm: Term;
  #revision: Revision;
  readonly #compactedRevision: Revision;
  #membership: Membership;
  #clusterVersion: number;

  /** Throws `data-damaged` for sessions that are not intact. */
  constructor({ backend, flushed, sum, memtables, past, points, data, addresses }: StateMachineOptions) {
    this.memtables = memtables;
    this.stored = new StoredVersions(backend);
    this.sessions = new Sessions(backend, flushed.time, data.sessions);
    this.past = past;
    this.#points = points;
    this.#place = backend.place;
    this.#sum = new RunningSum(sum);
    this.#data = data;
    this.#versions = new CommandVersions(data);
    this.#addresses = addresses;
    this.#appliedIndex = flushed.appliedIndex;
    this.#appliedTerm = flushed.appliedTerm;
    this.#revision = flushed.revision;
    this.#compactedRevision = flushed.compactedRevision;
    this.#membership = withAddressesOf(flushed.membership, addresses);
    this.#clusterVersion = flushed.clusterVersion;
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  get revision(): Revision {
    return this.#revision;
  }

  get membership(): Membership {
    return this.#membership;
  }

  get clusterVersion(): number {
    return this.#clusterVersion;
  }

  /** What all keys add up to. */
  get sum(): StateSum {
    return this.#sum.now;
  }

  /** The version that a command needs at least. */
  neededBy(command: Buffer): number {
    return this.#versions.neededBy(command, 0);
  }

  position(): StoreMeta {
    return {
      appliedIndex: this.#appliedIndex,
      appliedTerm: this.#appliedTerm,
      revision: this.#revision,
      compactedRevision: this.#compactedRevision,
      membership: this.#membership,
      clusterVersion: this.#clusterVersion,
      time: this.sessions.time,
      sum: this.#sum.now,
    };
  }

  /** See `KvStore.apply`. */
  apply(entries: readonly Entry[], from: number, to: number): (Outcome | undefined)[] {
    const results = new Array<Outcome | undefined>(to - from);
    for (let nth = from; nth < to; nth += 1) {
      const entry = entries[nth]!;
      assert(entry.index === this.#appliedIndex + 1, () => `entry ${entry.index} after ${this.#appliedIndex}`);
      results[nth - from] = this.#applyOne(entry);
      this.#appliedIndex = entry.index;
      this.#appliedTerm = entry.term;
      if (isPoint(entry.index)) this.#points.add(entry.index, this, this.#sum.now);
    }
    return results;
  }

  #applyOne(entry: Entry): Outcome | undefined {
    if (entry.type === ENTRY_TYPES.command) return this.#run(entry);
    if (entry.type === ENTRY_TYPES.membership) this.#enter(membershipIn(entry, entry.index));
    return undefined;
  }

  #enter(membership: Membership): void {
    this.#membership = withAddressesOf(membership, this.#addresses);
  }

  #run(entry: Entry): Outcome {
    const command = this.#command;
    const { bytes } = entry;
    const [at, length] = [entry.at + RECORD_HEADER_BYTES, entry.length - RECORD_HEADER_BYTES];
    if (this.#versions.neededBy(bytes, at) > this.#data.version) throw this.#unknown(entry);
    const op = bytes[at]!;
    if (op === COMMAND_OPS.clusterVersion) return this.#raise(entry, at, length);
    if (op === COMMAND_OPS.openSession) return this.sessions.open(entry.index);
    if (op === COMMAND_OPS.time) return this.#advanceTime(entry, at, length);
    const fault = command.read(bytes, at, length);
    assert(fault === undefined, () => `entry ${entry.index} is committed and no command: ${fault}`);
    assert(command.keyAt < command.valueAt, () => `entry ${entry.index} is committed and has an empty key`);
    return command.session === 0 ? this.#write(entry) : this.#writeOnce(entry);
  }

  /** A write under a session is run once, however often it is in the log (Diss. §6.3). */
  #writeOnce(entry: Entry): Outcome {
    const { session: id, sequence, lowest } = this.#command;
    const session = this.sessions.activate(id, entry.index);
    if (session === undefined) return sessionExpired(id);
    session.acknowledge(lowest);
    if (sequence < session.lowest) return sequenceAcknowledged(session, sequence);
    const remembered = session.resultOf(sequence);
    if (remembered !== undefined) return remembered;
    const result = this.#write(entry);
    session.remember(sequence, result);
    return result;
  }

  #write(entry: Entry): CommandResult {
    const { bytes } = entry;
    const key = readKey(bytes, this.#command.keyAt, this.#command.valueAt);
    const held = this.memtables.active.get(key);
    const current = held ?? this.memtables.sealed?.get(key) ?? this.stored.find(key);
    const succeeded = this.#succeeds(bytes, current);
    if (succeeded) this.#change(entry, key, current, held);
    return { succeeded, revision: this.#revision };
  }

  #advanceTime({ index, bytes }: Entry, at: number, length: number): CommandResult {
    const time = readTime(bytes, at, length);
    assert(time !== undefined, () => `entry ${index} is committed and tells no time`);
    return { succeeded: this.sessions.advance(time), revision: this.#revision };
  }

  /** Never falls: two leaders may have proposed different versions. */
  #raise(entry: Entry, at: number, length: number): CommandResult {
    const version = readClusterVersion(entry.bytes, at, length);
    assert(version !== undefined, () => `entry ${entry.index} is committed and names no cluster version`);
    if (version > this.#data.version) throw clusterNewer(this.#place, version, this.#data);
    const succeeded = version > this.#clusterVersion;
    this.#clusterVersion = Math.max(this.#clusterVersion, version);
    return { succeeded, revision: this.#revision };
  }

  #unknown({ index, bytes, at }: Entry): RaftctlError {
    const [op, flags] = [bytes[at + RECORD_HEADER_BYTES], bytes[at + RECORD_HEADER_BYTES + 1]];
    const known = `which data version ${this.#data.version} does not know`;
    return dataNewer(this.#place, `entry ${index} of the log is a command (op ${op}, flags ${flags}) ${known}`);
  }

  #succeeds(bytes: Buffer, current: Version | undefined): boolean {
    const { op, expectsAbsent, expectedAt, end } = this.#command;
    if (op === COMMAND_OPS.put) return true;
    const exists = current !== undefined && !isTombstone(current);
    if (op === COMMAND_OPS.delete || !exists) return op === COMMAND_OPS.delete ? exists : expectsAbsent;
    if (expectsAbsent || end - expectedAt !== current.end - current.start) return false;
    return bytes.compare(current.bytes, current.start, current.end, expectedAt, end) === 0;
  }

  /** Gives the key its next version, and the store its next revision. `held` is what the active memtable has. */
  #change(entry: Entry, key: BinaryKey, current: Version | undefined, held: Version | undefined): void {
    const { bytes } = entry;
    const { op, keyAt, valueAt, expectedAt } = this.#command;
    const next = this.#next;
    const deletes = op === COMMAND_OPS.delete;
    const isNew = current === undefined || isTombstone(current);
    this.#revision = asRevision(this.#revision + 1);
    next.bytes = deletes ? NO_BYTES : bytes;
    next.start = deletes ? 0 : valueAt;
    next.end = deletes ? 0 : expectedAt;
    next.createRevision = deletes ? asRevision(0) : isNew ? this.#revision : current.createRevision;
    next.modRevision = this.#revision;
    next.version = deletes ? 0 : isNew ? 1 : current.version + 1;
    // What `current` is changes below.
    if (!isNew) this.#sum.remove(current.checksum);
    next.checksum = deletes ? 0 : this.#checksumOf(entry, key, next);
    if (!deletes) this.#sum.add(next.checksum);
    this.memtables.active.set(key, next, held);
    // A delete has no value: its key ends where an expected value would begin.
    this.past.add(bytes, keyAt, valueAt, expectedAt, next);
  }

  /** What the entry's own checksum says of the value need not be found out again, where the value is its end. */
  #checksumOf(entry: Entry, key: BinaryKey, next: Version): number {
    const { keyAt, expectedAt, end } = this.#command;
    if (expectedAt !== end) return checksumOfVersion(key, next);
    return checksumFromRecord(checksumOfRecord(entry), checkedFrom(entry), keyAt, next);
  }
}
