import { type Clock, type LogIndex, RaftctlError, type Random, type Scheduler, type Term } from '../base/index.js';
import type { EventRecorder } from '../diagnostics/index.js';
import { type Backend, KvStore } from '../kv/index.js';
import { type FileSystem, openDataDirectory, openWal, type Recovered, type WalOptions } from '../storage/index.js';
import type { Transport } from '../transport/index.js';
import type { NodeSpec } from '../wire/index.js';
import type { ProcessFacts } from './dependencies.js';
import { type NodeLimits, nodeLimits } from './limits.js';
import { NodeServer } from './server.js';

/** The world a node runs in. */
export interface NodeWorld {
  readonly fileSystem: FileSystem;
  readonly transport: Transport;
  /** Opens the state machine's backend in that directory. */
  readonly backend: (directory: string) => Backend;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly process: ProcessFacts;
  readonly instance: string;
  /** The cluster's, 32 bytes: peers and admin must know it. Without it their names are believed. */
  readonly secret?: Uint8Array | undefined;
  readonly onStop: () => void;
  readonly onFatal: (error: unknown) => void;
  readonly walOptions?: Partial<WalOptions>;
  readonly limits?: Partial<NodeLimits>;
}

/**
 * Opens a node's data and starts its server. The holder of the directory's lock calls it. Data that is not this node's,
 * damaged or newer is refused before anything is changed; the state machine must fit the log.
 */
export async function openNode(spec: NodeSpec, world: NodeWorld): Promise<NodeServer> {
  const { fileSystem, recorder, clock, scheduler, onFatal } = world;
  const { flushBytes, flushMs, flushEntries, historyBytes } = { ...nodeLimits, ...world.limits };
  const emit = recorder.emitFor('storage');
  const directory = await openDataDirectory({
    fileSystem,
    directory: spec.directory,
    identity: { clusterId: spec.clusterId, node: spec.id, incarnation: spec.incarnation },
    mayCreate: spec.mayCreate,
    emit,
    ...(world.walOptions?.firstSegmentBytes !== undefined && {
      firstSegmentBytes: world.walOptions.firstSegmentBytes,
    }),
  });
  const { wal, recovered } = await openWal({
    fileSystem,
    directory: directory.wal,
    emit,
    scheduler,
    options: { ...world.walOptions, onFatal },
  });
  const store = KvStore.open({
    backend: openBackend(world, directory.kv(recovered.generation), recovered),
    emit: recorder.emitFor('kv'),
    clock,
    scheduler,
    options: { flushBytes, flushMs, flushEntries, historyBytes, onFatal },
  });
  const firstIndex = recovered.before.index + 1;
  store.checkAgainstLog({ firstIndex, lastIndex: wal.lastIndex, termAt: (index) => termAt(recovered, index) });
  store.persistedUpTo(wal.lastIndex);
  const server = new NodeServer({ ...world, spec, wal, recovered, store });
  await server.start();
  return server;
}

/**
 * A state that cannot be read is not made anew by itself, though the log holds it all: the state is also the witness of
 * how far the log once went (`checkAgainstLog`), and a disk that damaged one file may have damaged the other.
 */
function openBackend(world: NodeWorld, directory: string, { before }: Recovered): Backend {
  try {
    return world.backend(directory);
  } catch (error) {
    const isDamaged = error instanceof RaftctlError && error.code === 'data-damaged';
    if (!isDamaged || before.index > 0) throw error;
    throw new RaftctlError('data-damaged', error.message, {
      hint: `remove ${directory}: the log is intact from its first entry on, and the node makes its state from it again`,
      cause: error,
    });
  }
}

function termAt({ before, runs }: Recovered, index: LogIndex): Term {
  let { index: end, term } = before;
  for (const run of runs) {
    if (index <= end) break;
    end = (end + run.count) as LogIndex;
    term = run.term;
  }
  return term;
}
