import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open as openLmdb } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';
import { LmdbBackend } from '../../src/kv/backend-lmdb.js';
import type { BinaryKey } from '../../src/kv/key.js';
import { LMDB_VERSION } from '../../src/kv/lmdb-engine.js';
import { encodeMeta, readMeta } from '../../src/kv/meta.js';
import { contentsOf, metaAt, transact } from './helpers.js';

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'raftctl-lmdb-')), 'kv', '1');
});
afterEach(() => rmSync(join(directory, '..', '..'), { recursive: true, force: true }));

function codeOfOpening(): string {
  try {
    readMeta(LmdbBackend.open(directory));
  } catch (error) {
    expect(error).toBeInstanceOf(RaftctlError);
    expect((error as RaftctlError).message).toContain(directory);
    return (error as RaftctlError).code;
  }
  return 'opened';
}

/** Many keys with one value, written as a flush does it. */
function fill(backend: LmdbBackend, index: number, keys: number, value: Buffer): Promise<void> {
  const names = Array.from({ length: keys }, (_, nth) => `${index}-${nth}`.padStart(12, '0'));
  return transact(backend, Object.fromEntries(names.map((name) => [name, value])), { meta: metaAt(index) });
}

const countKeys = (backend: LmdbBackend): number => contentsOf(backend).length;

describe('an LMDB environment', () => {
  it('is made with its directories, for its owner alone', async () => {
    const backend = LmdbBackend.open(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'data.mdb')).mode & 0o777).toBe(0o600);
    await backend.close();
  });

  it('opens with the last flushed state after a clean close', async () => {
    const backend = LmdbBackend.open(directory);
    await fill(backend, 1, 3, Buffer.from('x'));
    await backend.close();
    const reopened = LmdbBackend.open(directory);
    expect(readMeta(reopened)).toEqual(metaAt(1));
    expect(countKeys(reopened)).toBe(3);
    await reopened.close();
  });

  it('grows beyond the map it was opened with, while it is read', async () => {
    const backend = LmdbBackend.open(directory, { mapBytes: 1 << 20 });
    const value = Buffer.alloc(4_000, 'v');
    for (let round = 1; round <= 4; round += 1) {
      await fill(backend, round, 500, value);
      expect(backend.find('keys', '000000001-42' as BinaryKey)?.end).toBe(4_000);
      expect(countKeys(backend)).toBe(round * 500);
    }
    expect(statSync(join(directory, 'data.mdb')).size).toBeGreaterThan(4 << 20);
    await backend.close();
  });

  it('takes transactions of very different sizes one after the other', async () => {
    const backend = LmdbBackend.open(directory);
    await fill(backend, 1, 1, Buffer.alloc(0));
    await fill(backend, 2, 5_000, Buffer.alloc(300, 'a'));
    await fill(backend, 3, 1, Buffer.alloc(1 << 20, 'b'));
    await fill(backend, 4, 2, Buffer.alloc(3, 'c'));
    expect(countKeys(backend)).toBe(5_004);
    expect(backend.find('keys', '0000000003-0' as BinaryKey)?.end).toBe(1 << 20);
    await backend.close();
  });

  it('refuses more changes than announced, before anything is written', async () => {
    const backend = LmdbBackend.open(directory);
    const transaction = backend.begin({ changes: 1, bytes: 10 });
    expect(() => transaction.put('keys', 'k' as BinaryKey, 1 << 20)).toThrow(/more changes than announced/);
    await backend.close();
  });
});

it('the lmdb package is compared with the version that raftctl pins', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(LMDB_VERSION).toBe(dependencies.lmdb);
});

describe('what cannot be opened is refused with the directory and a remedy', () => {
  it('a file that is no LMDB environment', () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'data.mdb'), Buffer.alloc(16_384, 'not lmdb '));
    expect(codeOfOpening()).toBe('data-damaged');
  });

  it.each([20, 100, 6_000])('a file that was cut after %d bytes', async (length) => {
    const backend = LmdbBackend.open(directory);
    await fill(backend, 1, 3, Buffer.from('x'));
    await backend.close();
    truncateSync(join(directory, 'data.mdb'), length);
    expect(codeOfOpening()).toBe('data-damaged');
  });

  it('an environment whose format is not the one of this LMDB', async () => {
    await LmdbBackend.open(directory).close();
    const path = join(directory, 'data.mdb');
    const file = readFileSync(path);
    file.writeUInt16LE(3, 28);
    writeFileSync(path, file);
    expect(codeOfOpening()).toBe('data-damaged');
    expect(readFileSync(path)).toEqual(file);
  });

  it.each([
    ['of another version', '{"version":"3.5.7"}', 'expected 3.5.6, found 3.5.7'],
    ['that names none', '{}', 'expected 3.5.6, found none'],
    ['that cannot be read', '{', 'expected 3.5.6, found none: '],
  ])('any environment, by an lmdb package %s, and nothing is made', (_what, manifest, message) => {
    const lmdbManifest = join(directory, '..', '..', 'package.json');
    writeFileSync(lmdbManifest, manifest);
    expect(() => LmdbBackend.open(directory, { lmdbManifest })).toThrow(message);
    expect(existsSync(directory)).toBe(false);
  });

  it('a file in the place of the directory', () => {
    mkdirSync(join(directory, '..'), { recursive: true });
    writeFileSync(directory, 'a file');
    expect(codeOfOpening()).toBe('data-unreadable');
  });

  it.skipIf(process.getuid?.() === 0)('a directory without permission', () => {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0);
    expect(codeOfOpening()).toBe('data-unreadable');
  });

  it.each([
    ['a newer state format', (record: Buffer) => record.writeUInt16LE(3, 0), 'data-newer'],
    ['a meta record with a wrong number of sections', (record: Buffer) => record.writeUInt16LE(1, 2), 'data-damaged'],
    ['a meta record with a flipped bit', (record: Buffer) => record.writeUInt8(record[30]! ^ 4, 30), 'data-damaged'],
    ['a meta record of zeros', (record: Buffer) => record.fill(0), 'data-damaged'],
  ])('%s', async (_what, change, code) => {
    const record = encodeMeta(metaAt(1));
    change(record);
    const root = openLmdb(directory, { encoding: 'binary', maxDbs: 2, noSubdir: false });
    await root.openDB({ name: 'meta', encoding: 'binary' }).put('meta', record);
    await root.close();
    expect(existsSync(join(directory, 'data.mdb'))).toBe(true);
    expect(codeOfOpening()).toBe(code);
  });
});
