import { type LogIndex, type NodeId, RaftctlError, type Term } from '../base/index.js';
import type { CommandResult } from '../kv/index.js';
import {
  ENTRY_TYPES,
  type Entry,
  type RawNode,
  RECORD_HEADER_BYTES,
  type RecordRef,
  sealRecord,
} from '../raft/index.js';
import { encodeOkWrite, KIND, WRITE_HEADER_BYTES } from '../wire/index.js';
import type { Answers, Call } from './call.js';

interface WritesOptions {
  readonly raft: RawNode;
  readonly answers: Answers;
  /** Sends the call to that node; false when its link is not up. */
  readonly forward: (leader: NodeId, call: Call) => boolean;
  /** Why no leader can be had just now, in words. */
  readonly leaderless: () => RaftctlError;
}

/** What may pile up for want of a leader. */
const PARKED_BYTES_MAX = 64 << 20;

/**
 * Client writes, from arrival to answer. On the leader they become one proposal per turn and wait by log index until
 * the state machine has applied them; on a follower they are forwarded; without a leader they are parked.
 *
 *     arrived ──▶ parked ──▶ proposed (leader) ──▶ answered when its index is applied
 *                       └──▶ forwarded (follower: the leader answers)
 */
export class Writes {
  readonly #options: WritesOptions;
  /** Not sent anywhere yet: failing these is definite. */
  #parked: Call[] = [];
  #parkedBytes = 0;
  readonly #proposed = new Map<LogIndex, { readonly call: Call; readonly term: Term }>();

  constructor(options: WritesOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#parked.length + this.#proposed.size;
  }

  add(call: Call): void {
    if (this.#parkedBytes > PARKED_BYTES_MAX) {
      const message = `too many writes wait for a leader here, over ${PARKED_BYTES_MAX} bytes`;
      this.#options.answers.fail(call, new RaftctlError('proposal-dropped', message, { hint: 'try again' }));
      return;
    }
    this.#parked.push(call);
    this.#parkedBytes += call.payload.length;
  }

  /** Once a turn: moves on whatever can. */
  flush(): void {
    if (this.#parked.length === 0) return;
    const { role, leader } = this.#options.raft;
    if (role === 'leader') this.#propose();
    else if (leader !== null) this.#park(this.#forwardTo(leader));
  }

  /** The state machine applied `entries`; `results` holds one item per entry. */
  applied(entries: readonly Entry[], results: readonly (CommandResult | undefined)[]): void {
    if (this.#proposed.size === 0) return;
    for (let i = 0; i < entries.length; i++) {
      const { index, term } = entries[i]!;
      const waiter = this.#proposed.get(index);
      if (waiter === undefined) continue;
      this.#proposed.delete(index);
      const result = results[i];
      if (waiter.term === term && result !== undefined) {
        this.#options.answers.answer(waiter.call, KIND.okWrite, encodeOkWrite(result));
      } else this.#options.answers.fail(waiter.call, overwritten(index, waiter.term, term));
    }
  }

  /** Ends calls whose time is up. */
  sweep(now: number): void {
    const late = this.#parked.filter((call) => call.deadline <= now);
    if (late.length > 0) {
      this.#park(this.#parked.filter((call) => call.deadline > now));
      for (const call of late) this.#options.answers.fail(call, this.#options.leaderless());
    }
    for (const [index, { call }] of this.#proposed) {
      if (call.deadline > now) continue;
      this.#proposed.delete(index);
      this.#options.answers.fail(call, this.#undecided(index));
    }
  }

  /** The node stops: nobody will answer any more. */
  close(): void {
    const stopping = { hint: 'ask another node' };
    for (const call of this.#parked.splice(0)) {
      this.#options.answers.fail(call, new RaftctlError('shutting-down', 'the node is stopping', stopping));
    }
    for (const { call } of this.#proposed.values()) {
      const message = 'the node stopped before the write was committed: it may still happen';
      this.#options.answers.fail(call, new RaftctlError('outcome-unknown', message, stopping));
    }
    this.#proposed.clear();
  }

  #propose(): void {
    const calls = this.#parked;
    this.#park([]);
    const proposal = this.#options.raft.propose(recordsOf(calls));
    const accepted = proposal.type === 'accepted' ? proposal.count : 0;
    if (proposal.type === 'accepted') {
      for (let i = 0; i < accepted; i++) {
        this.#await((proposal.firstIndex + i) as LogIndex, calls[i]!, proposal.term);
      }
    }
    for (const call of calls.slice(accepted)) {
      const isDiskBehind = proposal.type === 'dropped' && proposal.reason === 'disk-behind';
      const lack = isDiskBehind ? 'on its own disk: it does not keep up' : 'committed';
      const message = `the leader holds too many bytes that are not yet ${lack}`;
      this.#options.answers.fail(call, new RaftctlError('proposal-dropped', message, { hint: 'try again' }));
    }
  }

  /** Only these wait for a leader now. */
  #park(calls: Call[]): void {
    this.#parked = calls;
    this.#parkedBytes = calls.reduce((bytes, { payload }) => bytes + payload.length, 0);
  }

  #await(index: LogIndex, call: Call, term: Term): void {
    const before = this.#proposed.get(index);
    if (before !== undefined) {
      // Cut off here by another leader in between; it may live on elsewhere.
      const message = `the write at index ${index} of term ${before.term} was overwritten here before it was committed`;
      this.#options.answers.fail(before.call, new RaftctlError('outcome-unknown', message));
    }
    this.#proposed.set(index, { call, term });
  }

  /** Answers what has to stay. */
  #forwardTo(leader: NodeId): Call[] {
    return this.#parked.filter((call) => {
      // Forwarded once already: two followers that each take the other for the leader must not play ball with it.
      if (call.origin.type === 'peer') {
        const message = `not the leader any more; ${leader} is`;
        this.#options.answers.fail(call, new RaftctlError('not-leader', message));
        return false;
      }
      return !this.#options.forward(leader, call);
    });
  }

  #undecided(index: LogIndex): RaftctlError {
    const why = this.#options.leaderless().message;
    return new RaftctlError('quorum-lost', `the write was proposed (index ${index}) but not committed: ${why}`, {
      definite: false,
      hint: 'it may still happen: read the key to find out',
    });
  }
}

/** One buffer holds the records of all calls, so that they leave as one slice, to disk and to the wire. */
function recordsOf(calls: readonly Call[]): RecordRef[] {
  let bytesTotal = 0;
  for (const call of calls) bytesTotal += RECORD_HEADER_BYTES + call.payload.length - WRITE_HEADER_BYTES;
  const bytes = Buffer.allocUnsafeSlow(bytesTotal);
  const records: RecordRef[] = [];
  let at = 0;
  for (const { payload } of calls) {
    payload.copy(bytes, at + RECORD_HEADER_BYTES, WRITE_HEADER_BYTES);
    const length = sealRecord(bytes, at, ENTRY_TYPES.command, payload.length - WRITE_HEADER_BYTES);
    records.push({ type: ENTRY_TYPES.command, bytes, at, length });
    at += length;
  }
  return records;
}

function overwritten(index: LogIndex, proposedIn: Term, appliedIn: Term): RaftctlError {
  const message = `another leader overwrote the write: index ${index} holds term ${appliedIn}, not ${proposedIn}`;
  return new RaftctlError('proposal-dropped', message, { hint: 'it did not happen and never will: try again' });
}
