import {
  asIndex,
  asRevision,
  assert,
  asTerm,
  type Membership,
  messageOf,
  RaftctlError,
  REJOIN,
  type Revision,
} from '../base/index.js';
import type { Backend, Slice, Transaction } from './backend.js';
import { type BinaryKey, FIRST_KEY, toBytes } from './key.js';
import { emptyMeta, encodeMeta, META_KEY, metaFormatOf, putMeta, readMeta, type StoreMeta } from './meta.js';
import { StoredVersions } from './stored-versions.js';
import { readU64 } from './u64.js';
import {
  checksumOfVersion,
  type MutableVersion,
  newVersion,
  storedBytes,
  type Version,
  writeVersion,
} from './version.js';

/**
 * The state in the form of format 1, in which an empty store was at revision 0:
 *
 *     keys    key → u64 createRevision | u64 modRevision | u64 version | value
 *     meta    "meta" → u16 format (1) | u16 0 | u64 applied index | u64 its term | u64 revision
 */
const OLD_FORMAT = 1;
const OLD_HEADER_BYTES = 24;
const OLD_META_BYTES = 28;

/** One more than before: an empty store is at revision 1 now, as etcd's, and so it is for a node that replays its log. */
const shifted = (old: number): Revision => asRevision(old + 1);

/** Is this a state that has to be rewritten before a store can be opened on it? */
export function isOldState(backend: Backend): boolean {
  const meta = backend.find('meta', META_KEY);
  return meta !== undefined && metaFormatOf(meta.bytes.subarray(meta.start, meta.end)) === OLD_FORMAT;
}

/** Where an old state stands. It knows no members, and no sum: the members are those that the cluster began with. */
export function readOldMeta(backend: Backend, bootstrap: Membership): StoreMeta {
  const { bytes, start, end } = backend.find('meta', META_KEY)!;
  if (end - start !== OLD_META_BYTES || bytes.readUInt16LE(start + 2) !== 0) {
    throw damaged(`${backend.place}: the meta of format 1 is damaged: ${bytes.toString('hex', start, end)}`);
  }
  return {
    ...emptyMeta(bootstrap),
    appliedIndex: asIndex(readU64(bytes, start + 4)),
    appliedTerm: asTerm(readU64(bytes, start + 12)),
    revision: shifted(readU64(bytes, start + 20)),
    sum: undefined,
  };
}

/** One transaction, and one look at a stretch of both states, holds so much. */
const STRETCH_KEYS = 20_000;
const STRETCH_BYTES = 8 << 20;

/**
 * Writes the old state in `from` into the empty backend `to`, in today's form, and reads it back. Before that is done
 * `to` is worth nothing: only then may it be named as the state. Answers how many keys there are.
 */
export async function upgradeState(from: Backend, to: Backend, bootstrap: Membership): Promise<number> {
  const meta = readOldMeta(from, bootstrap);
  let keys = 0;
  for (let next: BinaryKey | undefined = FIRST_KEY; next !== undefined; ) {
    const stretch = readStretch(from, next);
    next = stretch.next;
    keys += stretch.versions.length;
    await write(to, stretch, next === undefined ? encodeMeta(meta) : undefined);
  }
  verify(from, to, meta);
  return keys;
}

interface Stretch {
  readonly versions: readonly (readonly [BinaryKey, Version])[];
  readonly bytes: number;
  /** Where the next one begins; undefined: nowhere. */
  readonly next: BinaryKey | undefined;
}

function readStretch(from: Backend, first: BinaryKey): Stretch {
  const cursor = from.range('keys', first, undefined);
  const versions: [BinaryKey, Version][] = [];
  let bytes = 0;
  try {
    for (; cursor.key !== undefined; cursor.advance()) {
      if (versions.length === STRETCH_KEYS || bytes > STRETCH_BYTES) return { versions, bytes, next: cursor.key };
      const version = readOldVersion(from.place, cursor.key, cursor.value, newVersion());
      versions.push([cursor.key, version]);
      bytes += cursor.key.length + storedBytes(version);
    }
    return { versions, bytes, next: undefined };
  } finally {
    cursor.close();
  }
}

function readOldVersion(place: string, key: BinaryKey, { bytes, start, end }: Slice, into: MutableVersion): Version {
  if (end - start < OLD_HEADER_BYTES) {
    const shown = JSON.stringify(toBytes(key).toString('utf8'));
    throw damaged(`${place}: ${end - start} bytes under the key ${shown} are no version of format 1`);
  }
  into.bytes = bytes;
  into.start = start + OLD_HEADER_BYTES;
  into.end = end;
  into.createRevision = shifted(readU64(bytes, start));
  into.modRevision = shifted(readU64(bytes, start + 8));
  into.version = readU64(bytes, start + 16);
  into.checksum = checksumOfVersion(key, into);
  return into;
}

function write(to: Backend, { versions, bytes }: Stretch, meta: Buffer | undefined): Promise<void> {
  const transaction: Transaction = to.begin({
    changes: versions.length + 1,
    bytes: bytes + META_KEY.length + (meta?.length ?? 0),
  });
  for (const [key, version] of versions) {
    const at = transaction.put('keys', key, storedBytes(version));
    writeVersion(transaction.bytes, at, version);
  }
  if (meta !== undefined) putMeta(transaction, meta);
  return new Promise((resolve, reject) => {
    transaction.commit((error) => (error === undefined ? resolve() : reject(notWritten(to.place, error))));
  });
}

const notWritten = (place: string, cause: Error): RaftctlError =>
  new RaftctlError('disk-failed', `${place}: rewriting the state in today's form failed: ${messageOf(cause)}`, {
    hint: 'check the disk and its free space, then start the node again: the old state is whole',
    cause,
  });

/** The same keys with the same values and numbers, by what is read back from both. */
function verify(from: Backend, to: Backend, meta: StoreMeta): void {
  const found = readMeta(to);
  assert(found?.appliedIndex === meta.appliedIndex, () => `${to.place}: rewritten up to ${found?.appliedIndex}`);
  const expected = from.range('keys', FIRST_KEY, undefined);
  const written = new StoredVersions(to).range(FIRST_KEY, undefined);
  const old = newVersion();
  try {
    for (; expected.key !== undefined; expected.advance(), written.advance()) {
      assert(written.key === expected.key, () => `${to.place}: a key is missing after it was rewritten`);
      readOldVersion(from.place, expected.key, expected.value, old);
      assert(isSame(old, written.version), () => `${to.place}: a version differs after it was rewritten`);
    }
    assert(written.key === undefined, () => `${to.place}: a key too many after it was rewritten`);
  } finally {
    expected.close();
    written.close();
  }
}

const isSame = (left: Version, right: Version): boolean =>
  left.createRevision === right.createRevision &&
  left.modRevision === right.modRevision &&
  left.version === right.version &&
  left.bytes.compare(right.bytes, right.start, right.end, left.start, left.end) === 0;

const damaged = (message: string): RaftctlError => new RaftctlError('data-damaged', message, { hint: REJOIN });
