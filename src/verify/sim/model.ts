import { type Command, decodeCommand } from '../../kv/index.js';
import { nameOf, textOf } from './values.js';

/** How a key came to be what it is, in the words of the client's `KeyValue`. */
interface Versions {
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
}

/** What a key holds; values are known by the name of the operation that wrote them. */
interface KeyState extends Versions {
  readonly value: string;
}

interface NamedState extends KeyState {
  readonly key: string;
}

/** What `at` looks through; null: deleted then. */
type KeyVersion = Versions & { readonly value: string | null };

/** What a committed command did. */
export interface Effect {
  readonly type: Command['type'];
  readonly key: string;
  /** The name of the value written; null for a delete. */
  readonly value: string | null;
  readonly changed: boolean;
  readonly revision: number;
}

/**
 * The store as its specification says, written down as simply as possible and for this purpose only: what put, delete
 * and cas do to a map, and when the revision moves. It remembers every key at every revision.
 */
export class Model {
  revision = 1;
  /** The effect that made revision `i + 2`: an empty store is at 1. */
  readonly #effects: Effect[] = [];
  readonly #keys = new Map<string, KeyVersion[]>();

  apply(payload: Buffer): Effect {
    const command = decodeCommand(payload, 0, payload.length);
    const key = textOf(command.key);
    const current = this.at(key, this.revision);
    const value = command.type === 'delete' ? null : nameOf(command.value);
    const changed = this.#changes(command, current?.value ?? null);
    if (changed) this.revision += 1;
    const effect: Effect = { type: command.type, key, value, changed, revision: this.revision };
    if (changed) this.#remember(effect);
    return effect;
  }

  /** What made this revision; undefined when there is no such revision. */
  effectAt(revision: number): Effect | undefined {
    return this.#effects[revision - 2];
  }

  /** What the key held as of a revision; undefined: nothing. */
  at(key: string, revision: number): KeyState | undefined {
    const versions = this.#keys.get(key) ?? [];
    let low = 0;
    let high = versions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (versions[middle]!.modRevision <= revision) low = middle + 1;
      else high = middle;
    }
    const found = versions[low - 1];
    return found === undefined || found.value === null ? undefined : (found as KeyState);
  }

  /** What a scan answers as of a revision. */
  scan(
    { prefix, after, limit }: { readonly prefix: string; readonly after: string; readonly limit: number },
    revision: number,
  ): string {
    const found: NamedState[] = [];
    for (const key of [...this.#keys.keys()].sort()) {
      const state = key.startsWith(prefix) && key > after ? this.at(key, revision) : undefined;
      if (state !== undefined) found.push({ key, ...state });
    }
    return renderScan(found.slice(0, limit), found.length > limit);
  }

  #changes(command: Command, current: string | null): boolean {
    if (command.type === 'put') return true;
    if (command.type === 'delete') return current !== null;
    return current === (command.expected === null ? null : nameOf(command.expected));
  }

  #remember(effect: Effect): void {
    this.#effects.push(effect);
    const versions = this.#keys.get(effect.key) ?? [];
    if (versions.length === 0) this.#keys.set(effect.key, versions);
    const { value, revision: modRevision } = effect;
    const before = versions.at(-1);
    const isNew = before === undefined || before.value === null;
    const gone = { value, createRevision: 0, modRevision, version: 0 };
    const createRevision = isNew ? modRevision : before.createRevision;
    versions.push(
      value === null ? gone : { value, createRevision, modRevision, version: (isNew ? 0 : before.version) + 1 },
    );
  }
}

/** `3/7/2`: created at revision 3, changed last at 7, the second version. */
export const renderVersions = ({ createRevision, modRevision, version }: Versions): string =>
  `${createRevision}/${modRevision}/${version}`;

/** A scan's answer, as two can be compared and a trace can show it. */
export function renderScan(entries: readonly NamedState[], more: boolean): string {
  const shown = entries.map((entry) => `${entry.key}=${entry.value}@${renderVersions(entry)}`);
  return `[${shown.join(' ')}${more ? ' …' : ''}]`;
}
