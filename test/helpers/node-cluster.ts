import { asNodeId, hasQuorum, type Member, type NodeId, type Scheduler, seededRandom } from '../../src/base/index.js';
import { type ClusterClient, createClient } from '../../src/client/client.js';
import type { ConnectOptions } from '../../src/client/index.js';
import { EventRecorder } from '../../src/diagnostics/index.js';
import { DATA_VERSION, type DataVersion } from '../../src/kv/index.js';
import { type NodeLimits, type NodeServer, openNode } from '../../src/node/index.js';
import { MemoryStates } from '../../src/verify/sim/memory-states.js';
import { type LinkTrouble, NO_FAULTS, type NodeFaults, type NodeSpec } from '../../src/wire/index.js';
import { EventLoop } from './event-loop.js';
import { ManualTime } from './manual-time.js';
import { MemoryDisk, survive } from './memory-disk.js';
import { createMemoryNetwork, type MemoryNetwork } from './memory-transport.js';

interface Running {
  readonly server: NodeServer;
  readonly instance: string;
}

export interface DirectoryCopy {
  readonly disk: MemoryDisk;
  readonly states: MemoryStates;
}

interface StartNodeOptions {
  readonly mayCreate?: boolean;
  /** What this node takes for the members and their addresses; left out: the truth. */
  readonly members?: NodeSpec['members'];
  /** What this node understands; left out: all that this raftctl does. */
  readonly data?: DataVersion;
  /** It was not there when the cluster began. */
  readonly joins?: boolean;
  /** Under this name it is the nth. */
  readonly incarnation?: number;
  /** Where it listens; left out: at port 1 of a host of its name. */
  readonly address?: Pick<Member, 'host' | 'port'>;
  /** Of a new cluster that goes on with its data. */
  readonly clusterId?: string;
  /** What it suffers from its start. */
  readonly faults?: NodeFaults;
}

/** Segments of the log, and how much of it stays. */
interface LogOptions {
  readonly segmentBytes: number;
  readonly keepLogBytes: number;
}

/**
 * Whole nodes in one process: the server that ships, over a simulated disk, network and clock. Nothing happens unless
 * time is made to pass.
 *
 *     const c = await NodeCluster.start(3);
 *     await c.leader();
 *     await c.run(c.client.put('a', '1'));
 *     await c.kill('node-01');
 */
export class NodeCluster {
  readonly time: ManualTime;
  readonly random = seededRandom(7);
  readonly network: MemoryNetwork;
  /** Of all nodes that ever were, those that joined later behind the first. */
  readonly ids: NodeId[];
  /** What ended a node by itself, in order. */
  readonly failures: { readonly node: NodeId; readonly error: unknown }[] = [];
  readonly events: string[] = [];
  /** Who was told that it is no member any more, in order. */
  readonly removed: NodeId[] = [];
  /** And at that moment. */
  onRemoved: (node: NodeId) => void = () => {};
  readonly #first: readonly NodeId[];
  readonly #incarnations = new Map<NodeId, number>();
  readonly #addresses = new Map<NodeId, Pick<Member, 'host' | 'port'>>();
  readonly #disks = new Map<NodeId, MemoryDisk>();
  readonly #states = new Map<NodeId, MemoryStates>();
  readonly #running = new Map<NodeId, Running>();
  /** Of the process that each node has now, or had last. */
  readonly #loops = new Map<NodeId, EventLoop>();
  readonly #limits: Partial<NodeLimits>;
  readonly #log: LogOptions;
  #instances = 0;

  /** A cluster whose nodes are all down. */
  static down(nodes: number, time = new ManualTime()): NodeCluster {
    return new NodeCluster(nodes, {}, time);
  }

  static async start(
    nodes: number,
    limits: Partial<NodeLimits> = {},
    log: Partial<LogOptions> = {},
  ): Promise<NodeCluster> {
    const cluster = new NodeCluster(nodes, limits, new ManualTime(), log);
    for (const id of cluster.ids) await cluster.startNode(id);
    return cluster;
  }

  private constructor(
    nodes: number,
    limits: Partial<NodeLimits>,
    time = new ManualTime(),
    log: Partial<LogOptions> = {},
  ) {
    this.time = time;
    this.network = createMemoryNetwork({ clock: time, scheduler: time, random: this.random });
    this.#limits = limits;
    this.#log = { segmentBytes: 1 << 20, keepLogBytes: 64 << 20, ...log };
    this.ids = Array.from({ length: nodes }, (_, i) => asNodeId(`node-0${i + 1}`));
    this.#first = [...this.ids];
  }

  disk(id: string): MemoryDisk {
    return this.#disks.get(asNodeId(id))!;
  }

  server(id: string): NodeServer {
    return this.#running.get(asNodeId(id))!.server;
  }

