import { asRevision, type Emit, RaftctlError, type Revision } from '../base/index.js';
import { type EventsFound, type KvStore, revisionGone } from '../kv/index.js';
import type { WatchEvents } from '../wire/index.js';
import type { Origin } from './origin.js';
import type { Watch } from './request.js';
import { failed, type News } from './result.js';
import { type Group, WatchGroups } from './watch-groups.js';

interface WatchesOptions {
  readonly store: KvStore;
  readonly emit: Emit;
  readonly maxKeyBytes: number;
  /** There is more to send: take another turn. */
  readonly wake: () => void;
}

/** What those behind may look at in one turn, all together. */
const TURN_BYTES_MAX = 4 << 20;
/** A watcher hears at least this often, in bytes of the ring, how far it is: it can go on elsewhere from there. */
const PROGRESS_BYTES = 4 << 20;

/** Bytes of a key as a string, one character a byte. */
interface Watcher {
  readonly origin: Origin;
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
 * A live watcher that is full falls behind: its events wait in the store's ring, until a turn finds room for it. One that the ring overtakes is ended: nothing is buffered here.
 */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #watchers = new Map<Origin, Watcher>();
  readonly #live = new WatchGroups<Watcher>();
  readonly #behind = new Set<Watcher>();
  #liveFrom: Revision;
  #liveSilentBytes = 0;

  constructor(options: WatchesOptions) {
    this.#options = options;
    this.#liveFrom = asRevision(options.store.revision + 1);
  }

  /** Told of what it watches from now on, until it is ended. Its first news has no events, and says where it begins. */
  begin(request: Watch, origin: Origin): void {
    const refused = this.#refusal(request);
    if (refused !== undefined) {
      origin.respond(failed(refused));
      return;
    }
    const { from, isPrefix, key } = request;
    const next = from === 0 ? asRevision(this.#options.store.revision + 1) : from;
    const watcher = { origin, key: key.toString('latin1'), isPrefix, next, silentBytes: 0 };
    this.#watchers.set(origin, watcher);
    this.#behind.add(watcher);
    this.#tell(watcher, { upTo: asRevision(next - 1), events: [] });
  }

  /** It does not watch any more, if it did. */
  end(origin: Origin): void {
    const watcher = this.#watchers.get(origin);
    if (watcher !== undefined) this.#remove(watcher);
  }

  /** Once a turn, after applying. */
  serve(): void {
    this.#serveLive();
    if (this.#behind.size > 0) this.#serveBehind();
  }

  /** The node stops: who watches goes on elsewhere. */
  close(): void {
    const error = new RaftctlError('shutting-down', 'the node stops');
    for (const watcher of [...this.#watchers.values()]) this.#fail(watcher, error);
  }

  #refusal({ key, isPrefix, from }: Watch): RaftctlError | undefined {
    const { maxKeyBytes, store } = this.#options;
    if (key.length === 0 && !isPrefix) {
      return new RaftctlError('key-empty', 'the key is empty: expected 1 byte or more');
    }
    if (key.length > maxKeyBytes) {
      return new RaftctlError('key-too-large', `the key has ${key.length} bytes: expected at most ${maxKeyBytes}`);
    }
    return from === 0 ? undefined : goneError(store, from);
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
      const news: News = { type: 'news', upTo, events: group.events };
      group.events = [];
      for (const watcher of [...group.watchers]) {
        if (watcher.origin.isFull) this.#fallBehind(watcher);
        else this.#send(watcher, news);
      }
    }
  }

  #tellProgress(): void {
    this.#liveSilentBytes = 0;
    const news: News = { type: 'news', upTo: asRevision(this.#liveFrom - 1), events: [] };
    for (const watcher of [...this.#live.watchers()]) if (!watcher.origin.isFull) this.#send(watcher, news);
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
    for (const watcher of [...this.#behind]) {
      if (watcher.next > this.#liveFrom) continue;
      if (bytes >= TURN_BYTES_MAX) {
        isMore = true;
        break;
      }
      const gone = goneError(this.#options.store, watcher.next);
      if (gone !== undefined) this.#overtaken(watcher, gone);
      else if (!watcher.origin.isFull) {
        bytes += this.#readOn(watcher);
        isMore ||= this.#behind.has(watcher) && watcher.next < this.#liveFrom;
      }
    }
    if (isMore) this.#options.wake();
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

  #tell(watcher: Watcher, { upTo, events }: WatchEvents): boolean {
    watcher.silentBytes = 0;
    return this.#send(watcher, { type: 'news', upTo, events });
  }

  /** False: nobody is there to be told, and the watcher is gone. */
  #send(watcher: Watcher, news: News): boolean {
    if (watcher.origin.respond(news)) return true;
    this.#remove(watcher);
    return false;
  }

  #overtaken(watcher: Watcher, error: RaftctlError): void {
    const { emit, store } = this.#options;
    const at = { from: watcher.origin.name, revision: watcher.next, oldest: store.oldestRevision };
    emit.emit('warn', 'watch-overtaken', at);
    this.#fail(watcher, error);
  }

  #fail(watcher: Watcher, error: RaftctlError): void {
    watcher.origin.respond(failed(error));
    this.#remove(watcher);
  }

  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher.origin);
    this.#live.remove(watcher);
    this.#behind.delete(watcher);
  }
}

const goneError = ({ oldestRevision }: KvStore, from: Revision): RaftctlError | undefined =>
  from < oldestRevision ? revisionGone(from, oldestRevision) : undefined;
