import {
  asNodeId,
  type Member,
  type Membership,
  type NodeId,
  RaftctlError,
  type Random,
  randomInt,
  silent,
} from '../../base/index.js';
import { EventRecorder, type NodeEvent } from '../../diagnostics/index.js';
import type { DataVersion } from '../../kv/index.js';
import { type NodeInspection, type NodeServer, openNode } from '../../node/index.js';
import { openWal, parseSightings, type Recovered, sightingsPath } from '../../storage/index.js';
import type { Frame } from '../../transport/index.js';
import { NO_FAULTS } from '../../wire/index.js';
import { Doom, type Ending } from './doom.js';
import { type DiskOperation, diskError, drawnSurvival, MemoryDisk } from './memory-disk.js';
import type { MemoryNetwork } from './memory-network.js';
import { MemoryStates } from './memory-states.js';
import type { DrawnOptions } from './options.js';
import { hostOf } from './process-host.js';
import { memberOf, NO_FACTS, SECRET, simSpec } from './sim-spec.js';
import { ToldFaults, withoutCutFrames } from './told-faults.js';
import { brokenInvariant, type Violation } from './violation.js';
import { type ProcessClock, SimulatedProcess, type VirtualTime } from './virtual-time.js';

export interface SimNodeContext {
  readonly options: DrawnOptions;
  readonly time: VirtualTime;
  readonly world: SimulatedProcess;
  readonly network: MemoryNetwork;
  /** Who forms the cluster when it begins. */
  readonly ids: readonly NodeId[];
  readonly random: Random;
  readonly clock: (node: NodeId) => ProcessClock;
  /** Its process has just ended; the node as it was then. */
  readonly ended: (node: SimNode, ending: Ending, inspection: NodeInspection | undefined, why: string) => void;
  readonly started: (node: SimNode) => void;
  /** It has a new disk, and is somebody else. */
  readonly begunAnew: (node: SimNode) => void;
  readonly refused: (node: SimNode, error: RaftctlError) => void;
  /** It ended because it could not go on. */
  readonly failed: (node: SimNode, error: RaftctlError) => void;
  readonly happened: (node: SimNode, event: NodeEvent) => void;
  readonly broken: (violation: Violation) => void;
  /** Its disk did something at once. */
  readonly stepped: () => void;
}

export type SimNodeState = 'down' | 'starting' | 'up' | 'stopping';

/** A member: its disk and state machine outlive its processes, one after the other. */
export class SimNode {
  readonly id: NodeId;
  disk = new MemoryDisk();
  /** Rises when it begins anew under its name. */
  incarnation = 1;
  /** It was told that it is no member any more. */
  isRemoved = false;
  /** What it went by, when its last process ended. */
  lastMembership: Membership | undefined;
  state: SimNodeState = 'down';
  /** What its next process understands. */
  data: DataVersion;
  server: NodeServer | undefined;
  process: SimulatedProcess;
  /** The next sync of a write fails. */
  syncFails = false;
  /** How much slower than usual the disk is. */
  diskSlowness = 1;
  /** Its disk is as fast as any, for good. */
  isSheltered = false;
  #flushesFail = false;
  /** A bit of its disk was flipped. */
  wasFlipped = false;
  /** It was given an old copy of its directory, and is nobody's member any more. */
  hasOldCopy = false;
  /** What its process is to end by. */
  readonly doom = new Doom();
  readonly told = new ToldFaults();
  /** Why it does not start any more. */
  damage: string | undefined;
  readonly #context: SimNodeContext;
  #states: MemoryStates;
  #copy: { readonly disk: MemoryDisk; readonly states: MemoryStates; readonly start: string } | undefined;
  #starts = 0;

  constructor(name: string, data: DataVersion, context: SimNodeContext) {
    this.id = asNodeId(name);
    this.data = data;
    this.#context = context;
    this.process = new SimulatedProcess(name, context.time);
    this.process.end();
    this.disk.stepped = context.stepped;
    this.#states = this.#newStates();
  }

