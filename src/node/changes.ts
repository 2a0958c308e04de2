import { type Clock, isJoint, type LogIndex, type Membership, type NodeId, RaftctlError } from '../base/index.js';
import { MEMBERSHIP_VERSION, versionTooLow } from '../kv/index.js';
import type { ChangeRefusal, RawNode } from '../raft/index.js';
import type { MembershipRequest } from '../wire/index.js';
import { CatchUp } from './catch-up.js';
import { planChange, promotedBy } from './membership-plan.js';
import type { Origin } from './origin.js';
import { failed } from './result.js';

interface ChangesOptions {
  readonly id: NodeId;
  readonly raft: Pick<
    RawNode,
    | 'role'
    | 'leader'
    | 'lastIndex'
    | 'membership'
    | 'committedMembership'
    | 'committedMembershipIndex'
    | 'matchOf'
    | 'changeMembership'
  >;
  readonly clock: Clock;
  readonly clusterVersion: () => number;
  /** The shortest election timeout. */
  readonly electionMs: number;
}

interface Current {
  readonly change: MembershipRequest;
  readonly origin: Origin;
  readonly deadline: number;
  /** Who is to vote has to keep up first. */
  readonly catchUp: CatchUp | undefined;
  /** Its first entry, once it is in the log. */
  index: LogIndex | undefined;
}

/**
 * Changes of the membership that somebody asked this leader for: one at a time.
 *
 *     asked ──▶ the learner keeps up (add and remove: at once) ──▶ proposed ──▶ committed, and a joint one left: told
 */
export class Changes {
  readonly #options: ChangesOptions;
  #current: Current | undefined;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#current === undefined ? 0 : 1;
  }

  begin(change: MembershipRequest, origin: Origin, deadline: number): void {
    const { raft, clock, electionMs } = this.#options;
    const refusal = this.#refusalOf(change);
    if (refusal !== undefined) {
      origin.respond(failed(refusal));
      return;
    }
    const now = clock.now();
    const learns = promotedBy(change) !== undefined;
    const catchUp = learns ? new CatchUp({ lastIndex: raft.lastIndex, now, electionMs }) : undefined;
    this.#current = { change, origin, deadline, catchUp, index: undefined };
  }

  /** Once a turn. */
  run(): void {
    if (this.#current === undefined) return;
    if (this.#current.index === undefined) this.#goOn(this.#current);
    else this.#look(this.#current.index);
  }

  sweep(now: number): void {
    const current = this.#current;
    if (current === undefined || current.deadline > now) return;
    if (current.index !== undefined) this.#fail(this.#unknown('it is not committed yet'));
    else if (current.catchUp === undefined)
      this.#fail(giveUp('nothing of this term is committed: does a quorum answer?'));
    else this.#fail(giveUp(`${promotedBy(current.change)} lacks too much of the log, and did not catch up in time`));
  }

  close(): void {
    if (this.#current === undefined) return;
    const wasProposed = this.#current.index !== undefined;
    this.#fail(new RaftctlError('shutting-down', 'the node is stopping', { definite: !wasProposed }));
  }

  /** Not proposed yet. */
  #goOn({ change, catchUp, deadline }: Current): void {
    const { raft, clock } = this.#options;
    if (clock.now() >= deadline) {
      this.sweep(deadline);
      return;
    }
    if (raft.role !== 'leader') {
      this.#fail(this.#notLeader());
      return;
    }
    const learner = promotedBy(change);
    if (learner !== undefined && catchUp !== undefined) {
      const state = catchUp.look(raft.matchOf(learner), raft.lastIndex, clock.now());
      if (state === 'behind') return;
      if (state !== 'keeps-up') {
        this.#fail(tooFarBehind(learner, state, catchUp.rounds));
        return;
      }
    }
    this.#propose(change);
  }

  #propose(change: MembershipRequest): void {
    const { raft } = this.#options;
    const next = planChange(raft.membership, change);
    if (next instanceof RaftctlError) {
      this.#fail(next);
      return;
    }
    const result = raft.changeMembership(next);
    if (result.type === 'accepted') this.#current!.index = result.index;
    // A leader that was just elected has to wait for its first entry, some milliseconds.
    else if (result.reason !== 'too-early' && result.reason !== 'transferring') {
      this.#fail(this.#refused(result.reason, next));
    }
  }

  #look(index: LogIndex): void {
    const { raft } = this.#options;
    const { committedMembership: committed, committedMembershipIndex } = raft;
    if (committedMembershipIndex >= index && !isJoint(committed)) {
      this.#current!.origin.respond({ type: 'membership', membership: committed });
      this.#current = undefined;
    } else if (raft.role !== 'leader') this.#fail(this.#unknown('another node leads now'));
  }

  #fail(error: RaftctlError): void {
    this.#current?.origin.respond(failed(error));
    this.#current = undefined;
  }

  #refusalOf(change: MembershipRequest): RaftctlError | undefined {
    const { raft, clusterVersion } = this.#options;
    if (raft.role !== 'leader') return this.#notLeader();
    const version = clusterVersion();
    if (version < MEMBERSHIP_VERSION) return versionTooLow('a change of the membership', MEMBERSHIP_VERSION, version);
    if (this.#current !== undefined || isJoint(raft.membership)) return IN_PROGRESS;
    const planned = planChange(raft.membership, change);
    return planned instanceof RaftctlError ? planned : undefined;
  }

  #notLeader(): RaftctlError {
    const { id, raft } = this.#options;
    return new RaftctlError('not-leader', `${id} is ${raft.role}; ${raft.leader ?? 'nobody it knows'} leads`);
  }

  #unknown(why: string): RaftctlError {
    return new RaftctlError('outcome-unknown', `the change was begun, and ${why}`, {
      hint: 'members shows what became of it',
    });
  }

  #refused(reason: Exclude<ChangeRefusal, 'too-early' | 'transferring'>, { voters }: Membership): RaftctlError {
    switch (reason) {
      case 'not-leader':
        return this.#notLeader();
      case 'in-progress':
        return IN_PROGRESS;
      case 'no-voter':
        return new RaftctlError('change-refused', 'nobody would vote any more');
      case 'not-learner':
        return new RaftctlError('change-refused', 'who is to vote has to be a learner first');
      case 'no-quorum':
        return new RaftctlError(
          'change-refused',
          `too few of the voters answer, of those of now or of ${voters.join(', ')}: the change could not be decided`,
          { hint: 'start or resume nodes first, or remove one that is down' },
        );
    }
  }
}

const IN_PROGRESS = new RaftctlError('change-refused', 'another change of the membership is under way', {
  hint: 'members shows it; wait until it is over',
});

const giveUp = (message: string): RaftctlError => new RaftctlError('change-failed', message);

function tooFarBehind(learner: NodeId, state: 'silent' | 'too-slow', rounds: number): RaftctlError {
  if (state === 'silent') {
    return new RaftctlError('change-failed', `${learner} does not answer, or makes no headway: it stays a learner`, {
      hint: `is ${learner} running? promote ${learner} tries again`,
    });
  }
  const message = `${learner} was still behind after ${rounds} rounds of catching up: it stays a learner`;
  return new RaftctlError('change-failed', message, { hint: 'write less, then promote it' });
}
