import type { KeyValue } from '../../client/index.js';

/** A write that changed its key, as its answer told. */
export interface Acknowledged {
  readonly type: 'put' | 'delete';
  readonly revision: number;
  /** What makes its value. */
  readonly client: string;
  readonly sequence: number;
}

/** What is known of the writes to one key. */
class Account {
  puts = 0;
  first = Number.POSITIVE_INFINITY;
  last: Acknowledged | undefined;
  /** It may have been deleted by us, and versions have begun anew. */
  versionsBeganAnew = false;
  /** A delete of which nobody knows may have been the last that happened to it. */
  mayBeDeleted = false;
}

/** What the acknowledged writes of a load leave behind, key by key. */
export class Accounts {
  readonly #byKey: (Account | undefined)[];
  writes = 0;

  constructor(keys: number) {
    this.#byKey = new Array<Account | undefined>(keys).fill(undefined);
  }

  acknowledge(key: number, write: Acknowledged): void {
    const account = this.#of(key);
    this.writes += 1;
    if (write.type === 'put') account.puts += 1;
    else account.versionsBeganAnew = true;
    account.first = Math.min(account.first, write.revision);
    if (account.last === undefined || write.revision > account.last.revision) account.last = write;
  }

  /** A delete of which nobody knows. */
  doubtDelete(key: number): void {
    const account = this.#of(key);
    account.versionsBeganAnew = true;
    account.mayBeDeleted = true;
  }

  /** Those with an acknowledged write. */
  written(): number[] {
    return [...this.#byKey.keys()].filter((key) => this.#byKey[key]?.last !== undefined);
  }

  /** Where the past of the key, as far as it is ours, begins. */
  firstOf(key: number): number {
    return this.#byKey[key]!.first;
  }

  /** The revision of the last acknowledged write; 0: there is none. */
  lastOf(key: number): number {
    return this.#byKey[key]?.last?.revision ?? 0;
  }

  /**
   * How many acknowledged writes are certainly not behind what was read, if nobody else deletes keys. `bytesOf` makes the
   * value of a write.
   *
   * A key counts its writes since it was made, so it has at least as many as were acknowledged; and it cannot be older
   * than the last of them. Whatever came behind that is an unknown write of ours, or somebody else's.
   */
  missing(key: number, entry: KeyValue | null, bytesOf: (write: Acknowledged) => Buffer): number {
    const { puts, last, versionsBeganAnew, mayBeDeleted } = this.#byKey[key]!;
    if (last === undefined) return 0;
    if (entry === null) {
      if (last.type === 'delete' || mayBeDeleted) return 0;
      return versionsBeganAnew ? 1 : puts;
    }
    const counted = versionsBeganAnew ? 0 : Math.max(0, puts - entry.version);
    const isOlder = entry.modRevision < last.revision;
    return Math.max(counted, isOlder || this.isAnother(key, entry, bytesOf) ? 1 : 0);
  }

  /** Under the revision of the last write stands what that did not write. No past can explain it. */
  isAnother(key: number, entry: KeyValue | null, bytesOf: (write: Acknowledged) => Buffer): boolean {
    const { last } = this.#byKey[key]!;
    if (last === undefined || entry?.modRevision !== last.revision) return false;
    return last.type !== 'put' || !entry.value.equals(bytesOf(last));
  }

  /** The same by the key's own past: what the store says happened to it from `firstOf` on. */
  missingFromPast(
    key: number,
    past: readonly { readonly type: 'put' | 'delete'; readonly modRevision: number }[],
  ): number {
    const { puts, last } = this.#byKey[key]!;
    const happened = past.filter(({ type }) => type === 'put').length;
    const hasLast = past.some(({ type, modRevision }) => type === last?.type && modRevision === last.revision);
    return Math.max(0, puts - happened, hasLast ? 0 : 1);
  }

  #of(key: number): Account {
    this.#byKey[key] ??= new Account();
    return this.#byKey[key];
  }
}
