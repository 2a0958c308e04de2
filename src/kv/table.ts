import { assert } from '../base/index.js';
import { Generation } from './generation.js';
import type { BinaryKey } from './key.js';
import type { Version } from './version.js';

/**
 * What was applied and is not flushed: the *active* generation, which grows, and at most one *sealed* one, which is
 * waiting to be written or being written and never changes. The newer hides the older, and both hide the backend.
 */
export class Table {
  #active = new Generation();
  #sealed: Generation | undefined;

  get active(): Generation {
    return this.#active;
  }

  get sealed(): Generation | undefined {
    return this.#sealed;
  }

  /** What both cost in memory, roughly. */
  get bytes(): number {
    return this.#active.bytes + (this.#sealed?.bytes ?? 0);
  }

  find(key: BinaryKey): Version | undefined {
    return this.#active.get(key) ?? this.#sealed?.get(key);
  }

  seal(): Generation {
    assert(this.#sealed === undefined, 'a generation is sealed while another one is');
    this.#sealed = this.#active;
    this.#active = new Generation();
    return this.#sealed;
  }

  /** The sealed generation is in the backend now. */
  dropSealed(): void {
    this.#sealed = undefined;
  }
}
