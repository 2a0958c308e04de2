import { asIndex, asTerm, type NodeId, type Random } from '../../src/base/index.js';
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
  termRuns,
} from '../../src/raft/index.js';

/** What survives a crash. */
export interface Disk {
  hardState: HardState;
  /** The durable log; entry i is at position i − 1. */
  log: Entry[];
}

interface Write {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly messages: readonly Message[];
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
  readonly applied: Entry[] = [];
  /** The volatile log: what was handed over, durable or not. */
  readonly log: Entry[];
  readonly #writes: Write[] = [];

  constructor(id: NodeId, config: HostConfig, options: { random: Random; disk?: Disk; applied?: number }) {
    this.id = id;
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
        before: { index: asIndex(0), term: asTerm(0) },
        runs: termRuns(this.log),
        lengths: Uint32Array.from(this.log, ({ length }) => length),
        applied,
      },
    });
  }

  get writing(): boolean {
    return this.#writes.length > 0;
  }

  /** Takes one Ready and does its part that needs no disk. */
  take(): Ready {
    const ready = this.raw.ready();
    for (const entry of ready.entries) {
      this.log.length = entry.index - 1;
      this.log.push(entry);
    }
    for (const message of ready.messages) this.outgoing.push(this.#filled(message));
    this.events.push(...ready.events);
    this.reads.push(...ready.reads);
    if (ready.roleChange) this.roleChanges.push(`${ready.roleChange.role}@${ready.roleChange.term}`);
    const { hardState, entries, messagesAfterPersist } = ready;
    if (hardState || entries.length > 0 || messagesAfterPersist.length > 0) {
      this.#writes.push({ hardState, entries, messages: messagesAfterPersist });
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
    return first !== undefined && first.hardState === undefined && first.entries.length === 0;
  }

  /** The oldest write reaches the disk. Its acknowledgements leave, unless the process dies at that moment. */
  sync(options: { dying?: boolean } = {}): void {
    const { hardState, entries, messages } = this.#writes.shift()!;
    if (hardState) this.disk.hardState = hardState;
    for (const entry of entries) {
      this.disk.log.length = entry.index - 1;
      this.disk.log.push(entry);
    }
    if (options.dying) return;
    for (const message of messages) {
      if (message.to === this.id) this.raw.step(message);
      else this.outgoing.push(message);
    }
    const last = entries.at(-1);
    if (last) this.raw.persisted(last.index, last.term);
  }

  observe(): Observation {
    return this.raw.observe();
  }

  #filled(message: Message): Message {
    if (message.type !== 'append-entries') return message;
    return { ...message, entries: this.log.slice(message.prevLogIndex, message.lastLogIndex) };
  }
}
