import { assert, type Emit, type LogIndex, RaftctlError, type Term } from '../base/index.js';
import type { Outcome } from '../kv/index.js';
import type { DropReason, Entry, RawNode, RecordRef } from '../raft/index.js';
import type { Origin } from './origin.js';
import type { Patience, Waiting } from './patience.js';
import { failed, type Result } from './result.js';

/** Who waits for an entry that this node proposed as the leader. */
export interface Proposer extends Waiting {
  readonly origin: Origin;
}

interface ProposalsOptions {
  readonly raft: Pick<RawNode, 'propose'>;
  /** Why no leader can be had just now. */
  readonly leaderless: () => RaftctlError;
  readonly patience: Patience;
  readonly emit: Emit;
}

const WHY_DROPPED: Readonly<Record<DropReason, string>> = {
  'not-leader': 'the node does not lead any more',
  transferring: 'the leader is handing leadership over',
  quota: 'the leader holds too many bytes that are not yet committed',
  'disk-behind': 'the leader holds too many bytes that are not yet on its own disk: it does not keep up',
};

/** What was proposed together: neighbours in the log, of one term. */
interface Batch {
  readonly term: Term;
  readonly firstIndex: LogIndex;
  /** In the order of the log; undefined: told already. */
  readonly proposers: (Proposer | undefined)[];
}

/**
 * Entries on their way into the log: by index and term, who waits to hear what became of them. Whoever proposes
 * commands comes here.
 *
 *     propose ──▶ waits ──▶ told when the state machine has applied that index: the result of its own entry, or that
 *                           another leader's entry is there
 */
export class Proposals {
  readonly #options: ProposalsOptions;
  /** In the order of the log: where one begins, the one before has ended. */
  #batches: Batch[] = [];
  #waiting = 0;
  /** In which somebody's write was answered: told once for each term of this leader. */
  #servedTerm: Term | undefined;

  constructor(options: ProposalsOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** On a leader: proposes one record for each of `proposers`. Those that do not fit are told so. */
  propose(records: readonly RecordRef[], proposers: readonly Proposer[]): void {
    const proposal = this.#options.raft.propose(records);
    const accepted = proposal.type === 'accepted' ? proposal.count : 0;
    if (proposal.type === 'accepted') {
      const { firstIndex, term } = proposal;
      this.#cutFrom(firstIndex);
      this.#batches.push({ term, firstIndex, proposers: proposers.slice(0, accepted) });
      this.#waiting += accepted;
    }
    for (const { origin } of proposers.slice(accepted)) {
      const why = proposal.type === 'dropped' ? WHY_DROPPED[proposal.reason] : WHY_DROPPED.quota;
      origin.respond(failed(new RaftctlError('proposal-dropped', why, { hint: 'try again' })));
    }
  }

  /** The state machine applied `entries`, which follow each other; `results` holds one item per entry. */
  applied(entries: readonly Entry[], results: readonly (Outcome | undefined)[]): void {
    const first = entries[0];
    if (first === undefined || this.#batches.length === 0) return;
    const end = first.index + entries.length;
    let done = 0;
    for (const batch of this.#batches) {
      if (batch.firstIndex >= end) break;
      this.#tell(batch, first.index, entries, results);
      if (batch.firstIndex + batch.proposers.length > end) break;
      done += 1;
    }
    this.#batches.splice(0, done);
  }

  /** A state came from elsewhere in place of the entries up to `index`: nobody can tell what became of each. */
  skippedTo(index: LogIndex): void {
    const message = (at: number) => `the write at index ${at} was decided elsewhere, and how is not known here`;
    this.#endWhere(
      (_, at) => at <= index,
      (at) => new RaftctlError('outcome-unknown', message(at), { hint: 'read the key to find out' }),
    );
  }

  /** Ends the waiting of those who have waited for long enough. */
  sweep(now: number): void {
    this.#endWhere(
      (proposer) => this.#options.patience.isOverInDoubt(proposer, now),
      (index) => this.#undecided(index),
    );
  }

