import { rmSync } from 'node:fs';
import {
  type Clock,
  type Emit,
  inNaturalOrder,
  type Level,
  Listeners,
  type Member,
  messageOf,
  type NodeId,
  RaftctlError,
  type Random,
  type Scheduler,
  type Timer,
} from '../base/index.js';
import { type DiagnosticEvent, type EventSource, MergedStream } from '../diagnostics/index.js';
import type { EventBatch, NodeStatus } from '../wire/index.js';
import type { AskLeaderContext } from './ask-leader.js';
import { viewCluster } from './cluster-view.js';
import type { ClusterConfig } from './config/config.js';
import {
  type ClusterChange,
  type ClusterChanged,
  type ClusterControl,
  type ClusterView,
  type DownOptions,
  EVENTS_LATE_MS,
  type LifecycleAction,
  type LifecycleOptions,
  type LifecycleResult,
  type LiveState,
  type Transferred,
} from './control.js';
import type { ClusterDirectory } from './directory.js';
import type { Engine } from './engine.js';
import { Guard } from './guard.js';
import { KnownMembers } from './known-members.js';
import { type LifecycleContext, runLifecycle } from './lifecycle.js';
import { LiveTracker } from './live.js';
import { changeCluster, type MembershipContext } from './membership-changes.js';
import { NodeHandle } from './node-handle.js';
import { noSuchNode } from './node-words.js';
import type { RestartOptions } from './process-machine.js';
import { ProcessRegistry } from './process-registry.js';
import { hasProcess, type ProcessStateName } from './process-state.js';
import { stopInOrder } from './shutdown.js';
import { supervisorEmit } from './supervisor-emit.js';
import type { KnownMember, SupervisorFile } from './supervisor-file.js';
import { type TransferContext, transferLeadership } from './transfer.js';

export interface SupervisorOptions {
  readonly config: ClusterConfig;
  /** Who the cluster is, as supervisor.json says. */
  readonly file: SupervisorFile;
  readonly directory: ClusterDirectory;
  /** Its data is deleted when it goes down. */
  readonly ephemeral: boolean;
  /** It is somewhere else than its cluster.yaml says, and another cluster may be there: the file is not its own. */
  readonly isTemporary: boolean;
  readonly engine: Engine;
  /** Rejects with `port-taken` when one of them could not listen. */
  readonly probe: (engine: Engine, members: readonly Member[]) => Promise<void>;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Names this supervisor among the ones before and after it. */
  readonly instance: string;
  readonly restarts?: RestartOptions | undefined;
}

const VIEW_TIMEOUT_MS = 1_000;
const LEVEL_TIMEOUT_MS = 2_000;
const CHANGE_TIMEOUT_MS = 30_000;

/** Of a command that is told to others. */
const COMMAND_LENGTH_MAX = 200;

