import { asRevision, type Emit, RaftctlError, type Revision, type Scheduler } from '../base/index.js';
import { type EventsFound, type KvStore, revisionGone } from '../kv/index.js';
import type { Connection } from '../transport/index.js';
import {
  decodeWatch,
  encodeError,
  encodeWatchEvents,
  KIND,
  type WatchEvents,
  type WatchRequest,
} from '../wire/index.js';
import { type Group, WatchGroups } from './watch-groups.js';

interface WatchesOptions {
  readonly store: KvStore;
  readonly emit: Emit;
  readonly scheduler: Scheduler;
  readonly maxKeyBytes: number;
  /** Queues a frame; false when the connection is closed or full. */
  readonly send: (connection: Connection, kind: number, callId: number, payload: Buffer) => boolean;
  /** There is more to send: take another turn. */
  readonly wake: () => void;
}

/** A connection that has so much unsent gets no events until it has read some: they wait in the store's ring. */
const UNSENT_BYTES_MAX = 1 << 20;
const UNSENT_WAIT_MS = 10;
/** What those behind may look at in one turn, all together. */
const TURN_BYTES_MAX = 4 << 20;
/** A watcher hears at least this often, in bytes of the ring, how far it is: it can go on elsewhere from there. */
const PROGRESS_BYTES = 4 << 20;
const MAX_WATCHES_PER_CONNECTION = 1_024;

/** Bytes of a key as a string, one character a byte. */
interface Watcher {
  readonly connection: Connection;
  readonly callId: number;
  readonly key: string;
  readonly isPrefix: boolean;
  /** The first revision it was not told of. Live ones: see `Watches`. */
  next: Revision;
  /** Looked at since it was last told how far it is. */
  silentBytes: number;
}

