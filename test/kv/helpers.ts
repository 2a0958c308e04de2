import {
  asIndex,
  asNodeId,
  asRevision,
  asTerm,
  type Emit,
  type Fields,
  type Membership,
  votersOnly,
} from '../../src/base/index.js';
import type { Backend, DatabaseName } from '../../src/kv/backend.js';
import { SESSION_HEADER_BYTES } from '../../src/kv/command.js';
import {
  type Command,
  encodeCommand,
  KvStore,
  type KvStoreOptions,
  MemoryBackend,
  putSession,
  writeCommand,
} from '../../src/kv/index.js';
import type { BinaryKey } from '../../src/kv/key.js';
import { emptyMeta, encodeMeta, META_KEY, putMeta, readMeta, type StoreMeta } from '../../src/kv/meta.js';
import { ENTRY_TYPES, type Entry, makeRecord } from '../../src/raft/entry.js';
import { ManualTime } from '../helpers/manual-time.js';

export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

const ids = ['node-01', 'node-02', 'node-03'].map(asNodeId);

/** Who the clusters of these tests begin with. */
export const BOOTSTRAP: Membership = {
  ...votersOnly(ids),
  members: ids.map((id, nth) => ({ id, incarnation: 1, host: '127.0.0.1', port: 4001 + nth })),
};

export const metaAt = (index: number, revision = index): StoreMeta => ({
  ...emptyMeta(BOOTSTRAP),
  appliedIndex: asIndex(index),
  appliedTerm: asTerm(1),
  revision: asRevision(revision),
  // These tests write keys as they like.
  sum: undefined,
});

/** One transaction of bytes: puts, and removals where the value is null. Resolves when it is flushed. */
export function transact(
  backend: Backend,
  changes: Readonly<Record<string, string | Buffer | null>>,
  { database = 'keys', meta }: { readonly database?: DatabaseName; readonly meta?: StoreMeta } = {},
): Promise<void> {
  const entries = Object.entries(changes).map(
    ([key, value]) => [key as BinaryKey, typeof value === 'string' ? bytes(value) : value] as const,
  );
  const metaBytes = meta === undefined ? undefined : encodeMeta(meta);
  const size = entries.reduce((sum, [key, value]) => sum + key.length + (value?.length ?? 0), 0);
  const transaction = backend.begin({
    changes: entries.length + 1,
    bytes: size + META_KEY.length + (metaBytes?.length ?? 0),
  });
  for (const [key, value] of entries) {
    if (value === null) {
      transaction.remove(database, key);
      continue;
    }
    const at = transaction.put(database, key, value.length);
    value.copy(transaction.bytes, at);
  }
  if (metaBytes !== undefined) putMeta(transaction, metaBytes);
  return new Promise((resolve, reject) => {
    transaction.commit((error) => (error === undefined ? resolve() : reject(error)));
  });
}

/** What a database holds, in order: `key=value`. */
export function contentsOf(backend: Backend, database: DatabaseName = 'keys', from = '\0', before?: string): string[] {
  const cursor = backend.range(database, from as BinaryKey, before as BinaryKey | undefined);
  const found: string[] = [];
  for (; cursor.key !== undefined; cursor.advance()) {
    const { bytes: at, start, end } = cursor.value;
    found.push(`${cursor.key}=${at.toString('latin1', start, end)}`);
  }
  cursor.close();
  return found;
}

export function valueAt(backend: Backend, key: string, database: DatabaseName = 'keys'): string | undefined {
  const slice = backend.find(database, key as BinaryKey);
  return slice?.bytes.toString('latin1', slice.start, slice.end);
}

/** The index up to which the backend holds the state. */
export const flushedIndexOf = (backend: Backend): number => readMeta(backend)?.appliedIndex ?? 0;

export const put = (key: string, value: string): Command => ({ type: 'put', key: bytes(key), value: bytes(value) });
export const del = (key: string): Command => ({ type: 'delete', key: bytes(key) });
export const cas = (key: string, expected: string | null, value: string): Command => ({
  type: 'cas',
  key: bytes(key),
  expected: expected === null ? null : bytes(expected),
  value: bytes(value),
});

