import { assert, type LogIndex, type Membership } from '../base/index.js';
import type { LoggedMembership } from './entry.js';

/**
 * The memberships that the log holds, oldest first. The latest is in force, committed or not (§6): a truncation takes it
 * back. The oldest kept is the latest that is committed; what was before that is over.
 *
 *     after a start      4 {a b c}                    as of the applied index; entries of the log follow
 *     joint appended     4 {a b c}   9 {a b d | a b c}
 *     9 committed                    9 {a b d | a b c}   12 {a b d}
 */
export class Configurations {
  readonly #logged: LoggedMembership[];

  constructor(base: LoggedMembership, fromLog: readonly LoggedMembership[]) {
    this.#logged = [base];
    for (const { index, membership } of fromLog) this.append(index, membership);
  }

  /** In force. */
  get latest(): LoggedMembership {
    return this.#logged.at(-1)!;
  }

  /** The latest that `commitIndex` covers. */
  committed(commitIndex: LogIndex): LoggedMembership {
    return this.#logged.findLast(({ index }) => index <= commitIndex) ?? this.#logged[0]!;
  }

  /** All that was known is over: the log begins anew behind this one. */
  restart(base: LoggedMembership): void {
    this.#logged.splice(0, this.#logged.length, base);
  }

  append(index: LogIndex, membership: Membership): void {
    assert(index > this.latest.index, () => `membership ${index} after ${this.latest.index}`);
    this.#logged.push({ index, membership });
  }

  /** The entries from `firstIndex` on are gone. Answers whether another membership is in force now. */
  truncateFrom(firstIndex: LogIndex): boolean {
    const before = this.#logged.length;
    while (this.#logged.length > 1 && this.latest.index >= firstIndex) this.#logged.pop();
    return this.#logged.length < before;
  }

  /** Everything up to `commitIndex` is committed. Answers whether a membership became so. */
  committedTo(commitIndex: LogIndex): boolean {
    const at = this.#logged.findLastIndex(({ index }) => index <= commitIndex);
    if (at <= 0) return false;
    this.#logged.splice(0, at);
    return true;
  }
}
