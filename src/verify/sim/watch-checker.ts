import type { KeyEvent } from '../../client/index.js';
import type { CommittedLog } from './committed-log.js';
import type { Effect } from './model.js';
import { renderVersions } from './model.js';
import { nameOf, textOf } from './values.js';
import { expectSafe } from './violation.js';

/** What is watched: a key, or all that begin with it. */
export interface WatchTarget {
  readonly key: string;
  readonly isPrefix: boolean;
}

export const sayTarget = ({ key, isPrefix }: WatchTarget): string => `${key}${isPrefix ? '*' : ''}`;

/**
 * Compares what one watch is told, event by event, with what the cluster committed. From the revision it began with on,
 * every change of its keys is to come: in order, once, as it was, and nothing else, whichever nodes it is told by.
 */
export class WatchChecker {
  readonly #log: CommittedLog;
  readonly #target: WatchTarget;
  /** The first revision that it was not told of, and may be. */
  #next: number;
  /** What it knows of that: nobody tells it at once of changes of other keys. */
  #asksFor: number;

  constructor(log: CommittedLog, target: WatchTarget, from: number) {
    this.#log = log;
    this.#target = target;
    this.#next = from;
    this.#asksFor = from;
  }

  /** The revision from which it would go on elsewhere, at the least. */
  get asksFor(): number {
    return this.#asksFor;
  }

  /** The first revision that is still to be looked at: all before it was told. */
  get next(): number {
    return this.#next;
  }

  told(event: KeyEvent): void {
    const { modRevision: revision } = event;
    const target = sayTarget(this.#target);
    expectSafe(revision >= this.#next, 'a watch is told in order, and nothing twice', () => {
      return `the watch of ${target} was told of revision ${revision} after ${this.#next - 1}`;
    });
    expectSafe(revision <= this.#log.revision, 'a watch is told of nothing that is not committed', () => {
      return `the watch of ${target} was told of revision ${revision}; what is committed ends at ${this.#log.revision}`;
    });
    const missed = this.#firstMissed(revision);
    expectSafe(missed === undefined, 'a watch misses nothing', () => {
      return `the watch of ${target} was told of revision ${revision}, and not of ${missed?.revision}: ${missed?.type} ${missed?.key}`;
    });
    const effect = this.#log.model.effectAt(revision)!;
    const [told, happened] = [this.#sayTold(event), this.#sayHappened(effect)];
    expectSafe(told === happened && this.#concerns(effect), 'a watch is told what happened', () => {
      return `the watch of ${target} was told: ${told}; what happened: ${happened}`;
    });
    this.#next = revision + 1;
    this.#asksFor = this.#next;
  }

  /** A change that was committed and that it has not been told of: undefined when there is none. */
  get missing(): Effect | undefined {
    return this.#firstMissed(this.#log.revision + 1);
  }

  #firstMissed(before: number): Effect | undefined {
    const { model } = this.#log;
    for (; this.#next < before; this.#next += 1) {
      const effect = model.effectAt(this.#next);
      if (effect !== undefined && this.#concerns(effect)) return effect;
    }
    return undefined;
  }

  #concerns({ key }: Effect): boolean {
    return this.#target.isPrefix ? key.startsWith(this.#target.key) : key === this.#target.key;
  }

  #sayTold(event: KeyEvent): string {
    const { type, key, value, modRevision } = event;
    const what = type === 'delete' ? `delete ${textOf(key)}` : `put ${textOf(key)} ${nameOf(value)}`;
    return `${what} at ${modRevision} (${renderVersions(event)})`;
  }

  #sayHappened({ key, value, revision }: Effect): string {
    const what = value === null ? `delete ${key}` : `put ${key} ${value}`;
    const state = this.#log.model.at(key, revision);
    return `${what} at ${revision} (${renderVersions(state ?? { createRevision: 0, modRevision: revision, version: 0 })})`;
  }
}
