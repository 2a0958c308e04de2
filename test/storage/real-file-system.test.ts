import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asNodeId, silent } from '../../src/base/index.js';
import { openDataDirectory } from '../../src/storage/data-directory.js';
import type { File } from '../../src/storage/file-system.js';
import { openWal } from '../../src/storage/open-wal.js';
import { realFileSystem, withoutFirst } from '../../src/storage/real-file-system.js';
import { ManualTime } from '../helpers/manual-time.js';
import { append, entries, entry, readAll, rejection, shown, vote } from './support.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'raftctl-storage-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const writeDurably = (file: File, parts: readonly Buffer[], position: number): Promise<Error | undefined> =>
  new Promise((resolve) => file.writeDurably(parts, position, resolve));

describe('the machine’s file system', () => {
  it('creates, writes, reads, renames, lists and removes', async () => {
    await realFileSystem.makeDirectory(join(directory, 'a', 'b'));
    expect(statSync(join(directory, 'a', 'b')).mode & 0o777).toBe(0o700);
    const path = join(directory, 'a', 'file');
    const file = await realFileSystem.open(path, 'create');
    await file.write([Buffer.from('one '), Buffer.from('two '), Buffer.from('three')], 2);
    expect(await writeDurably(file, [Buffer.from('ONE')], 2)).toBeUndefined();
    expect(await writeDurably(file, [Buffer.from('TH'), Buffer.from('REE')], 10)).toBeUndefined();
    await file.sync();
    expect(await file.size()).toBe(15);
    const target = Buffer.alloc(100);
    expect(await file.read(target, 2)).toBe(13);
    expect(target.toString('latin1', 0, 13)).toBe('ONE two THREE');
    await file.truncate(5);
    await file.close();
    expect(readFileSync(path, 'latin1')).toBe('\0\0ONE');
    await realFileSystem.rename(path, join(directory, 'a', 'renamed'));
    await realFileSystem.syncDirectory(join(directory, 'a'));
    expect(await realFileSystem.list(join(directory, 'a'))).toEqual(['b', 'renamed']);
    await realFileSystem.remove(join(directory, 'a', 'renamed'));
    await realFileSystem.removeTree(join(directory, 'a'));
    expect(await realFileSystem.list(directory)).toEqual([]);
  });

  it('fails as the interface says', async () => {
    const path = join(directory, 'file');
    await (await realFileSystem.open(path, 'create')).close();
    await expect(realFileSystem.open(path, 'create')).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(realFileSystem.open(join(directory, 'none'), 'write')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(realFileSystem.list(join(directory, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('hands a failed durable write to its caller', async () => {
    const file = await realFileSystem.open('/dev/full', 'write').catch(() => undefined);
    if (file === undefined) return;
    expect(await writeDurably(file, [Buffer.from('x')], 0)).toMatchObject({ code: 'ENOSPC' });
    await file.close();
  });

  it('carries a short write on where it stopped', () => {
    const parts = [Buffer.from('abc'), Buffer.from(''), Buffer.from('defg')];
    const rest = (count: number) => withoutFirst(parts, count).map(String);
    expect(rest(0)).toEqual(['abc', '', 'defg']);
    expect(rest(2)).toEqual(['c', '', 'defg']);
    expect(rest(3)).toEqual(['defg']);
    expect(rest(6)).toEqual(['g']);
    expect(rest(7)).toEqual([]);
  });
});

describe('a log on the machine’s disk', () => {
  const openHere = async () => {
    const identity = { clusterId: 'c', node: asNodeId('node-01'), incarnation: 1 };
    const fileSystem = realFileSystem;
    const data = await openDataDirectory({ fileSystem, directory: join(directory, 'node-01'), identity, emit: silent });
    return openWal({
      fileSystem,
      directory: data.wal,
      emit: silent,
      scheduler: new ManualTime(),
      options: {
        segmentBytes: 64 * 1024,
        onFatal(error) {
          throw error;
        },
      },
    });
  };

  it('survives restarts, over several segments, with a tail torn by hand', async () => {
    const first = await openHere();
    await append(first.wal, { hardState: vote(1, 'node-01'), entries: entries(1, 100) });
    await append(first.wal, { entries: [entry(101, 1, 'x'.repeat(5_000_000))] });
    for (let i = 102; i <= 400; i += 1) first.wal.append({ entries: [entry(i, 1, 'y'.repeat(1000))] }, () => {});
    await first.wal.close();
    expect(first.wal.stats().segments).toBeGreaterThan(2);

    const second = await openHere();
    expect(second.recovered.lengths).toHaveLength(400);
    expect(second.recovered.hardState).toEqual(vote(1, 'node-01'));
    await append(second.wal, { hardState: vote(2), entries: entries(400, 3, 2) });
    const expected = shown(await readAll(second.wal));
    await append(second.wal, { entries: [entry(403, 2, 'torn')] });
    await second.wal.close();
    const wal = join(directory, 'node-01', 'wal');
    const files = readdirSync(wal).filter((name) => readFileSync(join(wal, name)).includes('torn'));
    const path = join(wal, files.at(-1)!);
    const { size } = statSync(path);
    truncateSync(path, readFileSync(path).lastIndexOf('torn') + 2);
    truncateSync(path, size);

    const third = await openHere();
    expect(third.recovered.cut?.file).toBe(path);
    expect(shown(await readAll(third.wal))).toEqual(expected);
    await third.wal.close();
  });

  it.skipIf(process.getuid?.() === 0)('is refused when it may not be read, by its name', async () => {
    const { wal } = await openHere();
    await wal.close();
    chmodSync(join(directory, 'node-01', 'wal'), 0);
    expect(await rejection(openHere())).toMatchObject({ code: 'data-unreadable' });
    chmodSync(join(directory, 'node-01', 'wal'), 0o700);
  });
});
