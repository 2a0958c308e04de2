import { type Emit, type LogIndex, type Membership, RaftctlError, type Term } from '../base/index.js';
import {
  type Backend,
  checkAgainstLog,
  isOldState,
  KvStore,
  type LogExtent,
  readOldMeta,
  upgradeState,
} from '../kv/index.js';
import { type DataDirectory, type Recovered, removeStates, type Wal } from '../storage/index.js';
import type { NodeSpec } from '../wire/index.js';
import { bootstrapMembership } from './bootstrap.js';
import { nodeLimits } from './limits.js';
import type { NodeWorld } from './world.js';

/**
 * Opens the state machine in the generation that the log names, and makes sure that it fits the log. A state of an older
 * format becomes the next generation first.
 */
export async function openState(
  spec: NodeSpec,
  world: NodeWorld,
  data: DataDirectory,
  wal: Wal,
  recovered: Recovered,
): Promise<OpenedState> {
  const { fileSystem, recorder, clock, scheduler } = world;
  const { flushBytes, flushMs, flushEntries, historyBytes } = { ...nodeLimits, ...world.limits };
  const emit = recorder.emitFor('kv');
  const bootstrap = bootstrapMembership(spec);
  const log = extentOf(wal, recovered);
  let { generation } = recovered;
  let backend = withRemedy(data.kv(generation), recovered, () => world.backend(data.kv(generation)));
  if (withRemedy(data.kv(generation), recovered, () => isOldState(backend))) {
    checkAgainstLog(readOldMeta(backend, bootstrap), data.kv(generation), log);
    const upgrading = upgrade({ world, data, wal, generation, backend, bootstrap, emit });
    backend = await upgrading.catch((error: unknown) => {
      throw remedied(error, data.kv(recovered.generation), recovered);
    });
    generation += 1;
  }
  const place = data.kv(generation);
  const onFatal = (error: unknown): void => world.onFatal(remedied(error, place, recovered));
  const options = { flushBytes, flushMs, flushEntries, historyBytes, onFatal, data: world.data };
  const store = withRemedy(place, recovered, () =>
    KvStore.open({ backend, bootstrap, emit, clock, scheduler, options }),
  );
  store.checkAgainstLog(log);
  store.persistedUpTo(wal.lastIndex);
  await removeStates(fileSystem, data, (other) => other !== generation);
  return { store, onFatal };
}

export interface OpenedState {
  readonly store: KvStore;
  /** As the world's, and says of a damaged state what can be done about it. */
  readonly onFatal: (error: unknown) => void;
}

interface Upgrade {
  readonly world: NodeWorld;
  readonly data: DataDirectory;
  readonly wal: Wal;
  readonly generation: number;
  readonly backend: Backend;
  readonly bootstrap: Membership;
  readonly emit: Emit;
}

/** The mark in the log is the one step: before it the old state counts, and from it on the new one, whole and verified. */
async function upgrade({ world, data, wal, generation, backend, bootstrap, emit }: Upgrade): Promise<Backend> {
  const next = generation + 1;
  // What a start before this one, which died over it, may have left.
  await removeStates(world.fileSystem, data, (other) => other === next);
  const upgraded = world.backend(data.kv(next));
  const keys = await upgradeState(backend, upgraded, bootstrap);
  await new Promise<void>((marked) => wal.append({ generation: next, entries: [] }, marked));
  await backend.close();
  emit.emit('info', 'state-upgraded', { from: data.kv(generation), place: data.kv(next), keys });
  return upgraded;
}

const extentOf = (wal: Wal, { before, runs }: Recovered): LogExtent => ({
  firstIndex: before.index + 1,
  lastIndex: wal.lastIndex,
  termAt: (index) => termAt(before, runs, index),
});

function termAt(before: Recovered['before'], runs: Recovered['runs'], index: LogIndex): Term {
  let { index: end, term } = before;
  for (const run of runs) {
    if (index <= end) break;
    end = (end + run.count) as LogIndex;
    term = run.term;
  }
  return term;
}

function withRemedy<T>(place: string, recovered: Recovered, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw remedied(error, place, recovered);
  }
}

/**
 * What to do about a damaged state whose log is whole. It is not made anew by itself: the state is also the witness of
 * how far the log once went (`checkAgainstLog`), and a disk that damaged one file may have damaged the other.
 */
function remedied(error: unknown, place: string, { before }: Recovered): unknown {
  const isDamage = error instanceof RaftctlError && error.code === 'data-damaged' && error.message.startsWith(place);
  if (!isDamage || before.index > 0) return error;
  return new RaftctlError('data-damaged', error.message, {
    hint: `remove ${place}: the log is intact from its first entry on, and the node makes its state from it again`,
    cause: error,
  });
}
