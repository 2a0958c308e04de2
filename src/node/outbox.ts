import type { NodeId } from '../base/index.js';
import type { AppendEntries, Entry, Message } from '../raft/index.js';
import type { Wal } from '../storage/index.js';
import { encodeMessage } from '../wire/index.js';
import type { EntryCache } from './entry-cache.js';

interface OutboxOptions {
  readonly peer: NodeId;
  readonly cache: EntryCache;
  readonly wal: Pick<Wal, 'read'>;
  /** Puts a frame on the link; false when it is down or full. */
  readonly send: (kind: number, parts: readonly Buffer[]) => boolean;
  /** Old entries cannot be read from the WAL. */
  readonly unreadable: (error: unknown) => void;
  /** An append did not leave: the core goes back to probing. */
  readonly unreachable: () => void;
}

/**
 * Messages to one peer. Appends name a range of the log; the newest entries come from the cache, older ones from the
 * WAL. While one append waits for the disk, later appends queue behind it to stay in order; everything else overtakes.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #queue: AppendEntries[] = [];
  #reading = false;
  /** Counts resets: what was read for an earlier link is not sent on a later one. */
  #epoch = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  push(message: Message): void {
    if (message.type !== 'append-entries') {
      this.#send(message);
      return;
    }
    if (this.#reading) {
      this.#queue.push(message);
      return;
    }
    const entries = this.#options.cache.range(message.prevLogIndex, message.lastLogIndex);
    if (entries === undefined) this.#readAndSend(message);
    else this.#send(message, entries);
  }

  /** The link broke: what waits for it is dropped, the core probes anew. */
  reset(): void {
    this.#epoch += 1;
    this.#queue = [];
    this.#reading = false;
  }

  #send(message: Message, entries?: readonly Entry[]): void {
    const { kind, parts } = encodeMessage(message, entries);
    if (!this.#options.send(kind, parts) && message.type === 'append-entries') this.#options.unreachable();
  }

  #readAndSend(message: AppendEntries): void {
    const epoch = this.#epoch;
    this.#reading = true;
    // The core has cut the range by bytes already.
    const read = this.#options.wal.read(
      (message.prevLogIndex + 1) as typeof message.prevLogIndex,
      message.lastLogIndex,
      Number.MAX_SAFE_INTEGER,
    );
    read.then(
      (entries) => {
        if (epoch !== this.#epoch) return;
        this.#reading = false;
        this.#sendRead(message, entries);
        for (const next of this.#queue.splice(0)) this.push(next);
      },
      (error: unknown) => {
        if (epoch !== this.#epoch) return;
        this.reset();
        this.#options.unreachable();
        this.#options.unreadable(error);
      },
    );
  }

  /** The log may have been truncated and rewritten while the disk was read: then the append is of an older term. */
  #sendRead(message: AppendEntries, entries: readonly Entry[]): void {
    const whole = entries.length === message.lastLogIndex - message.prevLogIndex;
    if (whole && (entries.at(-1)?.term ?? message.term) <= message.term) this.#send(message, entries);
    else this.#options.unreachable();
  }
}
