import { join } from 'node:path/posix';
import { damaged, newer } from './damage.js';
import type { FileSystem } from './file-system.js';
import type { ReadWindow } from './read-window.js';
import { segmentPath } from './segment-files.js';
import {
  FORMAT_VERSION,
  isPreparedFileName,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  segmentFileName,
  segmentNumberOf,
} from './segment-header.js';
import { examineRest, type OpenSegment } from './segment-scan.js';

export interface SegmentList {
  /** In order, without a gap. */
  readonly segments: readonly OpenSegment[];
  /** Files that were to become segments: nothing was ever acknowledged from them. */
  readonly prepared: readonly string[];
}

/** The names in a directory; none when there is no such directory. */
export async function listIfThere(fileSystem: FileSystem, path: string): Promise<readonly string[]> {
  try {
    return await fileSystem.list(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Reads the headers of all segments; refuses a gap, a header that is not intact and a file that was shortened. */
export async function listSegments(
  fileSystem: FileSystem,
  directory: string,
  window: ReadWindow,
): Promise<SegmentList> {
  const segments: OpenSegment[] = [];
  const names = await listIfThere(fileSystem, directory);
  const prepared = names.filter(isPreparedFileName).map((name) => join(directory, name));
  const numbers = segmentNumbers(names);
  let version = FORMAT_VERSION;
  for (const number of numbers) {
    const path = segmentPath(directory, number);
    const last = segments.at(-1);
    if (last !== undefined && number !== last.number + 1) {
      throw damaged(path, 0, `${segmentFileName(last.number + 1)}, the segment before it, is missing`);
    }
    if (version === 1 && number === numbers.at(-1) && (await isBlank(fileSystem, path, number, window))) {
      prepared.push(path);
      continue;
    }
    const head = await readHead(fileSystem, path, number, window);
    version = head.version;
    segments.push(head.segment);
  }
  return { segments, prepared };
}

/** Behind a segment of format version 1, the last file may be one that was only prepared. */
async function isBlank(fileSystem: FileSystem, path: string, number: number, window: ReadWindow): Promise<boolean> {
  const file = await fileSystem.open(path, 'read');
  try {
    const size = await file.size();
    window.attach(file, size);
    await window.load(0, Math.min(size, SEGMENT_HEADER_BYTES));
    const head = window.bytes.subarray(0, Math.min(size, SEGMENT_HEADER_BYTES));
    return head.every((byte) => byte === 0) && (await examineRest(window, { number, size }, 0)).batchAt === undefined;
  } finally {
    await file.close();
  }
}

/** Is there a log at all? Whether it is intact is for recovery to say. */
export async function holdsSegment(fileSystem: FileSystem, directory: string): Promise<boolean> {
  return segmentNumbers(await listIfThere(fileSystem, directory)).length > 0;
}

/** The numbers of the segment files among `names`, rising. */
function segmentNumbers(names: readonly string[]): number[] {
  const numbers = names.map(segmentNumberOf).filter((number) => number !== undefined);
  return numbers.sort((a, b) => a - b);
}

async function readHead(
  fileSystem: FileSystem,
  path: string,
  number: number,
  window: ReadWindow,
): Promise<{ readonly segment: OpenSegment; readonly version: number }> {
  const file = await fileSystem.open(path, 'read');
  try {
    const size = await file.size();
    if (size < SEGMENT_HEADER_BYTES) throw shortened(path, size, SEGMENT_HEADER_BYTES);
    window.attach(file, size);
    await window.load(0, SEGMENT_HEADER_BYTES);
    const reading = readSegmentHeader(window.bytes.subarray(0, SEGMENT_HEADER_BYTES));
    if (reading.type === 'newer') throw newer(path, `format version ${reading.version}`);
    if (reading.type === 'damaged') throw damaged(path, 0, "the segment's header is not intact");
    const { header, version } = reading;
    if (header.number !== number) throw damaged(path, 0, `it holds segment ${header.number}`);
    if (size < header.preparedBytes) throw shortened(path, size, header.preparedBytes);
    return { segment: { number, path, size, header }, version };
  } finally {
    await file.close();
  }
}

const shortened = (path: string, size: number, expected: number) =>
  damaged(path, size, `the file was shortened: expected ${expected} bytes or more, got ${size}`);
