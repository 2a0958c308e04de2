import { asError, type LogIndex, type Membership, type RaftctlError, type Revision } from '../base/index.js';
import type { Entry } from '../raft/entry.js';
import type { Backend, StateCopy } from './backend.js';
import { COMMAND_OPS, type CommandName } from './command.js';
import { clusterNewer, DATA_VERSION, type DataVersion, versionTooLow } from './data-version.js';
import { Flusher } from './flusher.js';
import { type BinaryKey, endOfPrefix, FIRST_KEY, successorOf, toBinaryKey, toBytes } from './key.js';
import { checkAgainstLog, type LogExtent } from './log-extent.js';
import { Memtables } from './memtables.js';
import { MergeCursor } from './merge.js';
import { emptyMeta, readMeta, type StoreMeta } from './meta.js';
import { PastRevisions } from './past-revisions.js';
import type { Sessions } from './sessions.js';
import { hashOfPoint, hashOfState } from './state-hash.js';
import { StateMachine } from './state-machine.js';
import { type StatePoint, StatePoints } from './state-points.js';
import type { StateSum } from './state-sum.js';
import { type KvStoreDependencies, type KvStoreOptions, storeDefaults } from './store-options.js';
import type { VersionCursor } from './stored-versions.js';
import type { EventQuery, EventsFound, KeyValue, Outcome, ScanOptions, ScanResult } from './types.js';
import { BackgroundVerification, verifyState } from './verify-state.js';
import { copyOf, isTombstone, storedBytes, type Version } from './version.js';

const SCAN_BYTES_MAX = 1 << 20;