/** The bytes of a command that is to be run under a session. */
export function underSession(command: Command, session: number, sequence: number, lowest = sequence): Buffer {
  const encoded = Buffer.alloc(encodeCommand(command).length + SESSION_HEADER_BYTES);
  writeCommand(encoded, 0, command, true);
  putSession(encoded, 0, { session: asIndex(session), sequence, lowest });
  return encoded;
}

export const commandEntry = (index: number, command: Command): Entry => ({
  ...makeRecord(ENTRY_TYPES.command, encodeCommand(command)),
  index: asIndex(index),
  term: asTerm(1),
});

export const noopEntry = (index: number): Entry => ({
  ...makeRecord(ENTRY_TYPES.noop, Buffer.alloc(0)),
  index: asIndex(index),
  term: asTerm(2),
});

export interface RecordedEvent {
  readonly event: string;
  readonly fields: Fields | undefined;
}

export function recordingEmit(): Emit & { readonly events: RecordedEvent[] } {
  const events: RecordedEvent[] = [];
  return { events, enabled: () => true, emit: (_level, event, fields) => events.push({ event, fields }) };
}

/** A store on a memory backend, with the log that feeds it. */
export class StoreUnderTest {
  readonly time = new ManualTime();
  readonly emit = recordingEmit();
  readonly fatal: Error[] = [];
  readonly log: Entry[] = [];
  readonly #options: Partial<KvStoreOptions>;
  persistedIndex = 0;
  backend: MemoryBackend;
  store: KvStore;

  constructor(options: Partial<KvStoreOptions> = {}) {
    this.#options = options;
    this.backend = new MemoryBackend({ scheduler: this.time });
    this.store = this.#open();
  }

  /** Proposes, persists and applies: what a node on its own does. */
  run(...commands: Command[]) {
    const results = this.apply(...commands);
    this.persist();
    return results;
  }

  /** Applies before the own log holds it, as a leader may when its followers were faster. */
  apply(...commands: Command[]) {
    const entries = commands.map((command, nth) => commandEntry(this.log.length + 1 + nth, command));
    this.log.push(...entries);
    return this.store.apply(entries);
  }

  /** The same of one command, by its bytes. */
  enter(payload: Buffer) {
    const index = asIndex(this.log.length + 1);
    const entry: Entry = { ...makeRecord(ENTRY_TYPES.command, payload), index, term: asTerm(1) };
    this.log.push(entry);
    const [outcome] = this.store.apply([entry]);
    this.persist();
    return outcome;
  }

  noop(): void {
    const entry = noopEntry(this.log.length + 1);
    this.log.push(entry);
    this.store.apply([entry]);
    this.persist();
  }

  persist(index = this.log.length): void {
    this.persistedIndex = Math.max(this.persistedIndex, index);
    this.store.persistedUpTo(index);
  }

  /** The flush interval passes, and the flush with it. */
  flushByTime(): void {
    this.time.advance(5_000);
  }

  /** The process dies and starts again; entries that the own log held are applied again as far as they are missing. */
  crash(): void {
    this.backend = this.backend.crash();
    this.log.length = Math.max(this.persistedIndex, flushedIndexOf(this.backend));
    this.store = this.#open();
    this.store.persistedUpTo(this.persistedIndex);
    this.store.apply(this.log, this.store.appliedIndex, this.log.length);
  }

  /** A store on the backend as it is, with nothing applied to it. */
  reopened(bootstrap = BOOTSTRAP): KvStore {
    return this.#open(bootstrap);
  }

  get(key: string) {
    const found = this.store.get(bytes(key));
    if (found === undefined) return undefined;
    const { value, createRevision, modRevision, version } = found;
    return { value: value.toString('latin1'), createRevision, modRevision, version };
  }

  keys(prefix = '', limit = 1_000, after?: string): string[] {
    const options = { prefix: bytes(prefix), limit, ...(after !== undefined && { after: bytes(after) }) };
    return this.store.scan(options).entries.map(({ key }) => key.toString('latin1'));
  }

  #open(bootstrap = BOOTSTRAP): KvStore {
    return KvStore.open({
      backend: this.backend,
      bootstrap,
      emit: this.emit,
      clock: this.time,
      scheduler: this.time,
      options: { onFatal: (error) => this.fatal.push(error), ...this.#options },
    });
  }
}
