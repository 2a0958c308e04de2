/**
 * # kv: the replicated state machine
 *
 * Applies committed commands (put, delete, cas) to etcd's data model: one revision counter for the store, and for each
 * key the revisions of its creation and last write and a version. An empty store is at revision 1. A command that changes
 * nothing (a delete of a missing key, a failed cas) does not advance the revision. Deterministic: no clock, no chance;
 * equal logs give equal state.
 *
 *     const store = KvStore.open({ backend, bootstrap, emit, clock, scheduler, options: { onFatal } });
 *     store.checkAgainstLog({ firstIndex, lastIndex, termAt }); // does the state fit the log beside it?
 *     store.persistedUpTo(lastIndex);
 *     const [result] = store.apply(committedEntries);        // { succeeded: true, revision: 2 }
 *     const found = store.get(key);                          // sees it at once
 *     await store.close();                                   // flushes
 *
 * ## Where state lives
 *
 * `state-machine.ts` runs the commands: it is the state as of one entry, and makes the next one of it. `store.ts` is what
 * others see: what a start finds, reads, flushes, states that take its place.
 *
 *     apply ─▶ active memtable ──seal──▶ sealed memtable ──one transaction──▶ backend (LMDB)
 *     reads:          1st                        2nd                                 3rd
 *
 * The *memtables* (`memtables.ts`) keep the last version of each key that is not in the backend, deletes as tombstones.
 * When the active one takes 8 MiB, or holds what 100,000 entries did, or five seconds after its first change, it is
 * *sealed* and a new one begins. The sealed one goes to the backend in one transaction: a put for each distinct key,
 * whatever number of commands wrote it, and the meta record (applied index and term, revision). One flush at a time;
 * what is applied meanwhile waits in the new memtable, so a slow disk makes flushes larger, not more.
 *
 * `openOnFaultyDisk` opens states on a disk that may be slow, full or failing on purpose: what a transaction or a copy meets
 * there, it meets before anything of it is done.
 *
 * ## Past revisions
 *
 * `past-revisions.ts` keeps what happened to keys in a ring in memory, for those who watch:
 *
 *     const { events, upTo } = store.eventsFrom({ from: asRevision(2) });      // revision 2 and later, in order
 *
 * It begins behind the revision that the backend held when the store was opened, and forgets the oldest events when it
 * takes 64 MiB. A batch of events ends where a revision ends, and is to be used before the next `apply`.
 *
 * ## Sessions
 *
 * A write that a client sends again must not be run again. It comes under a session, with a sequence, and is answered
 * from what the session remembers if it was run before (`session.ts`, with an example). Which sessions there are, and
 * which go, the log alone decides (`sessions.ts`): the same on every node, with no clock but the time that leaders write
 * into it. All sessions are in memory. A flush writes those that changed, as they were at its sealing, into a database of
 * their own; the keys, the sessions and the position are of one transaction, or a write could be run again after a crash.
 *
 * ## Ordering rules
 *
 * 1. Entries are applied in log order without a gap, each once. `open` goes on behind the backend's applied index.
 * 2. The backend never gets ahead of the node's own log: a sealed memtable ends at the index that was applied when it
 *    was sealed, and is not written before `persistedUpTo` has reached that index. (A leader may apply an entry that
 *    its followers have on disk and it has not.) What is applied later is in another memtable.
 * 3. `flushedIndex` moves when the backend reports the transaction as flushed. The log may be trimmed up to
 *    `provenIndex`, which is one flush behind: LMDB can report a success although the mark of that flush was not
 *    written, and only the next flush tells.
 * 4. A crash loses what was not flushed, and nothing else: those entries come again from the log.
 * 5. The first failed transaction is fatal: `onFatal`, no further flush.
 * 6. Entries' bytes are never written to after they were handed in. Values point into them until they are flushed; what
 *    `get` and `scan` answer stays valid for ever.
 *
 * ## Formats
 *
 * `command.ts` has the commands (a log entry's payload, and a client's write request), `version.ts` what is stored under
 * a key, `meta.ts` what is stored of the state as a whole: position, revisions, membership, cluster version. Both carry
 * checksums, which every read verifies; what does not match ends the node. `upgrade.ts` rewrites the state of format 1.
 *
 * A write takes the checksum of its version from that of its entry, which was verified when it arrived and says all of
 * the value (`checksumFromRecord`): 0.13 µs whatever there is to the value, 0.5 µs for 256 bytes if they were read
 * again. A read that goes to the backend does read them: 0.1 µs for a value of 16 bytes, 0.3 µs for 256, 3.7 µs for
 * 16 KiB. The two cores below spend about 50 µs on a put, clients included.
 *
 * ## Sums and points
 *
 * `state-sum.ts`: what all keys add up to, kept by each command (beside the checksum, which the flush then need not
 * make). The meta records it, `verify-state.ts` compares it with what is there when a store is opened. `store.point()` is
 * the state as of the applied index in 16 digits, `pastPoints()` as of the last 16 multiples of 1,024: nodes under load
 * are never at the same index when they are asked.
 *
 * ## States that come from others
 *
 * `store.copy` makes one file of what is flushed, to be read in pieces. On another node, where those bytes are
 * `STATE_FILE` of an empty directory, synced, `settleReceived` reads them all and makes sure that they would be found
 * again; `store.install` then goes on with them at once, and the old backend is closed when nobody writes to it.
 *
 * LMDB makes the copy in a thread of its own (`backup`, compact), so no read transaction is held open while it travels:
 * pages that a reader still sees are not used again, and the file would grow with every write.
 *
 * ## Versions
 *
 * `data-version.ts` says which commands a raftctl knows, and since which version. The state carries the *cluster
 * version*, the least that all members know: `refusalOf` is the gate for whatever is to be written, `apply` raises the
 * version when a leader's command says so, and throws `data-newer` at what this raftctl does not know.
 *
 * ## Backends
 *
 * A backend holds named databases of bytes and knows nothing of versions (`backend.ts`). `LmdbBackend` (imported from
 * `backend-lmdb.js` by composition roots only) and `MemoryBackend` for tests and the simulator, which tells committed
 * from flushed as LMDB does, fails when told, and crashes. One suite runs on both.
 *
 * LMDB is written through lmdb-js's own writer thread, whose instructions `lmdb-transaction.ts` makes; `lmdb-engine.ts`
 * refuses to call it in a package of another version. The other way was tried, the public interface in a thread of the
 * node's own, which is handed the changes as bytes. Three nodes and their clients on two cores, the two builds in turns,
 * flushes under way, medians:
 *
 *                              writer thread of lmdb-js      own thread     (of each pair)
 *     256 clients, 6 pairs     39,003 puts/s, p99 21.9 ms    36,395 puts/s, p99 29.2 ms   0.97, p99 1.24
 *     1 client, 4 pairs        573 puts/s, p99 8.7 ms        419 puts/s, p99 10.4 ms      0.83, p99 1.18
 *
 * The own thread costs an isolate and a second reader for each node, and wins nothing.
 */
