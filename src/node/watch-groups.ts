import type { KeyEvent } from '../kv/index.js';

/** Watchers of the same key or prefix: what one of them gets, all get, encoded once. Keys are latin1 strings. */
export interface Group<Watcher> {
  readonly key: string;
  readonly isPrefix: boolean;
  readonly watchers: Set<Watcher>;
  /** Events of the batch that is being shared out. */
  events: KeyEvent[];
}

/**
 * Finds who watches a key at the cost of one look-up, and one more for each different length of a watched prefix,
 * however many watchers there are.
 */
export class WatchGroups<Watcher extends { readonly key: string; readonly isPrefix: boolean }> {
  readonly #keys = new Map<string, Group<Watcher>>();
  readonly #prefixes = new Map<string, Group<Watcher>>();
  /** How many prefixes have this length. */
  readonly #lengths = new Map<number, number>();

  get isEmpty(): boolean {
    return this.#keys.size + this.#prefixes.size === 0;
  }

  add(watcher: Watcher): void {
    const { key, isPrefix } = watcher;
    const groups = this.#groups(isPrefix);
    let group = groups.get(key);
    if (group === undefined) {
      group = { key, isPrefix, watchers: new Set(), events: [] };
      groups.set(key, group);
      if (isPrefix) this.#lengths.set(key.length, (this.#lengths.get(key.length) ?? 0) + 1);
    }
    group.watchers.add(watcher);
  }

  remove(watcher: Watcher): void {
    const { key, isPrefix } = watcher;
    const groups = this.#groups(isPrefix);
    const group = groups.get(key);
    if (group?.watchers.delete(watcher) !== true || group.watchers.size > 0) return;
    groups.delete(key);
    if (!isPrefix) return;
    const left = this.#lengths.get(key.length)! - 1;
    if (left === 0) this.#lengths.delete(key.length);
    else this.#lengths.set(key.length, left);
  }

  /** Does anybody watch this key? */
  wants(key: string): boolean {
    if (this.#keys.has(key)) return true;
    for (const length of this.#lengths.keys()) {
      if (length <= key.length && this.#prefixes.has(key.slice(0, length))) return true;
    }
    return false;
  }

  /** Hands the event to the groups it belongs to, and them to `touched`. */
  share(event: KeyEvent, touched: Set<Group<Watcher>>): void {
    const key = event.key.toString('latin1');
    const give = (group: Group<Watcher> | undefined): void => {
      if (group === undefined) return;
      group.events.push(event);
      touched.add(group);
    };
    give(this.#keys.get(key));
    for (const length of this.#lengths.keys()) {
      if (length <= key.length) give(this.#prefixes.get(key.slice(0, length)));
    }
  }

  *watchers(): IterableIterator<Watcher> {
    for (const { watchers } of this.#keys.values()) yield* watchers;
    for (const { watchers } of this.#prefixes.values()) yield* watchers;
  }

  #groups(isPrefix: boolean): Map<string, Group<Watcher>> {
    return isPrefix ? this.#prefixes : this.#keys;
  }
}
