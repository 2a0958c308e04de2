import { join } from 'node:path/posix';
import { crc32 } from 'node:zlib';
import { asIndex, asNodeId, asTerm, type NodeId, RaftctlError, REJOIN, type Sighting } from '../base/index.js';
import { diskFailed, isOwn, newer, unreadable } from './damage.js';
import type { FileSystem } from './file-system.js';
import { readWhole, writeWhole } from './whole-file.js';

/**
 * `sightings.json`: how often this member was started, and up to where its log went then; and the same of every other
 * member, as it was seen last. A directory that is an old copy is told by the file of the others.
 */
export interface StoredSightings {
  readonly members: ReadonlyMap<NodeId, Sighting>;
  /** The instances of this member's latest starts, in order, up to the last one. */
  readonly past: readonly string[];
  /** What this member was told that it has forgotten: its directory is not to be used any more. */
  readonly forgotten?: string | undefined;
}

const FILE_NAME = 'sightings.json';
const FORMAT = 1;
const BYTES_MAX = 64 * 1024;

export const sightingsPath = (directory: string): string => join(directory, FILE_NAME);

/** A directory without the file was never started by a raftctl that counts. */
export async function readSightings(fileSystem: FileSystem, directory: string): Promise<StoredSightings> {
  const path = sightingsPath(directory);
  const text = await readWhole(fileSystem, path, BYTES_MAX).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return text === undefined ? { members: new Map(), past: [] } : parseSightings(path, text);
}

/** Durable when it resolves. Rejects with `disk-failed`, whose cause is the file system's error; the old file stays. */
export async function writeSightings(
  fileSystem: FileSystem,
  directory: string,
  { members, past, forgotten }: StoredSightings,
): Promise<void> {
  const content = {
    members: [...members].map(([id, { incarnation, starts, instance, term, index }]) => {
      return { id, incarnation, starts, instance, term, index };
    }),
    past,
    ...(forgotten !== undefined && { forgotten }),
  };
  const text = JSON.stringify({ format: FORMAT, crc32: crcOf(content), ...content }, null, 2);
  try {
    await writeWhole(fileSystem, directory, FILE_NAME, `${text}\n`);
  } catch (error) {
    throw isOwn(error) ? error : diskFailed(sightingsPath(directory), undefined, error as Error);
  }
}

/** A flipped digit would be believed otherwise, and keep somebody out. */
const crcOf = (content: unknown): number => crc32(JSON.stringify(content));

/** Throws `data-damaged` or `data-newer`, naming the path. */
export function parseSightings(path: string, text: string): StoredSightings {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw damagedFile(path, 'it is not JSON');
  }
  if (typeof document !== 'object' || document === null) throw damagedFile(path, 'it is not a JSON object');
  const { format, crc32: crc, ...content } = document as Record<string, unknown>;
  if (typeof format === 'number' && format > FORMAT)
    throw newer(path, `format ${format}, this one knows up to ${FORMAT}`);
  if (format !== FORMAT || crc !== crcOf(content)) throw damagedFile(path, 'its checksum does not match');
  // What has the checksum was written by us.
  const { members, past, forgotten } = content as unknown as {
    readonly members: readonly (Sighting & { readonly id: string })[];
    readonly past: readonly string[];
    readonly forgotten?: string;
  };
  return {
    members: new Map(
      members.map(({ id, incarnation, starts, instance, term, index }) => [
        asNodeId(id),
        { incarnation, starts, instance, term: asTerm(term), index: asIndex(index) },
      ]),
    ),
    past,
    forgotten,
  };
}

const damagedFile = (path: string, why: string): RaftctlError =>
  new RaftctlError('data-damaged', `${path} is damaged: ${why}; nothing was changed`, { hint: REJOIN });
