import { asIndex, assert } from '../base/index.js';
import { type Entry, readRecord } from '../raft/entry.js';
import { damaged } from './damage.js';
import type { Stretch } from './entry-index.js';
import type { FileSystem } from './file-system.js';
import { segmentPath } from './segment-files.js';

/** Stretches closer than this are read together with what lies between them. */
const GAP_BYTES_MAX = 4096;

/**
 * Reads entries [first, last] from the `stretches` that hold them, at most `bytesMax` of records but at least one
 * entry. Every record is verified. The entries point into the buffers that were read, a few per segment.
 */
export async function readEntries(
  fileSystem: FileSystem,
  directory: string,
  stretches: readonly Stretch[],
  range: { readonly first: number; readonly last: number; readonly bytesMax: number },
): Promise<Entry[]> {
  const entries: Entry[] = [];
  const limit = { bytes: 0 };
  for (let from = 0; from < stretches.length; ) {
    let to = from + 1;
    while (to < stretches.length && isNext(stretches[to - 1]!, stretches[to]!)) to += 1;
    const together = stretches.slice(from, to);
    const bytes = await readTogether(fileSystem, directory, together);
    for (const stretch of together) {
      if (!take(stretch, bytes, together[0]!.offset, directory, range, entries, limit)) return entries;
    }
    from = to;
  }
  return entries;
}

const endOf = ({ offset, bytes }: Stretch): number => offset + bytes;

const isNext = (a: Stretch, b: Stretch): boolean =>
  a.segment === b.segment && b.offset >= endOf(a) && b.offset - endOf(a) <= GAP_BYTES_MAX;

async function readTogether(fileSystem: FileSystem, directory: string, stretches: readonly Stretch[]) {
  const { segment, offset } = stretches[0]!;
  const bytes = Buffer.allocUnsafeSlow(endOf(stretches.at(-1)!) - offset);
  const path = segmentPath(directory, segment);
  const file = await fileSystem.open(path, 'read');
  try {
    for (let got = 0; got < bytes.length; ) {
      const more = await file.read(bytes.subarray(got), offset + got);
      if (more === 0) throw damaged(path, offset + got, 'the file ends in the middle of the log');
      got += more;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** Adds the wanted entries of one stretch; false once the limit is reached. `bytes` begins at `start` of the segment. */
function take(
  stretch: Stretch,
  bytes: Buffer,
  start: number,
  directory: string,
  { first, last, bytesMax }: { readonly first: number; readonly last: number; readonly bytesMax: number },
  entries: Entry[],
  taken: { bytes: number },
): boolean {
  const end = endOf(stretch) - start;
  let at = stretch.offset - start;
  for (let index = stretch.first; index < stretch.first + stretch.count && index <= last; index += 1) {
    const record = readRecord(bytes, at, end);
    if (record === undefined) {
      throw damaged(segmentPath(directory, stretch.segment), start + at, `the record of entry ${index} is not intact`);
    }
    at += record.length;
    if (index < first) continue;
    if (entries.length > 0 && taken.bytes + record.length > bytesMax) return false;
    assert(index === first + entries.length, () => `entry ${index} read after ${entries.length} from ${first}`);
    entries.push({ ...record, index: asIndex(index), term: stretch.term });
    taken.bytes += record.length;
  }
  return true;
}
