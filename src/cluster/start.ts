import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import {
  asError,
  type Clock,
  type Emit,
  type Level,
  type Member,
  type NodeId,
  RaftctlError,
  type Random,
  type Scheduler,
  silent,
} from '../base/index.js';
import { type Lock, makeTemporaryDirectory } from '../os/index.js';
import { createTcpTransport, type Transport } from '../transport/index.js';
import type { ClusterConfig } from './config/config.js';
import { type ControlServer, serveControl } from './control-server.js';
import { ClusterDirectory } from './directory.js';
import { type Announcement, announceCluster, type RunningCluster } from './listing.js';
import { refuseForbiddenCode } from './node-options.js';
import { probePorts } from './ports.js';
import type { RestartOptions } from './process-machine.js';
import { sweepOrphans } from './process-registry.js';
import { raftctlEngine } from './raftctl-engine.js';
import { awaitReadiness, type ReadinessStep } from './readiness.js';
import { refuseUnfinishedRecovery } from './recovery-file.js';
import { takeClusterLock } from './remove.js';
import { takeSecret } from './secret.js';
import { Supervisor } from './supervisor.js';
import {
  newSupervisorFile,
  readSupervisorFile,
  type SupervisorFile,
  takeOver,
  writeSupervisorFile,
} from './supervisor-file.js';
import type { Traces } from './traces.js';

export interface StartOptions {
  readonly config: ClusterConfig;
  /** Of this cluster. Default: `storage.dir` / name. */
  readonly directory?: string | undefined;
  /** A temporary directory, deleted when the cluster goes down. */
  readonly ephemeral?: boolean | undefined;
  /** `raftctl ls` shows it, and one-shot commands find it. Default true. */
  readonly listed?: boolean | undefined;
  /** Program and arguments of a node process. */
  readonly nodeCommand: readonly string[];
  readonly onProgress?: (progress: StartProgress) => void;
  readonly timeoutMs: number;
  /** Aborted: what was spawned is ended, and the start rejects with `interrupted`. */
  readonly signal?: AbortSignal | undefined;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly restarts?: RestartOptions;
}

export type StartProgress =
  | { readonly type: 'directory'; readonly directory: string; readonly clusterId: string; readonly created: boolean }
  /** Left over by a supervisor that died. */
  | { readonly type: 'swept'; readonly node: string; readonly pid: number }
  | { readonly type: 'spawned'; readonly node: NodeId; readonly pid: number | null }
  /** Other terminals will not find it. */
  | { readonly type: 'unlisted'; readonly reason: string }
  | ReadinessStep
  | { readonly type: 'leader'; readonly node: NodeId; readonly term: number; readonly ms: number };

/**
 * Starts a cluster and resolves when it is ready. What must come first comes first, and nothing else: lock, leftovers,
 * ports, the cluster's id on disk; then all nodes are spawned in one turn, and the rest is done while they boot.
 */
export async function startCluster(options: StartOptions): Promise<Supervisor> {
  const startedAt = options.clock.now();
  const prepared = await prepare(options);
  const { supervisor } = prepared;
  supervisor.spawnAll();
  const doors = openDoors(prepared, options);
  try {
    for (const { id, process } of supervisor.nodes) {
      options.onProgress?.({ type: 'spawned', node: id, pid: process.pid });
    }
    await Promise.all([doors, ready(supervisor, options, startedAt)]);
    return supervisor;
  } catch (thrown) {
    // A door that is just being opened would be left open.
    await Promise.allSettled([doors]);
    await supervisor.abandon();
    throw thrown;
  }
}

interface Prepared {
  readonly supervisor: Supervisor;
  readonly lock: Lock;
  readonly directory: ClusterDirectory;
  readonly file: SupervisorFile;
  readonly created: boolean;
}

async function prepare(options: StartOptions): Promise<Prepared> {
  refuseForbiddenCode();
  const { config, clock, scheduler, random, signal, onProgress, ephemeral = false } = options;
  const { directory, traces, lock } = takeDirectory(directoryOf(options));
  try {
    const swept: { readonly node: string; readonly pid: number }[] = [];
    await sweepOrphans({
      file: directory.processesFile,
      clock,
      scheduler,
      swept: (node, pid) => {
        swept.push({ node, pid });
        onProgress?.({ type: 'swept', node, pid });
      },
    });
    const transport = createTcpTransport({ clock, scheduler, random, emit: silent });
    refuseUnfinishedRecovery(directory.path);
    const { file, created } = takeFile(directory, config);
    // Durable before the first node writes its id into its own data: else a power cut could part them for good.
    const [secret] = await Promise.all([
      takeSecret(directory.secretFile),
      created ? writeSupervisorFile(directory.supervisorFile, file) : undefined,
    ]);
    onProgress?.({ type: 'directory', directory: directory.path, clusterId: file.clusterId, created });
    const engine = raftctlEngine({ command: options.nodeCommand, secret, transport, clock, scheduler });
    await probePorts(transport, engine, file.members);
    if (signal?.aborted) throw new RaftctlError('interrupted', 'interrupted before anything was started');
    const supervisor = new Supervisor({
      ...options,
      file,
      directory,
      ephemeral,
      isTemporary: ephemeral || options.directory !== undefined,
      engine,
      probe: (one, members) => probePorts(transport, one, members),
      instance: randomBytes(8).toString('hex'),
    });
    for (const fields of swept) supervisor.emit.emit('warn', 'orphan-swept', fields);
    return { supervisor, lock, directory, file, created };
  } catch (thrown) {
    traces.remove();
    lock.release();
    traces.removeDirectories();
    if (ephemeral) directory.remove();
    throw thrown;
  }
}

