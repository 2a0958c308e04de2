import { type NodeId, RaftctlError, type Scheduler, until } from '../../base/index.js';
import type { ClusterChange, ClusterControl, ClusterFault } from '../../cluster/index.js';
import type { ChaosCluster, KnownCluster, NodeReport } from '../../verify/chaos/index.js';
import type { Impairment, MemberFault } from '../../verify/faults/index.js';

interface TargetOptions {
  readonly control: ClusterControl;
  readonly scheduler: Scheduler;
  /** The longest election timeout. */
  readonly unitMs: number;
}

const START_MS = 20_000;
const CENSUS_MS = 2_000;
/** Who hands over tries for an election timeout. */
const TRANSFER_UNITS = 3;
/** A member is started, catches up, and is voted in: or it is given up, and chaos goes on. */
const CHANGE_UNITS = 10;
/** No other leader is known by then. */
const HASTY_UNITS = 0.3;

/** A running cluster, broken and mended through its supervisor. */
export class ControlTarget implements ChaosCluster {
  readonly #control: ClusterControl;
  readonly #scheduler: Scheduler;
  readonly #unitMs: number;

  constructor({ control, scheduler, unitMs }: TargetOptions) {
    this.#control = control;
    this.#scheduler = scheduler;
    this.#unitMs = unitMs;
  }

  known(): KnownCluster {
    const { membership, leader } = this.#control.live();
    const { voters, learners } = membership;
    return { voters, learners, leader };
  }

  async census(): Promise<readonly NodeReport[]> {
    const { nodes } = await this.#control.view({ timeoutMs: CENSUS_MS });
    return nodes.map(({ id, state, refusal, status, statusAgeMs }) => ({
      node: id,
      state,
      refusal,
      status: statusAgeMs === 0 ? status : null,
    }));
  }

  async kill(node: NodeId): Promise<void> {
    await this.#control.lifecycle('kill', node);
  }

  /** Whatever is on its way has arrived first. */
  async start(node: NodeId): Promise<void> {
    const isSettled = () => {
      const state = this.#control.live().states.get(node);
      return state === 'starting' || state === 'stopping' ? undefined : (state ?? 'gone');
    };
    const state = await until(isSettled, {
      changes: { add: (listener) => this.#control.onLiveChange(listener) },
      scheduler: this.#scheduler,
      timeoutMs: START_MS,
      late: () => new RaftctlError('timeout', `${node} did not come up within ${START_MS / 1e3} s`),
    });
    // Of a member that has left there is nothing to be started.
    if (state === 'running' || state === 'gone') return;
    await this.#control.lifecycle(state === 'paused' ? 'resume' : 'start', node, { timeoutMs: START_MS });
  }

  async pause(node: NodeId): Promise<void> {
    await this.#control.lifecycle('pause', node);
  }

  async resume(node: NodeId): Promise<void> {
    if (this.#control.live().states.get(node) === 'paused') await this.#control.lifecycle('resume', node);
  }

  async restart(node: NodeId): Promise<void> {
    await this.#control.lifecycle('restart', node, { timeoutMs: START_MS });
  }

  async impair(fault: Impairment): Promise<void> {
    await this.#control.fault(ruleOf(fault));
  }

  async heal(): Promise<void> {
    if (this.#control.live().faults.length > 0) await this.#control.heal();
  }

  async transfer(to: NodeId | null): Promise<void> {
    await this.#control.transfer(to ?? undefined, { timeoutMs: TRANSFER_UNITS * this.#unitMs });
  }

  async changeMembers(change: MemberFault): Promise<void> {
    const wanted: ClusterChange =
      change.type === 'add' ? { type: 'add', learner: false } : { type: change.type, node: change.node };
    const units = change.isHasty ? HASTY_UNITS : CHANGE_UNITS;
    await this.#control.changeMembership(wanted, { timeoutMs: units * this.#unitMs });
  }
}

const ruleOf = (fault: Impairment): ClusterFault =>
  fault.type === 'disk' ? { type: 'disk', node: fault.node, fault: fault.disk } : fault;
