import { type LogIndex, RaftctlError } from '../base/index.js';
import type { RawNode, ReadState } from '../raft/index.js';
import type { Answers, Call } from './call.js';

interface ReadsOptions {
  readonly raft: RawNode;
  readonly answers: Answers;
  readonly appliedIndex: () => LogIndex;
  /** Answers the call from the local state, which is fresh enough now. */
  readonly serve: (call: Call) => void;
  readonly leaderless: () => RaftctlError;
  /** A round that got no answer for this long is asked again: the message may be lost. Suggested 200 ms. */
  readonly askAgainMs: number;
}

interface Round {
  readonly calls: readonly Call[];
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
  #arrived: Call[] = [];
  readonly #asking = new Map<number, Round>();
  #confirmed: { readonly index: LogIndex; readonly calls: readonly Call[] }[] = [];
  #nextId = 1;

  constructor(options: ReadsOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#arrived.length + this.#asking.size + this.#confirmed.length;
  }

  add(call: Call): void {
    this.#arrived.push(call);
  }

  /** Once a turn: asks for one read index on behalf of all that arrived. */
  flush(now: number): void {
    if (this.#arrived.length === 0) return;
    const id = this.#nextId;
    if (!this.#options.raft.readIndex(id)) return;
    this.#nextId += 1;
    this.#asking.set(id, { calls: this.#arrived, askedAt: now });
    this.#arrived = [];
  }

  /** The core confirmed these rounds. */
  confirmed(states: readonly ReadState[]): void {
    for (const { id, index } of states) {
      const round = this.#asking.get(id);
      if (round === undefined) continue;
      this.#asking.delete(id);
      this.#confirmed.push({ index, calls: round.calls });
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
      else for (const call of round.calls) this.#options.serve(call);
    }
    this.#confirmed = still;
  }

  /** Leader or term changed: the core forgot what it was asked. */
  askAgain(): void {
    for (const { calls } of this.#asking.values()) this.#arrived.push(...calls);
    this.#asking.clear();
  }

  /** Ends calls whose time is up, wherever they wait, and asks again for rounds without an answer. */
  sweep(now: number): void {
    for (const [id, { calls, askedAt }] of this.#asking) {
      if (now - askedAt < this.#options.askAgainMs && calls.every(({ deadline }) => deadline > now)) continue;
      this.#asking.delete(id);
      this.#arrived.push(...calls);
    }
    this.#arrived = this.#inTime(this.#arrived, now);
    this.#confirmed = this.#confirmed
      .map(({ index, calls }) => ({ index, calls: this.#inTime(calls, now) }))
      .filter(({ calls }) => calls.length > 0);
  }

  #inTime(calls: readonly Call[], now: number): Call[] {
    const inTime: Call[] = [];
    for (const call of calls) {
      if (call.deadline > now) inTime.push(call);
      else this.#options.answers.fail(call, this.#options.leaderless());
    }
    return inTime;
  }

  close(): void {
    const rounds = [...this.#asking.values(), ...this.#confirmed, { calls: this.#arrived }];
    for (const { calls } of rounds) {
      for (const call of calls) {
        this.#options.answers.fail(call, new RaftctlError('shutting-down', 'the node is stopping'));
      }
    }
    this.#asking.clear();
    this.#confirmed = [];
    this.#arrived = [];
  }
}
