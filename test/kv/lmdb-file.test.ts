import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RaftctlError, type Random, randomInt, seededRandom } from '../../src/base/index.js';
import { LmdbBackend } from '../../src/kv/backend-lmdb.js';
import type { BinaryKey } from '../../src/kv/key.js';
import { checkEnvironment } from '../../src/kv/lmdb-file.js';
import { readMeta } from '../../src/kv/meta.js';
import { metaAt, transact } from './helpers.js';

/** What LMDB would end the process for, so nothing of this is ever handed to it. */

let place: string;
/** An environment that was written to five times. */
let good: string;
/** A copy of it. */
let copy: string;
let data: string;
let size: number;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'raftctl-lmdb-file-'));
  good = join(place, 'good');
  copy = join(place, 'copy');
  data = join(copy, 'data.mdb');
  const backend = LmdbBackend.open(good);
  for (let nth = 1; nth <= 5; nth += 1) await flush(backend, nth);
  await backend.close();
  ({ size } = statSync(join(good, 'data.mdb')));
});
afterAll(() => rmSync(place, { recursive: true }));
beforeEach(() => {
  rmSync(copy, { recursive: true, force: true });
  cpSync(good, copy, { recursive: true });
});

const someKeys = (nth: number): readonly BinaryKey[] =>
  Array.from({ length: 200 }, (_, key) => `${nth % 3}-${key}`.padStart(10, '0') as BinaryKey);

const randomKey = (random: Random): BinaryKey => `key-${randomInt(random, 0, 4_000)}`.padStart(10, '0') as BinaryKey;

function flush(
  backend: LmdbBackend,
  nth: number,
  puts: Iterable<BinaryKey> = someKeys(nth),
  removed: readonly BinaryKey[] = [],
): Promise<void> {
  const value = Buffer.alloc(300, 'v');
  const changes = [...[...puts].map((key) => [key, value] as const), ...removed.map((key) => [key, null] as const)];
  return transact(backend, Object.fromEntries(changes), { meta: metaAt(nth * 200) });
}

/** What the meta records say of the file's length. */
function countedBytes(path: string): number {
  const bytes = readFileSync(path);
  const pageSize = bytes.readUInt32LE(48);
  const counted = [0, pageSize].map((at) => Number(bytes.readBigUInt64LE(at + 144)));
  return (Math.max(...counted) + 1) * pageSize;
}

