import { messageOf } from '../../base/index.js';
import type { Client, KeyEvent } from '../../client/index.js';

/** What one watch of all keys of a load was told, beside what was written. */
export interface WatchFindings {
  readonly events: number;
  /** Acknowledged writes that it was not told of. */
  readonly missing: number;
  /** Events that came again. */
  readonly repeated: number;
  /** Events of an earlier revision behind those of a later one. */
  readonly outOfOrder: number;
  /** Events that are not the acknowledged write of their revision. */
  readonly wrong: number;
  /** Why it ended early, or never came to the last write. */
  readonly failure: string | null;
}

/** What a write did to which key. */
type Told = string;

export const told = (key: string, type: 'put' | 'delete'): Told => `${type} ${key}`;

/** Watches all keys that begin with a prefix, and compares at the end. */
export class WatchAudit {
  readonly #byRevision = new Map<number, Told[]>();
  readonly #control = new AbortController();
  readonly #ended: Promise<void>;
  readonly started: Promise<void>;
  #from = Number.POSITIVE_INFINITY;
  #last = 0;
  #events = 0;
  #repeated = 0;
  #outOfOrder = 0;
  #failure: string | null = null;
  #wanted = Number.POSITIVE_INFINITY;
  #reached: () => void = () => {};

  constructor(client: Client, prefix: string, timeoutMs: number) {
    const watch = client.watch({ prefix }, { timeoutMs, signal: this.#control.signal });
    this.started = watch.started.then(
      ({ revision }) => {
        this.#from = revision;
      },
      () => {},
    );
    this.#ended = this.#read(watch);
  }

  /**
   * Waits until it was told of the last write, or until `late`, then ends the watch and compares. `written`: of each
   * acknowledged write its revision, and what it did.
   */
  async finish(written: ReadonlyMap<number, Told>, late: Promise<void>): Promise<WatchFindings> {
    let last = 0;
    for (const revision of written.keys()) last = Math.max(last, revision);
    const reached = new Promise<void>((resolve) => {
      this.#reached = resolve;
    });
    this.#wanted = last;
    if (this.#last < last) await Promise.race([reached, this.#ended, late]);
    const isBehind = this.#last < last && last >= this.#from;
    this.#control.abort();
    await this.#ended;
    const [missing, wrong] = this.#compare(written);
    return {
      events: this.#events,
      missing,
      repeated: this.#repeated,
      outOfOrder: this.#outOfOrder,
      wrong,
      failure: this.#failure ?? (isBehind ? `it came to revision ${this.#last}, the last write is ${last}` : null),
    };
  }

  async #read(watch: AsyncIterable<KeyEvent>): Promise<void> {
    try {
      for await (const event of watch) this.#take(event);
    } catch (thrown) {
      if (!this.#control.signal.aborted) this.#failure = messageOf(thrown);
    }
  }

  #take({ type, key, modRevision }: KeyEvent): void {
    const what = told(key.toString(), type);
    const before = this.#byRevision.get(modRevision);
    this.#events += 1;
    if (before?.includes(what)) this.#repeated += 1;
    else if (before) before.push(what);
    else this.#byRevision.set(modRevision, [what]);
    if (modRevision < this.#last) this.#outOfOrder += 1;
    this.#last = Math.max(this.#last, modRevision);
    if (this.#last >= this.#wanted) this.#reached();
  }

  #compare(written: ReadonlyMap<number, Told>): readonly [missing: number, wrong: number] {
    let missing = 0;
    let wrong = 0;
    for (const [revision, what] of written) {
      if (revision < this.#from) continue;
      const heard = this.#byRevision.get(revision);
      if (heard === undefined) missing += 1;
      else if (!heard.includes(what)) wrong += 1;
    }
    return [missing, wrong];
  }
}
