import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Emit, type ErrorCode, messageOf, RaftctlError, VERSION } from '../base/index.js';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { EventRecorder, renderEvent } from '../diagnostics/index.js';
import { LmdbBackend } from '../kv/backend-lmdb.js';
import { acquireLock, descriptorLimit, type Lock } from '../os/index.js';
import { realFileSystem } from '../storage/index.js';
import { createTcpTransport } from '../transport/index.js';
import { NODE_EXIT, type NodeSpec } from '../wire/node-spec.js';
import type { ProcessFacts } from './dependencies.js';
import { connectionsWithin } from './limits.js';
import { openNode } from './open.js';
import type { NodeServer } from './server.js';
import { openSupervisorChannel } from './supervisor-channel.js';
import type { NodeWorld } from './world.js';

const EXIT_OF: Partial<Readonly<Record<ErrorCode, number>>> = {
  'data-damaged': NODE_EXIT.dataRefused,
  'data-foreign': NODE_EXIT.dataRefused,
  'data-forgotten': NODE_EXIT.dataForgotten,
  'data-newer': NODE_EXIT.dataRefused,
  'data-unreadable': NODE_EXIT.dataRefused,
  'data-locked': NODE_EXIT.dataRefused,
  'state-damaged': NODE_EXIT.stateDamaged,
  'disk-failed': NODE_EXIT.diskFailed,
  'port-taken': NODE_EXIT.portTaken,
};

/** A stop that takes longer than this is ended: the log is safe at any moment. */
const STOP_TIMEOUT_MS = 10_000;

/** Disk, database and network, as a node process finds them, and limits that are not the usual ones. */
export interface Machine extends Pick<NodeWorld, 'fileSystem' | 'backend' | 'limits'> {
  readonly createTransport: typeof createTcpTransport;
}

export const realMachine: Machine = {
  fileSystem: realFileSystem,
  backend: (directory) => LmdbBackend.open(directory),
  createTransport: createTcpTransport,
};

/** Who started the process, and so where the secret of the cluster comes from. */
type NodeOrigin = { readonly supervised: true } | { readonly supervised: false; readonly secret: Uint8Array };

/**
 * Runs one node as this process, until it is told to stop (SIGTERM, SIGINT, the supervisor's word or its death) or
 * cannot go on. Ends the process.
 */
export async function runNode(spec: NodeSpec, origin: NodeOrigin, machine: Machine = realMachine): Promise<void> {
  const instance = randomBytes(8).toString('hex');
  const recorder = new EventRecorder({
    node: spec.id,
    instance,
    clock: realClock,
    scheduler: realScheduler,
    level: spec.logLevel,
  });
  // The log is the process's standard output: lines, at the level of the configuration.
  recorder.subscribe(0, spec.logLevel, (events) => {
    process.stdout.write(events.map((event) => `${renderEvent(event)}\n`).join(''));
  });
  const emit = recorder.emitFor('node');
  const life = new NodeLife(emit);
  process.on('uncaughtException', (error) => life.fail(error));
  process.on('unhandledRejection', (error) => life.fail(error));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => life.stop(signal));
  try {
    const secret = origin.supervised
      ? await openSupervisorChannel(() => life.stop('supervisor is gone'))
      : origin.secret;
    await life.start(() => startNode(spec, secret, machine, instance, recorder, life));
  } catch (error) {
    life.fail(error);
  }
}

/** Start, stop and failure of the process: each happens once. */
class NodeLife {
  readonly #emit: Emit;
  #server: NodeServer | undefined;
  #lock: Lock | undefined;
  #stopping = false;
  #exitCode: number = NODE_EXIT.ok;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  async start(starting: () => Promise<NodeServer>): Promise<void> {
    this.#server = await starting();
    if (this.#stopping) this.#finish();
  }

  holds(lock: Lock): void {
    this.#lock = lock;
  }

  stop(reason: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#emit.emit('info', 'node-stop-asked', { reason });
    realScheduler.after(STOP_TIMEOUT_MS, () => this.#exit(NODE_EXIT.failed));
    if (this.#server !== undefined) this.#finish();
  }

  /** It has no part in the cluster any more; what it still owes is answered. */
  removed(error: RaftctlError): void {
    process.stderr.write(`error ${error.code}: ${error.message}; ${error.hint}\n`);
    this.#exitCode = NODE_EXIT.removed;
    this.stop(error.message);
  }

  /** Fail-stop: what is in memory is not to be trusted, what is on disk is. */
  fail(error: unknown): void {
    const code = error instanceof RaftctlError ? error.code : 'internal';
    const hint = error instanceof RaftctlError && error.hint !== undefined ? `; ${error.hint}` : '';
    process.stderr.write(`error ${code}: ${messageOf(error)}${hint}\n`);
    // A bug is worth its stack, in the log.
    if (code === 'internal' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    this.#exit(EXIT_OF[code as ErrorCode] ?? NODE_EXIT.failed);
  }

  #finish(): void {
    this.#server!.stop().then(
      () => this.#exit(this.#exitCode),
      (error) => this.fail(error),
    );
  }

  #exit(code: number): void {
    this.#lock?.release();
    process.exit(code);
  }
}

/** The lock first, so that nothing is touched that another process uses. */
async function startNode(
  spec: NodeSpec,
  secret: Uint8Array,
  { fileSystem, backend, createTransport, limits }: Machine,
  instance: string,
  recorder: EventRecorder,
  life: NodeLife,
): Promise<NodeServer> {
  await fileSystem.makeDirectory(spec.directory);
  life.holds(acquireLock(join(spec.directory, 'lock'), `${spec.id} of cluster ${spec.cluster}`));
  return openNode(spec, {
    secret,
    fileSystem,
    transport: createTransport({
      clock: realClock,
      scheduler: realScheduler,
      random: realRandom,
      emit: recorder.emitFor('transport'),
    }),
    backend,
    recorder,
    clock: realClock,
    scheduler: realScheduler,
    random: realRandom,
    process: processFacts,
    limits: { maxConnections: connectionsWithin(descriptorLimit()), ...limits },
    instance,
    onStop: () => life.stop('asked by the supervisor'),
    onFatal: (error) => life.fail(error),
    onRemoved: (error) => life.removed(error),
  });
}

const processFacts: ProcessFacts = {
  pid: process.pid,
  version: VERSION,
  memory() {
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heapUsed, external };
  },
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3;
  },
};