/** The replicated state machine: applies committed entries, answers reads, flushes to its backend. See `index.ts`. */
export class KvStore {
  readonly #dependencies: KvStoreDependencies;
  readonly #options: typeof storeDefaults & KvStoreOptions;
  readonly #data: DataVersion;
  readonly #points = new StatePoints();
  #backend: Backend;
  #machine: StateMachine;
  #flusher: Flusher;
  #verification: BackgroundVerification | undefined;

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
    const { keys } = store.sum;
    const ms = Math.round(clock.now() - startedAt);
    emit.emit('info', 'state-opened', { index, revision, place: backend.place, keys, ms });
    return store;
  }

  private constructor(dependencies: KvStoreDependencies) {
    const { backend, bootstrap, options } = dependencies;
    this.#dependencies = dependencies;
    this.#options = { ...storeDefaults, ...options };
    this.#data = options.data ?? DATA_VERSION;
    const flushed = readMeta(backend) ?? emptyMeta(bootstrap);
    this.#backend = backend;
    this.#refuseNewer(flushed);
    this.#machine = this.#newMachine(flushed, this.#verified(flushed), this.#newPast(flushed));
    this.#flusher = this.#newFlusher(flushed);
  }

  /**
   * Goes on with the state in `backend`, which is further than this one, verified and settled: as a whole and at once, past revisions
   * included, of which nothing is known any more. The state before is retired: `retired` resolves when its backend is
   * closed. The log has to say that it counts before anything of it is relied on at the next start.
   */
  install(backend: Backend): { readonly retired: Promise<void> } {
    const flushed = readMeta(backend)!;
    this.#refuseNewer(flushed);
    const [flusher, before] = [this.#flusher, this.#backend];
    this.#backend = backend;
    this.#verification?.stop();
    // Where nothing happened, nothing is forgotten.
    const past = flushed.revision === this.revision ? this.#machine.past : this.#newPast(flushed);
    this.#machine = this.#newMachine(flushed, flushed.sum!, past);
    this.#flusher = this.#newFlusher(flushed);
    return { retired: flusher.retire().then(() => before.close()) };
  }

  #refuseNewer({ clusterVersion }: StoreMeta): void {
    if (clusterVersion > this.#data.version) throw clusterNewer(this.#backend.place, clusterVersion, this.#data);
  }

  /** What the keys of the backend add up to; of a large state what its flush recorded, which is verified later. */
  #verified({ sum }: StoreMeta): StateSum {
    const { backend, emit, scheduler } = this.#dependencies;
    const { verifyKeysMax, onFatal } = this.#options;
    if (sum === undefined || sum.keys <= verifyKeysMax) return verifyState(backend, sum);
    this.#verification = new BackgroundVerification(backend, sum, scheduler, (error) => {
      if (error !== undefined) onFatal(asError(error));
      else emit.emit('info', 'state-verified', { place: backend.place, keys: sum.keys });
    });
    return sum;
  }

  #newMachine(flushed: StoreMeta, sum: StateSum, past: PastRevisions): StateMachine {
    return new StateMachine({
      backend: this.#backend,
      flushed,
      sum,
      memtables: new Memtables(),
      past,
      points: this.#points,
      data: this.#data,
      addresses: this.#dependencies.bootstrap.members,
    });
  }

  #newPast({ revision }: StoreMeta): PastRevisions {
    return new PastRevisions(this.#options.historyBytes, revision);
  }

  #newFlusher(flushed: StoreMeta): Flusher {
    const { emit, clock, scheduler } = this.#dependencies;
    const { flushBytes, flushMs, flushEntries, onFatal } = this.#options;
    const machine = this.#machine;
    return new Flusher({
      backend: this.#backend,
      memtables: machine.memtables,
      sessions: machine.sessions,
      flushed,
      position: () => machine.position(),
      emit,
      clock,
      scheduler,
      flushBytes,
      flushMs,
      flushEntries,
      onFatal,
    });
  }

  /** A copy of what is flushed, or about to be, for another node. */
  copy(scratch: string): Promise<StateCopy> {
    return this.#backend.copyTo(scratch);
  }

  /** The last entry that reads can see. */
  get appliedIndex(): LogIndex {
    return this.#machine.appliedIndex;
  }

  get revision(): Revision {
    return this.#machine.revision;
  }

  /** As of `appliedIndex`. */
  get membership(): Membership {
    return this.#machine.membership;
  }

  /** What all members understand, as of `appliedIndex`: nothing that needs more may be proposed. */
  get clusterVersion(): number {
    return this.#machine.clusterVersion;
  }

  /** What this node understands itself: at least the cluster version. */
  get dataVersion(): number {
    return this.#data.version;
  }

  /** Of clients, as of `appliedIndex`. */
  get sessions(): Pick<Sessions, 'count' | 'time' | 'records'> {
    return this.#machine.sessions;
  }

  /** The reason why a command must not be written yet, if there is one. It passes `checkCommand`, or is malformed. */
  refusalOf(command: Buffer): RaftctlError | undefined {
    const needed = this.#machine.neededBy(command);
    if (needed <= this.clusterVersion) return undefined;
    return versionTooLow(nameOf(command[0]!), needed, this.clusterVersion);
  }

  /** The first revision whose events can be had, if it has been already. */
  get oldestRevision(): Revision {
    return this.#machine.past.oldest;
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
    return this.#machine.memtables.bytes;
  }

  /** Refuses a state that does not fit the log beside it. To be called once, before anything is applied. */
  checkAgainstLog(log: LogExtent): void {
    checkAgainstLog(this.#machine.position(), this.#backend.place, log);
  }

  /**
   * Applies committed entries in log order; the first of them must follow `appliedIndex`. Answers one result an entry,
   * undefined for those that are not commands. Reads see all of it at once. Throws `data-newer` at a command that this
   * version does not know: the node has to end, or its state would part from the others'.
   */
  apply(entries: readonly Entry[], from = 0, to: number = entries.length): (Outcome | undefined)[] {
    const results = this.#machine.apply(entries, from, to);
    this.#flusher.applied();
    return results;
  }

  get(key: Uint8Array): KeyValue | undefined {
    const binary = toBinaryKey(key);
    const inMemory = this.#machine.memtables.find(binary);
    if (inMemory !== undefined) return isTombstone(inMemory) ? undefined : toKeyValue(binary, inMemory);
    const stored = binary.length === 0 ? undefined : this.#machine.stored.find(binary);
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
      return { entries, more: cursor.key !== undefined, revision: this.revision };
    } finally {
      cursor.close();
    }
  }

  /**
   * What happened from a revision on, in order, in batches that never split a revision. Nothing yet for a revision to
   * come; throws `revision-gone` below `oldestRevision`. Keys and values are valid until the next `apply`.
   */
  eventsFrom(query: EventQuery): EventsFound {
    return this.#machine.past.find(query);
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
      return hashOfState(this, this.#machine.sessions, cursor);
    } finally {
      cursor.close();
    }
  }

  /** What all keys add up to, as of `appliedIndex`. */
  get sum(): StateSum {
    return this.#machine.sum;
  }

  /** The state as of `appliedIndex`, to be compared with that of other nodes. Costs the same whatever there is. */
  point(): StatePoint {
    return { index: this.appliedIndex, hash: hashOfPoint(this, this.sum) };
  }

  /** The same as of indexes before, which other nodes remember as well. */
  pastPoints(): readonly StatePoint[] {
    return this.#points.list();
  }

  #cursor(from: BinaryKey, before: BinaryKey | undefined): VersionCursor {
    const start = maxOf(from, FIRST_KEY);
    const { active, sealed } = this.#machine.memtables;
    const cursors = [active.range(start, before)];
    if (sealed !== undefined) cursors.push(sealed.range(start, before));
    return new MergeCursor([...cursors, this.#machine.stored.range(start, before)]);
  }
}

const nameOf = (op: number): string =>
  Object.keys(COMMAND_OPS).find((name) => COMMAND_OPS[name as CommandName] === op) ?? `op ${op}`;

const maxOf = (left: BinaryKey, right: BinaryKey): BinaryKey => (left > right ? left : right);

function toKeyValue(key: BinaryKey, version: Version): KeyValue {
  const { bytes, start, end, createRevision, modRevision, version: number } = version;
  return { key: toBytes(key), value: bytes.subarray(start, end), createRevision, modRevision, version: number };
}
