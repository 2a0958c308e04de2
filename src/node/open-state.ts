import { type Emit, type Membership, RaftctlError } from '../base/index.js';
import { type Backend, type KvStore, upgradeState } from '../kv/index.js';
import { type DataDirectory, removeStates, type Wal } from '../storage/index.js';
import type { NodeSpec } from '../wire/index.js';
import { bootstrapMembership } from './bootstrap.js';
import { type FatalHandler, type FoundState, isDamageOf, openStore } from './found-state.js';
import type { NodeWorld } from './world.js';

interface OpenStateOptions {
  readonly spec: NodeSpec;
  readonly world: NodeWorld;
  readonly data: DataDirectory;
  readonly wal: Wal;
  readonly found: FoundState;
}

export interface OpenedState {
  readonly store: KvStore;
  readonly generation: number;
  /** As the world's, and tells of a damaged state whether the next start makes it again. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * Goes on with the state that was found: as it is, rewritten from an older format, or made again from the log. The last
 * two become the next generation.
 */
export async function openState({ spec, world, data, wal, found }: OpenStateOptions): Promise<OpenedState> {
  const { fileSystem, recorder } = world;
  const step: Step = { world, data, wal, bootstrap: bootstrapMembership(spec), emit: recorder.emitFor('kv') };
  const { store, generation, fatal } = found.type === 'intact' ? found : await makeNext(step, found);
  const place = data.kv(generation);
  const onFatal = (error: unknown): void => world.onFatal(mendable(error, place, wal));
  fatal.handle = onFatal;
  store.persistedUpTo(wal.lastIndex);
  await removeStates(fileSystem, data, (other) => other !== generation);
  return { store, generation, onFatal };
}

interface Step {
  readonly world: NodeWorld;
  readonly data: DataDirectory;
  readonly wal: Wal;
  readonly bootstrap: Membership;
  readonly emit: Emit;
}

type Made = Omit<Extract<FoundState, { readonly type: 'intact' }>, 'type'>;

async function makeNext(step: Step, found: Exclude<FoundState, { readonly type: 'intact' }>): Promise<Made> {
  if (found.type === 'damaged') return remake(step, found);
  try {
    return await upgrade(step, found.generation, found.backend);
  } catch (error) {
    if (!isDamageOf(step.data.kv(found.generation), error) || !step.wal.isWhole) throw error;
    return remake(step, { ...found, type: 'damaged', why: error.message });
  }
}

async function upgrade(step: Step, generation: number, old: Backend): Promise<Made> {
  const { data, emit, bootstrap } = step;
  const [from, place] = [data.kv(generation), data.kv(generation + 1)];
  const backend = await begin(step, generation + 1);
  const keys = await upgradeState(old, backend, bootstrap);
  await mark(step, generation + 1);
  await old.close();
  emit.emit('info', 'state-upgraded', { from, place, keys });
  return open(step, generation + 1, backend);
}

/** An empty state, into which the whole log is applied as it is committed again. */
async function remake(
  step: Step,
  { generation, backend: old, why }: Extract<FoundState, { type: 'damaged' }>,
): Promise<Made> {
  const { data, wal, emit } = step;
  emit.emit('error', 'state-remade', { reason: why, place: data.kv(generation + 1), lastIndex: wal.lastIndex });
  const backend = await begin(step, generation + 1);
  await mark(step, generation + 1);
  await old?.close();
  return open(step, generation + 1, backend);
}

async function begin({ world, data }: Step, generation: number): Promise<Backend> {
  // What a start before this one, which died over it, may have left.
  await removeStates(world.fileSystem, data, (other) => other === generation);
  return world.backend(data.kv(generation));
}

/** The one step: before the mark in the log is durable the old state counts, and from it on the new one. */
const mark = ({ wal }: Step, generation: number): Promise<void> =>
  new Promise((marked) => wal.append({ generation, entries: [] }, marked));

function open({ world, bootstrap }: Step, generation: number, backend: Backend): Made {
  const fatal: FatalHandler = { handle: world.onFatal };
  const store = openStore({ world, backend, bootstrap, onFatal: (error) => fatal.handle(error) });
  return { generation, store, fatal };
}

/** Damage that is met while the node runs ends it; where the log is whole, the next start makes the state again. */
function mendable(error: unknown, place: string, { isWhole }: Wal): unknown {
  if (!isDamageOf(place, error) || !isWhole) return error;
  return new RaftctlError('state-damaged', error.message, {
    hint: `started again by its supervisor the node makes its state from the log, which holds every entry; without one, remove ${place} first`,
    cause: error,
  });
}
