import { asIndex, asTerm, type Emit, type LogIndex, type Term } from '../base/index.js';
import type { LoggedMembership, TermRun } from '../raft/entry.js';
import type { HardState } from '../raft/ready.js';
import { BATCH_HEADER_BYTES } from './batch-format.js';
import { damaged, diskFailed, isOwn, unreadable } from './damage.js';
import { makeDirectoryDurably } from './durable-directory.js';
import type { File, FileSystem } from './file-system.js';
import type { KeptSegment } from './kept-segments.js';
import { LogImage } from './log-image.js';
import { ReadWindow } from './read-window.js';
import { beginSegment, prepareSegment, writeDurably } from './segment-files.js';
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.js';
import { listSegments, type SegmentList } from './segment-list.js';
import { type Chain, examineRest, type OpenSegment, scanSegment } from './segment-scan.js';

/** A batch that was being written when the process died: never acknowledged, and removed at the next start. */
export interface Cut {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/** The log as found, and the segment to go on in. */
export interface RecoveredSegments {
  readonly image: LogImage;
  readonly chain: Chain;
  readonly active: { readonly number: number; readonly file: File; readonly preparedBytes: number };
  readonly segments: readonly KeptSegment[];
  readonly cut: Cut | undefined;
}

/** The log as it was read, before anything of it is touched. */
export interface FoundLog {
  /** The entry before the first one kept: (0, 0) unless the log was trimmed. */
  readonly before: { readonly index: LogIndex; readonly term: Term };
  readonly lastIndex: LogIndex;
  readonly runs: readonly TermRun[];
  readonly generation: number;
  /** Its last batch is unfinished, and is going to be cut. */
  readonly isTorn: boolean;
}

/** The first segment of a new log. */
const FIRST: SegmentHeader = {
  number: 1,
  preparedBytes: 0,
  firstSequence: 1,
  previousCrc: 0,
  before: { index: asIndex(0), term: asTerm(0) },
  hardState: { currentTerm: asTerm(0), votedFor: null },
  generation: 1,
};

interface RecoverOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly firstSegmentBytes: number;
  readonly emit: Emit;
  /** Throws what speaks against going on with this log: nothing was changed then. */
  readonly check?: ((log: FoundLog) => void | Promise<void>) | undefined;
}

/**
 * Reads all segments, one batch in memory at a time, then decides, and only then touches the disk: an unfinished last
 * batch is cut, leftovers of prepared segments are removed, and the last thing written is written once more, because
 * the process that wrote it may have died before its sync, or of its sync's failure, and what the kernel shows us now
 * need not be on the disk.
 */
export async function recover({
  fileSystem,
  directory,
  firstSegmentBytes: firstBytes,
  emit,
  check,
}: RecoverOptions): Promise<RecoveredSegments> {
  const window = new ReadWindow();
  const list = await readable(directory, () => listSegments(fileSystem, directory, window));
  const found =
    list.segments.length > 0 ? await readable(directory, () => readAll(fileSystem, list, window)) : undefined;
  if (check !== undefined) await check(describe(found));
  try {
    if (found === undefined) await makeDirectoryDurably(fileSystem, directory);
    for (const path of list.prepared) await fileSystem.remove(path);
    if (found === undefined) return await createLog(fileSystem, directory, firstBytes);
    // The process that began the last segment may have died before its name was durable.
    await fileSystem.syncDirectory(directory);
    return await goOn(fileSystem, found, emit);
  } catch (error) {
    throw isOwn(error) ? error : diskFailed(directory, undefined, error as Error);
  }
}

/** A log that is only looked at. */
export interface ExaminedLog extends FoundLog {
  readonly hardState: HardState;
  readonly lastTerm: Term;
  /** The memberships that stand in kept entries, in order. */
  readonly memberships: readonly LoggedMembership[];
}

/**
 * Reads the log in `directory` as `recover` does, refuses what that refuses, and changes nothing. Undefined: there is
 * none.
 */
export async function examineLog(fileSystem: FileSystem, directory: string): Promise<ExaminedLog | undefined> {
  const window = new ReadWindow();
  return readable(directory, async () => {
    const list = await listSegments(fileSystem, directory, window);
    if (list.segments.length === 0) return undefined;
    const found = await readAll(fileSystem, list, window);
    const { index, currentHardState: hardState, memberships } = found.image;
    return { ...describe(found), hardState, lastTerm: asTerm(index.lastTerm), memberships };
  });
}

function describe(found: Found | undefined): FoundLog {
  const { index, before, currentGeneration: generation } = found?.image ?? new LogImage(FIRST);
  return { before, lastIndex: asIndex(index.last), runs: index.runs(), generation, isTorn: found?.cut !== undefined };
}

async function readable<T>(directory: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw isOwn(error) ? error : unreadable(directory, error);
  }
}