function takeDirectory(path: string): Pick<Prepared, 'directory' | 'lock'> & { readonly traces: Traces } {
  const traces = ClusterDirectory.tracesAt(path);
  try {
    const directory = ClusterDirectory.create(path);
    return { directory, traces, lock: takeClusterLock(directory, 'raftctl up') };
  } catch (thrown) {
    traces.removeDirectories();
    throw thrown;
  }
}

function directoryOf({ config, directory, ephemeral }: StartOptions): string {
  if (ephemeral) return makeTemporaryDirectory();
  return resolve(directory ?? resolve(config.storage.dir, config.name));
}

function takeFile(
  directory: ClusterDirectory,
  config: ClusterConfig,
): { readonly file: SupervisorFile; readonly created: boolean } {
  const supervising = { pid: process.pid, socket: directory.socketPath() };
  const found = readSupervisorFile(directory.supervisorFile);
  if (found === undefined) return { file: newSupervisorFile(config, supervising), created: true };
  return { file: takeOver(found, config, supervising, directory.path), created: false };
}

/** The ways in for other terminals. They close in this order: the listing, the lock, and who asked for the end. */
async function openDoors(prepared: Prepared, options: StartOptions): Promise<void> {
  const { supervisor, lock, file, created } = prepared;
  let server: ControlServer | undefined;
  supervisor.onEnd(() => server?.close());
  supervisor.onEnd(() => lock.release());
  server = await serveControl({
    control: supervisor,
    path: file.socket,
    transport: controlTransport(options, supervisor.emit),
  });
  if (options.listed ?? true) list(prepared, options);
  if (!created) await supervisor.saveFile();
}

function list({ supervisor, directory, file }: Prepared, { config, clock, onProgress }: StartOptions): void {
  const listed: RunningCluster = {
    name: config.name,
    clusterId: file.clusterId,
    directory: directory.path,
    socket: file.socket,
    pid: process.pid,
    startedAt: Math.round(clock.wall()),
    nodes: listedNodes(file.members),
  };
  try {
    const announcement = announceCluster(listed);
    supervisor.onEnd(() => announcement.takeBack());
    supervisor.onLiveChange(() => announceMembers(announcement, supervisor));
  } catch (thrown) {
    // It costs the listing, not the cluster.
    const { message, hint } = asError(thrown);
    onProgress?.({ type: 'unlisted', reason: hint === undefined ? message : `${message}; ${hint}` });
  }
}

const listedNodes = (members: readonly Member[]): RunningCluster['nodes'] =>
  members.map(({ id, host, port }) => ({ id, host, port }));

function announceMembers(announcement: Announcement, supervisor: Supervisor): void {
  try {
    announcement.nodesAre(listedNodes(supervisor.live().membership.members));
  } catch (thrown) {
    supervisor.emit.emit('warn', 'listing-failed', { error: asError(thrown).message });
  }
}

/** Who is cut off, and why, belongs into the cluster's log; that consoles come and go does not. */
function controlTransport({ clock, scheduler, random }: StartOptions, emit: Emit): Transport {
  const enabled = (level: Level): boolean => level === 'warn' || level === 'error';
  const warnings: Emit = {
    enabled,
    emit: (level, event, fields) => void (enabled(level) && emit.emit(level, event, fields)),
  };
  return createTcpTransport({ clock, scheduler, random, emit: warnings });
}

async function ready(supervisor: Supervisor, options: StartOptions, startedAt: number): Promise<void> {
  const { clock, scheduler, timeoutMs, signal, onProgress } = options;
  const { leader, term } = await awaitReadiness({
    nodes: supervisor.nodes.map((node) => ({
      id: node.id,
      get state() {
        return node.state;
      },
      get isDown() {
        return node.process.isDown;
      },
      status: (ms) => node.status(ms),
      failure: () => {
        const { failure, lastExit } = node.process;
        return failure ?? { reason: lastExit ?? 'it was stopped', lastLines: node.log.tail(20) };
      },
    })),
    live: () => supervisor.live(),
    changes: supervisor.changes,
    clock,
    scheduler,
    timeoutMs,
    signal,
    onProgress: (step) => onProgress?.(step),
  });
  const ms = clock.now() - startedAt;
  supervisor.emit.emit('info', 'cluster-ready', { leader, term, ms });
  onProgress?.({ type: 'leader', node: leader, term, ms });
}
