import { asIndex, asTerm, type Membership, type NodeId, type Random, type Term } from '../../src/base/index.js';
import {
  type CoreEvent,
  ENTRY_TYPES,
  type Entry,
  type HardState,
  type Message,
  membershipIn,
  type Observation,
  payloadOf,
  type RaftConfig,
  RawNode,
  type ReadState,
  type Ready,
  type SnapshotOutcome,
  termRuns,
} from '../../src/raft/index.js';

/** What survives a crash. */
export interface Disk {
  hardState: HardState;
  /**
   * The durable log; entry i is at position i − 1. Those up to `before` are in the state alone: they stand here for
   * whoever compares.
   */
  log: Entry[];
  before?: number;
}

interface Write {
  readonly hardState: HardState | undefined;
  /** The state that took the place of the log, as the entries that led to it. */
  readonly snapshot: readonly Entry[] | undefined;
  readonly entries: readonly Entry[];
  readonly messages: readonly Message[];
}

/** A state on its way: all that led to it. */
export interface StateOnItsWay {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
  readonly entries: readonly Entry[];
}

export type HostConfig = Omit<RaftConfig, 'id' | 'random' | 'restored'>;

export const textOf = (entry: Entry): string => payloadOf(entry).toString();

/** The least that a host owes the core: it keeps the order of ready.ts, with a disk that syncs when told to. */
export class RaftHost {
  readonly id: NodeId;
  readonly disk: Disk;
  readonly raw: RawNode;
  readonly outgoing: Message[] = [];
  readonly events: CoreEvent[] = [];
  readonly reads: ReadState[] = [];
  readonly roleChanges: string[] = [];
  readsAsked = 0;
  /** Entries applied by this process, in order. */
  applied: Entry[] = [];
  /** The volatile log: what was handed over, durable or not. */
  log: Entry[];
  /** Followers that wait for the state. */
  readonly snapshotsTo: NodeId[] = [];
  #received: readonly Entry[] = [];
  readonly #writes: Write[] = [];
  readonly #bootstrap: Membership;

  constructor(id: NodeId, config: HostConfig, options: { random: Random; disk?: Disk; applied?: number }) {
    this.id = id;
    this.#bootstrap = config.membership;
    this.disk = options.disk ?? { hardState: { currentTerm: asTerm(0), votedFor: null }, log: [] };
    this.log = [...this.disk.log];
    this.applied = this.log.slice(0, options.applied ?? 0);
    const applied = asIndex(this.applied.length);
    const memberships = this.log
      .filter(({ type }) => type === ENTRY_TYPES.membership)
      .map((entry) => ({ index: entry.index, membership: membershipIn(entry, entry.index) }));
    this.raw = new RawNode({
      ...config,
      membership: memberships.findLast(({ index }) => index <= applied)?.membership ?? config.membership,
      memberships: memberships.filter(({ index }) => index > applied),
      id,
      random: options.random,
      restored: {
        hardState: this.disk.hardState,
        before: { index: asIndex(this.before), term: asTerm(this.log[this.before - 1]?.term ?? 0) },
        runs: termRuns(this.log.slice(this.before)),
        lengths: Uint32Array.from(this.log.slice(this.before), ({ length }) => length),
        applied,
      },
    });
  }

  get before(): number {
    return this.disk.before ?? 0;
  }

  /** The log lets go of what is up to `index`. */
  compact(index: number): void {
    this.disk.before = Math.max(this.before, index);
    this.raw.compacted(asIndex(this.before));
  }

  /** What it has applied, for a follower that needs it. */
  state(to: NodeId): StateOnItsWay {
    return { from: this.id, to, term: this.raw.term, entries: [...this.applied] };
  }

  install({ from, term, entries }: StateOnItsWay): SnapshotOutcome {
    this.#received = entries;
    const { index, term: lastIncludedTerm } = entries.at(-1)!;
    const last = entries.findLast(({ type }) => type === ENTRY_TYPES.membership);
    const membership = last === undefined ? this.#bootstrap : membershipIn(last, last.index);
    return this.raw.installSnapshot({ from, term, lastIncludedIndex: index, lastIncludedTerm, membership });
  }

  get writing(): boolean {
    return this.#writes.length > 0;
  }

  /** Takes one Ready and does its part that needs no disk. */
  take(): Ready {
    const ready = this.raw.ready();
    if (ready.snapshot) {
      this.log = [...this.#received];
      this.applied = [...this.#received];
    }
    for (const entry of ready.entries) {
      this.log.length = entry.index - 1;
      this.log.push(entry);
    }
    for (const message of ready.messages) this.outgoing.push(this.#filled(message));
    this.events.push(...ready.events);
    this.reads.push(...ready.reads);
    this.snapshotsTo.push(...ready.snapshotsTo);
    if (ready.roleChange) this.roleChanges.push(`${ready.roleChange.role}@${ready.roleChange.term}`);
    const { hardState, entries, messagesAfterPersist } = ready;
    const snapshot = ready.snapshot && this.#received;
    if (hardState || snapshot || entries.length > 0 || messagesAfterPersist.length > 0) {
      this.#writes.push({ hardState, snapshot, entries, messages: messagesAfterPersist });
    }
    if (ready.committed) {
      for (let at: number = ready.committed.after; at < ready.committed.upTo; at += 1) this.applied.push(this.log[at]!);
      this.raw.applied(ready.committed.upTo);
    }
    return ready;
  }

  /** Are the oldest messages waiting for nothing that is still to be written? They may leave. */
  get releasable(): boolean {
    const first = this.#writes[0];
    return (
      first !== undefined && first.hardState === undefined && first.snapshot === undefined && first.entries.length === 0
    );
  }

  /** The oldest write reaches the disk. Its acknowledgements leave, unless the process dies at that moment. */
  sync(options: { dying?: boolean } = {}): void {
    const { hardState, snapshot, entries, messages } = this.#writes.shift()!;
    if (hardState) this.disk.hardState = hardState;
    if (snapshot) {
      this.disk.log = [...snapshot];
      this.disk.before = snapshot.length;
    }
    for (const entry of entries) {
      this.disk.log.length = entry.index - 1;
      this.disk.log.push(entry);
    }
    if (options.dying) return;
    for (const message of messages) {
      if (message.to === this.id) this.raw.step(message);
      else this.outgoing.push(message);
    }
    const last = entries.at(-1) ?? snapshot?.at(-1);
    if (last) this.raw.persisted(last.index, last.term);
  }

  observe(): Observation {
    return this.raw.observe();
  }

  #filled(message: Message): Message {
    if (message.type !== 'append-entries') return message;
    if (message.prevLogIndex < this.before)
      throw new Error(`${this.id} sends entries behind ${message.prevLogIndex}, which are gone`);
    return { ...message, entries: this.log.slice(message.prevLogIndex, message.lastLogIndex) };
  }
}