export {
  type Backend,
  type BytesCursor,
  type DatabaseName,
  type Slice,
  type Snapshot,
  STATE_FILE,
  type StateCopy,
  type Transaction,
  type TransactionSize,
} from './backend.js';
export { MemoryBackend, type MemoryBackendOptions } from './backend-memory.js';
export {
  COMMAND_OPS,
  type Command,
  type CommandLimits,
  checkCommand,
  decodeCommand,
  encodeClusterVersion,
  encodeCommand,
  encodeOpenSession,
  encodeTime,
  type InSession,
  isOpenSession,
  putSession,
  readClusterVersion,
  readSession,
  readTime,
  SESSION_WINDOW,
  writeCommand,
} from './command.js';
export {
  CommandVersions,
  DATA_VERSION,
  type DataVersion,
  FIRST_CLUSTER_VERSION,
  MEMBERSHIP_VERSION,
  type SessionLimits,
  SNAPSHOT_VERSION,
  versionTooLow,
} from './data-version.js';
export { openOnFaultyDisk } from './faulty-backend.js';
export { checkAgainstLog, type LogExtent } from './log-extent.js';
export { emptyMeta, readMeta, type StoreMeta } from './meta.js';
export { revisionGone } from './past-revisions.js';
export { settleReceived } from './received-state.js';
export type { StatePoint } from './state-points.js';
export { KvStore } from './store.js';
export type { KvStoreDependencies, KvStoreOptions } from './store-options.js';
export type {
  CommandResult,
  EventQuery,
  EventsFound,
  KeyEvent,
  KeyValue,
  Outcome,
  ScanOptions,
  ScanResult,
  SessionOpened,
} from './types.js';
export { isOldState, readOldMeta, upgradeState } from './upgrade.js';
