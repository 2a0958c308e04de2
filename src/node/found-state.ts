import { type LogIndex, type Membership, RaftctlError, type Term } from '../base/index.js';
import {
  type Backend,
  checkAgainstLog,
  emptyMeta,
  isOldState,
  KvStore,
  type LogExtent,
  readMeta,
  readOldMeta,
  type StoreMeta,
} from '../kv/index.js';
import type { DataDirectory, FoundLog } from '../storage/index.js';
import type { NodeSpec } from '../wire/index.js';
import { bootstrapMembership } from './bootstrap.js';
import { nodeLimits } from './limits.js';
import type { NodeWorld } from './world.js';

/** The state beside a log, which was found to fit it. */
export type FoundState =
  | { readonly type: 'intact'; readonly generation: number; readonly store: KvStore; readonly fatal: FatalHandler }
  /** Of an older format: it becomes the next generation. */
  | { readonly type: 'old'; readonly generation: number; readonly backend: Backend }
  /** It is damaged, and the log has all that it was made from. */
  | {
      readonly type: 'damaged';
      readonly generation: number;
      readonly backend: Backend | undefined;
      readonly why: string;
    };

/** A store is given its handler before the log is open, which decides what can be done about damage. */
export interface FatalHandler {
  handle: (error: unknown) => void;
}

/**
 * Looks at the state that the log names, and changes nothing. Throws what speaks against going on: a state that does not
 * fit the log (it is the witness of how far the log once went), one of a newer raftctl, and one that is damaged and
 * cannot be made again.
 */
export function examineState(spec: NodeSpec, world: NodeWorld, data: DataDirectory, log: FoundLog): FoundState {
  const { generation } = log;
  const place = data.kv(generation);
  const bootstrap = bootstrapMembership(spec);
  const isWhole = log.before.index === 0;
  const isSuspect = spec.stateSuspect === true && isWhole;
  const killed = `${place}: a process died while it read the state`;
  // To open it may be what killed the process: without need it is not touched.
  if (isSuspect && !log.isTorn) return { type: 'damaged', generation, backend: undefined, why: killed };
  let backend: Backend | undefined;
  let meta: StoreMeta;
  let isOld: boolean;
  try {
    backend = world.backend(place);
    isOld = isOldState(backend);
    meta = isOld ? readOldMeta(backend, bootstrap) : (readMeta(backend) ?? emptyMeta(bootstrap));
  } catch (error) {
    // There is no witness, and the end that is going to be cut might be one that was acknowledged.
    if (!isWhole || log.isTorn || !isDamageOf(place, error)) throw withRemedy(error, place, isWhole);
    return { type: 'damaged', generation, backend, why: error.message };
  }
  checkAgainstLog(meta, place, extentOf(log));
  if (isOld) return { type: 'old', generation, backend };
  if (isSuspect) return { type: 'damaged', generation, backend, why: killed };
  const fatal: FatalHandler = { handle: world.onFatal };
  try {
    const store = openStore({ world, backend, bootstrap, onFatal: (error) => fatal.handle(error) });
    return { type: 'intact', generation, store, fatal };
  } catch (error) {
    if (!isWhole || !isDamageOf(place, error)) throw withRemedy(error, place, isWhole);
    return { type: 'damaged', generation, backend, why: error.message };
  }
}

export interface StoreParts {
  readonly world: NodeWorld;
  readonly backend: Backend;
  readonly bootstrap: Membership;
  readonly onFatal: (error: unknown) => void;
}

export function openStore({ world, backend, bootstrap, onFatal }: StoreParts): KvStore {
  const { recorder, clock, scheduler, data } = world;
  const { flushBytes, flushMs, flushEntries, historyBytes } = { ...nodeLimits, ...world.limits };
  const options = { flushBytes, flushMs, flushEntries, historyBytes, onFatal, data };
  return KvStore.open({ backend, bootstrap, emit: recorder.emitFor('kv'), clock, scheduler, options });
}

/** Is the error about damage to the state at `place`? */
export const isDamageOf = (place: string, error: unknown): error is RaftctlError =>
  error instanceof RaftctlError && error.code === 'data-damaged' && error.message.startsWith(place);

/** What a user can do about a damaged state that the node does not make again by itself. */
function withRemedy(error: unknown, place: string, isWhole: boolean): unknown {
  if (!isDamageOf(place, error) || !isWhole) return error;
  return new RaftctlError('data-damaged', error.message, {
    hint: `remove ${place}: the log holds every entry from the first on, and the node makes its state from it again`,
    cause: error,
  });
}

/** What `checkAgainstLog` compares a state with. */
export const extentOf = ({ before, lastIndex, runs }: FoundLog): LogExtent => ({
  firstIndex: before.index + 1,
  lastIndex,
  termAt: (index) => termAt(before, runs, index),
});

function termAt(before: FoundLog['before'], runs: FoundLog['runs'], index: LogIndex): Term {
  let { index: end, term } = before;
  for (const run of runs) {
    if (index <= end) break;
    end = (end + run.count) as LogIndex;
    term = run.term;
  }
  return term;
}
