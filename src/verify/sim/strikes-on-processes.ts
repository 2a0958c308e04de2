import { randomInt } from '../../base/index.js';
import { KIND } from '../../wire/index.js';
import type { Ending } from './doom.js';
import type { SimNode } from './sim-node.js';
import { CHANGES_LAST, type StrikeMeans } from './strike-means.js';

/** Frames that say something is durable, or is about to be. */
const PROMISES = [
  KIND.requestVote,
  KIND.requestVoteResponse,
  KIND.appendEntries,
  KIND.appendEntriesResponse,
  KIND.forwardReply,
  KIND.okWrite,
];

/** Processes that end, stop, or are asked for something at the worst moment. */
export class StrikesOnProcesses {
  readonly #means: StrikeMeans;
  /** How often each node is still to crash while it recovers. */
  readonly #crashesToCome = new Map<SimNode, number>();

  constructor(means: StrikeMeans) {
    this.#means = means;
  }

  crash(ending: Ending): void {
    const { random, say } = this.#means.context;
    const node = this.#means.anyNode();
    if (node.isDown) return;
    const draw = random.next();
    if (draw < 0.2) node.end(ending, 'at rest');
    else if (draw < 0.5) node.doom.afterSending(PROMISES[randomInt(random, 0, PROMISES.length - 1)]!, ending);
    else if (ending === 'kill' && random.next() < 0.2) {
      say(`stop ${node.id}`);
      node.stop();
    } else node.doom.afterEffects(randomInt(random, 0, 12), ending);
  }

  /** A process came back: it may have to crash again, in the midst of its recovery or in its first moments after it. */
  started(node: SimNode): void {
    const crashes = this.#crashesToCome.get(node) ?? 0;
    if (crashes === 0) return;
    this.#crashesToCome.set(node, crashes - 1);
    const { random } = this.#means.context;
    node.doom.afterEffects(randomInt(random, 0, random.next() < 0.5 ? 15 : 120), this.#means.anyEnding());
  }

  /** And then again, once or more, in the midst of its recovery. */
  crashAgain(): void {
    const { random } = this.#means.context;
    const node = this.#means.anyNode();
    this.#crashesToCome.set(node, randomInt(random, 1, 3));
    if (!node.isDown) node.end(this.#means.anyEnding(), 'and will again');
  }

  crashAll(): void {
    const ending = this.#means.anyEnding();
    for (const node of this.#means.context.nodes) if (!node.isDown) node.end(ending, 'with all others');
  }

  pause(): void {
    const { say } = this.#means.context;
    const node = this.#means.anyNode();
    if (node.isDown || node.process.isStopped) return;
    const { process } = node;
    say(`pause ${node.id}`);
    process.stop();
    this.#means.later(`pause ${node.id}`, () => process.resume());
  }

  /** Whoever takes itself for the leader is to hand over: to anybody, itself and the dead included. */
  transfer(): void {
    const { nodes, random, say } = this.#means.context;
    const node = this.#means.leader() ?? this.#means.anyNode();
    if (node.server === undefined || !node.process.isAlive) return;
    const to = random.next() < 0.3 ? null : nodes[randomInt(random, 0, nodes.length - 1)]!.id;
    say(`transfer ${node.id} to ${to ?? 'anybody'}`);
    void node.server.submit({ type: 'transfer', to, timeoutMs: 1_000 });
  }

  /** SIGTERM. A leader hands over, whoever it is cut off from. */
  leave(): void {
    const node = this.#means.anyNode();
    if (node.state !== 'up' || node.process.isStopped) return;
    this.#means.context.say(`leave ${node.id}`);
    node.stop();
  }

  /** None begins so late that it could be decided on after the end, when a quorum is chosen for good. */
  reconfigure(): void {
    const { world, options } = this.#means.context;
    if (world.now() < options.durationMs * (1 - 2 * CHANGES_LAST))
      this.#means.reconfiguration.strike(this.#means.leader());
  }
}
