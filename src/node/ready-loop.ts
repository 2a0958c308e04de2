import type { LogIndex, NodeId } from '../base/index.js';
import type { Message, RawNode, Ready, SnapshotMark } from '../raft/index.js';
import type { Wal } from '../storage/index.js';
import type { EntryCache } from './entry-cache.js';

/** What the loop hands on; each is one line of the contract in `raft/ready.ts`. */
export interface ReadyHandlers {
  /** The core's events, role changes and reads, before anything else of that Ready. */
  observed(ready: Ready): void;
  send(message: Message): void;
  /** The log begins anew behind it: its state is in use from now on. Answers the state's generation. */
  install(snapshot: SnapshotMark): number;
  /** That is durable. */
  installed(): void;
  /** They need the state. */
  snapshotsTo(peers: readonly NodeId[]): void;
  committed(upTo: LogIndex): void;
  /** The own log is durable up to here; falls when a conflicting tail is overwritten. */
  persistedUpTo(index: LogIndex): void;
  /** A write became durable: `settle` wants a turn. */
  wake(): void;
}

/** A write that became durable, and what waited for that. */
interface Durable {
  readonly release: readonly Message[];
  readonly last: SnapshotMark | undefined;
  readonly snapshot: SnapshotMark | undefined;
}

/**
 * The one place where the order of a Raft step is written. Read it beside `raft/ready.ts`.
 *
 * Disk writes overlap: a Ready is handed to the WAL and the loop goes on; what must wait for the disk waits in the
 * WAL's own queue, whose callbacks come in order and only collect. Nothing here blocks, nothing is acknowledged early.
 */
export class ReadyLoop {
  readonly #id: NodeId;
  readonly #raft: RawNode;
  readonly #wal: Wal;
  readonly #cache: EntryCache;
  readonly #handlers: ReadyHandlers;
  /** Writes that became durable since the last turn, in order. */
  #durable: Durable[] = [];

  constructor(id: NodeId, raft: RawNode, wal: Wal, cache: EntryCache, handlers: ReadyHandlers) {
    this.#id = id;
    this.#raft = raft;
    this.#wal = wal;
    this.#cache = cache;
    this.#handlers = handlers;
  }

  /** At the start of a turn: what became durable since the last one is told to the core and to the peers. */
  settle(): void {
    const durable = this.#durable;
    if (durable.length === 0) return;
    this.#durable = [];
    for (const { release, last, snapshot } of durable) {
      this.#release(release);
      if (last !== undefined) this.#raft.persisted(last.index, last.term);
      if (snapshot !== undefined) this.#handlers.installed();
    }
    this.#handlers.persistedUpTo(this.#raft.persistedIndex);
  }

  /** Takes Readys until the core has no more news. */
  run(): void {
    while (this.#raft.hasReady()) this.#take(this.#raft.ready());
  }

  #take(ready: Ready): void {
    this.#handlers.observed(ready);
    const generation = ready.snapshot && this.#handlers.install(ready.snapshot);
    if (ready.entries.length > 0) {
      this.#cache.append(ready.entries); // appends name ranges: their entries must be here before they are sent
      this.#handlers.persistedUpTo(this.#raft.persistedIndex);
    }
    for (const message of ready.messages) this.#handlers.send(message);
    if (ready.snapshotsTo.length > 0) this.#handlers.snapshotsTo(ready.snapshotsTo);
    this.#persist(ready, generation);
    if (ready.committed !== undefined) this.#handlers.committed(ready.committed.upTo);
  }

  /** An append of nothing writes nothing, and is done when everything before it is. */
  #persist({ hardState, snapshot, entries, messagesAfterPersist: release }: Ready, generation = 0): void {
    const last = entries.at(-1) ?? snapshot;
    if (hardState === undefined && last === undefined && release.length === 0) return;
    const batch = hardState === undefined ? { entries } : { hardState, entries };
    const append = snapshot === undefined ? batch : { ...batch, snapshot: { ...snapshot, generation } };
    this.#wal.append(append, () => {
      this.#durable.push({ release, last, snapshot });
      this.#handlers.wake();
    });
  }

  #release(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.to === this.#id) this.#raft.step(message);
      else this.#handlers.send(message);
    }
  }
}
