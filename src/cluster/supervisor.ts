import { rmSync } from 'node:fs';
import { type Emit, type Level, Listeners, type NodeId, RaftctlError } from '../base/index.js';
import { type DiagnosticEvent, type EventSource, MergedStream } from '../diagnostics/index.js';
import type { EventBatch, NodeStatus } from '../wire/index.js';
import type { AskLeaderContext } from './ask-leader.js';
import { ChaosHold } from './chaos-hold.js';
import { viewCluster } from './cluster-view.js';
import type { ClusterConfig } from './config/config.js';
import {
  type ClusterChange,
  type ClusterChanged,
  type ClusterControl,
  type ClusterFault,
  type ClusterView,
  type DownOptions,
  EVENTS_LATE_MS,
  type FaultsChanged,
  type HoldOptions,
  type LifecycleAction,
  type LifecycleOptions,
  type LifecycleResult,
  type LiveState,
  type Transferred,
} from './control.js';
import { ClusterFaults } from './faults/cluster-faults.js';
import { KnownMembers } from './known-members.js';
import { type LifecycleContext, runLifecycle } from './lifecycle.js';
import { LiveTracker } from './live.js';
import { changeCluster, type MembershipContext } from './membership-changes.js';
import type { NodeHandle } from './node-handle.js';
import { hasProcess } from './process-state.js';
import { stopInOrder } from './shutdown.js';
import { SupervisedNodes } from './supervised-nodes.js';
import { supervisorEmit } from './supervisor-emit.js';
import type { SupervisorOptions } from './supervisor-options.js';
import { type TransferContext, transferLeadership } from './transfer.js';

const VIEW_TIMEOUT_MS = 1_000;
const LEVEL_TIMEOUT_MS = 2_000;
const CHANGE_TIMEOUT_MS = 30_000;

/** Of a command that is told to others. */
const COMMAND_LENGTH_MAX = 200;

/** Owns the node processes of one cluster. Lives and works whether or not the nodes agree on anything. */
export class Supervisor implements ClusterControl {
  readonly config: ClusterConfig;
  readonly clusterId: string;
  readonly directory: string;
  readonly socketPath: string;
  readonly events: EventSource;
  readonly eventsLateMs = EVENTS_LATE_MS;
  readonly emit: Emit;
  /** Resolves when the cluster is down, whoever took it down. */
  readonly ended: Promise<void>;
  readonly #options: SupervisorOptions;
  readonly #stream: MergedStream;
  readonly #nodes: SupervisedNodes;
  readonly #tracker: LiveTracker;
  readonly #chaos: ChaosHold;
  readonly #changes = new Listeners();
  readonly #members: KnownMembers;
  readonly #faults: ClusterFaults;
  readonly #cleanups: (() => void | Promise<void>)[] = [];
  #changing = false;
  #down: Promise<void> | undefined;
  #end!: () => void;