  get running(): readonly NodeId[] {
    return this.ids.filter((id) => this.#running.has(id));
  }

  /** `cp -a` of its directory, at this moment. */
  copyOf(id: string): DirectoryCopy {
    return { disk: this.disk(id).clone(), states: this.#states.get(asNodeId(id))!.copy() };
  }

  /** The copy in the place of its directory, while it is down. */
  putBack(id: string, { disk, states }: DirectoryCopy): void {
    this.#disks.set(asNodeId(id), disk.clone());
    this.#states.set(asNodeId(id), states.copy());
  }

  /** The disk was swapped for an empty one. */
  replaceDisk(id: string): void {
    this.#disks.set(asNodeId(id), new MemoryDisk());
  }

  /** Its directory is deleted while it is down. */
  wipe(name: string): void {
    const id = asNodeId(name);
    this.#disks.delete(id);
    this.#states.delete(id);
  }

  async startNode(name: string, options: StartNodeOptions = {}): Promise<void> {
    await this.run(this.launch(name, options));
  }

  /** The same while somebody else lets time pass. */
  async launch(name: string, options: StartNodeOptions = {}): Promise<void> {
    const { mayCreate = true, members, data, joins = false, incarnation, address, clusterId, faults } = options;
    const id = asNodeId(name);
    if (!this.ids.includes(id)) this.ids.push(id);
    if (incarnation !== undefined) this.#incarnations.set(id, incarnation);
    if (address !== undefined) this.#addresses.set(id, address);
    const loop = new EventLoop(this.time);
    this.#loops.set(id, loop);
    const disk = this.#disks.get(id) ?? new MemoryDisk();
    const states = this.#states.get(id) ?? new MemoryStates({ scheduler: this.#loopOf(id) });
    this.#disks.set(id, disk);
    this.#states.set(id, states);
    this.#instances += 1;
    const instance = `instance-${this.#instances}`;
    const recorder = new EventRecorder({ node: id, instance, clock: loop, scheduler: loop, level: 'info' });
    recorder.subscribe(0, 'info', (events) => {
      for (const { event, fields } of events) this.events.push(`${id} ${event} ${JSON.stringify(fields)}`);
    });
    const server = await openNode(
      {
        ...this.#spec(id),
        mayCreate,
        ...(members && { members }),
        ...(joins && { joins }),
        ...(clusterId && { clusterId }),
        ...(faults && { faults }),
      },
      {
        fileSystem: disk.mount(),
        transport: this.network.transport(id, { clock: loop, scheduler: loop, random: this.random }),
        backend: (directory) => states.open(directory, disk),
        recorder,
        clock: loop,
        scheduler: loop,
        random: this.random,
        process: { pid: 1, version: 'test', memory: () => ({ rss: 0, heapUsed: 0, external: 0 }), cpuMs: () => 0 },
        instance,
        onStop: () => {},
        onFatal: (error) => this.failures.push({ node: id, error }),
        onRemoved: () => {
          this.removed.push(id);
          this.onRemoved(id);
        },
        walOptions: { segmentBytes: this.#log.segmentBytes, firstSegmentBytes: this.#log.segmentBytes },
        limits: this.#limits,
        ...(data && { data }),
      },
    );
    this.#running.set(id, { server, instance });
  }

  /** SIGKILL: the process is gone at once, the disk keeps what the kernel had. */
  async kill(name: string): Promise<void> {
    this.crash(name);
    await this.pass(1);
  }

  /** The same, and no time passes. */
  crash(name: string): void {
    const id = asNodeId(name);
    this.#running.delete(id);
    this.#loops.get(id)!.end();
    this.network.crash(id);
    this.disk(id).crash(survive.all);
    this.#states.get(id)!.crash({ losesLast: false });
  }

  async stop(name: string): Promise<void> {
    await this.run(this.leave(name));
  }

  /** SIGTERM, while somebody else lets time pass. */
  async leave(name: string): Promise<void> {
    const id = asNodeId(name);
    const { server } = this.#running.get(id)!;
    this.#running.delete(id);
    await server.stop();
    this.#states.get(id)!.crash({ losesLast: false });
  }

  /** SIGSTOP: nothing happens in it; what arrives or is due meanwhile waits. */
  pause(name: string): void {
    this.#loops.get(asNodeId(name))!.stop();
  }

  /** SIGCONT. */
  resume(name: string): void {
    this.#loops.get(asNodeId(name))!.resume();
  }

  /** What a node is told to suffer, itself, as its supervisor tells it. */
  async suffer(name: string, faults: Partial<NodeFaults>): Promise<void> {
    await this.run(this.server(name).submit({ type: 'set-faults', faults: { ...NO_FAULTS, ...faults } }));
  }

  /** Both ends of every link between the two sides are told, whoever of them runs. */
  async sufferBetween(one: readonly string[], other: readonly string[], trouble: LinkTrouble): Promise<void> {
    for (const id of this.running) {
      const far = one.includes(id) ? other : one;
      const ways = far.flatMap((peer) =>
        (['in', 'out'] as const).map((direction) => ({ peer: asNodeId(peer), direction })),
      );
      await this.suffer(id, { links: ways.map((way) => ({ ...way, ...trouble })) });
    }
  }

  async sufferNothing(): Promise<void> {
    for (const id of this.running) await this.suffer(id, NO_FAULTS);
  }

  /** Frames from and to the node are lost; connections stay. */
  isolate(name: string): void {
    this.network.faults = { loses: (from, to) => from === name || to === name };
  }

  heal(): void {
    this.network.faults = {};
  }

  /** Without sessions: it tells what nodes say to each try. */
  client(...nodes: readonly string[]): ClusterClient {
    return this.#clientOf(nodes, { sessions: false, discover: false });
  }

  /** One that finds members that it was not told of. */
  followingClient(...nodes: readonly string[]): ClusterClient {
    return this.#clientOf(nodes, { sessions: false });
  }

  /** With sessions. The cluster version has to know sessions, which takes a moment: see `sessionsKnown`. */
  sessionClient(...nodes: readonly string[]): ClusterClient {
    return this.#clientOf(nodes, { discover: false });
  }

  sessionsKnown(): Promise<true> {
    const { version } = DATA_VERSION;
    return this.until(
      () => this.running.every((id) => this.server(id).status().clusterVersion === version) || undefined,
    );
  }

  #clientOf(nodes: readonly string[], options: ConnectOptions): ClusterClient {
    const endpoints = (nodes.length === 0 ? this.ids : nodes).map((id) => `${id}:1`);
    const transport = this.network.transport(`client-${this.#instances}`);
    const time = { clock: this.time, scheduler: this.time, random: this.random };
    return createClient({ endpoints, transport, ...time, options });
  }

  /** The one leader that a majority of the running nodes follows; lets time pass until there is one. */
  leader(not?: string): Promise<NodeId> {
    return this.until(() => {
      const statuses = this.running.map((id) => this.server(id).status());
      const leader = statuses.find(({ role, node }) => role === 'leader' && node !== not);
      if (leader === undefined) return undefined;
      const follows = (id: NodeId) =>
        statuses.some((one) => one.node === id && one.leader === leader.node && one.term === leader.term);
      return hasQuorum(leader.membership, follows) ? leader.node : undefined;
    });
  }

  /** Lets time pass until `find` finds something. */
  async until<T>(find: () => T | undefined, withinMs = 20_000): Promise<T> {
    for (let waited = 0; waited < withinMs; waited += 1) {
      const found = find();
      if (found !== undefined) return found;
      await this.pass(1);
    }
    throw new Error(`not within ${withinMs} ms`);
  }

  /** Lets time pass until the promise settles. */
  async run<T>(promise: Promise<T>, withinMs = 30_000): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.until(() => settled || undefined, withinMs);
    return promise;
  }

  /** Lets `ms` pass, a millisecond at a time. */
  async pass(ms: number): Promise<void> {
    await passTime(this.time, ms);
  }

  /** The loop of whatever process the node has at the time. */
  #loopOf(id: NodeId): Scheduler {
    return {
      defer: (run) => this.#loops.get(id)!.defer(run),
      after: (ms, run) => this.#loops.get(id)!.after(ms, run),
    };
  }

