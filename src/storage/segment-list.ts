import { join } from 'node:path/posix';
import { damaged, newer } from './damage.js';
import type { FileSystem } from './file-system.js';
import type { ReadWindow } from './read-window.js';
import { readSegmentHeader, SEGMENT_HEADER_BYTES, segmentFileName, segmentNumberOf } from './segment-header.js';
import { examineRest, type OpenSegment } from './segment-scan.js';

export interface SegmentList {
  /** Segments that were begun, in order, without a gap. */
  readonly begun: readonly OpenSegment[];
  /** Files of segments that were only prepared: nothing was ever acknowledged from them. */
  readonly prepared: readonly string[];
}

export const segmentPath = (directory: string, number: number): string => join(directory, segmentFileName(number));

/** The numbers of the segment files in `directory`, rising. */
async function segmentNumbers(fileSystem: FileSystem, directory: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await listIfThere(fileSystem, directory)) {
    const number = segmentNumberOf(name);
    if (number !== undefined) numbers.push(number);
  }
  return numbers.sort((a, b) => a - b);
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
  const begun: OpenSegment[] = [];
  const prepared: string[] = [];
  for (const number of await segmentNumbers(fileSystem, directory)) {
    const path = segmentPath(directory, number);
    const segment = await readHead(fileSystem, path, number, window);
    if (segment === undefined) {
      prepared.push(path);
      continue;
    }
    if (prepared.length > 0)
      throw damaged(prepared[0]!, 0, `it has no header, yet ${segmentFileName(number)} follows it`);
    const last = begun.at(-1);
    if (last !== undefined && number !== last.number + 1) {
      throw damaged(path, 0, `${segmentFileName(last.number + 1)}, the segment before it, is missing`);
    }
    begun.push(segment);
  }
  return { begun, prepared };
}

/** Is there a log at all? Looks at the first header only; whether the log is intact is for recovery to say. */
export async function holdsBegunSegment(fileSystem: FileSystem, directory: string): Promise<boolean> {
  const [first] = await segmentNumbers(fileSystem, directory);
  if (first === undefined) return false;
  const file = await fileSystem.open(segmentPath(directory, first), 'read');
  try {
    const head = Buffer.alloc(SEGMENT_HEADER_BYTES);
    await file.read(head, 0);
    return readSegmentHeader(head).type !== 'absent';
  } finally {
    await file.close();
  }
}

/** Undefined for a segment that was only prepared. */
async function readHead(
  fileSystem: FileSystem,
  path: string,
  number: number,
  window: ReadWindow,
): Promise<OpenSegment | undefined> {
  const file = await fileSystem.open(path, 'read');
  try {
    const size = await file.size();
    window.attach(file, size);
    await window.load(0, SEGMENT_HEADER_BYTES);
    const reading = readSegmentHeader(window.bytes.subarray(0, SEGMENT_HEADER_BYTES));
    if (reading.type === 'newer') throw newer(path, `format version ${reading.version}`);
    if (reading.type === 'damaged') throw damaged(path, 0, "the segment's header is not intact");
    if (reading.type === 'absent') {
      const { batchAt } = await examineRest(window, { number, size }, 0);
      if (batchAt === undefined) return undefined;
      throw damaged(path, 0, `the segment's header is missing, yet a batch lies at offset ${batchAt}`);
    }
    const { header } = reading;
    if (header.number !== number) throw damaged(path, 0, `it holds segment ${header.number}`);
    if (size < header.preparedBytes) {
      throw damaged(path, size, `the file was shortened: expected ${header.preparedBytes} bytes, got ${size}`);
    }
    return { number, path, size, header };
  } finally {
    await file.close();
  }
}
