import type { LogIndex } from '../../base/index.js';
import type { KvStore, StateCopy } from '../../kv/index.js';

/** A copy in use. */
export interface SharedCopy {
  /** It holds at least what was flushed when it was begun. */
  readonly sinceIndex: LogIndex;
  readonly copy: Promise<StateCopy>;
  release(): void;
}

interface CopyInUse {
  readonly sinceIndex: LogIndex;
  readonly copy: Promise<StateCopy>;
  users: number;
}

/** Copies of the own state, for others: several who need one at the same time share it. */
export class StateCopies {
  readonly #store: Pick<KvStore, 'copy' | 'flushedIndex'>;
  readonly #scratch: string;
  #latest: CopyInUse | undefined;
  #made = 0;

  /** Makes them in directories that begin with `scratch`. */
  constructor(store: Pick<KvStore, 'copy' | 'flushedIndex'>, scratch: string) {
    this.#store = store;
    this.#scratch = scratch;
  }

  /** One that holds what is up to `index`, a new one if need be. */
  take(index: LogIndex): SharedCopy {
    if (this.#latest === undefined || this.#latest.sinceIndex < index) this.#latest = this.#begin();
    const taken = this.#latest;
    taken.users += 1;
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      this.#release(taken);
    };
    return { sinceIndex: taken.sinceIndex, copy: taken.copy, release };
  }

  #begin(): CopyInUse {
    this.#made += 1;
    const copy = this.#store.copy(`${this.#scratch}-${this.#made}`);
    // Whoever waits for it hears of a failure; nobody may be waiting any more.
    copy.catch(() => {});
    return { sinceIndex: this.#store.flushedIndex, copy, users: 0 };
  }

  #release(copy: CopyInUse): void {
    copy.users -= 1;
    if (copy.users > 0) return;
    if (this.#latest === copy) this.#latest = undefined;
    copy.copy.then((made) => made.close()).catch(() => {});
  }
}
