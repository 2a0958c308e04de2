import { type Emit, messageOf, type NodeId, RaftctlError } from '../base/index.js';
import type { HoldOptions, LifecycleAction, LiveState } from './control.js';

/** What the hold mends with. */
export interface HoldContext {
  readonly emit: Emit;
  readonly live: () => LiveState;
  readonly heal: () => Promise<unknown>;
  readonly lifecycle: (action: LifecycleAction, node: NodeId) => Promise<unknown>;
  readonly isGoingDown: () => boolean;
}

/** Of fewer voters no fault leaves a quorum; of more, few runs are about what they were asked for. */
const VOTERS_MIN = 3;
const VOTERS_MAX = 7;

/**
 * One run of chaos at a time. It mends what it broke before it lets go; what it could not mend, because it was killed, is
 * mended here: no fault, no frozen and no dead process of a run outlives its console. A membership is not changed back here
 * (that may need what the run broke): what it left is said.
 */
export class ChaosHold {
  readonly #context: HoldContext;
  #holder: string | null = null;

  constructor(context: HoldContext) {
    this.#context = context;
  }

  /** Resolves when it was let go, and all is whole. Rejects with `already-running` while somebody else has it. */
  async hold(holder: string, { signal, onHeld }: HoldOptions): Promise<void> {
    const { emit } = this.#context;
    if (this.#holder !== null) {
      throw new RaftctlError('already-running', `chaos is at work on this cluster already (${this.#holder})`, {
        hint: 'wait until it is over, or end it there with Ctrl-C',
      });
    }
    this.#refuseUnfit();
    this.#holder = holder;
    const voters = this.#context.live().membership.voters.length;
    try {
      emit.emit('info', 'chaos-begun', { console: holder });
      onHeld();
      await aborted(signal);
      const mended = await this.#mend();
      emit.emit('info', 'chaos-ended', { console: holder, mended: mended.join(', '), left: this.#left(voters) });
    } finally {
      this.#holder = null;
    }
  }

  /** Chaos begins with a whole cluster and leaves one: what somebody broke before would be mended, too. */
  #refuseUnfit(): void {
    const { membership, states, faults } = this.#context.live();
    const voters = membership.voters.length;
    if (voters < VOTERS_MIN || voters > VOTERS_MAX) {
      throw new RaftctlError(
        'command-failed',
        `chaos needs ${VOTERS_MIN} to ${VOTERS_MAX} voters, this cluster has ${voters}`,
        { hint: voters < VOTERS_MIN ? 'of fewer no fault leaves a quorum: add another' : 'remove some' },
      );
    }
    const broken = [...states].filter(([, state]) => state !== 'running');
    if (broken.length > 0) throw notWhole(broken.map(([node, state]) => `${node} is ${state}`).join(', '));
    if (faults.length > 0)
      throw notWhole(`${faults.length === 1 ? 'a fault is' : `${faults.length} faults are`} in force`);
  }

  /** In what the membership is another than before; empty: in nothing. */
  #left(before: number): string {
    const { voters, learners } = this.#context.live().membership;
    const isSame = voters.length === before;
    return [
      ...(isSame ? [] : [`${voters.length} voters, ${before} when it began`]),
      ...learners.map((node) => `${node} as learner`),
    ].join(', ');
  }

  /** Answers what was not as it should be. */
  async #mend(): Promise<readonly string[]> {
    const { live, heal, lifecycle, isGoingDown } = this.#context;
    if (isGoingDown()) return [];
    const mended: string[] = [];
    const attempt = async (what: string, work: () => Promise<unknown>) => {
      try {
        await work();
        mended.push(what);
      } catch (thrown) {
        mended.push(`${what} failed: ${messageOf(thrown).split('\n', 1)[0]}`);
      }
    };
    if (live().faults.length > 0) await attempt('heal', heal);
    const broken = [...live().states].filter(([, state]) => state !== 'running' && state !== 'starting');
    await Promise.all(
      broken.map(([node, state]) => {
        const action = state === 'paused' ? 'resume' : 'start';
        return attempt(`${action} ${node}`, () => lifecycle(action, node));
      }),
    );
    return mended;
  }
}

const notWhole = (why: string): RaftctlError =>
  new RaftctlError('command-failed', `chaos begins with a whole cluster: ${why}`, {
    hint: 'heal, resume all, start down; then again',
  });

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
