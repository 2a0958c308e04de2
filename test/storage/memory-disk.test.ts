import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.js';
import type { File } from '../../src/storage/file-system.js';
import { ManualTime } from '../helpers/manual-time.js';
import { diskError, MemoryDisk, survive } from '../helpers/memory-disk.js';

/** A file with durable content and a durable name. */
async function fileWith(disk: MemoryDisk, path: string, content: string): Promise<File> {
  const file = await disk.open(path, 'create');
  await file.write([Buffer.from(content)], 0);
  await file.sync();
  await disk.syncDirectory('/');
  return file;
}

const durably = (file: File, content: string, at: number): Promise<Error | undefined> =>
  new Promise((resolve) => file.writeDurably([Buffer.from(content)], at, resolve));

const text = (disk: MemoryDisk, path: string): string => disk.contents(path).toString('latin1');

describe('a crash of the simulated disk', () => {
  it('loses what was not synced, and keeps what was', async () => {
    const disk = new MemoryDisk();
    const file = await fileWith(disk, '/a', 'durable');
    await file.write([Buffer.from('UN'), Buffer.from('SYNCED')], 0);
    expect(text(disk, '/a')).toBe('UNSYNCED');
    disk.crash(survive.none);
    expect(text(disk, '/a')).toBe('durable');
  });

  it('leaves a durable write durable, but not the writes before it', async () => {
    const disk = new MemoryDisk();
    const file = await fileWith(disk, '/a', '........');
    await file.write([Buffer.from('lost')], 0);
    expect(await durably(file, 'kept', 4)).toBeUndefined();
    disk.crash(survive.none);
    expect(text(disk, '/a')).toBe('....kept');
  });

  it('tears the last write at a byte, or into sectors', async () => {
    const disk = new MemoryDisk();
    const file = await fileWith(disk, '/a', '-'.repeat(1536));
    await file.write([Buffer.from('a'.repeat(1200))], 100);
    const torn = disk.clone();
    const again = await torn.open('/a', 'write');
    await again.write([Buffer.from('b'.repeat(10))], 0);
    torn.crash(survive.lastWriteTornAt(4));
    expect(text(torn, '/a').slice(0, 12)).toBe('bbbb--------');
    disk.crash(survive.lastWriteInSectors((sector) => sector !== 1));
    const sectors = text(disk, '/a');
    expect(sectors).toBe(`${'-'.repeat(100)}${'a'.repeat(412)}${'-'.repeat(512)}${'a'.repeat(276)}${'-'.repeat(236)}`);
  });

  it('loses names whose directory was not synced, and brings back those that were removed', async () => {
    const disk = new MemoryDisk();
    await fileWith(disk, '/kept', 'kept');
    await fileWith(disk, '/old', 'moved');
    const fresh = await disk.open('/fresh', 'create');
    await fresh.write([Buffer.from('x')], 0);
    await fresh.sync();
    await disk.remove('/kept');
    await disk.rename('/old', '/new');
    expect(await disk.list('/')).toEqual(['fresh', 'new']);
    const synced = disk.clone();
    disk.crash(survive.none);
    expect(await disk.list('/')).toEqual(['kept', 'old']);
    synced.crash(survive.none);
    expect(await synced.list('/')).toEqual(['fresh', 'new']);
  });

  it('loses a directory with all that is in it, unless its parent was synced', async () => {
    const disk = new MemoryDisk();
    await disk.makeDirectory('/a/b');
    const file = await disk.open('/a/b/c', 'create');
    await file.sync();
    await disk.syncDirectory('/a/b');
    await disk.syncDirectory('/a');
    disk.crash(survive.none);
    expect(await disk.list('/')).toEqual([]);
  });

  it('after a failed sync, loses the bytes although a later sync succeeds', async () => {
    const disk = new MemoryDisk();
    const file = await fileWith(disk, '/a', 'old');
    await file.write([Buffer.from('new')], 0);
    disk.fault = () => diskError('EIO', '/a');
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    disk.fault = undefined;
    await file.sync();
    expect(text(disk, '/a')).toBe('new');
    disk.crash(survive.none);
    expect(text(disk, '/a')).toBe('old');
  });

  it('by the same seed leaves the same', async () => {
    const left = async (seed: number) => {
      const disk = new MemoryDisk();
      const file = await fileWith(disk, '/a', '.'.repeat(4096));
      for (let i = 0; i < 8; i += 1) await file.write([Buffer.from(String(i).repeat(900))], i * 400);
      disk.crash(survive.randomly(seededRandom(seed)));
      return text(disk, '/a');
    };
    expect(await left(1)).toBe(await left(1));
    expect(await left(1)).not.toBe(await left(2));
  });

  it('silences the process: files, mounts and operations under way', async () => {
    const disk = new MemoryDisk();
    const file = await fileWith(disk, '/a', 'a');
    const mount = disk.mount();
    disk.hold();
    let spoke = false;
    const speak = () => {
      spoke = true;
    };
    file.writeDurably([Buffer.from('b')], 0, speak);
    disk.kill();
    file.read(Buffer.alloc(1), 0).then(speak, speak);
    mount.list('/').then(speak, speak);
    for (let turn = 0; turn < 10; turn += 1) await disk.list('/');
    expect(spoke).toBe(false);
  });
});

describe('the simulated disk', () => {
  it('stops the process before the operation it was told', async () => {
    const disk = new MemoryDisk();
    const halt = disk.haltAfter(1);
    const run = (async () => {
      await disk.open('/a', 'create');
      await disk.open('/b', 'create');
      return 'finished';
    })();
    expect(await Promise.race([run, halt])).toEqual({ kind: 'create', path: '/b' });
    disk.crash(survive.all);
    expect(await disk.list('/')).toEqual(['a']);
  });

  it('runs full, and has room again when something is removed', async () => {
    const disk = new MemoryDisk();
    disk.capacityBytes = 10;
    const file = await fileWith(disk, '/a', '12345678');
    await expect(file.write([Buffer.from('1234')], 7)).rejects.toMatchObject({ code: 'ENOSPC' });
    await fileWith(disk, '/b', '12');
    await disk.remove('/b');
    await file.write([Buffer.from('ab')], 8);
    expect(text(disk, '/a')).toBe('12345678ab');
  });

  it('takes as long as it was told', async () => {
    const time = new ManualTime();
    const disk = new MemoryDisk({ scheduler: time, ms: ({ kind }) => (kind === 'sync' ? 5 : 1) });
    const opening = disk.open('/a', 'create');
    time.advance(1);
    const file = await opening;
    let done: unknown = 'no';
    file.writeDurably([Buffer.from('x')], 0, (error) => {
      done = error;
    });
    const turns = async () => {
      for (let turn = 0; turn < 20; turn += 1) await undefined;
    };
    await turns();
    time.advance(4);
    await turns();
    expect(done, 'a durable write takes as long as its sync').toBe('no');
    time.advance(1);
    await turns();
    expect(done).toBeUndefined();
  });

  it('fails like a file system', async () => {
    const disk = new MemoryDisk();
    await fileWith(disk, '/a', 'a');
    await expect(disk.open('/a', 'create')).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(disk.open('/b', 'read')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(disk.list('/a')).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(disk.makeDirectory('/a/b')).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(disk.remove('/b')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await (await disk.open('/a', 'read')).read(Buffer.alloc(4), 9)).toBe(0);
  });
});
