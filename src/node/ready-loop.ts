import type { LogIndex, NodeId } from '../base/index.js';
import type { Message, RawNode, Ready } from '../raft/index.js';
import type { Wal } from '../storage/index.js';
import type { EntryCache } from './entry-cache.js';

/** What the loop hands on; each is one line of the contract in `raft/ready.ts`. */
export interface ReadyHandlers {
  /** The core's events, role changes and reads, before anything else of that Ready. */
  observed(ready: Ready): void;
  send(message: Message): void;
  committed(upTo: LogIndex): void;
  /** A write became durable, up to this entry if it held any: the core has news for a new turn. */
  persisted(index: LogIndex | undefined): void;
}

/**
 * The one place where the order of a Raft step is written. Read it beside `raft/ready.ts`.
 *
 * Disk writes overlap: a Ready is handed to the WAL and the loop goes on; what must wait for the disk waits in the
 * WAL's own queue, whose callbacks come in order. Nothing here blocks and nothing is acknowledged early.
 */
export class ReadyLoop {
  readonly #id: NodeId;
  readonly #raft: RawNode;
  readonly #wal: Wal;
  readonly #cache: EntryCache;
  readonly #handlers: ReadyHandlers;
  /** What leaves when the newest outstanding write is durable; undefined when nothing is being written. */
  #afterNewestWrite: Message[] | undefined;

  constructor(id: NodeId, raft: RawNode, wal: Wal, cache: EntryCache, handlers: ReadyHandlers) {
    this.#id = id;
    this.#raft = raft;
    this.#wal = wal;
    this.#cache = cache;
    this.#handlers = handlers;
  }

  /** Takes Readys until the core has no more news. */
  run(): void {
    while (this.#raft.hasReady()) this.#take(this.#raft.ready());
  }

  #take(ready: Ready): void {
    this.#handlers.observed(ready);
    this.#cache.append(ready.entries); // appends name ranges: their entries must be here before they are sent
    for (const message of ready.messages) this.#handlers.send(message);
    this.#persist(ready);
    if (ready.committed !== undefined) this.#handlers.committed(ready.committed.upTo);
  }

  #persist({ hardState, entries, messagesAfterPersist }: Ready): void {
    if (hardState === undefined && entries.length === 0) {
      if (this.#afterNewestWrite === undefined) this.#release(messagesAfterPersist);
      else this.#afterNewestWrite.push(...messagesAfterPersist);
      return;
    }
    const release = [...messagesAfterPersist];
    this.#afterNewestWrite = release;
    const last = entries.at(-1);
    const batch = hardState === undefined ? { entries } : { hardState, entries };
    this.#wal.append(batch, () => {
      if (this.#afterNewestWrite === release) this.#afterNewestWrite = undefined;
      this.#release(release);
      if (last !== undefined) this.#raft.persisted(last.index, last.term);
      this.#handlers.persisted(last?.index);
    });
  }

  #release(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.to === this.#id) this.#raft.step(message);
      else this.#handlers.send(message);
    }
  }
}
