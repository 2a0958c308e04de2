import { type Member, type Membership, type NodeId, RaftctlError, withAddressesOf } from '../base/index.js';
import type { MembershipChange, RawNode } from '../raft/index.js';
import type { Hello } from '../transport/index.js';
import { membershipFeature, membershipIndexOf } from '../wire/index.js';

interface MembersOptions {
  /** This node, as it was told. */
  readonly self: Member;
  /** Where members are reached, as this node was told when it was started: that wins over what the log says. */
  readonly addresses: readonly Member[];
  readonly raft: Pick<RawNode, 'membership' | 'committedMembership' | 'membershipIndex' | 'committedMembershipIndex'>;
}

/**
 * Who belongs to the cluster, as far as this node knows: by the latest entry of its log, which is in force, and by the
 * latest that is committed. Whoever is in one of the two is reached and may come in.
 */
export class Members {
  readonly self: Member;
  readonly #options: MembersOptions;
  #inForce: Membership;
  #committed: Membership;
  /** By name; of those in force before those that are only committed. */
  #byName = new Map<NodeId, Member>();

  constructor(options: MembersOptions) {
    this.self = options.self;
    this.#options = options;
    const { membership, committedMembership } = options.raft;
    this.#inForce = this.#addressed(membership);
    this.#committed = this.#addressed(committedMembership);
    this.#index();
  }

  get inForce(): Membership {
    return this.#inForce;
  }

  /** Everybody but this node to whom there is a link. */
  get others(): readonly Member[] {
    return [...this.#byName.values()].filter(({ id }) => id !== this.self.id);
  }

  changed({ inForce, committed }: MembershipChange): void {
    this.#inForce = this.#addressed(inForce);
    this.#committed = this.#addressed(committed);
    this.#index();
  }

  /** Has this node left? It may have come back under its name as somebody else, who is not meant. */
  get hasLeft(): boolean {
    const former = this.#committed.former?.find(({ id }) => id === this.self.id);
    return former !== undefined && former.incarnation >= this.self.incarnation && !this.isMember;
  }

  /** Has this node a part in what is in force? One that joins, or has left, has none. */
  get isMember(): boolean {
    return this.#inForce.members.some(
      ({ id, incarnation }) => id === this.self.id && incarnation === this.self.incarnation,
    );
  }

  /** What this node tells others of the membership that it knows. */
  get feature(): string {
    return membershipFeature(this.#options.raft.membershipIndex);
  }

  /**
   * Is this the member of that name? What another incarnation says it has is another one's data (Diss. §3.8), and what it
   * asks may be asked.
   */
  isItself({ node, member }: Hello): boolean {
    const known = this.#byName.get(node as NodeId);
    return known === undefined || known.incarnation === member?.incarnation;
  }

  /**
   * Why a node may not come in, if so. Who has left is told; a stranger is let in if it knows a later membership than this
   * node: it may be a voter in that, and this node's vote the one that it needs (raft-notes 31).
   */
  refusalOf(hello: Hello): RaftctlError | undefined {
    const id = hello.node as NodeId;
    const incarnation = hello.member?.incarnation;
    if (id === this.self.id) return notOther(id);
    const known = this.#byName.get(id);
    if (known !== undefined && known.incarnation === incarnation) return undefined;
    const left = this.#lastThatLeft(id, known);
    if (incarnation !== undefined && left !== undefined && incarnation <= left) return removed(id, incarnation, known);
    if (incarnation !== undefined && this.#isBehind(hello)) return undefined;
    return known === undefined ? notOther(id) : otherIncarnation(known, incarnation);
  }

  /** The highest incarnation of that name that is a member no more. */
  #lastThatLeft(id: NodeId, known: Member | undefined): number | undefined {
    if (known !== undefined) return known.incarnation - 1;
    return this.#committed.former?.find((former) => former.id === id)?.incarnation;
  }

  #isBehind({ features }: Hello): boolean {
    if (this.#inForce.members.length === 0) return true;
    return membershipIndexOf(features) > this.#options.raft.committedMembershipIndex;
  }

  #addressed(membership: Membership): Membership {
    return withAddressesOf(membership, this.#options.addresses);
  }

  #index(): void {
    const members = [...this.#committed.members, ...this.#inForce.members];
    this.#byName = new Map(members.map((member) => [member.id, member]));
  }
}

const notOther = (id: NodeId): RaftctlError =>
  new RaftctlError('handshake-refused', `${id} is not another member of this cluster`);

function removed(id: NodeId, incarnation: number, successor: Member | undefined): RaftctlError {
  const since = successor === undefined ? '' : `: incarnation ${successor.incarnation} is in its place`;
  return new RaftctlError(
    'member-removed',
    `${id} of incarnation ${incarnation} was removed from the cluster${since}`,
    {
      hint: `its data is of no use any more: to have it back, add ${id}, which begins anew`,
    },
  );
}

function otherIncarnation({ id, incarnation }: Member, received: number | undefined): RaftctlError {
  return new RaftctlError(
    'handshake-refused',
    `expected incarnation ${incarnation} of ${id}, received ${received ?? 'none'}`,
    { hint: `the members of all nodes must name the same incarnation of ${id}` },
  );
}
