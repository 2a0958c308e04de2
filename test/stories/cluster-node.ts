import {
  type Clock,
  type Emit,
  type Level,
  type Member,
  type Membership,
  type NodeId,
  RaftctlError,
  type Random,
  type Scheduler,
} from '../../src/base/index.js';
import { AdminLink } from '../../src/cluster/admin-link.js';
import type { ChildProcess } from '../../src/cluster/child-process.js';
import { FaultDelivery } from '../../src/cluster/faults/delivery.js';
import type { NodeView } from '../../src/cluster/index.js';
import type { AskedNode } from '../../src/cluster/membership-changes.js';
import { NodeLog } from '../../src/cluster/node-log.js';
import type { ProcessExit } from '../../src/cluster/process-exit.js';
import { ProcessMachine } from '../../src/cluster/process-machine.js';
import { hasProcess, type ProcessStateName } from '../../src/cluster/process-state.js';
import { meaningOf } from '../../src/cluster/raftctl-engine.js';
import { mostVerbose, type NodeEvent } from '../../src/diagnostics/index.js';
import {
  type Leadership,
  type MembershipRequest,
  NO_FAULTS,
  NODE_EXIT,
  type NodeStatus,
} from '../../src/wire/index.js';
import type { NodeCluster } from '../helpers/node-cluster.js';

interface ClusterNodeOptions {
  readonly member: Member;
  /** It came to a cluster that was there. */
  readonly joins: boolean;
  readonly cluster: NodeCluster;
  readonly clusterId: string;
  readonly nextPid: () => number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly emit: Emit;
  readonly led: () => boolean;
  readonly changed: (node: ClusterNode) => void;
  readonly events: (events: readonly NodeEvent[]) => void;
  /** What the node says of itself, whoever asked. */
  readonly heard: (status: NodeStatus) => void;
}

/**
 * One node as its supervisor has it: the supervisor's own state machine and its own connection to the node, with a
 * process that is no process of the machine but a server of NodeCluster.
 */
export class ClusterNode implements AskedNode {
  readonly id: NodeId;
  readonly process: ProcessMachine;
  readonly faults: FaultDelivery;
  /** No story starts a node that it removes. */
  readonly isLeaving = false;
  /** Nobody writes it. */
  readonly log = new NodeLog({ file: '/nonexistent', maxFileBytes: 0, files: 1 });
  readonly #options: ClusterNodeOptions;
  #link: AdminLink | undefined;
  #present: InProcess | undefined;
  #demand: Level = 'info';
  #baseLevel: Level = 'info';
  #known: { readonly status: NodeStatus; readonly at: number } | undefined;

  constructor(options: ClusterNodeOptions) {
    const { member, joins, cluster, nextPid } = options;
    this.#options = options;
    this.id = member.id;
    this.process = new ProcessMachine({
      ...options,
      id: member.id,
      log: this.log,
      restart: 'never',
      meaningOf: (exit, answered) => meaningOf(exit, { directory: '', answered }),
      spawn: () => {
        this.faults.spawned(NO_FAULTS);
        this.#present = new InProcess({ cluster, member, joins, pid: nextPid() });
        return this.#present;
      },
      changed: () => this.#changed(),
    });
    this.faults = new FaultDelivery({
      ...options,
      node: member.id,
      engineName: 'story',
      state: () => this.state,
      probe: () => this.#link,
    });
  }

  get state(): ProcessStateName {
    return this.process.state;
  }

  /** Asked now; a node that is frozen, or does not answer, shows its last answer. */
  async view(timeoutMs: number): Promise<NodeView> {
    const { member, clock } = this.#options;
    const { id, host, port } = member;
    const link = this.state === 'running' ? this.#link : undefined;
    if (link !== undefined) await this.status(timeoutMs).catch(() => {});
    const { state, pid, uptimeMs, restarts, lastExit } = this.process;
    return {
      id,
      host,
      port,
      state,
      pid,
      uptimeMs,
      restarts,
      ...(lastExit !== undefined && { lastExit }),
      status: this.#known?.status ?? null,
      statusAgeMs: this.#known === undefined ? null : clock.now() - this.#known.at,
    };
  }

  async status(timeoutMs: number): Promise<NodeStatus> {
    const status = await this.#linkNow.status(timeoutMs);
    this.#known = { status, at: this.#options.clock.now() };
    this.#options.heard(status);
    return status;
  }

  async changeMembership(change: MembershipRequest, timeoutMs: number): Promise<Membership> {
    return this.#linkNow.changeMembership(change, timeoutMs);
  }

  /** Its process was told that it is no member any more, and ends as a node's process does. */
  wasRemoved(): void {
    this.#present?.leave(NODE_EXIT.removed);
  }

  get #linkNow(): AdminLink {
    if (this.#link !== undefined) return this.#link;
    throw new RaftctlError('not-running', `${this.id} is ${this.state}`);
  }

  async setBaseLevel(level: Level): Promise<void> {
    this.#baseLevel = level;
    this.#link?.setEventLevel(this.#level);
    await this.#link?.setBaseLevel(level, 1_000);
  }

  async transfer(to: NodeId | null, timeoutMs: number): Promise<Leadership> {
    return this.#linkNow.transfer(to, timeoutMs);
  }

  setDemand(level: Level): void {
    this.#demand = level;
    this.#link?.setEventLevel(this.#level);
  }

  get #level(): Level {
    return mostVerbose(this.#demand, [this.#baseLevel]);
  }

  #changed(): void {
    if (this.state === 'starting') this.#connect();
    if (!hasProcess(this.state)) this.#disconnect();
    this.faults.stateChanged();
    this.#options.changed(this);
  }

  #connect(): void {
    const { member, clusterId, cluster, clock, scheduler, events } = this.#options;
    this.#link = new AdminLink({
      member,
      clusterId,
      transport: cluster.network.transport('supervisor'),
      clock,
      scheduler,
      level: this.#level,
      ready: () => this.process.answered(),
      events: (batch) => events(batch.events),
    });
  }

  #disconnect(): void {
    this.#link?.close();
    this.#link = undefined;
    this.#known = undefined;
  }
}

interface InProcessOptions extends Pick<ClusterNodeOptions, 'cluster' | 'member' | 'joins'> {
  readonly pid: number;
}

/** A server of NodeCluster in the shape of a child process: it obeys signals, and exits. */
class InProcess implements ChildProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly #cluster: NodeCluster;
  readonly #id: NodeId;
  #isLeaving = false;
  #exit!: (exit: ProcessExit) => void;

  constructor({ cluster, member, joins, pid }: InProcessOptions) {
    const { id, incarnation, host, port } = member;
    this.#cluster = cluster;
    this.#id = id;
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
    cluster
      .launch(id, { joins, incarnation, address: { host, port } })
      .catch(() => this.#exit({ code: 1, signal: null }));
  }

  /** As the node's own process ends: the first who asks for it says how. */
  leave(code: number): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    void this.#cluster.leave(this.#id).then(() => this.#exit({ code, signal: null }));
  }

  kill(signal: NodeJS.Signals): boolean {
    switch (signal) {
      case 'SIGSTOP':
        this.#cluster.pause(this.#id);
        break;
      case 'SIGCONT':
        this.#cluster.resume(this.#id);
        break;
      case 'SIGTERM':
        this.leave(0);
        break;
      default:
        this.#cluster.crash(this.#id);
        this.#exit({ code: null, signal });
    }
    return true;
  }
}
