import { type NodeId, RaftctlError } from '../base/index.js';
import { MEMBERSHIP_VERSION, versionTooLow } from '../kv/index.js';
import type { RawNode, TransferRefusal } from '../raft/index.js';
import type { Origin } from './origin.js';
import type { Transfer } from './request.js';
import { failed } from './result.js';

interface TransfersOptions {
  readonly id: NodeId;
  readonly raft: Pick<RawNode, 'role' | 'term' | 'leader' | 'transferee' | 'transferLeadership'>;
  readonly clusterVersion: () => number;
}

interface Waiting {
  readonly origin: Origin;
  readonly deadline: number;
  readonly to: NodeId;
  /** In which this node led when it was asked. */
  readonly term: number;
}

/** Who waits for this leader to hand over. They hear who leads instead, or that nobody does. */
export class Transfers {
  readonly #options: TransfersOptions;
  #waiting: Waiting[] = [];

  constructor(options: TransfersOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Do all members know how? */
  get isKnown(): boolean {
    return this.#options.clusterVersion() >= MEMBERSHIP_VERSION;
  }

  begin({ to }: Transfer, origin: Origin, deadline: number): void {
    const { raft, clusterVersion } = this.#options;
    if (!this.isKnown) {
      origin.respond(failed(versionTooLow('transfer', MEMBERSHIP_VERSION, clusterVersion())));
      return;
    }
    const { term } = raft;
    const result = raft.transferLeadership(to ?? undefined);
    if (result.type === 'started') this.#waiting.push({ origin, deadline, to: result.to, term });
    else origin.respond(failed(this.#refusal(result.reason, to)));
  }

  /** Once a turn, when the core has dealt with everything that arrived. */
  run(): void {
    if (this.#waiting.length === 0) return;
    const { id, raft } = this.#options;
    const { role, term, leader, transferee } = raft;
    this.#waiting = this.#waiting.filter((waiting) => {
      const { origin, to } = waiting;
      if (role === 'leader' && term === waiting.term && transferee === to) return true;
      if (role !== 'leader' && leader === null) return true;
      if (role === 'leader') origin.respond(failed(this.#givenUp(to)));
      else origin.respond({ type: 'leads', leader: leader ?? id, term });
      return false;
    });
  }

  sweep(now: number): void {
    this.#end(
      ({ deadline }) => deadline <= now,
      ({ to }) => new RaftctlError('timeout', `leadership was to go to ${to}, and nobody is known to lead yet`),
    );
  }

  close(): void {
    this.#end(
      () => true,
      () => new RaftctlError('shutting-down', 'the node is stopping', { definite: false }),
    );
  }

  #end(ends: (waiting: Waiting) => boolean, why: (waiting: Waiting) => RaftctlError): void {
    const over = this.#waiting.filter(ends);
    if (over.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !over.includes(waiting));
    for (const waiting of over) waiting.origin.respond(failed(why(waiting)));
  }

  #givenUp(to: NodeId): RaftctlError {
    const message = `${to} did not take over in time: ${this.#options.id} leads on`;
    return new RaftctlError('transfer-failed', message, { hint: `is ${to} running, and does it keep up?` });
  }

  #refusal(reason: TransferRefusal, to: NodeId | null): RaftctlError {
    const { id, raft } = this.#options;
    const fail = (message: string, hint?: string): RaftctlError =>
      new RaftctlError('transfer-failed', message, hint === undefined ? {} : { hint });
    switch (reason) {
      case 'not-leader':
        return new RaftctlError('not-leader', `${id} is ${raft.role}; ${raft.leader ?? 'nobody it knows'} leads`);
      case 'leads':
        return fail(`${id} leads already`);
      case 'no-member':
        return new RaftctlError('no-such-node', `${to} is not a member of the cluster`);
      case 'learner':
        return fail(`${to} is a learner, which never leads`, `promote ${to} first`);
      case 'silent':
        return fail(`${to} does not answer ${id}, the leader`, `is ${to} running and not cut off?`);
      case 'nobody':
        return fail(`no other voter keeps up with ${id}, the leader`, 'start or resume more nodes');
    }
  }
}