  constructor(options: SupervisorOptions) {
    const { config, file, directory, clock, scheduler, instance } = options;
    this.#options = options;
    this.config = config;
    this.clusterId = file.clusterId;
    this.directory = directory.path;
    this.socketPath = file.socket;
    const demandChanged = (level: Level) => {
      for (const node of this.nodes) node.setDemand(level);
    };
    this.#stream = new MergedStream({ clock, scheduler, demandChanged });
    this.events = this.#stream;
    this.emit = supervisorEmit(this.#stream, clock, instance);
    this.#members = new KnownMembers(directory.supervisorFile, file, this.emit);
    this.#faults = new ClusterFaults({
      clock,
      emit: this.emit,
      membership: () => this.#members.membership,
      live: () => this.live(),
      nodes: () => this.nodes,
      electionTimeoutMs: config.raft.electionTimeoutMs[0],
      changed: () => this.#tracker.faultsChanged(),
    });
    this.#nodes = new SupervisedNodes({
      ...options,
      clusterId: this.clusterId,
      members: this.#members,
      emit: this.emit,
      leader: () => this.live().leader,
      changed: ({ id, state }) => this.#tracker.processChanged(id, hasProcess(state), state === 'starting'),
      events: (from, batch) => this.#eventsArrived(from, batch),
      heard: (status) => this.#heard(status),
    });
    this.#tracker = new LiveTracker({
      membership: () => this.#members.membership,
      stateOf: (id) => this.#nodes.find(id)?.state ?? 'stopped',
      faults: () => this.#faults.rules,
    });
    this.#stream.subscribe(0, { event: 'role-changed' }, (events) => this.#tracker.rolesChanged(events));
    this.#stream.subscribe(0, { event: 'membership-known' }, () => this.#askForMembers());
    this.#tracker.onChange(() => this.#changes.notify());
    this.#members.onChange(() => {
      this.#faults.update();
      this.#tracker.membersChanged();
    });
    this.#chaos = new ChaosHold({
      emit: this.emit,
      live: () => this.live(),
      heal: () => this.heal(),
      lifecycle: (action, node) => this.lifecycle(action, node),
      isGoingDown: () => this.#down !== undefined,
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get nodes(): readonly NodeHandle[] {
    return this.#nodes.all;
  }

  /** Called after every change of a process or of the leader. */
  get changes(): Listeners {
    return this.#changes;
  }

  /** Runs when the cluster goes down, the last one added first. */
  onEnd(cleanup: () => void | Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  /** Spawns every node at once, and then the guard, so that no node waits for it. */
  spawnAll(): void {
    const { config } = this.#options;
    this.emit.emit('info', 'cluster-starting', { name: config.name, nodes: this.nodes.length, pid: process.pid });
    this.#nodes.startAll();
  }

  /** Makes supervisor.json name this supervisor, and where the members listen now. */
  saveFile(): Promise<void> {
    return this.#members.save();
  }

  live(): LiveState {
    return this.#tracker.live;
  }

  onLiveChange(listener: () => void): () => void {
    return this.#tracker.onChange(listener);
  }

  async view({ timeoutMs = VIEW_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}): Promise<ClusterView> {
    return viewCluster({
      name: this.config.name,
      clusterId: this.clusterId,
      live: () => this.live(),
      ask: () => Promise.all(this.nodes.map((node) => node.view(timeoutMs))),
      scheduler: this.#options.scheduler,
    });
  }

  async lifecycle(action: LifecycleAction, node: NodeId, options: LifecycleOptions = {}): Promise<LifecycleResult> {
    this.#refuseWhenGoingDown();
    return runLifecycle(this.#lifecycleContext(), action, this.#nodes.get(node), options);
  }

  async transfer(to?: NodeId, { timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<Transferred> {
    if (to !== undefined) this.#nodes.get(to);
    return transferLeadership(this.#transferContext(), to, timeoutMs);
  }

  /** One change at a time; a second one is refused, and by the leader too. */
  async changeMembership(
    change: ClusterChange,
    { timeoutMs = CHANGE_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
  ): Promise<ClusterChanged> {
    this.#refuseWhenGoingDown();
    if (this.#changing) {
      throw new RaftctlError('change-refused', 'another change of the membership is under way', {
        hint: 'members shows it; wait until it is over',
      });
    }
    this.#changing = true;
    try {
      return await changeCluster(this.#membershipContext(), change, timeoutMs);
    } finally {
      this.#changing = false;
    }
  }

  async fault(fault: ClusterFault, options: { readonly timeoutMs?: number } = {}): Promise<FaultsChanged> {
    this.#refuseWhenGoingDown();
    return this.#faults.begin(fault, options.timeoutMs);
  }

  async heal(nodes?: readonly NodeId[], options: { readonly timeoutMs?: number } = {}): Promise<FaultsChanged> {
    this.#refuseWhenGoingDown();
    return this.#faults.heal(nodes, options.timeoutMs);
  }

  /** Something is new: the leader knows all of it. */
  #askForMembers(): void {
    const { leader } = this.live();
    const node = leader === null ? undefined : this.#nodes.find(leader);
    // It may have ended, or not answer: whoever asks for the next view hears it.
    node?.status(VIEW_TIMEOUT_MS).catch(() => {});
  }

  #heard({ role, membership, term }: NodeStatus): void {
    if (role === 'leader') this.#members.heard(membership, term);
  }

  async holdForChaos(holder: string, options: HoldOptions): Promise<void> {
    this.#refuseWhenGoingDown();
    await this.#chaos.hold(holder, options);
  }

  async setLevel(level: Level, node?: NodeId): Promise<void> {
    const nodes = node === undefined ? this.nodes : [this.#nodes.get(node)];
    await Promise.all(nodes.map((one) => one.setBaseLevel(level, LEVEL_TIMEOUT_MS)));
  }

  async announce(line: string, console: string): Promise<void> {
    this.emit.emit('info', 'command', { console, line: line.slice(0, COMMAND_LENGTH_MAX) });
  }

  /** The first call decides; a later one may still force. */
  down(options: DownOptions = {}): Promise<void> {
    if (this.#down === undefined) this.#down = this.#goDown(options);
    else this.#listenToForce(options.force);
    return this.#down;
  }

  /** SIGKILL for everything, now: a start that failed, or a supervisor that must not wait. */
  async abandon(): Promise<void> {
    this.#down ??= this.#finish();
    await this.#down;
  }

  async #goDown(options: DownOptions): Promise<void> {
    this.emit.emit('info', 'cluster-stopping', { name: this.config.name });
    this.#listenToForce(options.force);
    this.#faults.end();
    await stopInOrder({
      nodes: this.nodes,
      leader: this.live().leader,
      timeoutMs: options.timeoutMs ?? this.config.supervisor.stopTimeoutMs,
      emit: this.emit,
      onProgress: options.onProgress ?? (() => {}),
    });
    await this.#finish();
  }

  #listenToForce(force: AbortSignal | undefined): void {
    const end = () => void this.#nodes.endAll();
    if (force?.aborted) end();
    else force?.addEventListener('abort', end, { once: true });
  }

  async #finish(): Promise<void> {
    await this.#nodes.endAll();
    this.#nodes.close();
    await this.#members.settled();
    if (this.#options.ephemeral) this.#options.directory.remove();
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
    this.#end();
  }

  #refuseWhenGoingDown(): void {
    if (this.#down !== undefined) throw new RaftctlError('shutting-down', 'the cluster is going down');
  }

  #membershipContext(): MembershipContext {
    const { directory, engine, clock, probe } = this.#options;
    return {
      ...this.#transferContext(),
      config: this.config,
      configFile: this.#options.isTemporary ? null : this.config.file,
      members: this.#members,
      emit: this.emit,
      clock,
      lifecycle: this.#lifecycleContext(),
      probe: (member) => probe(engine, [member]),
      spawn: (member) => {
        this.#refuseWhenGoingDown();
        const node = this.#nodes.add(member);
        this.#faults.update();
        node.process.start();
        return node;
      },
      dismiss: async (id) => {
        await this.#nodes.remove(id);
        this.#faults.nodeLeft(id);
      },
      erase: (id) => {
        // The next supervisor may have the directory already.
        this.#refuseWhenGoingDown();
        rmSync(directory.nodeDirectory(id), { recursive: true, force: true });
      },
    };
  }

  #eventsArrived({ id }: NodeHandle, { lost, events }: EventBatch): void {
    if (lost > 0) this.emit.emit('warn', 'events-lost', { node: id, lost });
    this.#stream.append(events satisfies readonly DiagnosticEvent[]);
  }

  #transferContext(): TransferContext & AskLeaderContext<NodeHandle> {
    const { clock, scheduler } = this.#options;
    const leader = () => this.nodes.find(({ id, state }) => id === this.live().leader && state === 'running');
    return { clock, scheduler, emit: this.emit, changes: this.#changes, leader };
  }

  #lifecycleContext(): LifecycleContext {
    const { clock, scheduler, config } = this.#options;
    const { emit } = this;
    const { stopTimeoutMs } = config.supervisor;
    return { clock, scheduler, emit, changes: this.#changes, tracker: this.#tracker, stopTimeoutMs };
  }
}