interface Found {
  readonly image: LogImage;
  readonly chain: Chain;
  readonly last: OpenSegment;
  readonly segments: readonly KeptSegment[];
  readonly cut: (Cut & { readonly why: string }) | undefined;
}

async function readAll(fileSystem: FileSystem, list: SegmentList, window: ReadWindow): Promise<Found> {
  const first = list.segments[0]!.header;
  const image = new LogImage(first);
  const chain = newChain(first);
  const segments: KeptSegment[] = [];
  let cut: Found['cut'];
  for (const [i, segment] of list.segments.entries()) {
    if (segment.header.previousCrc !== chain.previousCrc || segment.header.firstSequence !== chain.nextSequence) {
      throw damaged(segment.path, 0, 'the segment does not continue the one before it');
    }
    const bytesBefore = chain.bytes;
    const file = await fileSystem.open(segment.path, 'read');
    try {
      window.attach(file, segment.size);
      const until = list.segments[i + 1]?.header.firstSequence;
      const unfinished = await scanSegment(window, segment, chain, image, until);
      if (unfinished !== undefined) cut = await judgeRest(window, segment, chain, unfinished);
    } finally {
      await file.close();
    }
    const { number, header } = segment;
    segments.push({ number, beforeIndex: header.before.index, bytes: chain.bytes - bytesBefore });
  }
  return { image, chain, last: list.segments.at(-1)!, segments, cut };
}

const newChain = ({ firstSequence, previousCrc }: SegmentHeader): Chain => ({
  nextSequence: firstSequence,
  previousCrc,
  end: SEGMENT_HEADER_BYTES,
  lastWrite: { offset: 0, length: SEGMENT_HEADER_BYTES },
  batches: 0,
  bytes: 0,
});

/** Torn or damaged? Whatever has a batch behind it was acknowledged. */
async function judgeRest(
  window: ReadWindow,
  segment: OpenSegment,
  chain: Chain,
  { offset, why }: { readonly offset: number; readonly why: string },
): Promise<Found['cut']> {
  const rest = await examineRest(window, segment, offset);
  if (rest.batchAt !== undefined) {
    throw damaged(
      segment.path,
      offset,
      `batch ${chain.nextSequence}: ${why}, yet another lies at offset ${rest.batchAt}`,
    );
  }
  return rest.end === offset ? undefined : { file: segment.path, offset, bytes: rest.end - offset, why };
}

async function goOn(
  fileSystem: FileSystem,
  { image, chain, last, segments, cut }: Found,
  emit: Emit,
): Promise<RecoveredSegments> {
  const file = await fileSystem.open(last.path, 'write');
  try {
    if (cut !== undefined) {
      await zero(file, cut);
      emit.emit('warn', 'wal-tail-cut', { ...cut });
    } else {
      // The zeros behind the end may be those of a cut that a process before was killed over: not on the disk yet.
      await file.sync();
    }
    await writeAgain(file, chain.lastWrite);
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
  const active = { number: last.number, file, preparedBytes: last.header.preparedBytes };
  const reported = cut && { file: cut.file, offset: cut.offset, bytes: cut.bytes };
  return { image, chain, active, segments, cut: reported };
}

/**
 * Zeroes an unfinished batch and what lies behind it. The last byte of its header goes first: whatever happens to the
 * rest of this, the next start finds a header that ends in zeros.
 */
async function zero(file: File, { offset, bytes }: Cut): Promise<void> {
  await writeDurably(file, [Buffer.alloc(1)], offset + BATCH_HEADER_BYTES - 1);
  const zeros = Buffer.alloc(Math.min(bytes, 256 * 1024));
  for (let at = 0; at < bytes; at += zeros.length) {
    await file.write([zeros.subarray(0, Math.min(zeros.length, bytes - at))], offset + at);
  }
  await file.sync();
}

async function writeAgain(file: File, { offset, length }: { readonly offset: number; readonly length: number }) {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let got = 0; got < length; ) {
    const more = await file.read(bytes.subarray(got), offset + got);
    if (more === 0) throw new Error(`the file ends at ${offset + got}`);
    got += more;
  }
  await writeDurably(file, [bytes], offset);
}

/** Begins a new log. The directory must hold no segment. */
export async function createLog(fileSystem: FileSystem, directory: string, bytes: number): Promise<RecoveredSegments> {
  const header = { ...FIRST, preparedBytes: bytes };
  // No batch is synced meanwhile.
  const file = await prepareSegment(fileSystem, directory, header.number, bytes, { syncBytes: bytes });
  await beginSegment(fileSystem, directory, file, header);
  const image = new LogImage(header);
  const chain = newChain(header);
  const segments = [{ number: 1, beforeIndex: 0, bytes: 0 }];
  return { image, chain, active: { number: 1, file, preparedBytes: bytes }, segments, cut: undefined };
}
