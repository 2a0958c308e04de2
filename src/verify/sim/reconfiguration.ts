import { type NodeId, type Random, randomInt } from '../../base/index.js';
import type { MembershipRequest } from '../../wire/index.js';
import type { SimNode } from './sim-node.js';

interface ReconfigurationContext {
  readonly nodes: readonly SimNode[];
  readonly random: Random;
  readonly say: (what: string) => void;
  /** How long a change may be under way before it is given up, if it is not in the log by then. */
  readonly timeoutMs: number;
  readonly now: () => number;
}

/** Has leaders change the membership, sensibly or not; and gives names that were removed back to new members. */
export class Reconfiguration {
  readonly #context: ReconfigurationContext;
  #settledAt = 0;

  constructor(context: ReconfigurationContext) {
    this.#context = context;
  }

  /** Nothing that was asked for can still enter a log. */
  get isSettled(): boolean {
    return this.#context.now() >= this.#settledAt;
  }

  strike(leader: SimNode | undefined): void {
    const { nodes, random, say, timeoutMs, now } = this.#context;
    const removed = nodes.filter(({ isRemoved, isDown }) => isRemoved && isDown);
    if (removed.length > 0 && !this.#isLiedTo && random.next() < 0.5) {
      this.#beginAnew(this.#pick(removed));
      return;
    }
    if (leader?.server === undefined || !leader.process.isAlive) return;
    const change = this.#change(leader);
    if (change === undefined) return;
    this.#settledAt = now() + timeoutMs;
    say(`change at ${leader.id}: ${JSON.stringify(change)}`);
    void leader.server.submit({ type: 'change-membership', change, timeoutMs });
  }

  /** An old copy is about that nobody has noticed: who has never met its owner would not, and must not come in. */
  get #isLiedTo(): boolean {
    return this.#context.nodes.some(({ hasOldCopy, damage }) => hasOldCopy && damage === undefined);
  }

  /** A new disk, and a process that waits to be added. */
  #beginAnew(node: SimNode): void {
    node.beginAnew();
    this.#context.say(`${node.id} begins anew as incarnation ${node.incarnation}`);
    node.start();
  }

  #change(leader: SimNode): MembershipRequest | undefined {
    const { nodes, random } = this.#context;
    const { membership } = leader.server!.status();
    const isMember = (id: NodeId): boolean => membership.members.some((member) => member.id === id);
    const strangers = nodes.filter(({ id, isRemoved }) => !isMember(id) && !isRemoved);
    const learners = membership.learners;
    const voters = membership.voters;
    const draw = random.next();
    if (draw < 0.3 && strangers.length > 0 && !this.#isLiedTo)
      return { type: 'add', member: this.#pick(strangers).member };
    if (draw < 0.6 && learners.length > 0) return { type: 'promote', node: this.#pick(learners) };
    if (draw < 0.8 && learners.length > 0) {
      return { type: 'replace', node: this.#pick(voters), by: this.#pick(learners) };
    }
    const anybody = membership.members.map(({ id }) => id);
    return anybody.length > 0 ? { type: 'remove', node: this.#pick(anybody) } : undefined;
  }

  #pick<T>(list: readonly T[]): T {
    return list[randomInt(this.#context.random, 0, list.length - 1)]!;
  }
}
