import { asIndex, type Emit, type LogIndex, type Scheduler, type Term } from '../base/index.js';
import type { Entry, LoggedMembership, TermRun } from '../raft/entry.js';
import type { HardState } from '../raft/ready.js';
import type { FileSystem } from './file-system.js';
import type { LogImage } from './log-image.js';
import { type Cut, type FoundLog, recover } from './recovery.js';
import { Wal } from './wal.js';
import { type WalOptions, walDefaults } from './wal-options.js';

/** The log as it was found: what Raft starts from. */
export interface Recovered {
  readonly hardState: HardState;
  /** The entry before the first one kept: (0, 0) unless the log was trimmed. */
  readonly before: { readonly index: LogIndex; readonly term: Term };
  readonly runs: readonly TermRun[];
  /** The record length of each kept entry, in order. */
  readonly lengths: Uint32Array;
  /** The memberships that stand in kept entries, in order. */
  readonly memberships: readonly LoggedMembership[];
  /** The last entries, verified, up to `tailBytes` of them. */
  readonly tail: readonly Entry[];
  /** Of the current key-value environment. */
  readonly generation: number;
  /** An unfinished batch that was removed. */
  readonly cut?: Cut;
}

export interface OpenWalOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly emit: Emit;
  readonly scheduler: Scheduler;
  readonly options: Pick<WalOptions, 'onFatal'> & Partial<WalOptions>;
  /** Looks at the log before it is mended: when it throws, nothing was changed. */
  readonly check?: (log: FoundLog) => void | Promise<void>;
}

/**
 * Opens the log in `directory`, or begins one there. Rejects with `data-damaged` (file, offset, nothing changed),
 * `data-newer`, `data-unreadable` or `disk-failed`.
 */
export async function openWal(given: OpenWalOptions): Promise<{ wal: Wal; recovered: Recovered }> {
  const { fileSystem, directory, emit, check } = given;
  const options = { ...walDefaults, ...given.options };
  const { firstSegmentBytes } = options;
  const segments = await recover({ fileSystem, directory, firstSegmentBytes, emit, check });
  const wal = new Wal({ ...given, options }, segments);
  const { image, chain, cut } = segments;
  const { before, lengths } = image;
  try {
    const recovered: Recovered = {
      hardState: image.currentHardState,
      before,
      runs: image.index.runs(),
      lengths,
      memberships: image.memberships,
      tail: await readTail(wal, image, lengths, options.tailBytes),
      generation: image.currentGeneration,
      ...(cut === undefined ? {} : { cut }),
    };
    const [firstIndex, lastIndex] = [before.index + 1, wal.lastIndex];
    emit.emit('info', 'wal-opened', {
      segments: segments.segments.length,
      batches: chain.batches,
      firstIndex,
      lastIndex,
    });
    return { wal, recovered };
  } catch (error) {
    await wal.close();
    throw error;
  }
}

async function readTail(wal: Wal, image: LogImage, lengths: Uint32Array, bytesMax: number): Promise<Entry[]> {
  let bytes = 0;
  let from = lengths.length;
  while (from > 0 && bytes + lengths[from - 1]! <= bytesMax) {
    from -= 1;
    bytes += lengths[from]!;
  }
  const tail: Entry[] = [];
  const last = wal.lastIndex;
  for (let next = image.before.index + from + 1; next <= last; next = tail.at(-1)!.index + 1) {
    for (const entry of await wal.read(asIndex(next), last, bytesMax)) tail.push(entry);
  }
  return tail;
}
