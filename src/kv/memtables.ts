import { assert } from '../base/index.js';
import type { BinaryKey } from './key.js';
import { Memtable } from './memtable.js';
import type { Version } from './version.js';

/**
 * What was applied and is not flushed: the *active* memtable, which grows, and at most one *sealed* one, which is
 * waiting to be written or being written and never changes. The newer hides the older, and both hide the backend.
 */
export class Memtables {
  #active = new Memtable();
  #sealed: Memtable | undefined;

  get active(): Memtable {
    return this.#active;
  }

  get sealed(): Memtable | undefined {
    return this.#sealed;
  }

  /** What both cost in memory, roughly. */
  get bytes(): number {
    return this.#active.bytes + (this.#sealed?.bytes ?? 0);
  }

  find(key: BinaryKey): Version | undefined {
    return this.#active.get(key) ?? this.#sealed?.get(key);
  }

  seal(): Memtable {
    assert(this.#sealed === undefined, 'a memtable is sealed while another one is');
    this.#sealed = this.#active;
    this.#active = new Memtable();
    return this.#sealed;
  }

  /** The sealed memtable is in the backend now. */
  dropSealed(): void {
    this.#sealed = undefined;
  }
}
