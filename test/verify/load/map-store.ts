import { asNodeId, asRevision, RaftctlError } from '../../../src/base/index.js';
import type { Bytes, Client, KeyEvent, KeyValue, ReadOptions, Watch, WatchOptions } from '../../../src/client/index.js';

const NODE = asNodeId('node-01');

/** A store in memory behind the library's face, with a past to watch, that can be told to misbehave. */
export class MapStore implements Client {
  readonly entries = new Map<string, KeyValue>();
  past: KeyEvent[] = [];
  /** The next puts are acknowledged, and forgotten as if they had never been. */
  forgets = 0;
  /** What calls fail with from now on; null: they succeed. */
  failure: RaftctlError | null = null;
  /** A write happens before it fails. */
  failsAfterwards = false;
  /** Calls get no answer, until they are aborted. */
  isSilent = false;
  /** What watches are told, in place of what happened. */
  tells: (events: readonly KeyEvent[]) => readonly KeyEvent[] = (events) => events;
  revision = 1;
  calls = 0;
  #listeners = new Set<() => void>();

  put(key: Bytes, value: Bytes, call?: ReadOptions) {
    // As the library does: what is handed in is copied at once.
    const [ownKey, ownValue] = [Buffer.from(key), Buffer.from(value)];
    return this.#call(call, true, () => {
      this.#put(ownKey, ownValue);
      return this.#answer();
    });
  }

  async get(key: Bytes, call?: ReadOptions) {
    return (await this.read(key, call)).entry;
  }

  read(key: Bytes, call?: ReadOptions) {
    return this.#call(call, false, () => ({
      entry: this.entries.get(Buffer.from(key).toString()) ?? null,
      ...this.#answer(),
    }));
  }

  delete(key: Bytes, call?: ReadOptions) {
    const ownKey = Buffer.from(key);
    return this.#call(call, true, () => ({ deleted: this.remove(ownKey.toString()), ...this.#answer() }));
  }

  compareAndSet(key: Bytes, expected: Bytes | null, value: Bytes, call?: ReadOptions) {
    const [ownKey, ownValue] = [Buffer.from(key), Buffer.from(value)];
    const ownExpected = expected === null ? null : Buffer.from(expected);
    return this.#call(call, true, () => {
      const found = this.entries.get(ownKey.toString());
      const succeeded = ownExpected === null ? !found : found?.value.equals(ownExpected) === true;
      if (succeeded) this.#put(ownKey, ownValue);
      return { succeeded, ...this.#answer() };
    });
  }

  scan(): never {
    throw new RaftctlError('closed', 'nobody scans here');
  }

  scanAll(): never {
    throw new RaftctlError('closed', 'nobody scans here');
  }

  watch(target: Bytes | { readonly prefix: Bytes }, { from, signal }: WatchOptions = {}): Watch {
    const prefix = typeof target === 'object' && 'prefix' in target ? Buffer.from(target.prefix).toString() : null;
    const wants = ({ key }: KeyEvent) =>
      prefix === null ? key.equals(Buffer.from(target as Bytes)) : key.toString().startsWith(prefix);
    const begin = from ?? this.revision + 1;
    const events = this.#events(begin, wants, signal);
    return Object.assign(events, {
      started: Promise.resolve({ revision: asRevision(begin), node: NODE }),
    }) as unknown as Watch;
  }

  leader() {
    return NODE;
  }

  async close(): Promise<void> {}

  /** Somebody else deletes it. */
  remove(key: string): boolean {
    const found = this.entries.get(key);
    if (found === undefined) return false;
    this.entries.delete(key);
    this.#happened('delete', { ...found, value: Buffer.alloc(0), version: 0 });
    return true;
  }

  async #call<T>(call: ReadOptions | undefined, isWrite: boolean, run: () => T): Promise<T> {
    this.calls += 1;
    if (this.isSilent) {
      await new Promise<void>((_, reject) => {
        const abort = () => reject(new RaftctlError('aborted', 'aborted', { definite: !isWrite }));
        call?.signal?.addEventListener('abort', abort);
      });
    }
    await Promise.resolve();
    if (this.failure !== null && !(isWrite && this.failsAfterwards)) throw this.failure;
    const result = run();
    if (this.failure !== null) throw this.failure;
    return result;
  }

  #put(key: Buffer, value: Buffer): void {
    if (this.forgets > 0) {
      this.forgets -= 1;
      this.revision += 1;
      return;
    }
    const before = this.entries.get(key.toString());
    const modRevision = asRevision(this.revision + 1);
    const entry: KeyValue = {
      key,
      value,
      createRevision: before?.createRevision ?? modRevision,
      modRevision,
      version: (before?.version ?? 0) + 1,
    };
    this.entries.set(key.toString(), entry);
    this.#happened('put', entry);
  }

  #happened(type: KeyEvent['type'], entry: KeyValue): void {
    this.revision += 1;
    this.past.push({ type, ...entry, modRevision: asRevision(this.revision) });
    for (const listener of [...this.#listeners]) listener();
  }

  #answer() {
    return { revision: asRevision(this.revision), node: NODE };
  }

  async *#events(from: number, wants: (event: KeyEvent) => boolean, signal: AbortSignal | undefined) {
    let at = this.past.findIndex(({ modRevision }) => modRevision >= from);
    if (at < 0) at = this.past.length;
    for (;;) {
      const news = this.tells(this.past.slice(at).filter(wants));
      at = this.past.length;
      yield* news;
      if (at < this.past.length) continue;
      await new Promise<void>((resolve, reject) => {
        const finish = (settle: () => void) => {
          this.#listeners.delete(wake);
          signal?.removeEventListener('abort', abort);
          settle();
        };
        const wake = () => finish(resolve);
        const abort = () => finish(() => reject(new RaftctlError('aborted', 'watch: aborted')));
        this.#listeners.add(wake);
        signal?.addEventListener('abort', abort);
        if (signal?.aborted) abort();
      });
    }
  }
}