  /** As the others know it. */
  memberOf(name: string): Member {
    const id = asNodeId(name);
    return { id, incarnation: this.#incarnations.get(id) ?? 1, host: id, port: 1, ...this.#addresses.get(id) };
  }

  #spec(id: NodeId): NodeSpec {
    return {
      cluster: 'test',
      clusterId: 'c'.repeat(32),
      id,
      incarnation: this.#incarnations.get(id) ?? 1,
      members: [...new Set([...this.#first, id])].map((member) => this.memberOf(member)),
      directory: `/data/${id}`,
      mayCreate: true,
      heartbeatMs: 100,
      electionTimeoutMs: [400, 800],
      maxValueBytes: 1 << 20,
      keepLogBytes: this.#log.keepLogBytes,
      logLevel: 'info',
    };
  }
}

/** Lets `ms` pass, a millisecond at a time. */
export async function passTime(time: ManualTime, ms: number): Promise<void> {
  for (let i = 0; i < ms; i += 1) {
    await settle();
    time.advance(1);
    await settle();
    time.turn();
  }
}

/** Lets happen what is due at this moment. */
export async function passNoTime(time: ManualTime): Promise<void> {
  await settle();
  time.turn();
  await settle();
}

/** Lets promises that are ready run; the disk completes its operations in microtasks. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