  /** The node stops: nobody will tell any more. */
  close(): void {
    const message = 'the node stopped before the write was committed: it may still happen';
    const error = new RaftctlError('outcome-unknown', message, { hint: 'ask another node' });
    this.#endWhere(
      () => true,
      () => error,
    );
    this.#batches = [];
  }

  #tell(
    { term, firstIndex, proposers }: Batch,
    appliedFrom: LogIndex,
    entries: readonly Entry[],
    results: readonly (Outcome | undefined)[],
  ): void {
    const from = Math.max(firstIndex, appliedFrom);
    const upTo = Math.min(firstIndex + proposers.length, appliedFrom + entries.length);
    for (let index = from; index < upTo; index += 1) {
      const proposer = proposers[index - firstIndex];
      if (proposer === undefined) continue;
      proposers[index - firstIndex] = undefined;
      this.#waiting -= 1;
      const entry = entries[index - appliedFrom]!;
      assert(entry.index === index, () => `entry ${entry.index} was applied as ${index}`);
      const result = results[index - appliedFrom];
      if (entry.term === term && term !== this.#servedTerm) this.#maybeTellServed(entry, proposer, result);
      if (entry.term === term && result !== undefined) proposer.origin.respond(resultOf(result));
      else proposer.origin.respond(failed(overwritten(entry, term)));
    }
  }

  /** The node's own entries, and commands that failed, are no service. */
  #maybeTellServed({ index, term }: Entry, { origin }: Proposer, result: Outcome | undefined): void {
    if (origin.from === 'own' || result === undefined || !isWritten(result)) return;
    this.#servedTerm = term;
    this.#options.emit.emit('info', 'first-write-committed', { index, term });
  }

  /** The log was cut off here by another leader in between; what stood there may live on elsewhere. */
  #cutFrom(cut: LogIndex): void {
    for (let last = this.#batches.at(-1); last !== undefined; last = this.#batches.at(-1)) {
      const { term, firstIndex, proposers } = last;
      const kept = Math.max(0, cut - firstIndex);
      if (kept >= proposers.length) return;
      proposers.splice(kept).forEach((proposer, nth) => {
        if (proposer === undefined) return;
        this.#waiting -= 1;
        const where = `index ${firstIndex + kept + nth} of term ${term}`;
        const message = `the write at ${where} was overwritten here before it was committed`;
        proposer.origin.respond(failed(new RaftctlError('outcome-unknown', message)));
      });
      if (kept > 0) return;
      this.#batches.pop();
    }
  }

  #endWhere(ends: (proposer: Proposer, index: number) => boolean, why: (index: number) => RaftctlError): void {
    if (this.#waiting === 0) return;
    for (const { firstIndex, proposers } of this.#batches) {
      for (const [nth, proposer] of proposers.entries()) {
        if (proposer === undefined || !ends(proposer, firstIndex + nth)) continue;
        proposers[nth] = undefined;
        this.#waiting -= 1;
        proposer.origin.respond(failed(why(firstIndex + nth)));
      }
    }
  }

  #undecided(index: number): RaftctlError {
    const why = this.#options.leaderless().message;
    return new RaftctlError('quorum-lost', `the write was proposed (index ${index}) but not committed: ${why}`, {
      definite: false,
      hint: 'it may still happen: read the key to find out',
    });
  }
}

const isWritten = (outcome: Outcome): boolean =>
  !(outcome instanceof RaftctlError) && 'succeeded' in outcome && outcome.succeeded;

function resultOf(outcome: Outcome): Result {
  if (outcome instanceof RaftctlError) return failed(outcome);
  if ('session' in outcome) return { type: 'session-opened', session: outcome.session };
  return { type: 'written', succeeded: outcome.succeeded, revision: outcome.revision };
}

function overwritten({ index, term }: Entry, proposedIn: Term): RaftctlError {
  const message = `another leader overwrote the write: index ${index} holds term ${term}, not ${proposedIn}`;
  return new RaftctlError('proposal-dropped', message, { hint: 'it did not happen and never will: try again' });
}
