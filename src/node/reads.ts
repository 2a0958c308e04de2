import { type LogIndex, RaftctlError } from '../base/index.js';
import type { RawNode, ReadState } from '../raft/index.js';
import type { Patience } from './patience.js';
import type { Get, Pending, Scan } from './request.js';
import { failed } from './result.js';

export type PendingRead = Pending<Get | Scan>;

interface ReadsOptions {
  readonly raft: RawNode;
  readonly appliedIndex: () => LogIndex;
  /** Answers from the local state, which is fresh enough now. */
  readonly serve: (read: PendingRead) => void;
  readonly leaderless: () => RaftctlError;
  readonly patience: Patience;
  /** A round that got no answer for this long is asked again: the message may be lost. Suggested 200 ms. */
  readonly askAgainMs: number;
}

interface Round {
  readonly reads: readonly PendingRead[];
  readonly askedAt: number;
}

/**
 * Linearizable reads (Diss. §6.4), on any node: all that arrived in a turn share one read index; they are served from
 * local state once it has applied that index. A read has no effect, so a round that was lost is asked again.
 *
 *     arrived ──▶ asking (round id) ──▶ confirmed (index) ──▶ served when applied
 */
export class Reads {
  readonly #options: ReadsOptions;
  #arrived: PendingRead[] = [];
  readonly #asking = new Map<number, Round>();
  #confirmed: { readonly index: LogIndex; readonly reads: readonly PendingRead[] }[] = [];
  #nextId = 1;

  constructor(options: ReadsOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#arrived.length + this.#asking.size + this.#confirmed.length;
  }

  add(read: PendingRead): void {
    this.#arrived.push(read);
  }

  /** Once a turn: asks for one read index on behalf of all that arrived. */
  flush(now: number): void {
    if (this.#arrived.length === 0) return;
    const id = this.#nextId;
    if (!this.#options.raft.readIndex(id)) return;
    this.#nextId += 1;
    this.#asking.set(id, { reads: this.#arrived, askedAt: now });
    this.#arrived = [];
  }

  /** The core confirmed these rounds. */
  confirmed(states: readonly ReadState[]): void {
    for (const { id, index } of states) {
      const round = this.#asking.get(id);
      if (round === undefined) continue;
      this.#asking.delete(id);
      this.#confirmed.push({ index, reads: round.reads });
    }
    if (states.length > 0) this.serveApplied();
  }

  /** Serves what the state machine has caught up with. */
  serveApplied(): void {
    if (this.#confirmed.length === 0) return;
    const applied = this.#options.appliedIndex();
    const still = [];
    for (const round of this.#confirmed) {
      if (round.index > applied) still.push(round);
      else for (const read of round.reads) this.#options.serve(read);
    }
    this.#confirmed = still;
  }

  /** Leader or term changed: the core forgot what it was asked. */
  askAgain(): void {
    for (const { reads } of this.#asking.values()) this.#arrived.push(...reads);
    this.#asking.clear();
  }

  /** Ends reads that have waited for long enough, wherever they do, and asks again for rounds without an answer. */
  sweep(now: number): void {
    const { patience } = this.#options;
    for (const [id, { reads, askedAt }] of this.#asking) {
      if (now - askedAt < this.#options.askAgainMs && reads.every((read) => !patience.isOver(read, now))) continue;
      this.#asking.delete(id);
      this.#arrived.push(...reads);
    }
    this.#arrived = this.#inTime(this.#arrived, now);
    this.#confirmed = this.#confirmed
      .map(({ index, reads }) => ({ index, reads: this.#inTime(reads, now) }))
      .filter(({ reads }) => reads.length > 0);
  }

  #inTime(reads: readonly PendingRead[], now: number): PendingRead[] {
    const inTime: PendingRead[] = [];
    for (const read of reads) {
      if (this.#options.patience.isOver(read, now)) read.origin.respond(failed(this.#options.leaderless()));
      else inTime.push(read);
    }
    return inTime;
  }

  close(): void {
    const rounds = [...this.#asking.values(), ...this.#confirmed, { reads: this.#arrived }];
    for (const { reads } of rounds) {
      for (const { origin } of reads) origin.respond(failed(new RaftctlError('shutting-down', 'the node is stopping')));
    }
    this.#asking.clear();
    this.#confirmed = [];
    this.#arrived = [];
  }
}