/** How often the sizes of the logs are looked at. */
const ROTATE_EVERY_MS = 2_000;

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
  readonly #nodes: Map<NodeId, NodeHandle>;
  readonly #tracker: LiveTracker;
  readonly #changes = new Listeners();
  readonly #registry: ProcessRegistry;
  readonly #members: KnownMembers;
  /** Of the processes that are there, whatever their state. */
  readonly #pids = new Map<NodeId, number>();
  readonly #cleanups: (() => void | Promise<void>)[] = [];
  #guard: Guard | undefined;
  #changing = false;
  #rotation: Timer | undefined;
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
      for (const node of this.#nodes.values()) node.setDemand(level);
    };
    this.#stream = new MergedStream({ clock, scheduler, demandChanged });
    this.events = this.#stream;
    this.emit = supervisorEmit(this.#stream, clock, instance);
    this.#members = new KnownMembers(directory.supervisorFile, file, this.emit);
    this.#registry = new ProcessRegistry(directory.processesFile, scheduler);
    const members = [...file.members].sort((one, other) => inNaturalOrder(one.id, other.id));
    this.#nodes = new Map(members.map((member) => [member.id, this.#newNode(member)]));
    this.#tracker = new LiveTracker({
      membership: () => this.#members.membership,
      stateOf: (id) => this.#nodes.get(id)?.state ?? 'stopped',
    });
    this.#stream.subscribe(0, { event: 'role-changed' }, (events) => this.#tracker.rolesChanged(events));
    this.#stream.subscribe(0, { event: 'membership-known' }, () => this.#askForMembers());
    this.#tracker.onChange(() => this.#changes.notify());
    this.#members.onChange(() => this.#tracker.membersChanged());
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get nodes(): readonly NodeHandle[] {
    return [...this.#nodes.values()];
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
    const { config, scheduler } = this.#options;
    this.emit.emit('info', 'cluster-starting', { name: config.name, nodes: this.#nodes.size, pid: process.pid });
    for (const node of this.#nodes.values()) node.process.start();
    this.#guard = new Guard({ emit: this.emit, scheduler });
    for (const pid of this.#pids.values()) this.#guard.add(pid);
    this.#scheduleRotation();
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
    return runLifecycle(this.#lifecycleContext(), action, this.#node(node), options);
  }

  async transfer(to?: NodeId, { timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<Transferred> {
    if (to !== undefined) this.#node(to);
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

  /** Something is new: the leader knows all of it. */
  #askForMembers(): void {
    const { leader } = this.live();
    const node = leader === null ? undefined : this.#nodes.get(leader);
    // It may have ended, or not answer: whoever asks for the next view hears it.
    node?.status(VIEW_TIMEOUT_MS).catch(() => {});
  }

  #heard({ role, membership, term }: NodeStatus): void {
    if (role === 'leader') this.#members.heard(membership, term);
  }

  async setLevel(level: Level, node?: NodeId): Promise<void> {
    const nodes = node === undefined ? this.nodes : [this.#node(node)];
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
    const end = () => void this.#endAll();
    if (force?.aborted) end();
    else force?.addEventListener('abort', end, { once: true });
  }

  async #endAll(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.process.end()));
  }

  async #finish(): Promise<void> {
    await this.#endAll();
    this.#rotation?.cancel();
    this.#guard?.close();
    this.#registry.flush();
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
        const node = this.#newNode({ ...member, joined: false, joins: true });
        this.#nodes.set(member.id, node);
        node.process.start();
        return node;
      },
      dismiss: async (id) => {
        const node = this.#nodes.get(id);
        await node?.leave(this.config.supervisor.stopTimeoutMs);
        this.#nodes.delete(id);
      },
      erase: (id) => {
        // The next supervisor may have the directory already.
        this.#refuseWhenGoingDown();
        rmSync(directory.nodeDirectory(id), { recursive: true, force: true });
      },
    };
  }

  #newNode({ joined, ...member }: KnownMember): NodeHandle {
    const { config, file, directory } = this.#options;
    const { raft, storage, logs, supervisor } = config;
    const { id } = member;
    return new NodeHandle({
      ...this.#options,
      plan: {
        ...member,
        cluster: config.name,
        clusterId: file.clusterId,
        members: this.#members.own.map(({ id: other, incarnation, host, port }) => ({
          id: other,
          incarnation,
          host,
          port,
        })),
        directory: directory.nodeDirectory(id),
        heartbeatMs: raft.heartbeatMs,
        electionTimeoutMs: raft.electionTimeoutMs,
        maxValueBytes: storage.maxValueBytes,
        keepLogBytes: storage.keepLogBytes,
        logLevel: logs.level,
      },
      mayCreate: () => !this.#members.hasJoined(id),
      log: { file: directory.logFile(id), maxFileBytes: logs.maxFileBytes, files: logs.files },
      restart: supervisor.restart,
      emit: this.emit,
      led: () => this.#tracker.live.leader === id,
      changed: (changed, before) => this.#nodeChanged(changed, before),
      events: (from, batch) => this.#eventsArrived(from, batch),
      heard: (status) => this.#heard(status),
    });
  }

  #nodeChanged({ id, state, process }: NodeHandle, before: ProcessStateName): void {
    if (state === 'running') this.#members.joined(id);
    if (state === 'starting' && process.pid) this.#processStarted(id, process.pid);
    if (hasProcess(before) && !hasProcess(state)) this.#processGone(id);
    this.#tracker.processChanged(id, hasProcess(state), state === 'starting');
  }

  #processStarted(id: NodeId, pid: number): void {
    this.#pids.set(id, pid);
    this.#registry.add(id, pid);
    this.#guard?.add(pid);
  }

  /** Its pid may be a stranger's from now on. */
  #processGone(id: NodeId): void {
    const pid = this.#pids.get(id);
    if (pid === undefined) return;
    this.#pids.delete(id);
    this.#registry.remove(id);
    this.#guard?.remove(pid);
  }

  #eventsArrived({ id }: NodeHandle, { lost, events }: EventBatch): void {
    if (lost > 0) this.emit.emit('warn', 'events-lost', { node: id, lost });
    this.#stream.append(events satisfies readonly DiagnosticEvent[]);
  }

  #scheduleRotation(): void {
    this.#rotation = this.#options.scheduler.after(ROTATE_EVERY_MS, () => {
      void Promise.all(this.nodes.map((node) => this.#rotate(node))).then(() => {
        if (this.#down === undefined) this.#scheduleRotation();
      });
    });
  }

  async #rotate({ id, log }: NodeHandle): Promise<void> {
    try {
      const bytes = await log.rotate();
      if (bytes !== undefined) this.emit.emit('debug', 'log-rotated', { node: id, bytes });
    } catch (thrown) {
      this.emit.emit('warn', 'log-failed', { node: id, error: messageOf(thrown) });
    }
  }

  #node(id: NodeId): NodeHandle {
    const node = this.#nodes.get(id);
    if (node !== undefined) return node;
    throw noSuchNode(id, [...this.#nodes.keys()]);
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
