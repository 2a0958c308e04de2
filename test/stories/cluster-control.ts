import {
  type Clock,
  type Emit,
  type Level,
  Listeners,
  type Member,
  type NodeId,
  type Random,
  type Scheduler,
} from '../../src/base/index.js';
import { viewCluster } from '../../src/cluster/cluster-view.js';
import { ClusterFaults } from '../../src/cluster/faults/cluster-faults.js';
import {
  type ClusterChange,
  type ClusterChanged,
  type ClusterConfig,
  type ClusterControl,
  type ClusterFault,
  type ClusterView,
  defaultConfig,
  type FaultsChanged,
  type LifecycleAction,
  type LifecycleOptions,
  type LifecycleResult,
  type LiveState,
  type Transferred,
} from '../../src/cluster/index.js';
import { KnownMembers } from '../../src/cluster/known-members.js';
import { type LifecycleContext, runLifecycle } from '../../src/cluster/lifecycle.js';
import { LiveTracker } from '../../src/cluster/live.js';
import { changeCluster, type MembershipContext } from '../../src/cluster/membership-changes.js';
import { hasProcess } from '../../src/cluster/process-state.js';
import { supervisorEmit } from '../../src/cluster/supervisor-emit.js';
import { SUPERVISOR_FORMAT } from '../../src/cluster/supervisor-file.js';
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
  readonly socketPath = '';
  /** Everything is in memory. */
  readonly directory = '';
  readonly events: MergedStream;
  /** The nodes are in this very process. */
  readonly eventsLateMs = 0;
  readonly #parts: Parts;
  readonly #emit: Emit;
  readonly #cluster: NodeCluster;
  readonly #members: KnownMembers;
  readonly #nodes: Map<NodeId, ClusterNode>;
  readonly #tracker: LiveTracker;
  readonly #faults: ClusterFaults;
  readonly #changes = new Listeners();
  #lastPid = 100;

  constructor(cluster: NodeCluster, parts: Parts) {
    this.#parts = parts;
    const members = cluster.ids.map((id) => ({ id, incarnation: 1, host: id as string, port: 1 }));
    this.#cluster = cluster;
    this.config = { ...defaultConfig(), name: 'story' };
    const demandChanged = (level: Level) => {
      for (const node of this.#nodes.values()) node.setDemand(level);
    };
    this.events = new MergedStream({ ...parts, demandChanged });
    this.#emit = supervisorEmit(this.events, parts.clock, 'supervisor');
    const known = members.map((member) => ({ ...member, joined: true }));
    this.#members = new KnownMembers('supervisor.json', { ...FILE, members: known }, this.#emit, nobodyWrites);
    this.#nodes = new Map(members.map((member) => [member.id, this.#newNode(member, { joins: false })]));
    this.#faults = new ClusterFaults({
      clock: parts.clock,
      emit: this.#emit,
      membership: () => this.#members.membership,
      live: () => this.live(),
      nodes: () => [...this.#nodes.values()],
      electionTimeoutMs: this.config.raft.electionTimeoutMs[0],
      changed: () => this.#tracker.faultsChanged(),
    });
    this.#tracker = new LiveTracker({
      membership: () => this.#members.membership,
      stateOf: (id) => this.#nodes.get(id)?.state ?? 'stopped',
      faults: () => this.#faults.rules,
    });
    this.#members.onChange(() => {
      this.#faults.update();
      this.#tracker.membersChanged();
    });
    cluster.onRemoved = (id) => this.#nodes.get(id)?.wasRemoved();
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
    return runLifecycle(this.#lifecycleContext, action, this.#nodes.get(node)!, options);
  }

  changeMembership(
    change: ClusterChange,
    { timeoutMs = 60_000 }: { readonly timeoutMs?: number } = {},
  ): Promise<ClusterChanged> {
    return changeCluster(this.#membershipContext, change, timeoutMs);
  }

  transfer(to?: NodeId, { timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<Transferred> {
    return transferLeadership(this.#leaderContext, to, timeoutMs);
  }

  fault(fault: ClusterFault, options: { readonly timeoutMs?: number } = {}): Promise<FaultsChanged> {
    return this.#faults.begin(fault, options.timeoutMs);
  }

  heal(nodes?: readonly NodeId[], options: { readonly timeoutMs?: number } = {}): Promise<FaultsChanged> {
    return this.#faults.heal(nodes, options.timeoutMs);
  }

  /** In a story there is one place. */
  holdForChaos(): Promise<void> {
    return Promise.reject(new Error('chaos has a process of its own'));
  }

  async announce(): Promise<void> {}

  async setLevel(level: Level, node?: NodeId): Promise<void> {
    const chosen = node === undefined ? [...this.#nodes.values()] : [this.#nodes.get(node)!];
    await Promise.all(chosen.map((one) => one.setBaseLevel(level)));
  }

  /** A story's nodes end with it. */
  async down(): Promise<void> {}

  get #leaderContext() {
    const leader = () => this.#nodes.get(this.live().leader!);
    return { ...this.#parts, emit: this.#emit, changes: this.#changes, leader };
  }

  get #lifecycleContext(): LifecycleContext {
    const { stopTimeoutMs } = this.config.supervisor;
    return { ...this.#parts, emit: this.#emit, changes: this.#changes, tracker: this.#tracker, stopTimeoutMs };
  }

  get #membershipContext(): MembershipContext {
    return {
      ...this.#leaderContext,
      config: this.config,
      configFile: null,
      members: this.#members,
      lifecycle: this.#lifecycleContext,
      // Nobody else listens in a story.
      probe: async () => {},
      spawn: (member) => {
        const node = this.#newNode(member, { joins: true });
        this.#nodes.set(member.id, node);
        this.#faults.update();
        node.process.start();
        return node;
      },
      dismiss: async (id) => {
        await this.#nodes.get(id)?.process.stop(this.config.supervisor.stopTimeoutMs);
        this.#nodes.delete(id);
        this.#faults.nodeLeft(id);
      },
      erase: (id) => this.#cluster.wipe(id),
    };
  }

  #newNode(member: Member, { joins }: { readonly joins: boolean }): ClusterNode {
    return new ClusterNode({
      ...this.#parts,
      member,
      joins,
      cluster: this.#cluster,
      clusterId: this.clusterId,
      nextPid: () => {
        this.#lastPid += 1;
        return this.#lastPid;
      },
      emit: this.#emit,
      led: () => this.#tracker.live.leader === member.id,
      changed: ({ id, state }) => this.#tracker.processChanged(id, hasProcess(state), state === 'starting'),
      events: (events) => this.events.append(events),
      heard: ({ role, term, membership }) => {
        if (role === 'leader') this.#members.heard(membership, term);
      },
    });
  }
}

const FILE = {
  format: SUPERVISOR_FORMAT,
  clusterId: CLUSTER_ID,
  name: 'story',
  digest: '',
  pid: 1,
  socket: '',
} as const;

const nobodyWrites = async (): Promise<void> => {};
