import {
  asError,
  asIndex,
  asRevision,
  assert,
  asTerm,
  type Clock,
  EMPTY_REVISION,
  type Emit,
  type LogIndex,
  type Member,
  type Membership,
  type RaftctlError,
  type Revision,
  type Scheduler,
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
import type { Backend, StateCopy } from './backend.js';
import { COMMAND_OPS, type CommandName, CommandView, readClusterVersion, readTime } from './command.js';
import { CommandVersions, DATA_VERSION, type DataVersion, dataNewer, versionTooLow } from './data-version.js';
import { Flusher } from './flusher.js';
import { type BinaryKey, endOfPrefix, FIRST_KEY, readKey, successorOf, toBinaryKey, toBytes } from './key.js';
import { checkAgainstLog, type LogExtent } from './log-extent.js';
import { Memtables } from './memtables.js';
import { MergeCursor } from './merge.js';
import { emptyMeta, readMeta, type StoreMeta } from './meta.js';
import { PastRevisions } from './past-revisions.js';
import { Sessions, sequenceAcknowledged, sessionExpired } from './sessions.js';
import { hashOfPoint, hashOfState } from './state-hash.js';
import { isPoint, type StatePoint, StatePoints } from './state-points.js';
import { RunningSum, type StateSum } from './state-sum.js';
import { StoredVersions, type VersionCursor } from './stored-versions.js';
import type { CommandResult, EventQuery, EventsFound, KeyValue, Outcome, ScanOptions, ScanResult } from './types.js';
import { BackgroundVerification, verifyState } from './verify-state.js';
import {
  checksumFromRecord,
  checksumOfVersion,
  copyOf,
  isTombstone,
  NO_BYTES,
  newVersion,
  storedBytes,
  type Version,
} from './version.js';

export interface KvStoreOptions {
  /** A flush is due when the active memtable takes this much memory. Default 8 MiB. */
  readonly flushBytes?: number;
  /** A flush is due this long after the first change that is not flushed. Default 5,000. */
  readonly flushMs?: number;
  /** A flush is due when so many entries are not flushed: a start applies them again. Default 100,000. */
  readonly flushEntries?: number;
  /** Memory for the events of past revisions. Default 64 MiB. */
  readonly historyBytes?: number;
  /** A state of more keys is verified while the node runs already. Default 100,000. */
  readonly verifyKeysMax?: number;
  /** What this store understands. Default: what this raftctl does. */
  readonly data?: DataVersion | undefined;
  /** The state cannot be written any more: the node has to end. Called once. */
  readonly onFatal: (error: RaftctlError) => void;
}

export interface KvStoreDependencies {
  readonly backend: Backend;
  /** Who the cluster begins with; what was decided since is in the state. Addresses are always taken from here. */
  readonly bootstrap: Membership;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly options: KvStoreOptions;
}

const FLUSH_BYTES = 8 << 20;
const FLUSH_MS = 5_000;
const FLUSH_ENTRIES = 100_000;
const HISTORY_BYTES = 64 << 20;
const SCAN_BYTES_MAX = 1 << 20;
/** Read in 0.2 s. */
const VERIFY_KEYS_MAX = 100_000;

/** The replicated state machine: applies committed entries, answers reads, flushes to its backend. See `index.ts`. */
export class KvStore {
  readonly #dependencies: KvStoreDependencies;
  #backend: Backend;
  #memtables: Memtables;
  #flusher: Flusher;
  #past: PastRevisions;
  /** Reused for every command: applying allocates a result and, for a key new to the memtable, its version. */
  readonly #command = new CommandView();
  readonly #next = newVersion();
  #stored: StoredVersions;
  #sum: RunningSum;
  #verification: BackgroundVerification | undefined;
  readonly #points = new StatePoints();
  #appliedIndex = asIndex(0);
  #appliedTerm = asTerm(0);
  #revision = EMPTY_REVISION;
  #compactedRevision = asRevision(0);
  #membership: Membership;
  /** Where members are reached: what this node was told wins over what the log says. */
  readonly #addresses: readonly Member[];
  #clusterVersion = 0;
  #sessions: Sessions;
  readonly #data: DataVersion;
  readonly #versions: CommandVersions;

  /**
   * Takes over the backend: `close` closes it. Reads all of it, and compares it with what its last flush recorded; of a
   * large state later, slice by slice: `onFatal` is told of damage then.
   * Throws `data-damaged` or `data-newer` for a state that this version cannot go on with.
   */
  static open(dependencies: KvStoreDependencies): KvStore {
    const { clock, emit, backend } = dependencies;
    const startedAt = clock.now();
    const store = new KvStore(dependencies);
    const { appliedIndex: index, revision } = store;
    const { keys } = store.#sum.now;
    const ms = Math.round(clock.now() - startedAt);
    emit.emit('info', 'state-opened', { index, revision, place: backend.place, keys, ms });
    return store;
  }

  private constructor(dependencies: KvStoreDependencies) {
    const { backend, bootstrap, emit, scheduler, options } = dependencies;
    this.#dependencies = dependencies;
    this.#data = options.data ?? DATA_VERSION;
    this.#versions = new CommandVersions(this.#data);
    const flushed = readMeta(backend) ?? emptyMeta(bootstrap);
    this.#backend = backend;
    if (flushed.clusterVersion > this.#data.version) throw this.#behind(flushed.clusterVersion);
    this.#memtables = new Memtables();
    this.#stored = new StoredVersions(backend);
    const { verifyKeysMax = VERIFY_KEYS_MAX } = options;
    const isLarge = flushed.sum !== undefined && flushed.sum.keys > verifyKeysMax;
    this.#sum = new RunningSum(isLarge ? flushed.sum : verifyState(backend, flushed.sum));
    if (isLarge) {
      this.#verification = new BackgroundVerification(backend, flushed.sum, scheduler, (error) => {
        if (error !== undefined) options.onFatal(asError(error));
        else emit.emit('info', 'state-verified', { place: backend.place, keys: flushed.sum!.keys });
      });
    }
    this.#sessions = this.#newSessions(flushed);
    this.#past = this.#newPast(flushed);
    this.#flusher = this.#newFlusher(flushed);
    this.#addresses = bootstrap.members;
    this.#membership = bootstrap;
    this.#standAt(flushed);
  }

  /**
   * Goes on with the state in `backend`, which is further than this one, verified and settled: as a whole and at once, past revisions
   * included, of which nothing is known any more. The state before is retired: `retired` resolves when its backend is
   * closed. The log has to say that it counts before anything of it is relied on at the next start.
   */
  install(backend: Backend): { readonly retired: Promise<void> } {
    const flushed = readMeta(backend)!;
    if (flushed.clusterVersion > this.#data.version) throw this.#behind(flushed.clusterVersion);
    const [flusher, before] = [this.#flusher, this.#backend];
    this.#backend = backend;
    this.#memtables = new Memtables();
    this.#stored = new StoredVersions(backend);
    this.#verification?.stop();
    this.#sum = new RunningSum(flushed.sum!);
    this.#sessions = this.#newSessions(flushed);
    // Where nothing happened, nothing is forgotten.
    if (flushed.revision !== this.#revision) this.#past = this.#newPast(flushed);
    this.#flusher = this.#newFlusher(flushed);
    this.#standAt(flushed);
    return { retired: flusher.retire().then(() => before.close()) };
  }

  /** Where the flushed state stands. */
  #standAt(flushed: StoreMeta): void {
    this.#appliedIndex = flushed.appliedIndex;
    this.#appliedTerm = flushed.appliedTerm;
    this.#revision = flushed.revision;
    this.#compactedRevision = flushed.compactedRevision;
    this.#membership = withAddressesOf(flushed.membership, this.#addresses);
    this.#clusterVersion = flushed.clusterVersion;
  }

  #newSessions({ time }: StoreMeta): Sessions {
    return new Sessions(this.#backend, time, this.#data.sessions);
  }

  #newPast({ revision }: StoreMeta): PastRevisions {
    return new PastRevisions(this.#dependencies.options.historyBytes ?? HISTORY_BYTES, revision);
  }

  #newFlusher(flushed: StoreMeta): Flusher {
    const { emit, clock, scheduler, options } = this.#dependencies;
    return new Flusher({
      backend: this.#backend,
      memtables: this.#memtables,
      sessions: this.#sessions,
      flushed,
      position: () => this.#position(),
      emit,
      clock,
      scheduler,
      flushBytes: options.flushBytes ?? FLUSH_BYTES,
      flushMs: options.flushMs ?? FLUSH_MS,
      flushEntries: options.flushEntries ?? FLUSH_ENTRIES,
      onFatal: options.onFatal,
    });
  }

  /** A copy of what is flushed, or about to be, for another node. */
  copy(scratch: string): Promise<StateCopy> {
    return this.#backend.copyTo(scratch);
  }

  /** The last entry that reads can see. */
  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** As of `appliedIndex`. */
  get membership(): Membership {
    return this.#membership;
  }

  /** What all members understand, as of `appliedIndex`: nothing that needs more may be proposed. */
  get clusterVersion(): number {
    return this.#clusterVersion;
  }

  /** What this node understands itself: at least the cluster version. */
  get dataVersion(): number {
    return this.#data.version;
  }

  /** Of clients, as of `appliedIndex`. */
  get sessions(): Pick<Sessions, 'count' | 'time' | 'records'> {
    return this.#sessions;
  }

  /** The reason why a command must not be written yet, if there is one. It passes `checkCommand`, or is malformed. */
  refusalOf(command: Buffer): RaftctlError | undefined {
    const needed = this.#versions.neededBy(command, 0);
    if (needed <= this.#clusterVersion) return undefined;
    return versionTooLow(nameOf(command[0]!), needed, this.#clusterVersion);
  }

  /** The first revision whose events can be had, if it has been already. */
  get oldestRevision(): Revision {
    return this.#past.oldest;
  }

  /** The last entry that the backend has reported as flushed. */
  get flushedIndex(): LogIndex {
    return this.#flusher.flushedIndex;
  }

  /** The last entry that is in the backend for good, one flush behind: the log may be trimmed up to here. */
  get provenIndex(): LogIndex {
    return this.#flusher.provenIndex;
  }

  /** Memory of what is applied and not flushed, roughly. Grows while the disk does not keep up. */
  get unflushedBytes(): number {
    return this.#memtables.bytes;
  }

  /** Refuses a state that does not fit the log beside it. To be called once, before anything is applied. */
  checkAgainstLog(log: LogExtent): void {
    checkAgainstLog(this.#position(), this.#backend.place, log);
  }

  /**
   * Applies committed entries in log order; the first of them must follow `appliedIndex`. Answers one result an entry,
   * undefined for those that are not commands. Reads see all of it at once. Throws `data-newer` at a command that this
   * version does not know: the node has to end, or its state would part from the others'.
   */
  apply(entries: readonly Entry[], from = 0, to: number = entries.length): (Outcome | undefined)[] {
    const results = new Array<Outcome | undefined>(to - from);
    for (let nth = from; nth < to; nth += 1) {
      const entry = entries[nth]!;
      assert(entry.index === this.#appliedIndex + 1, () => `entry ${entry.index} after ${this.#appliedIndex}`);
      results[nth - from] = this.#applyOne(entry);
      this.#appliedIndex = entry.index;
      this.#appliedTerm = entry.term;
      if (isPoint(entry.index)) this.#points.add(entry.index, this, this.#sum.now);
    }
    this.#flusher.applied();
    return results;
  }

  get(key: Uint8Array): KeyValue | undefined {
    const binary = toBinaryKey(key);
    const inMemory = this.#memtables.find(binary);
    if (inMemory !== undefined) return isTombstone(inMemory) ? undefined : toKeyValue(binary, inMemory);
    const stored = binary.length === 0 ? undefined : this.#stored.find(binary);
    return stored === undefined ? undefined : toKeyValue(binary, copyOf(stored));
  }

  /** Keys in bytewise order. */
  scan({ prefix, limit, after, bytesMax = SCAN_BYTES_MAX }: ScanOptions): ScanResult {
    const first = toBinaryKey(prefix);
    const from = after === undefined ? first : maxOf(first, successorOf(toBinaryKey(after)));
    const cursor = this.#cursor(from, endOfPrefix(first));
    const entries: KeyValue[] = [];
    let bytes = 0;
    try {
      for (; cursor.key !== undefined && entries.length < limit; cursor.advance()) {
        bytes += cursor.key.length + storedBytes(cursor.version);
        if (bytes > bytesMax && entries.length > 0) break;
        entries.push(toKeyValue(cursor.key, cursor.version));
      }
      return { entries, more: cursor.key !== undefined, revision: this.#revision };
    } finally {
      cursor.close();
    }
  }

  /**
   * What happened from a revision on, in order, in batches that never split a revision. Nothing yet for a revision to
   * come; throws `revision-gone` below `oldestRevision`. Keys and values are valid until the next `apply`.
   */
  eventsFrom(query: EventQuery): EventsFound {
    return this.#past.find(query);
  }

  /**
   * This node's own log is durable up to `index`. Nothing behind it is ever flushed. To be told whenever it moves, also
   * down, before anything that overwrote entries of the log is applied.
   */
  persistedUpTo(index: number): void {
    this.#flusher.persistedUpTo(index);
  }

  /** Resolves when all that is applied now is flushed; the own log must come to hold it. */
  flush(): Promise<void> {
    return this.#flusher.flush();
  }

  /** Flushes what the own log holds and closes the backend. Call nothing afterwards. */
  async close(): Promise<void> {
    this.#verification?.stop();
    await this.#flusher.close();
    await this.#backend.close();
  }

  /** A digest of all that is replicated: equal on nodes that applied the same log. Reads every key. */
  stateHash(): string {
    const cursor = this.#cursor(FIRST_KEY, undefined);
    try {
      return hashOfState(this, this.#sessions, cursor);
    } finally {
      cursor.close();
    }
  }

  /** What all keys add up to, as of `appliedIndex`. */
  get sum(): StateSum {
    return this.#sum.now;
  }

  /** The state as of `appliedIndex`, to be compared with that of other nodes. Costs the same whatever there is. */
  point(): StatePoint {
    return { index: this.#appliedIndex, hash: hashOfPoint(this, this.#sum.now) };
  }

  /** The same as of indexes before, which other nodes remember as well. */
  pastPoints(): readonly StatePoint[] {
    return this.#points.list();
  }

  #position(): StoreMeta {
    return {
      appliedIndex: this.#appliedIndex,
      appliedTerm: this.#appliedTerm,
      revision: this.#revision,
      compactedRevision: this.#compactedRevision,
      membership: this.#membership,
      clusterVersion: this.#clusterVersion,
      time: this.#sessions.time,
      sum: this.#sum.now,
    };
  }

  #cursor(from: BinaryKey, before: BinaryKey | undefined): VersionCursor {
    const start = maxOf(from, FIRST_KEY);
    const { active, sealed } = this.#memtables;
    const cursors = [active.range(start, before)];
    if (sealed !== undefined) cursors.push(sealed.range(start, before));
    return new MergeCursor([...cursors, this.#stored.range(start, before)]);
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
    if (op === COMMAND_OPS.openSession) return this.#sessions.open(entry.index);
    if (op === COMMAND_OPS.time) return this.#advanceTime(entry, at, length);
    const fault = command.read(bytes, at, length);
    assert(fault === undefined, () => `entry ${entry.index} is committed and no command: ${fault}`);
    assert(command.keyAt < command.valueAt, () => `entry ${entry.index} is committed and has an empty key`);
    return command.session === 0 ? this.#write(entry) : this.#writeOnce(entry);
  }

  /** A write under a session is run once, however often it is in the log (Diss. §6.3). */
  #writeOnce(entry: Entry): Outcome {
    const { session: id, sequence, lowest } = this.#command;
    const session = this.#sessions.activate(id, entry.index);
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
    const held = this.#memtables.active.get(key);
    const current = held ?? this.#memtables.sealed?.get(key) ?? this.#stored.find(key);
    const succeeded = this.#succeeds(bytes, current);
    if (succeeded) this.#change(entry, key, current, held);
    return { succeeded, revision: this.#revision };
  }

  #advanceTime({ index, bytes }: Entry, at: number, length: number): CommandResult {
    const time = readTime(bytes, at, length);
    assert(time !== undefined, () => `entry ${index} is committed and tells no time`);
    return { succeeded: this.#sessions.advance(time), revision: this.#revision };
  }

  /** Never falls: two leaders may have proposed different versions. */
  #raise(entry: Entry, at: number, length: number): CommandResult {
    const version = readClusterVersion(entry.bytes, at, length);
    assert(version !== undefined, () => `entry ${entry.index} is committed and names no cluster version`);
    if (version > this.#data.version) throw this.#behind(version);
    const succeeded = version > this.#clusterVersion;
    this.#clusterVersion = Math.max(this.#clusterVersion, version);
    return { succeeded, revision: this.#revision };
  }

  #behind(clusterVersion: number): RaftctlError {
    return dataNewer(
      this.#backend.place,
      `the cluster is at version ${clusterVersion}, this raftctl knows data up to version ${this.#data.version}`,
    );
  }

  #unknown({ index, bytes, at }: Entry): RaftctlError {
    const [op, flags] = [bytes[at + RECORD_HEADER_BYTES], bytes[at + RECORD_HEADER_BYTES + 1]];
    const known = `which data version ${this.#data.version} does not know`;
    return dataNewer(this.#backend.place, `entry ${index} of the log is a command (op ${op}, flags ${flags}) ${known}`);
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
    this.#memtables.active.set(key, next, held);
    // A delete has no value: its key ends where an expected value would begin.
    this.#past.add(bytes, keyAt, valueAt, expectedAt, next);
  }

  /** What the entry's own checksum says of the value need not be found out again, where the value is its end. */
  #checksumOf(entry: Entry, key: BinaryKey, next: Version): number {
    const { keyAt, expectedAt, end } = this.#command;
    if (expectedAt !== end) return checksumOfVersion(key, next);
    return checksumFromRecord(checksumOfRecord(entry), checkedFrom(entry), keyAt, next);
  }
}

const nameOf = (op: number): string =>
  Object.keys(COMMAND_OPS).find((name) => COMMAND_OPS[name as CommandName] === op) ?? `op ${op}`;

const maxOf = (left: BinaryKey, right: BinaryKey): BinaryKey => (left > right ? left : right);

function toKeyValue(key: BinaryKey, version: Version): KeyValue {
  const { bytes, start, end, createRevision, modRevision, version: number } = version;
  return { key: toBytes(key), value: bytes.subarray(start, end), createRevision, modRevision, version: number };
}
