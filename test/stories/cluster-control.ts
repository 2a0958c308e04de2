import {
  type Clock,
  type Emit,
  type Level,
  Listeners,
  type Member,
  type Membership,
  type NodeId,
  type Random,
  type Scheduler,
  votersOnly,
} from '../../src/base/index.js';
import { viewCluster } from '../../src/cluster/cluster-view.js';
import {
  type ClusterConfig,
  type ClusterControl,
  type ClusterView,
  defaultConfig,
  type LifecycleAction,
  type LifecycleOptions,
  type LifecycleResult,
  type LiveState,
  type Transferred,
} from '../../src/cluster/index.js';
import { runLifecycle } from '../../src/cluster/lifecycle.js';
import { LiveTracker } from '../../src/cluster/live.js';
import { hasProcess } from '../../src/cluster/process-state.js';
import { supervisorEmit } from '../../src/cluster/supervisor-emit.js';
import { transferLeadership } from '../../src/cluster/transfer.js';
import { MergedStream } from '../../src/diagnostics/index.js';
import type { NodeCluster } from '../helpers/node-cluster.js';
import { ClusterNode } from './cluster-node.js';

interface Parts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

/** As NodeCluster has it. */
const CLUSTER_ID = 'c'.repeat(32);

/** The supervisor of a NodeCluster, of the supervisor's own parts: all but processes, files and locks. */
export class NodeClusterControl implements ClusterControl {
  readonly config: ClusterConfig;
  readonly clusterId = CLUSTER_ID;
  readonly events: MergedStream;
  /** The nodes are in this very process. */
  readonly eventsLateMs = 0;
  readonly #parts: Parts;
  readonly #emit: Emit;
  readonly #nodes: ReadonlyMap<NodeId, ClusterNode>;
  readonly #tracker: LiveTracker;
  readonly #changes = new Listeners();
  #lastPid = 100;

  constructor(cluster: NodeCluster, parts: Parts) {
    this.#parts = parts;
    const members = cluster.ids.map((id) => ({ id, incarnation: 1, host: id as string, port: 1 }));
    const membership: Membership = { ...votersOnly(cluster.ids), members };
    this.config = { ...defaultConfig(), name: 'story' };
    const demandChanged = (level: Level) => {
      for (const node of this.#nodes.values()) node.setDemand(level);
    };
    this.events = new MergedStream({ ...parts, demandChanged });
    this.#emit = supervisorEmit(this.events, parts.clock, 'supervisor');
    this.#nodes = new Map(members.map((member) => [member.id, this.#newNode(cluster, member)]));
    this.#tracker = new LiveTracker({ membership: () => membership, stateOf: (id) => this.#nodes.get(id)!.state });
    this.events.subscribe(0, { event: 'role-changed' }, (events) => this.#tracker.rolesChanged(events));
    this.#tracker.onChange(() => this.#changes.notify());
  }

  /** As after `up`: all processes are there. */
  startAll(): void {
    for (const node of this.#nodes.values()) node.process.start();
  }

  live(): LiveState {
    return this.#tracker.live;
  }

  onLiveChange(listener: () => void): () => void {
    return this.#tracker.onChange(listener);
  }

  async view({ timeoutMs = 1_000 }: { readonly timeoutMs?: number } = {}): Promise<ClusterView> {
    return viewCluster({
      name: this.config.name,
      clusterId: this.clusterId,
      live: () => this.live(),
      ask: () => Promise.all([...this.#nodes.values()].map((node) => node.view(timeoutMs))),
      scheduler: this.#parts.scheduler,
    });
  }

  lifecycle(action: LifecycleAction, node: NodeId, options: LifecycleOptions = {}): Promise<LifecycleResult> {
    const context = {
      ...this.#parts,
      emit: this.#emit,
      changes: this.#changes,
      tracker: this.#tracker,
      stopTimeoutMs: this.config.supervisor.stopTimeoutMs,
    };
    return runLifecycle(context, action, this.#nodes.get(node)!, options);
  }

  /** Stories of cores, and tests of whole clusters, have the membership change. */
  async changeMembership(): Promise<never> {
    throw new Error('a story has the members that it begins with');
  }

  transfer(to?: NodeId, { timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<Transferred> {
    const leader = () => this.#nodes.get(this.live().leader!);
    return transferLeadership({ ...this.#parts, emit: this.#emit, changes: this.#changes, leader }, to, timeoutMs);
  }

  async setLevel(level: Level, node?: NodeId): Promise<void> {
    const chosen = node === undefined ? [...this.#nodes.values()] : [this.#nodes.get(node)!];
    await Promise.all(chosen.map((one) => one.setBaseLevel(level)));
  }

  /** A story's nodes end with it. */
  async down(): Promise<void> {}

  #newNode(cluster: NodeCluster, member: Member): ClusterNode {
    return new ClusterNode({
      ...this.#parts,
      member,
      cluster,
      clusterId: this.clusterId,
      nextPid: () => {
        this.#lastPid += 1;
        return this.#lastPid;
      },
      emit: this.#emit,
      led: () => this.#tracker.live.leader === member.id,
      changed: ({ id, state }) => this.#tracker.processChanged(id, hasProcess(state), state === 'starting'),
      events: (events) => this.events.append(events),
    });
  }
}
