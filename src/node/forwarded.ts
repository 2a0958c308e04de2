import { type Clock, type NodeId, RaftctlError, type Scheduler } from '../base/index.js';
import { type Call, Calls, type Frame, type Link } from '../transport/index.js';
import { KIND } from '../wire/index.js';
import { decodeForwardReply, encodeForwarded } from './edge/forwarding.js';
import type { Patience } from './patience.js';
import { failed } from './result.js';
import type { PendingWrite } from './writes.js';

interface ForwardedOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Drawn by each process: an answer meant for a former one must not match a write of this one. */
  readonly firstId: number;
}

const DEPOSED_GRACE_MS = 60;

/**
 * Writes that this node sent to one other, the leader, and that are not answered. Whatever happens to it, such a write
 * is never sent again: without an answer its outcome is unknown.
 */
export class Forwarded {
  readonly #leader: NodeId;
  readonly #calls: Calls<ForwardedWrite>;
  /** The leader was deposed: what it has not answered by then, it will hardly answer. */
  #answersUntil = Number.POSITIVE_INFINITY;

  constructor(leader: NodeId, { clock, scheduler, firstId }: ForwardedOptions) {
    this.#leader = leader;
    this.#calls = new Calls({ clock, scheduler, firstId });
  }

  get size(): number {
    return this.#calls.size;
  }

  /** False: the link is not up, and nothing was sent. */
  send(link: Link, write: PendingWrite): boolean {
    const call = new ForwardedWrite(this.#leader, write);
    if (!this.#calls.send(link, KIND.forward, call, ...encodeForwarded(write.request))) return false;
    this.leads();
    return true;
  }

  /** An answer; nobody may wait for it any more. Throws `bad-request` when it cannot be read. */
  take(frame: Frame): void {
    this.#calls.take(frame);
  }

  leads(): void {
    this.#answersUntil = Number.POSITIVE_INFINITY;
  }

  /** Another leads now. If this one lives, it knows the fate of what it holds within a heartbeat or so. */
  deposed(now: number): void {
    if (this.#calls.size > 0) this.#answersUntil = Math.min(this.#answersUntil, now + DEPOSED_GRACE_MS);
  }

  sweep(now: number, patience: Patience): void {
    if (this.#answersUntil <= now) this.drop(`${this.#leader}, the leader it was sent to, was deposed and is silent`);
    if (!patience.isLeaderless) return;
    // It may be cut off, from this node as well, while the link seems to be up.
    const over = [...this.#calls].filter(({ write }) => patience.isOverInDoubt(write, now));
    for (const call of over) {
      if (this.#calls.withdraw(call)) call.fail(`${this.#leader}, the leader it was sent to, is silent`);
    }
  }

  /** The link broke. */
  lost(): void {
    this.#calls.lost(undefined);
  }

  /** The leader had these writes and can no longer be asked: they may have happened. */
  drop(why: string): void {
    for (const call of this.#calls.drain()) call.fail(why);
  }
}

class ForwardedWrite implements Call {
  callId = 0;
  readonly #leader: NodeId;
  readonly write: PendingWrite;

  constructor(leader: NodeId, write: PendingWrite) {
    this.#leader = leader;
    this.write = write;
  }

  get deadline(): number {
    return this.write.deadline;
  }

  take({ payload }: Frame): void {
    try {
      this.write.origin.respond(decodeForwardReply(payload));
    } catch (error) {
      this.fail(`the answer of ${this.#leader}, the leader, cannot be read`);
      throw error;
    }
  }

  overdue(): void {
    this.fail(`${this.#leader}, the leader it was sent to, did not answer in time`);
  }

  lost(): void {
    this.fail(`the link to ${this.#leader}, the leader, broke`);
  }

  fail(why: string): void {
    const message = `the write was sent and its outcome is unknown: ${why}`;
    const hint = 'it may have happened: read the key to find out';
    this.write.origin.respond(failed(new RaftctlError('outcome-unknown', message, { hint })));
  }
}
