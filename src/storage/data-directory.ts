import { join } from 'node:path/posix';
import { type Emit, RaftctlError, REJOIN } from '../base/index.js';
import { diskFailed, isOwn, unreadable } from './damage.js';
import { makeDirectoryDurably } from './durable-directory.js';
import type { FileSystem } from './file-system.js';
import { checkIdentity, type Identity, readIdentity, type StoredIdentity, writeIdentity } from './identity.js';
import { ReadWindow } from './read-window.js';
import { createLog } from './recovery.js';
import { FORMAT_VERSION } from './segment-header.js';
import { holdsSegment, listIfThere, listSegments } from './segment-list.js';
import { examineRest } from './segment-scan.js';
import { walDefaults } from './wal-options.js';

/**
 *     node-01/
 *       identity.json          whose data this is; written last, so its presence says that the rest is complete
 *       sightings.json         how often this member was started, and how the others were seen last
 *       wal/                   the log: 0000000001.wal, 0000000002.wal … (see segment-header.ts, batch-format.ts)
 *       kv/<generation>/       key-value environments; the log's last generation mark names the current one
 */
export interface DataDirectory {
  readonly path: string;
  readonly identity: Identity;
  /** Where the log lies. */
  readonly wal: string;
  /** Where the key-value environment of this generation lies; made by its backend. */
  kv(generation: number): string;
  /** Where copies of the state are made for other members, under names that begin with this. */
  readonly scratch: string;
  /**
   * Says in `identity.json` that the directory is of today's format: to be called once all that it holds can be read by
   * this version and need not be read by an older one, which refuses it from then on.
   */
  raiseFormat(): Promise<void>;
  /** It was empty and has just been made. */
  readonly created: boolean;
}

export interface OpenDataDirectoryOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly identity: Identity;
  readonly emit: Emit;
  /**
   * false: this member has run before, so an empty directory means that its data, votes included, is lost, and it
   * must not come back under the same identity (Diss. §3.8). Default true.
   */
  readonly mayCreate?: boolean;
  readonly firstSegmentBytes?: number;
}

/**
 * Opens or makes a node's data directory, for the holder of its lock only. Refuses one that belongs to another member
 * (`data-foreign`), is of a newer format (`data-newer`), cannot be read (`data-unreadable`), or has lost a part of
 * itself (`data-damaged`).
 */
export async function openDataDirectory(options: OpenDataDirectoryOptions): Promise<DataDirectory> {
  const { fileSystem, directory, identity, emit } = options;
  let found: StoredIdentity | undefined;
  try {
    found = await readIdentity(fileSystem, directory);
    if (found === undefined) await create(options);
    else await check(fileSystem, directory, found, identity);
  } catch (error) {
    throw isOwn(error) ? error : unreadable(directory, error);
  }
  return {
    path: directory,
    identity,
    wal: walPath(directory),
    kv: (generation) => statePath(directory, generation),
    scratch: join(directory, 'kv', SCRATCH),
    async raiseFormat() {
      if (found === undefined || found.format === FORMAT_VERSION) return;
      try {
        await writeIdentity(fileSystem, directory, identity);
      } catch (error) {
        throw isOwn(error) ? error : diskFailed(directory, undefined, error as Error);
      }
      emit.emit('info', 'data-directory-upgraded', { directory, from: found.format, to: FORMAT_VERSION });
    },
    created: found === undefined,
  };
}

/** Removes the key-value environments of the generations that `isStale` names, since no mark of the log does, and scratch. */
export async function removeStates(
  fileSystem: FileSystem,
  data: DataDirectory,
  isStale: (generation: number) => boolean,
): Promise<void> {
  for (const name of await listIfThere(fileSystem, join(data.path, 'kv'))) {
    const isScratch = name.startsWith(SCRATCH);
    if (isScratch || (/^[1-9]\d*$/.test(name) && isStale(Number(name)))) {
      await fileSystem.removeTree(join(data.path, 'kv', name));
    }
  }
}

const SCRATCH = 'copy';

/** Where the log of a data directory lies. */
export const walPath = (directory: string): string => join(directory, 'wal');

/** Where its key-value environment of this generation lies. */
export const statePath = (directory: string, generation: number): string => join(directory, 'kv', String(generation));

async function create({
  fileSystem,
  directory,
  identity,
  emit,
  mayCreate,
  firstSegmentBytes,
}: OpenDataDirectoryOptions) {
  const wal = walPath(directory);
  if (await holdsData(fileSystem, directory)) {
    throw new RaftctlError(
      'data-damaged',
      `${directory} holds data, but its identity.json is missing; nothing was changed`,
      {
        hint: `put back the identity.json that belongs to it, which never changes, or ${REJOIN}`,
      },
    );
  }
  if (mayCreate === false) {
    const { node, incarnation } = identity;
    throw new RaftctlError(
      'data-damaged',
      `${directory} is empty, but ${node} (incarnation ${incarnation}) has run before: its data is lost`,
      {
        hint: `the very first start of \`raftctl node\` takes --bootstrap; after that, ${REJOIN}`,
      },
    );
  }
  try {
    await makeDirectoryDurably(fileSystem, wal);
    // Leftovers of a first start that did not get as far as identity.json.
    for (const name of await fileSystem.list(wal)) await fileSystem.remove(join(wal, name));
    const { active } = await createLog(fileSystem, wal, firstSegmentBytes ?? walDefaults.firstSegmentBytes);
    await active.file.close();
    await writeIdentity(fileSystem, directory, identity);
  } catch (error) {
    throw isOwn(error) ? error : diskFailed(directory, undefined, error as Error);
  }
  emit.emit('info', 'data-directory-created', { directory, node: identity.node, incarnation: identity.incarnation });
}

/** Is there a log with a batch in it, or a key-value environment with anything in it? */
async function holdsData(fileSystem: FileSystem, directory: string): Promise<boolean> {
  for (const generation of await listIfThere(fileSystem, join(directory, 'kv'))) {
    if ((await listIfThere(fileSystem, join(directory, 'kv', generation))).length > 0) return true;
  }
  const wal = walPath(directory);
  const window = new ReadWindow();
  const { segments } = await listSegments(fileSystem, wal, window);
  const [first] = segments;
  if (first === undefined) return false;
  const file = await fileSystem.open(first.path, 'read');
  try {
    window.attach(file, first.size);
    return segments.length > 1 || (await examineRest(window, first, 0)).batchAt !== undefined;
  } finally {
    await file.close();
  }
}

async function check(fileSystem: FileSystem, directory: string, found: Identity, expected: Identity): Promise<void> {
  checkIdentity(directory, found, expected);
  // The run that wrote it may have died before this.
  await fileSystem.syncDirectory(directory).catch((error: Error) => {
    throw diskFailed(directory, undefined, error);
  });
  const wal = walPath(directory);
  if (await holdsSegment(fileSystem, wal)) return;
  throw new RaftctlError('data-damaged', `${wal} holds no log, but identity.json says that there was one`, {
    hint: REJOIN,
  });
}
