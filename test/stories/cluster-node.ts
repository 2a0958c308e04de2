import type { Clock, Emit, Level, Member, NodeId, Random, Scheduler } from '../../src/base/index.js';
import { AdminLink } from '../../src/cluster/admin-link.js';
import type { ChildProcess, ProcessExit } from '../../src/cluster/child-process.js';
import type { NodeView } from '../../src/cluster/index.js';
import type { LifecycleNode } from '../../src/cluster/lifecycle.js';
import { NodeLog } from '../../src/cluster/node-log.js';
import { ProcessMachine } from '../../src/cluster/process-machine.js';
import { hasProcess, type ProcessStateName } from '../../src/cluster/process-state.js';
import { meaningOf } from '../../src/cluster/raftctl-engine.js';
import { mostVerbose, type NodeEvent } from '../../src/diagnostics/index.js';
import type { Leadership, NodeStatus } from '../../src/wire/index.js';
import type { NodeCluster } from '../helpers/node-cluster.js';

interface ClusterNodeOptions {
  readonly member: Member;
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
}

/**
 * One node as its supervisor has it: the supervisor's own state machine and its own connection to the node, with a
 * process that is no process of the machine but a server of NodeCluster.
 */
export class ClusterNode implements LifecycleNode {
  readonly id: NodeId;
  readonly process: ProcessMachine;
  /** Nobody writes it. */
  readonly log = new NodeLog({ file: '/nonexistent', maxFileBytes: 0, files: 1 });
  readonly #options: ClusterNodeOptions;
  #link: AdminLink | undefined;
  #demand: Level = 'info';
  #baseLevel: Level = 'info';
  #known: { readonly status: NodeStatus; readonly at: number } | undefined;

  constructor(options: ClusterNodeOptions) {
    const { member, cluster, nextPid } = options;
    this.#options = options;
    this.id = member.id;
    this.process = new ProcessMachine({
      ...options,
      id: member.id,
      log: this.log,
      restart: 'never',
      meaningOf: (exit, answered) => meaningOf(exit, { directory: '', answered }),
      spawn: () => new InProcess(cluster, member.id, nextPid()),
      changed: () => this.#changed(),
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
    const status = await link?.status(timeoutMs).catch(() => undefined);
    if (status !== undefined) this.#known = { status, at: clock.now() };
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

  async setBaseLevel(level: Level): Promise<void> {
    this.#baseLevel = level;
    this.#link?.setEventLevel(this.#level);
    await this.#link?.setBaseLevel(level, 1_000);
  }

  async transfer(to: NodeId | null, timeoutMs: number): Promise<Leadership> {
    return this.#link!.transfer(to, timeoutMs);
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

/** A server of NodeCluster in the shape of a child process: it obeys signals, and exits. */
class InProcess implements ChildProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly #cluster: NodeCluster;
  readonly #id: NodeId;
  #exit!: (exit: ProcessExit) => void;

  constructor(cluster: NodeCluster, id: NodeId, pid: number) {
    this.#cluster = cluster;
    this.#id = id;
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
    cluster.launch(id).catch(() => this.#exit({ code: 1, signal: null }));
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
        void this.#cluster.leave(this.#id).then(() => this.#exit({ code: 0, signal: null }));
        break;
      default:
        this.#cluster.crash(this.#id);
        this.#exit({ code: null, signal });
    }
    return true;
  }
}
