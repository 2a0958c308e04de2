import type { Scheduler } from '../base/index.js';
import type { Backend, Transaction, VersionCursor } from './backend.js';
import type { BinaryKey } from './key.js';
import { EMPTY_META, type StoreMeta } from './meta.js';
import type { Version } from './version.js';

interface State {
  meta: StoreMeta;
  readonly versions: Map<BinaryKey, Version>;
}

/** A committed transaction; a version of undefined is a removal. */
interface Commit {
  readonly meta: StoreMeta;
  readonly changes: ReadonlyMap<BinaryKey, Version | undefined>;
  readonly done: (error: Error | undefined) => void;
}

export interface MemoryBackendOptions {
  readonly scheduler: Scheduler;
  /** How long the way from the committed to the flushed point takes; left out: until the next turn. */
  readonly flushMs?: () => number;
}

/**
 * A backend for tests and the simulator that behaves as LMDB does: what is committed is visible at once, what is
 * flushed survives, and `crash` tells the two apart.
 */
export class MemoryBackend implements Backend {
  readonly place = 'memory';
  readonly meta: StoreMeta;
  readonly #options: MemoryBackendOptions;
  readonly #flushed: State;
  readonly #committed: State;
  /** Committed and not flushed, because flushes are held or on their way. */
  #outstanding: Commit[] = [];
  #sorted: BinaryKey[] | undefined;
  #failure: Error | undefined;
  #held = false;
  #crashed = false;

  constructor(options: MemoryBackendOptions, flushed: State = { meta: EMPTY_META, versions: new Map() }) {
    this.#options = options;
    this.meta = flushed.meta;
    this.#flushed = flushed;
    this.#committed = { meta: flushed.meta, versions: new Map(flushed.versions) };
  }

  /** From now on nothing reaches the flushed point, until `releaseFlushes`. */
  holdFlushes(): void {
    this.#held = true;
  }

  releaseFlushes(): void {
    this.#held = false;
    for (const commit of this.#outstanding) this.#options.scheduler.defer(() => this.#flush(commit));
  }

  /** Commits change nothing and report `error` from now on: a disk that fails stays failed. */
  failCommits(error: Error): void {
    this.#failure = error;
  }

  /** The process is gone: what was not flushed is lost, no callback runs any more. Answers what opens next. */
  crash(): MemoryBackend {
    this.#crashed = true;
    const versions = new Map(this.#flushed.versions);
    return new MemoryBackend(this.#options, { meta: this.#flushed.meta, versions });
  }

  find(key: BinaryKey): Version | undefined {
    return this.#committed.versions.get(key);
  }

  range(from: BinaryKey, before: BinaryKey | undefined): VersionCursor {
    this.#sorted ??= [...this.#committed.versions.keys()].sort();
    const keys = this.#sorted.filter((key) => key >= from && (before === undefined || key < before));
    return new MemoryCursor(keys, this.#committed.versions);
  }

  begin(): Transaction {
    const changes = new Map<BinaryKey, Version | undefined>();
    return {
      put: (key, version) => changes.set(key, copyOf(version)),
      remove: (key) => changes.set(key, undefined),
      commit: (meta, done) => this.#commit({ meta, changes, done }),
    };
  }

  async close(): Promise<void> {}

  #commit(commit: Commit): void {
    const { scheduler, flushMs } = this.#options;
    if (this.#crashed) return;
    const failure = this.#failure;
    if (failure !== undefined) {
      scheduler.defer(() => {
        if (!this.#crashed) commit.done(failure);
      });
      return;
    }
    this.#enter(this.#committed, commit);
    this.#sorted = undefined;
    this.#outstanding.push(commit);
    if (this.#held) return;
    if (flushMs === undefined) scheduler.defer(() => this.#flush(commit));
    else scheduler.after(flushMs(), () => this.#flush(commit));
  }

  #flush(commit: Commit): void {
    if (this.#crashed || this.#held || !this.#outstanding.includes(commit)) return;
    this.#outstanding = this.#outstanding.filter((other) => other !== commit);
    this.#enter(this.#flushed, commit);
    commit.done(undefined);
  }

  #enter(state: State, { meta, changes }: Commit): void {
    state.meta = meta;
    for (const [key, version] of changes) {
      if (version === undefined) state.versions.delete(key);
      else state.versions.set(key, version);
    }
  }
}

function copyOf(version: Version): Version {
  const bytes = Buffer.from(version.bytes.subarray(version.start, version.end));
  const { createRevision, modRevision, version: number } = version;
  return { bytes, start: 0, end: bytes.length, createRevision, modRevision, version: number };
}

class MemoryCursor implements VersionCursor {
  readonly #keys: readonly BinaryKey[];
  readonly #versions: ReadonlyMap<BinaryKey, Version>;
  #next = 0;

  constructor(keys: readonly BinaryKey[], versions: ReadonlyMap<BinaryKey, Version>) {
    this.#keys = keys;
    this.#versions = versions;
  }

  get key(): BinaryKey | undefined {
    return this.#keys[this.#next];
  }

  get version(): Version {
    return this.#versions.get(this.#keys[this.#next]!)!;
  }

  advance(): void {
    this.#next += 1;
  }

  close(): void {}
}
