import { type Command, decodeCommand } from '../../kv/index.js';

/** What a key holds; values are known by the name of the operation that wrote them. */
interface KeyState {
  readonly value: string;
  readonly revision: number;
}

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
  revision = 0;
  /** The effect that made revision `i + 1`. */
  readonly #effects: Effect[] = [];
  readonly #keys = new Map<string, { readonly value: string | null; readonly revision: number }[]>();

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
    return this.#effects[revision - 1];
  }

  /** What the key held as of a revision; undefined: nothing. */
  at(key: string, revision: number): KeyState | undefined {
    const versions = this.#keys.get(key) ?? [];
    let low = 0;
    let high = versions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (versions[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    const found = versions[low - 1];
    return found === undefined || found.value === null ? undefined : { value: found.value, revision: found.revision };
  }

  /** Keys that exist as of a revision, in order. */
  keysAt(revision: number): string[] {
    return [...this.#keys.keys()].filter((key) => this.at(key, revision) !== undefined).sort();
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
    versions.push({ value: effect.value, revision: effect.revision });
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** A value is its name, then filling. */
export function nameOf(value: Uint8Array): string {
  const end = value.indexOf(FILLING);
  return textOf(end < 0 ? value : value.subarray(0, end));
}

const FILLING = 0x2e;

/** The bytes of a value of that name: filled up to `length`. */
export function valueNamed(name: string, length: number): Buffer {
  return Buffer.from(name.padEnd(length, '.'), 'latin1');
}