/**
 * Who watches keys here, and how far each was told. A watcher is
 *
 *     behind     it has a place of its own in the past revisions, and reads on from there, a batch a turn
 *     live       it was told of everything before `#liveFrom`; what was applied since is looked at once for all of them
 *
 * A live watcher whose connection is full falls behind. One that the ring overtakes is ended: nothing is buffered here.
 */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #byConnection = new Map<Connection, Map<number, Watcher>>();
  readonly #live = new WatchGroups<Watcher>();
  readonly #behind = new Set<Watcher>();
  #liveFrom: Revision;
  #liveSilentBytes = 0;
  #waiting = false;

  constructor(options: WatchesOptions) {
    this.#options = options;
    this.#liveFrom = asRevision(options.store.revision + 1);
  }

  /** False: not a frame of ours. Throws `bad-request` for bytes no client sends. */
  handle(connection: Connection, kind: number, callId: number, payload: Buffer): boolean {
    if (kind === KIND.unwatch) {
      const watcher = this.#byConnection.get(connection)?.get(callId);
      if (watcher !== undefined) this.#remove(watcher);
      return true;
    }
    if (kind !== KIND.watch) return false;
    const request = decodeWatch(payload);
    const refused = this.#refusal(connection, callId, request);
    if (refused !== undefined) this.#options.send(connection, KIND.error, callId, encodeError(refused));
    else this.#begin(connection, callId, request);
    return true;
  }

  /** Once a turn, after applying. */
  serve(): void {
    this.#serveLive();
    if (this.#behind.size > 0) this.#serveBehind();
  }

  closed(connection: Connection): void {
    for (const watcher of this.#byConnection.get(connection)?.values() ?? []) this.#forget(watcher);
    this.#byConnection.delete(connection);
  }

  /** The node stops: who watches goes on elsewhere. */
  close(): void {
    const error = new RaftctlError('shutting-down', 'the node stops');
    for (const watchers of [...this.#byConnection.values()]) {
      for (const watcher of [...watchers.values()]) this.#end(watcher, error);
    }
  }

  #begin(connection: Connection, callId: number, { from, isPrefix, key }: WatchRequest): void {
    const next = from === 0 ? asRevision(this.#options.store.revision + 1) : from;
    const watcher = { connection, callId, key: key.toString('latin1'), isPrefix, next, silentBytes: 0 };
    const watchers = this.#byConnection.get(connection) ?? new Map<number, Watcher>();
    this.#byConnection.set(connection, watchers);
    watchers.set(callId, watcher);
    this.#behind.add(watcher);
    this.#tell(watcher, { upTo: asRevision(next - 1), events: [] });
  }

  #refusal(connection: Connection, callId: number, request: WatchRequest): RaftctlError | undefined {
    const { maxKeyBytes, store } = this.#options;
    const watchers = this.#byConnection.get(connection);
    if (watchers?.has(callId)) throw new RaftctlError('bad-request', `a second watch under the call id ${callId}`);
    if (request.key.length === 0 && !request.isPrefix) {
      return new RaftctlError('key-empty', 'the key is empty: expected 1 byte or more');
    }
    if (request.key.length > maxKeyBytes) {
      const message = `the key has ${request.key.length} bytes: expected at most ${maxKeyBytes}`;
      return new RaftctlError('key-too-large', message);
    }
    if ((watchers?.size ?? 0) >= MAX_WATCHES_PER_CONNECTION) {
      const message = `the connection has ${MAX_WATCHES_PER_CONNECTION} watches, which is the most`;
      return new RaftctlError('bad-request', message, { hint: 'watch a prefix, or use another connection' });
    }
    return request.from === 0 ? undefined : goneError(store, request.from);
  }

  /** What was applied since the last turn is looked at once, however many watch. */
  #serveLive(): void {
    const { store } = this.#options;
    const wants = (key: string): boolean => this.#live.wants(key);
    // When one turn applied more than the ring holds, they are overtaken like anybody behind.
    if (this.#liveFrom < store.oldestRevision)
      for (const watcher of [...this.#live.watchers()]) this.#fallBehind(watcher);
    while (!this.#live.isEmpty && this.#liveFrom <= store.revision) {
      const found = store.eventsFrom({ from: this.#liveFrom, wants });
      this.#share(found);
      this.#liveFrom = asRevision(found.upTo + 1);
      this.#liveSilentBytes += found.bytes;
    }
    if (this.#live.isEmpty) this.#liveFrom = asRevision(store.revision + 1);
    if (this.#liveSilentBytes >= PROGRESS_BYTES) this.#tellProgress();
  }

  #share({ events, upTo }: EventsFound): void {
    const touched = new Set<Group<Watcher>>();
    for (const event of events) this.#live.share(event, touched);
    for (const group of touched) {
      const payload = encodeWatchEvents({ upTo, events: group.events });
      group.events = [];
      for (const watcher of [...group.watchers]) {
        if (isFull(watcher.connection)) this.#fallBehind(watcher);
        else this.#send(watcher, payload);
      }
    }
  }

  #tellProgress(): void {
    this.#liveSilentBytes = 0;
    const payload = encodeWatchEvents({ upTo: asRevision(this.#liveFrom - 1), events: [] });
    for (const watcher of [...this.#live.watchers()]) if (!isFull(watcher.connection)) this.#send(watcher, payload);
  }

  /** `#liveFrom` is still where the batch began that it could not take. */
  #fallBehind(watcher: Watcher): void {
    this.#live.remove(watcher);
    watcher.next = this.#liveFrom;
    this.#behind.add(watcher);
  }

  #serveBehind(): void {
    let bytes = 0;
    let isMore = false;
    let isBlocked = false;
    for (const watcher of [...this.#behind]) {
      if (watcher.next > this.#liveFrom) continue;
      if (bytes >= TURN_BYTES_MAX) {
        isMore = true;
        break;
      }
      const gone = goneError(this.#options.store, watcher.next);
      if (gone !== undefined) this.#overtaken(watcher, gone);
      else if (isFull(watcher.connection)) isBlocked = true;
      else {
        bytes += this.#readOn(watcher);
        isMore ||= this.#behind.has(watcher) && watcher.next < this.#liveFrom;
      }
    }
    if (isMore) this.#options.wake();
    if (isBlocked) this.#wakeLater();
  }

  /** One batch from the watcher's own place. Answers what was looked at. */
  #readOn(watcher: Watcher): number {
    const { key, isPrefix } = watcher;
    // Those served first give way to the others: the set keeps the order of insertion.
    this.#behind.delete(watcher);
    if (watcher.next < this.#liveFrom) {
      const wants = isPrefix ? (name: string) => name.startsWith(key) : (name: string) => name === key;
      const found = this.#options.store.eventsFrom({ from: watcher.next, wants });
      watcher.next = asRevision(found.upTo + 1);
      watcher.silentBytes += found.bytes;
      const isNews = found.events.length > 0 || watcher.silentBytes >= PROGRESS_BYTES;
      if (!isNews || this.#tell(watcher, found)) this.#behind.add(watcher);
      return found.bytes;
    }
    this.#live.add(watcher);
    return 0;
  }

  #tell(watcher: Watcher, news: WatchEvents): boolean {
    watcher.silentBytes = 0;
    return this.#send(watcher, encodeWatchEvents(news));
  }

  /** False: the connection is gone, and the watcher with it. */
  #send(watcher: Watcher, payload: Buffer): boolean {
    if (this.#options.send(watcher.connection, KIND.watchEvents, watcher.callId, payload)) return true;
    this.#remove(watcher);
    return false;
  }

  #overtaken(watcher: Watcher, error: RaftctlError): void {
    const { emit, store } = this.#options;
    const at = { from: watcher.connection.remoteAddress, revision: watcher.next, oldest: store.oldestRevision };
    emit.emit('warn', 'watch-overtaken', at);
    this.#end(watcher, error);
  }

  #end(watcher: Watcher, error: RaftctlError): void {
    this.#options.send(watcher.connection, KIND.error, watcher.callId, encodeError(error));
    this.#remove(watcher);
  }

  #remove(watcher: Watcher): void {
    this.#forget(watcher);
    const watchers = this.#byConnection.get(watcher.connection);
    watchers?.delete(watcher.callId);
    if (watchers?.size === 0) this.#byConnection.delete(watcher.connection);
  }

  #forget(watcher: Watcher): void {
    this.#live.remove(watcher);
    this.#behind.delete(watcher);
  }

  /** Nobody tells when a connection has room again. */
  #wakeLater(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#options.scheduler.after(UNSENT_WAIT_MS, () => {
      this.#waiting = false;
      this.#options.wake();
    });
  }
}

const isFull = (connection: Connection): boolean => connection.queuedBytes >= UNSENT_BYTES_MAX;

const goneError = ({ oldestRevision }: KvStore, from: Revision): RaftctlError | undefined =>
  from < oldestRevision ? revisionGone(from, oldestRevision) : undefined;
