import type { Level } from '../base/index.js';

/** Of one election; more is forgotten, and told once more. */
const TOLD_MAX = 100;

/**
 * Elections are rare and their events are kept for everybody (`info`): who asked, who granted, who refused and why. But a
 * node that asks in vain asks fifty times a second. What was told of the election under way is told at `debug` when it
 * repeats, until a leader is known or the term rises. Nothing that a node does depends on it.
 */
export class Told {
  readonly #told = new Set<string>();

  /** At which level to tell it now. */
  levelOf(...what: readonly (string | number | boolean | null)[]): Level {
    const key = what.join(' ');
    if (this.#told.has(key)) return 'debug';
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.add(key);
    return 'info';
  }

  /** That election is over. */
  forget(): void {
    if (this.#told.size > 0) this.#told.clear();
  }
}
