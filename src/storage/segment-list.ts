import { join } from 'node:path/posix';
import { damaged, newer } from './damage.js';
import type { FileSystem } from './file-system.js';
import type { ReadWindow } from './read-window.js';
import { segmentPath } from './segment-files.js';
import {
  isPreparedFileName,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  segmentFileName,
  segmentNumberOf,
} from './segment-header.js';
import type { OpenSegment } from './segment-scan.js';

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
  for (const number of segmentNumbers(names)) {
    const path = segmentPath(directory, number);
    const last = segments.at(-1);
    if (last !== undefined && number !== last.number + 1) {
      throw damaged(path, 0, `${segmentFileName(last.number + 1)}, the segment before it, is missing`);
    }
    segments.push(await readHead(fileSystem, path, number, window));
  }
  return { segments, prepared: names.filter(isPreparedFileName).map((name) => join(directory, name)) };
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
): Promise<OpenSegment> {
  const file = await fileSystem.open(path, 'read');
  try {
    const size = await file.size();
    if (size < SEGMENT_HEADER_BYTES) throw shortened(path, size, SEGMENT_HEADER_BYTES);
    window.attach(file, size);
    await window.load(0, SEGMENT_HEADER_BYTES);
    const reading = readSegmentHeader(window.bytes.subarray(0, SEGMENT_HEADER_BYTES));
    if (reading.type === 'newer') throw newer(path, `format version ${reading.version}`);
    if (reading.type === 'damaged') throw damaged(path, 0, "the segment's header is not intact");
    const { header } = reading;
    if (header.number !== number) throw damaged(path, 0, `it holds segment ${header.number}`);
    if (size < header.preparedBytes) throw shortened(path, size, header.preparedBytes);
    return { number, path, size, header };
  } finally {
    await file.close();
  }
}

const shortened = (path: string, size: number, expected: number) =>
  damaged(path, size, `the file was shortened: expected ${expected} bytes or more, got ${size}`);
