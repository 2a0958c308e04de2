/**
 * # storage: what is durable
 *
 * A node's data directory and its write-ahead log, over a `FileSystem` interface. `docs/storage.md` has the formats
 * with a worked example.
 *
 *     const data = await openDataDirectory({ fileSystem: realFileSystem, directory, identity, emit });
 *     const { wal, recovered } = await openWal({ fileSystem: realFileSystem, directory: data.wal, emit, scheduler,
 *       options: { onFatal: (error) => exit(error) } });
 *     wal.append({ hardState, entries }, () => acknowledge());     // durable here, in the order of the appends
 *     const old = await wal.read(first, last, 1024 * 1024);
 *     await wal.close();
 *
 * ## Ordering rules
 *
 * 1. One write is outstanding. What is appended meanwhile becomes one batch; `done`s run once it is synced, in order.
 * 2. Within an append: hard state, then generation or snapshot mark, then entries (an entry never outlives the term it needs).
 * 3. An append that begins at or below the last index truncates the log there. It is one record: never half done.
 * 4. A segment is begun only after the last batch of the one before is durable; its file was filled with zeros and
 *    synced before, gets its header next, and its name last.
 * 5. The first failed write or sync ends it: `onFatal` once, no `done` any more. Nothing is retried: the kernel may
 *    report the second attempt as a success although the bytes are gone.
 * 6. Recovery reads everything and decides, before it changes anything; `check` may still refuse what was read.
 * 7. Segments go whole and from the front, the name of each durably gone before the next one is touched (`trim`). What
 *    is left says where it begins: the header of a segment names the entry before.
 * 8. A snapshot mark comes after the state that it names is whole and durable. It is one record: before it is durable
 *    the old log and the old state count, from then on the new ones.
 * 9. `raiseFormat` comes last, once nothing in the directory has to be read by an older version any more.
 *
 * ## Faults on purpose
 *
 * `FaultyFileSystem` puts a disk that may be slow, full or failing (`FaultyDisk`, in base) before any other file system. Its
 * fault may change at any time; what it held up goes on then. Full refuses every write with ENOSPC, to room that is there
 * already too, as where a write goes to a new place; failing refuses writes and syncs with EIO. What is refused was not
 * begun. Without a fault each write costs one look.
 *
 * ## Files
 *
 * `wal` (group commit, segment change), `open-wal` and `recovery` (opening), `segment-scan` (torn or damaged),
 * `batch-format`, `wal-record`, `segment-header` (layouts), `entry-index` and `read-entries` (old entries),
 * `segment-preparer` (zeros ahead), `kept-segments` (which segments there are, and their removal), `data-directory` and
 * `identity`, `sightings-file` (who was seen at which start), `faulty-file-system`.
 */
export * from './data-directory.js';
export { makeDirectoryDurably } from './durable-directory.js';
export { FaultyFileSystem } from './faulty-file-system.js';
export type { FileSystem } from './file-system.js';
export { checkIdentity, type Identity, readIdentity, writeIdentity } from './identity.js';
export * from './open-wal.js';
export { realFileSystem } from './real-file-system.js';
export { examineLog, type FoundLog } from './recovery.js';
export * from './sightings-file.js';
export type { Wal } from './wal.js';
export { segmentSizesFor, type WalOptions } from './wal-options.js';
