import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/**
 * What can be said of an environment before LMDB is let near it. LMDB maps `data.mdb` into memory and believes what it
 * reads: a file that ends before its last page kills the process (SIGBUS) when that page is touched, and so does a
 * meta record that is not one.
 *
 * A page begins with 24 bytes: page number, transaction, padding, flags. Pages 0 and 1 are meta pages:
 *
 *     24 u32 magic | 28 u16 format | 40 u64 bytes of the map | 48 u32 bytes of a page
 *     88 u64 root of the free list | 136 u64 root of the databases | 144 u64 last page | 152 u64 transaction
 *
 * Transaction n writes its record to page n % 2 when it is committed, without a sync. lmdb-js keeps a third record in
 * the middle of page 0, without magic and format: that of the last transaction that is on disk. `safeRestore` opens
 * with it; an environment in which nothing was flushed yet has none.
 *
 * How long the file has to be, they do not say: LMDB never writes the pages at its end that a transaction took and gave
 * back. But it never makes the file shorter, so the length that it once had is noted beside it, in the file `extent`.
 *
 * LMDB has no checksums. Damage inside of a page is found when it breaks the page's form, or what is stored in it does not
 * match the checksum that raftctl gives it (`version.ts`, `meta.ts`).
 */
const DATA_FILE = 'data.mdb';
const EXTENT_FILE = 'extent';

const FLAGS_AT = 18;
const META_FLAG = 8;
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const FORMAT_AT = 28;
const FORMAT = 2;
const PAGE_BYTES_AT = 48;
const ROOTS_AT = [88, 136];
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;

const PAGE_BYTES_MIN = 512;
const PAGE_BYTES_MAX = 65_536;
const NO_PAGE = 2n ** 64n - 1n;

interface MetaRecord {
  readonly transaction: bigint;
  readonly lastPage: bigint;
  readonly roots: readonly bigint[];
}

/**
 * Throws what is wrong with an environment that is there: what the system says about files that cannot be opened, and
 * an error with file, expected and found for one that LMDB must not see.
 */
export function checkEnvironment(directory: string): void {
  accessSync(directory, constants.W_OK | constants.X_OK);
  // LMDB makes its lock file anew, whatever is in it, but it must be able to.
  openIfThere(join(directory, 'lock.mdb'), () => {});
  const path = join(directory, DATA_FILE);
  let isBegun = false;
  openIfThere(path, (file) => {
    const { size } = fstatSync(file);
    // 0: the process that made it did not get any further.
    isBegun = size > 0;
    if (isBegun) checkData(path, size, readPages(file), notedExtent(directory));
  });
  if (!isBegun) rmSync(join(directory, EXTENT_FILE), { force: true });
}

/** What LMDB writes while it opens a new environment, and its lock file, take less. */
const ROOM_BYTES = 64 << 10;

/**
 * Throws what the system says of a disk that has no room for what LMDB writes while it opens: LMDB maps its lock file
 * into memory, and the process that touches a page there for which there is no block is killed (SIGBUS).
 */
export function checkRoom(directory: string): void {
  const path = join(directory, 'room');
  try {
    writeFileSync(path, Buffer.alloc(ROOM_BYTES, 1), { mode: 0o600 });
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * Notes how long `data.mdb` is now, when it is longer than `known`; answers what is noted. A witness only: where it cannot
 * be written, or was lost with a power cut, less damage is noticed.
 */
export function noteExtent(directory: string, known: number): number {
  try {
    const { size } = statSync(join(directory, DATA_FILE));
    if (size > known) writeFileSync(join(directory, EXTENT_FILE), `${size}\n`, { mode: 0o600 });
    return Math.max(size, known);
  } catch {
    return known;
  }
}

function notedExtent(directory: string): number {
  try {
    const text = readFileSync(join(directory, EXTENT_FILE), 'latin1');
    return /^\d{1,15}\n$/.test(text) ? Number(text) : 0;
  } catch {
    return 0;
  }
}

function openIfThere(path: string, look: (file: number) => void): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r+');
  try {
    look(file);
  } finally {
    closeSync(file);
  }
}

/** Both meta pages, as far as the file goes. */
function readPages(file: number): Buffer {
  const bytes = Buffer.alloc(PAGE_BYTES_MAX + META_BYTES);
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
}

function checkData(path: string, size: number, bytes: Buffer, extent: number): void {
  if (!isMetaPage(bytes, 0)) throw new Error(`${path} does not begin as an LMDB file of format ${FORMAT}`);
  const pageBytes = bytes.readUInt32LE(PAGE_BYTES_AT);
  const isPower = (pageBytes & (pageBytes - 1)) === 0;
  if (pageBytes < PAGE_BYTES_MIN || pageBytes > PAGE_BYTES_MAX || !isPower) {
    throw new Error(`${path} has pages of ${pageBytes} bytes: expected a power of two up to ${PAGE_BYTES_MAX}`);
  }
  if (size < 2 * pageBytes) throw shortened(path, 2 * pageBytes, size);
  if (!isMetaPage(bytes, pageBytes)) throw new Error(`${path} has no meta record in its second page`);
  const [even, flushed, odd] = [0, pageBytes / 2, pageBytes].map((at) => metaAt(bytes, at)) as [
    MetaRecord,
    MetaRecord,
    MetaRecord,
  ];
  for (const meta of [even, flushed, odd]) {
    const isAbsent = meta.transaction === 0n;
    if (isAbsent || meta.roots.every((root) => root === NO_PAGE || root <= meta.lastPage)) continue;
    throw new Error(`${path} has a meta record of transaction ${meta.transaction} whose root is no page of it`);
  }
  const newest = even.transaction > odd.transaction ? even : odd;
  const isInOrder = even.transaction % 2n === 0n && (odd.transaction === 0n || odd.transaction % 2n === 1n);
  if (!isInOrder || flushed.transaction > newest.transaction) {
    const found = `${even.transaction}, ${odd.transaction} and flushed ${flushed.transaction}`;
    throw new Error(`${path} has meta records of the transactions ${found}: they do not follow each other`);
  }
  const older = newest === even ? odd : even;
  const { roots } = flushed.transaction > 0n ? flushed : older;
  const farthest = roots.reduce((most, root) => (root !== NO_PAGE && root > most ? root : most), 0n);
  const rooted = Number(farthest + 1n) * pageBytes;
  if (size < Math.max(extent, rooted)) throw shortened(path, Math.max(extent, rooted), size);
}

function isMetaPage(bytes: Buffer, at: number): boolean {
  return (
    bytes.length >= at + META_BYTES &&
    (bytes.readUInt16LE(at + FLAGS_AT) & META_FLAG) !== 0 &&
    bytes.readUInt32LE(at + MAGIC_AT) === MAGIC &&
    bytes.readUInt16LE(at + FORMAT_AT) === FORMAT
  );
}

const metaAt = (bytes: Buffer, at: number): MetaRecord => ({
  transaction: bytes.readBigUInt64LE(at + TRANSACTION_AT),
  lastPage: bytes.readBigUInt64LE(at + LAST_PAGE_AT),
  roots: ROOTS_AT.map((root) => bytes.readBigUInt64LE(at + root)),
});

const shortened = (path: string, expected: number, size: number): Error =>
  new Error(`${path} was shortened: expected ${expected} bytes or more, got ${size}`);