  #newStates(): MemoryStates {
    return new MemoryStates({
      scheduler: {
        defer: (run) => this.process.defer(run),
        after: (ms, run) => this.process.after(ms, run),
      },
      flushMs: () => this.#latency(),
    });
  }

  get isDown(): boolean {
    return this.state === 'down';
  }

  start(): void {
    const { time, clock, started, refused, broken } = this.#context;
    this.#starts += 1;
    this.doom.lift();
    const { wanted } = this.told;
    this.told.inForce = wanted;
    const own = new SimulatedProcess(this.id, time, clock(this.id));
    this.process = own;
    this.state = 'starting';
    this.disk.latency = { scheduler: own, ms: (operation) => this.#diskLatency(operation) };
    this.disk.fault = (operation) => this.#diskFault(operation);
    this.#open(own).then(
      (server) => {
        if (!own.isAlive) return;
        this.server = server;
        this.state = 'up';
        started(this);
        // Something else may be wanted of it since it was spawned.
        if (this.told.wanted !== wanted) this.tell(() => {});
      },
      (error: unknown) => {
        if (!own.isAlive) return;
        if (error instanceof RaftctlError) {
          this.end('exit', error.message);
          refused(this, error);
        } else broken(brokenInvariant(this.id, error));
      },
    );
  }

  #open(own: SimulatedProcess): Promise<NodeServer> {
    const { network, options, ids, random } = this.#context;
    const instance = `${this.id}/${this.#starts}`;
    const immediately = { defer: (run: () => void) => run(), after: () => ({ cancel: () => {} }) };
    const recorder = new EventRecorder({ node: this.id, instance, clock: own, scheduler: immediately, level: 'info' });
    recorder.subscribe(0, 'info', (events) => {
      if (own.isAlive) for (const event of events) this.#context.happened(this, event);
    });
    const transport = network.transport(this.id, hostOf(own, random));
    return openNode(simSpec({ member: this.member, ids, options, faults: this.told.inForce }), {
      secret: SECRET,
      fileSystem: this.disk.mount(),
      transport: withoutCutFrames(transport, this.id, this.told, this.#context.broken),
      backend: (directory) => this.#states.open(directory, this.disk),
      recorder,
      clock: own,
      scheduler: own,
      random,
      process: NO_FACTS,
      instance,
      onStop: () => {},
      onRemoved: () => this.#removed(own),
      onFatal: (error) => this.#fatal(own, error),
      walOptions: options.wal,
      limits: options.limits,
      data: this.data,
    });
  }

  /** It has no part in the cluster any more, and exits as `node/main` does. */
  #removed(own: SimulatedProcess): void {
    if (!own.isAlive) return;
    this.isRemoved = true;
    own.atEndOfTurn(() => own.isAlive && this.end('exit', 'it is no member any more'));
  }

  /** Its supervisor wants something else of it: its process hears of it, and each of its later ones when it starts. */
  tell(change: (told: ToldFaults) => void): void {
    const { process, told } = this;
    change(told);
    process.defer(() => {
      if (!process.isAlive || this.server === undefined) return;
      const faults = told.wanted;
      void this.server.submit({ type: 'set-faults', faults });
      told.inForce = faults;
    });
  }

  /** Its machine is replaced: another member under the same name, which knows nothing. */
  beginAnew(): void {
    this.incarnation += 1;
    this.isRemoved = false;
    this.lastMembership = undefined;
    this.wasFlipped = false;
    this.hasOldCopy = false;
    this.damage = undefined;
    this.#copy = undefined;
    this.disk = new MemoryDisk();
    this.disk.stepped = this.#context.stepped;
    this.#states = this.#newStates();
    this.#context.begunAnew(this);
  }

  /** A process that cannot go on exits at once, as `node/main` does. */
  #fatal(own: SimulatedProcess, error: unknown): void {
    if (!own.isAlive) return;
    if (error instanceof RaftctlError) {
      this.end('exit', error.message);
      this.#context.failed(this, error);
    } else this.#context.broken(brokenInvariant(this.id, error));
  }

  /** Frames leave. */
  sends(frames: readonly Frame[]): void {
    this.effect();
    if (this.isDown || !this.doom.sends(frames)) return;
    const { process, doom } = this;
    // They have to be on their way first.
    process.atEndOfTurn(() => process.isAlive && this.end(doom.ending, 'as soon as it had spoken'));
  }

  /** Something of it becomes visible outside. It may be the last thing that would have. */
  effect(): void {
    if (this.doom.effect()) this.end(this.doom.ending, 'in the midst of its work');
  }

  end(ending: Ending, why: string): void {
    if (this.state === 'down') return;
    const { network, random } = this.#context;
    const inspection = this.server?.inspect();
    this.lastMembership = this.server?.status().membership ?? this.lastMembership;
    this.server = undefined;
    this.state = 'down';
    this.process.end();
    network.crash(this.id, ending === 'power-cut' ? randomInt(random, 0, 2_000) : 0);
    if (ending === 'power-cut') this.disk.crash(drawnSurvival(random));
    else this.disk.kill();
    this.disk.latency = undefined;
    // What LMDB said of its last flush is true for the kernel, and need not be for the disk.
    this.#states.crash({ losesLast: ending === 'power-cut' && random.next() < 0.3 });
    this.#flushesFail = false;
    this.#context.ended(this, ending, inspection, why);
  }

  /** `cp -a` of its directory, whatever its process does meanwhile. Answers false before its first start is complete. */
  copyDirectory(): boolean {
    const start = latestStart(this.disk, this.id, this.id);
    if (start === undefined) return false;
    this.#copy = { disk: this.disk.clone(), states: this.#states.copy(), start };
    return true;
  }

  /** There is a copy, and a start since then that all of these will remember, whatever happens to them. */
  hasCopyOlderThan(others: readonly SimNode[]): boolean {
    const start = latestStart(this.disk, this.id, this.id);
    if (this.#copy === undefined || this.#copy.start === start) return false;
    return others.every(({ id, disk }) => latestStart(disk.afterPowerCut(), id, this.id) === start);
  }

  /** The copy in the place of its directory. Its process has ended. */
  putCopyBack(): void {
    const { disk, states } = this.#copy!;
    this.hasOldCopy = true;
    this.disk.replaceBy(disk);
    this.#states = states.copy();
  }

  /** What its log would say after a power cut at this moment. */
  async afterPowerCut(): Promise<Recovered> {
    const { wal, recovered } = await openWal({
      fileSystem: this.disk.afterPowerCut(),
      directory: `/${this.id}/wal`,
      emit: silent,
      scheduler: this.#context.world,
      options: { ...this.#context.options.wal, onFatal: () => {} },
    });
    await wal.close();
    return recovered;
  }

  /** SIGTERM: it says goodbye. */
  stop(): void {
    const { server, process } = this;
    if (server === undefined || this.state !== 'up') return;
    this.state = 'stopping';
    server.stop().then(
      () => process.isAlive && this.end('exit', 'it was asked to'),
      (error: unknown) => process.isAlive && this.#fatal(process, error),
    );
  }

  /** Whatever was wrong with its machine is put right for good; the process goes on, or starts again. */
  shelter(): void {
    this.isSheltered = true;
    this.syncFails = false;
    this.disk.capacityBytes = Number.POSITIVE_INFINITY;
    this.doom.lift();
    this.releaseFlushes();
    if (this.told.wanted !== NO_FAULTS) this.tell((told) => told.clear());
    if (this.#flushesFail || this.state === 'stopping') this.end('kill', 'to be sheltered');
    if (this.process.isStopped) this.process.resume();
    if (this.isDown) this.start();
  }

  slowDownForGood(): void {
    this.isSheltered = false;
    this.diskSlowness = 100;
  }

  /** The next copy of its state that it makes for another is not what the state is. */
  spoilNextCopy(): void {
    for (const backend of this.#states.backends()) backend.loseKeyInNextCopy();
  }

  /** Until the process ends. */
  failFlushes(): void {
    if (this.isDown) return;
    this.#flushesFail = true;
    for (const backend of this.#states.backends()) backend.failCommits(diskError('EIO', 'data.mdb'));
  }

  holdFlushes(): void {
    for (const backend of this.#states.backends()) backend.holdFlushes();
  }

  releaseFlushes(): void {
    for (const backend of this.#states.backends()) backend.releaseFlushes();
  }

  #diskLatency({ kind }: DiskOperation): number {
    return kind === 'sync' || kind === 'sync-directory' ? this.#latency() : 0.01;
  }

  #latency(): number {
    const [min, max] = this.#context.options.syncMs;
    if (this.isSheltered) return min;
    return (min + (max - min) * this.#context.random.next() ** 3) * this.diskSlowness;
  }

  #diskFault({ kind, path }: DiskOperation): Error | undefined {
    this.effect();
    if (!this.syncFails || kind !== 'sync') return undefined;
    this.syncFails = false;
    return diskError('EIO', path);
  }

  get member(): Member {
    return memberOf(this.id, this.incarnation);
  }

  /** What it goes by, or went by when it was last seen. */
  get membership(): Membership | undefined {
    return this.server?.status().membership ?? this.lastMembership;
  }
}

/** The latest start of a member that the owner of this disk has written down, as the name of its process. */
function latestStart(disk: MemoryDisk, owner: NodeId, member: NodeId): string | undefined {
  const file = disk.image().get(sightingsPath(`/${owner}`));
  return file && parseSightings('sightings.json', file.toString()).members.get(member)?.instance;
}
