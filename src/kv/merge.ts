import type { BinaryKey } from './key.js';
import type { VersionCursor } from './stored-versions.js';
import { isTombstone, type Version } from './version.js';

/**
 * Several cursors as one: keys in order, each once. Where several cursors stand on one key, the first of them wins: list
 * the newest first. Keys whose winning version is a tombstone are passed over.
 */
export class MergeCursor implements VersionCursor {
  readonly #cursors: readonly VersionCursor[];
  #key: BinaryKey | undefined;
  #winner: VersionCursor | undefined;

  constructor(cursors: readonly VersionCursor[]) {
    this.#cursors = cursors;
    this.#settle();
  }

  get key(): BinaryKey | undefined {
    return this.#key;
  }

  get version(): Version {
    return this.#winner!.version;
  }

  advance(): void {
    this.#pass();
    this.#settle();
  }

  close(): void {
    for (const cursor of this.#cursors) cursor.close();
  }

  /** Finds the smallest key that is not deleted, from where the cursors stand. */
  #settle(): void {
    this.#pick();
    while (this.#winner !== undefined && isTombstone(this.#winner.version)) {
      this.#pass();
      this.#pick();
    }
  }

  #pick(): void {
    this.#key = undefined;
    this.#winner = undefined;
    for (const cursor of this.#cursors) {
      if (cursor.key === undefined || (this.#key !== undefined && cursor.key >= this.#key)) continue;
      this.#key = cursor.key;
      this.#winner = cursor;
    }
  }

  /** Every cursor that stands on the current key goes on. */
  #pass(): void {
    const key = this.#key;
    for (const cursor of this.#cursors) if (cursor.key === key) cursor.advance();
  }
}
