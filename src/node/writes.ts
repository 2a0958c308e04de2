import { type NodeId, RaftctlError } from '../base/index.js';
import { ENTRY_TYPES, type RawNode, RECORD_HEADER_BYTES, type RecordRef, sealRecord } from '../raft/index.js';
import type { Patience } from './patience.js';
import type { Proposals } from './proposals.js';
import type { Pending, Write } from './request.js';
import { failed } from './result.js';

export type PendingWrite = Pending<Write>;

interface WritesOptions {
  readonly raft: Pick<RawNode, 'role' | 'leader' | 'transferee'>;
  readonly proposals: Proposals;
  /** Sends the write to that node, which answers it; false when its link is not up. */
  readonly forward: (leader: NodeId, write: PendingWrite) => boolean;
  /** Why no leader can be had just now, in words. */
  readonly leaderless: () => RaftctlError;
  readonly patience: Patience;
}

/** What may pile up for want of a leader. */
const PARKED_BYTES_MAX = 64 << 20;

/**
 * Writes that arrived here. On the leader they become one proposal per turn; on a follower they are forwarded; without
 * a leader, or while one hands over, they are parked.
 *
 *     arrived ──▶ parked ──▶ proposed (leader: `proposals` answers)
 *                       └──▶ forwarded (follower: the leader answers)
 */
export class Writes {
  readonly #options: WritesOptions;
  /** Not sent anywhere yet: failing these is definite. */
  #parked: PendingWrite[] = [];
  #parkedBytes = 0;

  constructor(options: WritesOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#parked.length;
  }

  add(write: PendingWrite): void {
    if (this.#parkedBytes > PARKED_BYTES_MAX) {
      const message = `too many writes wait for a leader here, over ${PARKED_BYTES_MAX} bytes`;
      write.origin.respond(failed(new RaftctlError('proposal-dropped', message, { hint: 'try again' })));
      return;
    }
    this.#parked.push(write);
    this.#parkedBytes += write.request.command.length;
  }

  /** Once a turn: moves on whatever can. */
  flush(): void {
    if (this.#parked.length === 0) return;
    const { role, leader, transferee } = this.#options.raft;
    if (transferee !== null) return;
    if (role === 'leader') this.#propose();
    else if (leader !== null) this.#park(this.#forwardTo(leader));
  }

  /** Ends writes that have waited for long enough. */
  sweep(now: number): void {
    const { patience } = this.#options;
    const late = this.#parked.filter((write) => patience.isOver(write, now));
    if (late.length === 0) return;
    this.#park(this.#parked.filter((write) => !patience.isOver(write, now)));
    for (const { origin } of late) origin.respond(failed(this.#options.leaderless()));
  }

  /** The node stops. */
  close(): void {
    const error = new RaftctlError('shutting-down', 'the node is stopping', { hint: 'ask another node' });
    for (const { origin } of this.#parked.splice(0)) origin.respond(failed(error));
  }

  #propose(): void {
    const writes = this.#parked;
    this.#park([]);
    this.#options.proposals.propose(recordsOf(writes), writes);
  }

  /** Only these wait for a leader now. */
  #park(writes: PendingWrite[]): void {
    this.#parked = writes;
    this.#parkedBytes = writes.reduce((bytes, { request }) => bytes + request.command.length, 0);
  }

  /** Answers what has to stay. */
  #forwardTo(leader: NodeId): PendingWrite[] {
    return this.#parked.filter((write) => {
      // Forwarded once already: two followers that each take the other for the leader must not play ball with it.
      if (write.origin.from === 'node') {
        const message = `not the leader any more; ${leader} is`;
        write.origin.respond(failed(new RaftctlError('not-leader', message)));
        return false;
      }
      return !this.#options.forward(leader, write);
    });
  }
}

/** One buffer holds the records of all writes, so that they leave as one slice, to disk and to the wire. */
function recordsOf(writes: readonly PendingWrite[]): RecordRef[] {
  let bytesTotal = 0;
  for (const { request } of writes) bytesTotal += RECORD_HEADER_BYTES + request.command.length;
  const bytes = Buffer.allocUnsafeSlow(bytesTotal);
  const records: RecordRef[] = [];
  let at = 0;
  for (const { request } of writes) {
    const { command } = request;
    command.copy(bytes, at + RECORD_HEADER_BYTES);
    const length = sealRecord(bytes, at, ENTRY_TYPES.command, command.length);
    records.push({ type: ENTRY_TYPES.command, bytes, at, length });
    at += length;
  }
  return records;
}