function refusal(): string {
  try {
    checkEnvironment(copy);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

function overwrite(at: number, bytes: Buffer): void {
  const file = openSync(data, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

const pageBytes = (): number => readFileSync(join(good, 'data.mdb')).readUInt32LE(48);

describe('an environment is let through', () => {
  it('as it was left: new, flushed once, flushed often', async () => {
    for (const flushes of [0, 1, 2, 3, 40]) {
      const directory = join(place, `after-${flushes}`);
      const backend = LmdbBackend.open(directory);
      for (let nth = 1; nth <= flushes; nth += 1) {
        await flush(backend, nth);
        expect(() => checkEnvironment(directory), `while it is open, after ${nth}`).not.toThrow();
      }
      await backend.close();
      expect(() => checkEnvironment(directory), `after ${flushes}`).not.toThrow();
    }
  });

  it('after most keys were deleted: LMDB has not written all of the pages that it has counted', async () => {
    let shorterThanCounted = 0;
    for (const seed of [1, 2, 3, 4]) {
      const random = seededRandom(seed);
      const directory = join(place, `deleted-${seed}`);
      const path = join(directory, 'data.mdb');
      let backend = LmdbBackend.open(directory);
      const live = new Set<BinaryKey>();
      for (let nth = 1; nth <= 12; nth += 1) {
        const puts = Array.from({ length: nth % 2 === 0 ? 0 : 2_000 }, () => randomKey(random));
        const removed = [...live].filter(() => nth % 2 === 0 && random.next() < 0.95);
        await flush(backend, nth, new Set(puts), removed);
        for (const key of puts) live.add(key);
        for (const key of removed) live.delete(key);
        expect(() => checkEnvironment(directory), `seed ${seed}, flush ${nth}`).not.toThrow();
        if (statSync(path).size < countedBytes(path)) shorterThanCounted += 1;
        if (nth % 4 !== 0) continue;
        await backend.close();
        backend = LmdbBackend.open(directory);
      }
      await backend.close();
    }
    expect(shorterThanCounted).toBeGreaterThan(0);
  });

  it('when its data was removed: what was noted of the old file is no claim on the new', async () => {
    rmSync(data);
    await LmdbBackend.open(copy).close();
    expect(statSync(data).size).toBeLessThan(size);
    expect(refusal()).toBe('accepted');
  });

  it('without a note of its length, or with one that makes no sense', () => {
    for (const note of ['', 'junk\n', '-1\n', '99999999999999999999\n']) {
      writeFileSync(join(copy, 'extent'), note);
      expect(refusal(), note).toBe('accepted');
    }
    rmSync(join(copy, 'extent'));
    expect(refusal()).toBe('accepted');
    mkdirSync(join(copy, 'extent'));
    expect(refusal()).toBe('accepted');
  });

  it('when it is not there, or was made and nothing written', () => {
    rmSync(data);
    expect(refusal()).toBe('accepted');
    writeFileSync(data, '');
    expect(refusal()).toBe('accepted');
  });

  it('whatever its lock file holds: LMDB makes that anew', async () => {
    for (const garbage of [Buffer.alloc(0), Buffer.from('junk'), Buffer.alloc(8192, 0xa5)]) {
      writeFileSync(join(copy, 'lock.mdb'), garbage);
      const backend = LmdbBackend.open(copy);
      expect(readMeta(backend)?.appliedIndex).toBe(1000);
      await backend.close();
    }
  });

  it('when commits after the last flush are there in part: LMDB goes back behind them', () => {
    // As a power cut may leave it: the record of a later commit, but not the pages it speaks of.
    const newer = readFileSync(data).readBigUInt64LE(152) + 2n;
    overwrite(144, u64(1_000_000n));
    overwrite(152, u64(newer));
    expect(refusal()).toBe('accepted');
  });
});

describe('an environment is refused', () => {
  it('wherever its file ends', () => {
    const bytes = readFileSync(data);
    for (let length = 1; length < size; length += length < 9000 ? 29 : 4099) {
      writeFileSync(data, bytes.subarray(0, length));
      expect(refusal(), `${length} of ${size} bytes`).toMatch(/data\.mdb (was shortened|does not begin|has no meta)/);
    }
  });

  it('with the bytes it should have and has', () => {
    truncateSync(data, size - 1);
    expect(refusal()).toBe(`${data} was shortened: expected ${size} bytes or more, got ${size - 1}`);
  });

  it('when it was cut before its first flush', async () => {
    const fresh = join(place, 'fresh');
    await LmdbBackend.open(fresh).close();
    rmSync(copy, { recursive: true });
    cpSync(fresh, copy, { recursive: true });
    truncateSync(data, statSync(data).size - 1);
    expect(refusal()).toContain('was shortened');
  });

  it.each<[string, () => void, RegExp]>([
    ['its first page is not a meta page', () => overwrite(18, Buffer.from([0, 0])), /does not begin as an LMDB file/],
    ['it has another magic number', () => overwrite(24, Buffer.from([0])), /does not begin as an LMDB file/],
    ['it is of another format', () => overwrite(28, Buffer.from([3])), /format 2/],
    ['its pages have no possible size', () => overwrite(48, Buffer.from([1, 0, 1, 0])), /pages of 65537 bytes/],
    ['its pages are too small', () => overwrite(48, Buffer.from([0, 1, 0, 0])), /pages of 256 bytes/],
    ['its pages are too large', () => overwrite(48, Buffer.from([0, 0, 2, 0])), /pages of 131072 bytes/],
    ['its pages are not of a power of two', () => overwrite(48, Buffer.from([0, 0x18, 0, 0])), /pages of 6144 bytes/],
    ['its second meta page is gone', () => overwrite(pageBytes(), Buffer.alloc(200)), /no meta record in its second/],
    ['a root is no page of it', () => overwrite(pageBytes() / 2 + 136, u64(1n << 40n)), /root is no page of it/],
    ['its free list is no page of it', () => overwrite(88, u64(1n << 40n)), /root is no page of it/],
    ['the flushed record is of the future', () => overwrite(pageBytes() / 2 + 152, u64(1n << 40n)), /do not follow/],
    ['its records are of the wrong transactions', () => overwrite(152, u64(7n)), /do not follow each other/],
    ['its second record is of the wrong one', () => overwrite(pageBytes() + 152, u64(8n)), /do not follow each other/],
  ])('when %s', (_, damage, message) => {
    damage();
    expect(refusal()).toMatch(message);
    expect(() => LmdbBackend.open(copy)).toThrow(RaftctlError);
  });

  it('when a directory is where a file should be, or a link leads nowhere', () => {
    for (const name of ['data.mdb', 'lock.mdb']) {
      rmSync(join(copy, name));
      mkdirSync(join(copy, name));
      expect(refusal(), name).toMatch(/EISDIR/);
      expect(() => LmdbBackend.open(copy)).toThrow(expect.objectContaining({ code: 'data-unreadable' }));
      rmSync(join(copy, name), { recursive: true });
    }
    symlinkSync('data.mdb', data);
    expect(() => LmdbBackend.open(copy)).toThrow(RaftctlError);
  });

  it('or let through, whatever lies in its first pages: never anything else', () => {
    const bytes = readFileSync(data);
    const anywhere = fc.nat({ max: 2 * pageBytes() - 1 });
    const bursts = fc.array(fc.tuple(anywhere, fc.uint8Array({ minLength: 1, maxLength: 200 })), { maxLength: 6 });
    fc.assert(
      fc.property(bursts, fc.option(fc.nat({ max: size }), { nil: undefined }), (damages, length) => {
        const damaged = Buffer.from(bytes);
        for (const [at, burst] of damages) damaged.set(burst.subarray(0, damaged.length - at), at);
        writeFileSync(data, length === undefined ? damaged : damaged.subarray(0, length));
        const said = refusal();
        if (length !== undefined && length > 0 && length < size && damages.length === 0) {
          expect(said).not.toBe('accepted');
        }
        expect(said === 'accepted' || said.startsWith(data)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('damage behind the first pages', () => {
  it('is found when it breaks a page: the read says so, as damage, with the directory', async () => {
    const bytes = readFileSync(data);
    const value = Buffer.alloc(300, 'v');
    let broken = 0;
    for (let at = 2 * pageBytes(); at < size; at += pageBytes()) {
      const page = bytes.subarray(at, at + pageBytes());
      const isLeaf = (page.readUInt16LE(18) & 2) !== 0;
      if (!isLeaf || !page.includes(value)) continue;
      // A page of no kind, as a lost write leaves it.
      page.writeUInt16LE(0, 18);
      broken += 1;
    }
    expect(broken).toBeGreaterThan(10);
    writeFileSync(data, bytes);
    const backend = LmdbBackend.open(copy);
    const damaged = expect.objectContaining({ code: 'data-damaged', message: expect.stringContaining(copy) });
    expect(() => backend.find('keys', '2-0'.padStart(10, '0') as BinaryKey)).toThrow(damaged);
    expect(() => backend.range('keys', '\0' as BinaryKey, undefined)).toThrow(damaged);
    await backend.close();
  });
});
