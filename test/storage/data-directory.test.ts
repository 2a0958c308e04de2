import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../src/base/index.js';
import { openDataDirectory } from '../../src/storage/data-directory.js';
import { diskError, MemoryDisk, type Survives, survive } from '../helpers/memory-disk.js';
import { append, CountingFileSystem, EventLog, entry, open, rejection, segmentFile } from './support.js';

const IDENTITY = { clusterId: '0123456789abcdef0123456789abcdef', node: asNodeId('node-01'), incarnation: 1 };

const openAt = (disk: MemoryDisk, identity = IDENTITY, mayCreate?: boolean) =>
  openDataDirectory({
    fileSystem: disk,
    directory: '/data',
    identity,
    emit: new EventLog(),
    firstSegmentBytes: 2048,
    ...(mayCreate === undefined ? {} : { mayCreate }),
  });

async function usedDisk(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await openAt(disk);
  const { wal } = await open(disk);
  await append(wal, { entries: [entry(1)] });
  await wal.close();
  return disk;
}

describe('a data directory', () => {
  it('is made once, with the identity of its member, and found again', async () => {
    const disk = new MemoryDisk();
    const first = await openAt(disk);
    expect(first).toMatchObject({ path: '/data', wal: '/data/wal', created: true });
    expect(first.kv(3)).toBe('/data/kv/3');
    expect(JSON.parse(disk.contents('/data/identity.json').toString())).toEqual({ format: 3, ...IDENTITY });
    expect(await openAt(disk)).toMatchObject({ created: false, identity: IDENTITY });
  });

  it('leaves no file open, made or found', async () => {
    const files = new CountingFileSystem(new MemoryDisk());
    const options = { fileSystem: files, directory: '/data', identity: IDENTITY, emit: new EventLog() };
    for (const created of [true, false]) {
      expect(await openDataDirectory({ ...options, firstSegmentBytes: 2048 })).toMatchObject({ created });
      expect([...files.openFiles.values()]).toEqual([]);
    }
  });

  it('that is found on a disk whose sync fails is the disk that failed: another try may find it mended', async () => {
    const disk = await usedDisk();
    const before = disk.image();
    disk.fault = ({ kind, path }) => (kind === 'sync-directory' ? diskError('EIO', path) : undefined);
    expect(await rejection(openAt(disk))).toMatchObject({ code: 'disk-failed' });
    disk.fault = undefined;
    expect(disk.image()).toEqual(before);
    expect(await openAt(disk)).toMatchObject({ created: false });
  });

  it.each([
    [{ clusterId: 'ffff' }, 'cluster id: expected ffff, got 0123456789abcdef0123456789abcdef'],
    [{ node: asNodeId('node-02') }, 'node: expected node-02, got node-01'],
    [{ incarnation: 2 }, 'incarnation: expected 2, got 1'],
  ])('refuses another member: %o', async (other, message) => {
    const disk = await usedDisk();
    const before = disk.image();
    const error = await rejection(openAt(disk, { ...IDENTITY, ...other }));
    expect(error).toMatchObject({ code: 'data-foreign', exitCode: 6 });
    expect(error.message).toContain(message);
    expect(error.message).toContain('/data/identity.json');
    expect(disk.image()).toEqual(before);
  });

  it.each([
    ['', 'data-unreadable', 'expected a JSON object, got ""'],
    ['{"format": 1, "clus', 'data-unreadable', 'expected a JSON object'],
    ['null', 'data-unreadable', 'expected a JSON object, got null'],
    ['7', 'data-unreadable', 'expected a JSON object, got 7'],
    ['{}', 'data-unreadable', 'format: expected a number from 1, got undefined'],
    ['{"format": 4}', 'data-newer', 'format 4, this one knows up to 3'],
    ['{"format": 1, "clusterId": 7}', 'data-unreadable', 'clusterId: expected a string, got 7'],
    ['{"format": 1, "clusterId": "a"}', 'data-unreadable', 'node: expected a string, got undefined'],
    ['{"format": 1, "clusterId": "a", "node": "n"}', 'data-unreadable', 'incarnation: expected a number'],
  ])('refuses an identity.json like %s', async (text, code, message) => {
    const disk = await usedDisk();
    disk.overwrite('/data/identity.json', Buffer.from(text));
    const error = await rejection(openAt(disk));
    expect(error.code).toBe(code);
    expect(error.message).toContain('/data/identity.json');
    expect(error.message).toContain(message);
  });

  it('refuses a log without identity.json, and identity.json without a log', async () => {
    const withoutIdentity = await usedDisk();
    await withoutIdentity.remove('/data/identity.json');
    expect(await rejection(openAt(withoutIdentity))).toMatchObject({
      code: 'data-damaged',
      message: expect.stringContaining('identity.json is missing'),
    });
    const withoutLog = await usedDisk();
    await withoutLog.remove(segmentFile(1));
    expect(await rejection(openAt(withoutLog))).toMatchObject({
      code: 'data-damaged',
      message: expect.stringContaining('/data/wal holds no log'),
    });
    await withoutLog.removeTree('/data/wal');
    expect(await rejection(openAt(withoutLog))).toMatchObject({ code: 'data-damaged' });
  });

  it('refuses a key-value environment without identity.json', async () => {
    const disk = new MemoryDisk();
    await disk.makeDirectory('/data/kv/1');
    await disk.open('/data/kv/1/data.mdb', 'create');
    expect(await rejection(openAt(disk))).toMatchObject({ code: 'data-damaged' });
  });

  it('may have been begun, log and key-value directory, and nothing put into it', async () => {
    const disk = new MemoryDisk();
    await disk.makeDirectory('/data/kv/1');
    await (await open(disk)).wal.close();
    expect((await openAt(disk)).created).toBe(true);
  });

  it('refuses an empty directory for a member that has run before', async () => {
    const disk = new MemoryDisk();
    const error = await rejection(openAt(disk, IDENTITY, false));
    expect(error).toMatchObject({
      code: 'data-damaged',
      hint: expect.stringContaining('do not put an older copy back'),
    });
    expect(error.message).toContain('node-01 (incarnation 1) has run before');
    expect(disk.image().size).toBe(0);
  });

  it('says what is wrong with a path that is no directory', async () => {
    const disk = new MemoryDisk();
    await disk.open('/data', 'create');
    expect(await rejection(openAt(disk))).toMatchObject({
      code: 'data-unreadable',
      message: expect.stringContaining('/data'),
    });
  });

  it('is complete or not there after a crash between any two file operations of its first start', async () => {
    const whole = new MemoryDisk();
    await openAt(whole);
    const { operations } = whole;
    const endings: (Survives | 'kill')[] = ['kill', survive.none, survive.all, survive.contentsOnly, survive.namesOnly];
    for (let count = 0; count <= operations; count += 1) {
      for (const ending of endings) {
        const disk = new MemoryDisk();
        const halt = disk.haltAfter(count);
        await Promise.race([openAt(disk), halt]);
        if (ending === 'kill') disk.kill();
        else disk.crash(ending);
        const data = await openAt(disk);
        if (count === operations) expect(data.created, 'once made, it lasts').toBe(false);
        const { wal } = await open(disk);
        await append(wal, { entries: [entry(1)] });
        await wal.close();
        disk.crash(survive.none);
        expect((await openAt(disk)).created).toBe(false);
        expect((await open(disk)).recovered.lengths).toHaveLength(1);
      }
    }
  });
});
